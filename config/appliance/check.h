/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What has to hold before and after the tree becomes a struct. Each error has its place, names its
 * key and says what to write instead. At most FB_CHECK_ERRORS_MAX are told. Any thread.
 */
#pragma once

#include "config/appliance/document.h"
#include "config/appliance/setting.h"

#define FB_CHECK_ERRORS_MAX 30

/* Shape: keys, types, ranges, words, what is required; by the settings table alone. FB_E_CONFIG. */
int fb_check_shape(struct fb_document *document) FB_MUST_CHECK;
/* Meaning: what settings say about each other, addresses, names. FB_E_CONFIG. Warnings may be added
 * too. */
int fb_check_meaning(
	struct fb_document *document, const struct fb_appliance *appliance) FB_MUST_CHECK;

/* Any line break, zero byte or other control character. */
bool fb_check_has_control(struct fb_str text);
