/* SPDX-License-Identifier: Apache-2.0 */
/* print and blackhole: rows to a stream as Flink's print connector shows them, or nowhere. */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "control/sink/sinks.h"
#include "dataplane/format/writer.h"
#include "dataplane/operator/row.h"

struct fb_sink {
	const struct fb_table *table;
	struct fb_type *types;
	struct fb_value *values;
	FILE *out;
	const char *identifier;
	uint64_t next_seq;
};

static void close_sink(struct fb_sink *sink)
{
	free(sink->types);
	free(sink->values);
	free(sink);
}

static int open_sink(const struct fb_sink_conf *conf, uint64_t next_seq, struct fb_buf *message, struct fb_sink **ret)
{
	const struct fb_table *table = conf->query->sink;
	const char *standard_error = fb_table_option(table, "standard-error");
	struct fb_sink *sink = calloc(1, sizeof(*sink));

	if (sink == NULL)
		return FB_E_NO_MEMORY;
	sink->table = table;
	sink->next_seq = next_seq;
	sink->out = standard_error != NULL && strcasecmp(standard_error, "true") == 0 ? stderr : stdout;
	sink->identifier = fb_table_option(table, "print-identifier");
	sink->types = calloc(table->field_cnt, sizeof(*sink->types));
	sink->values = calloc(table->field_cnt, sizeof(*sink->values));
	if (sink->types == NULL || sink->values == NULL) {
		close_sink(sink);
		return FB_E_NO_MEMORY;
	}
	for (uint32_t i = 0; i < table->field_cnt; i++)
		sink->types[i] = table->fields[i]->type;
	*ret = sink;
	return 0;
}

/* As Flink prints changes; "+I[a, b]": an insert. */
static const char *const marks[] = {[FB_STORE_INSERT] = "+I[", [FB_STORE_UPDATE] = "+U[", [FB_STORE_DELETE] = "-D["};

/* A line is written whole. */
static int print_rows(
	struct fb_sink *sink, const struct fb_sink_row *rows, uint32_t cnt, uint32_t *ret_taken, struct fb_buf *message)
{
	struct fb_buf text = {0};
	uint32_t taken = 0;
	int rc = 0;

	for (; taken < cnt; taken++) {
		int64_t used = fb_row_decode(
			rows[taken].bytes, rows[taken].len, sink->types, sink->table->field_cnt, sink->values);

		if (used < 0) {
			rc = (int)used;
			fb_buf_printf(message, "row %llu of the store does not decode", (unsigned long long)rows[taken].seq);
			break;
		}
		if (sink->identifier != NULL)
			fb_buf_printf(&text, "%s> ", sink->identifier);
		fb_buf_add_text(&text, marks[rows[taken].change]);
		for (uint32_t i = 0; i < sink->table->field_cnt; i++) {
			if (i > 0)
				fb_buf_add_text(&text, ", ");
			fb_value_format(sink->types[i], &sink->values[i], &text);
		}
		fb_buf_add_text(&text, "]\n");
		sink->next_seq = rows[taken].seq + 1;
	}
	if (text.len > 0)
		fwrite(text.p, 1, text.len, sink->out);
	fflush(sink->out);
	fb_buf_fini(&text);
	*ret_taken = taken;
	return rc;
}

static int drop_rows(
	struct fb_sink *sink, const struct fb_sink_row *rows, uint32_t cnt, uint32_t *ret_taken, struct fb_buf *message)
{
	if (cnt > 0)
		sink->next_seq = rows[cnt - 1].seq + 1;
	*ret_taken = cnt;
	return 0;
}

static int poll_sink(struct fb_sink *sink, bool flush, int timeout_ms, uint64_t *ret_next_seq, struct fb_buf *message)
{
	*ret_next_seq = sink->next_seq;
	return 0;
}

const struct fb_sink_ops fb_sink_print = {
	.connector = "print", .open = open_sink, .write = print_rows, .poll = poll_sink, .close = close_sink};

const struct fb_sink_ops fb_sink_blackhole = {
	.connector = "blackhole", .open = open_sink, .write = drop_rows, .poll = poll_sink, .close = close_sink};
