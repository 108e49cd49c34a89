/* SPDX-License-Identifier: Apache-2.0 */
/* Dispositions as numbers and words; see disposition.def. */
#pragma once

#include "config/base/macro.h"

enum fb_disposition_class {
	FB_CLASS_STREAM,
	FB_CLASS_HOUSEKEEPING,
	FB_CLASS_ACCEPTED,
	FB_CLASS_POLICY,
	FB_CLASS_MALFORMED,
	FB_CLASS_OVERLOAD,
};

enum fb_packet_disposition {
#define FB_PACKET_DISPOSITION(name, class, label, text) FB_PKT_##name,
#include "config/tables/disposition.def"
	FB_PKT_CNT,
};

enum fb_record_disposition {
#define FB_RECORD_DISPOSITION(name, class, label, text) FB_REC_##name,
#include "config/tables/disposition.def"
	FB_REC_CNT,
};

enum fb_raw_disposition {
#define FB_RAW_DISPOSITION(name, class, label, text) FB_RAW_##name,
#include "config/tables/disposition.def"
	FB_RAW_CNT,
};

struct fb_disposition {
	const char *label; /* metric label and JSON key */
	const char *text;  /* for people */
	enum fb_disposition_class class;
};

extern const struct fb_disposition fb_packet_dispositions[FB_PKT_CNT];
extern const struct fb_disposition fb_record_dispositions[FB_REC_CNT];
extern const struct fb_disposition fb_raw_dispositions[FB_RAW_CNT];
/* "malformed", "policy", … */
const char *fb_disposition_class_name(enum fb_disposition_class class);
