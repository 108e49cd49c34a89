/* SPDX-License-Identifier: Apache-2.0 */
#include "config/tables/disposition.h"

const struct fb_disposition fb_packet_dispositions[FB_PKT_CNT] = {
#define FB_PACKET_DISPOSITION(name, cls, label_, text_)                                            \
	[FB_PKT_##name] = {.label = (label_), .text = (text_), .class = FB_CLASS_##cls},
#include "config/tables/disposition.def"
};

const struct fb_disposition fb_record_dispositions[FB_REC_CNT] = {
#define FB_RECORD_DISPOSITION(name, cls, label_, text_)                                            \
	[FB_REC_##name] = {.label = (label_), .text = (text_), .class = FB_CLASS_##cls},
#include "config/tables/disposition.def"
};

const struct fb_disposition fb_raw_dispositions[FB_RAW_CNT] = {
#define FB_RAW_DISPOSITION(name, cls, label_, text_)                                               \
	[FB_RAW_##name] = {.label = (label_), .text = (text_), .class = FB_CLASS_##cls},
#include "config/tables/disposition.def"
};

const char *fb_disposition_class_name(enum fb_disposition_class class)
{
	static const char *const names[] = {
		[FB_CLASS_STREAM] = "stream",
		[FB_CLASS_HOUSEKEEPING] = "housekeeping",
		[FB_CLASS_ACCEPTED] = "accepted",
		[FB_CLASS_POLICY] = "policy",
		[FB_CLASS_MALFORMED] = "malformed",
		[FB_CLASS_OVERLOAD] = "overload",
	};

	return names[class];
}
