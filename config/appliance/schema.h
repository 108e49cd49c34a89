/* SPDX-License-Identifier: Apache-2.0 */
/* The settings table as a libcyaml schema: from checked text to struct fb_appliance. Any thread. */
#pragma once

#include "config/appliance/document.h"
#include "config/appliance/setting.h"

/*
 * Maps a document whose shape was checked, and sets the presets of what is not in it.
 * FB_E_NO_MEMORY, FB_E_INTERNAL (schema and check disagree; libcyaml's words are in diags).
 */
int fb_schema_load(struct fb_document *document, struct fb_appliance **ret) FB_MUST_CHECK;
void fb_schema_free(struct fb_appliance *appliance);
