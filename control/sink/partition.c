/* SPDX-License-Identifier: Apache-2.0 */
#include "control/sink/partition.h"

#include <inttypes.h>

#include "config/base/calendar.h"
#include "dataplane/format/writer.h"

static void add_escaped(struct fb_buf *out, const char *text, size_t len)
{
	static const char minded[] = "\"#%'*/:=?\\{}[]^\x7f";

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x20 || strchr(minded, c) != NULL)
			fb_buf_printf(out, "%%%02X", c);
		else
			fb_buf_add_char(out, (char)c);
	}
}

/* java.time.LocalDateTime: no seconds where all below minutes is 0, else a fraction of 0, 3 or 6
 * digits. */
static void add_timestamp(struct fb_buf *out, struct fb_type type, int64_t ticks)
{
	int64_t us = fb_type_ticks_per_s(type) == 1000 ? ticks * 1000 : ticks;
	int64_t day = fb_floor_div(us, FB_MS_PER_DAY * 1000);
	uint64_t rest = (uint64_t)(us - day * FB_MS_PER_DAY * 1000);
	uint64_t s = rest / 1000000, fraction = rest % 1000000;
	struct fb_civil civil = fb_civil_from_days(day);

	fb_buf_printf(out, "%04d-%02u-%02uT%02u:%02u", civil.year, civil.month, civil.day,
		(unsigned)(s / 3600), (unsigned)(s / 60 % 60));
	if (s % 60 != 0 || fraction != 0)
		fb_buf_printf(out, ":%02u", (unsigned)(s % 60));
	if (fraction != 0 && fraction % 1000 == 0)
		fb_buf_printf(out, ".%03u", (unsigned)(fraction / 1000));
	else if (fraction != 0)
		fb_buf_printf(out, ".%06u", (unsigned)fraction);
}

static void add_value(struct fb_buf *out, struct fb_type type, const struct fb_value *value)
{
	switch (type.kind) {
	case FB_T_BOOLEAN:
		fb_buf_add_text(out, value->i64 ? "true" : "false");
		break;
	case FB_T_CHAR:
	case FB_T_VARCHAR:
		fb_buf_add(out, value->str.p, value->str.len);
		break;
	case FB_T_DATE:
		fb_buf_printf(out, "%" PRId64, value->i64);
		break;
	case FB_T_TIMESTAMP:
	case FB_T_TIMESTAMP_LTZ:
		add_timestamp(out, type, value->i64);
		break;
	default:
		fb_value_format(type, value, out);
		break;
	}
}

void fb_partition_path(const struct fb_table *table, const struct fb_value *values,
	const char *default_name, struct fb_buf *out)
{
	struct fb_buf text = {0};

	for (uint16_t i = 0; i < table->partition_key_cnt; i++) {
		uint16_t field = table->partition_keys[i];
		const struct fb_table_column *column = table->fields[field];

		fb_buf_clear(&text);
		if (!values[field].is_null)
			add_value(&text, column->type, &values[field]);
		if (text.len == 0)
			fb_buf_add_text(&text, default_name);
		if (i > 0)
			fb_buf_add_char(out, '/');
		add_escaped(out, column->name, strlen(column->name));
		fb_buf_add_char(out, '=');
		add_escaped(out, text.p ? text.p : "", text.len);
	}
	out->failed |= text.failed;
	fb_buf_fini(&text);
}
