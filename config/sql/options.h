/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of config/tables/option.def as the binder looks at them. Private to this room. */
#pragma once

#include "config/sql/bind.h"

/* What a connector, a format or an option does as source, and as sink: see option.def. */
enum fb_option_status {
	FB_STATUS_NO,
	FB_STATUS_WORKS,
	FB_STATUS_BOUND,
	FB_STATUS_NO_EFFECT,
	FB_STATUS_FILES,
	FB_STATUS_LATER,
	FB_STATUS_PLANNED,
	FB_STATUS_RELEASE2,
};

struct fb_connector_row { /* and formats */
	const char *name;
	enum fb_option_status role[2]; /* by enum fb_table_role */
	bool has_format;
};

struct fb_option_row {
	const char *owner;
	const char *key;
	int kind;
	const char *values;
	const char *preset; /* what holds where it is not written */
	enum fb_option_status role[2];
	const char *text;
};

/* NULL: there is none. */
const struct fb_connector_row *fb_connector_row(const char *name);
const struct fb_connector_row *fb_format_row(const char *name);
/* The row of a key of this table. */
const struct fb_option_row *fb_option_row(const struct fb_table *table, const char *key);
/* The option as written. */
const struct fb_option *fb_option_written(const struct fb_table *table, const char *key);
bool fb_option_is_format(const struct fb_option_row *option);
/* Says what holds anyway, so that it may stand even where nothing else would work. */
bool fb_option_is_preset(const struct fb_option_row *option, const char *value);
/* Whether the options, each right by itself, go together (option_parts.c). False: said. */
bool fb_options_check_parts(struct fb_binder *b, const struct fb_table *table);
