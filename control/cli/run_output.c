/* SPDX-License-Identifier: Apache-2.0 */
#include "control/cli/run_output.h"

#include <stdlib.h>
#include <string.h>

#include "config/base/calendar.h"
#include "config/base/errcode.h"
#include "control/cli/table.h"
#include "control/sink/sink.h"
#include "dataplane/format/writer.h"
#include "dataplane/operator/row.h"

#define SINK_ROWS 1024
#define SINK_PATIENCE_NS 60000000000 /* a sink that takes nothing for so long has failed */
#define COMMIT_NEVER_MS (365ll * 24 * 3600 * 1000)
#define TABLE_ROWS 1000 /* the first so many decide how wide the columns are */
#define TEXT_BYTES 65536

struct fb_run_output {
	struct fb_cli *cli;
	const struct fb_query_plan *query;
	enum fb_run_form form;
	int64_t zone_offset_ms;
	uint64_t next_seq;
	/* sink */
	const struct fb_sink_ops *ops;
	struct fb_sink *sink;
	struct fb_sink_row rows[SINK_ROWS];
	/* SELECT */
	struct fb_table table; /* what a writer takes */
	struct fb_table_column *columns;
	const struct fb_table_column **fields;
	struct fb_type *types;
	struct fb_value *values;
	struct fb_writer *writer;
	struct fb_buf text;
	/* as a table */
	char **cells; /* of the rows that wait for the widths */
	uint32_t waiting;
	uint32_t *widths;
	bool has_widths;
};

static const struct fb_appliance no_appliance; /* runs alone: none of its settings */

/* ---- sinks ---- */

static int open_sink(struct fb_run_output *output, const struct fb_run_output_conf *conf, struct fb_buf *message)
{
	struct fb_sink_conf sink = {.query = conf->query,
		.appliance = &no_appliance,
		.pipeline = conf->pipeline,
		.query_id = conf->number,
		.commit_interval_ms = COMMIT_NEVER_MS};

	output->ops = fb_sink_find(conf->query->sink->connector);
	if (output->ops == NULL) {
		fb_buf_printf(message, "there is no sink for connector '%s'", conf->query->sink->connector);
		return FB_E_UNSUPPORTED;
	}
	return output->ops->open(&sink, 0, message, &output->sink);
}

/* An error that may pass; the sink has taken nothing since last_ns. */
static bool may_pass(int rc, int64_t last_ns)
{
	return (rc == 0 || rc == FB_E_AGAIN || rc == FB_E_UNREACHABLE) &&
	       fb_clock_monotonic_ns() - last_ns < SINK_PATIENCE_NS;
}

static int write_sink(struct fb_run_output *output, uint32_t cnt, struct fb_buf *message)
{
	int64_t last_ns = fb_clock_monotonic_ns();
	uint64_t arrived;
	uint32_t at = 0;

	while (at < cnt) {
		uint32_t taken = 0;
		int rc;

		fb_buf_clear(message);
		rc = output->ops->write(output->sink, output->rows + at, cnt - at, &taken, message);
		at += taken;
		if (taken > 0)
			last_ns = fb_clock_monotonic_ns();
		if (rc == 0 && at == cnt)
			break;
		if (!may_pass(rc, last_ns))
			return rc ? rc : FB_E_TIMEOUT;
		rc = output->ops->poll(output->sink, false, taken > 0 ? 0 : 100, &arrived, message);
		if (!may_pass(rc, last_ns))
			return rc ? rc : FB_E_TIMEOUT;
	}
	return output->ops->poll(output->sink, false, 0, &arrived, message);
}

static int finish_sink(struct fb_run_output *output, struct fb_buf *message)
{
	int64_t last_ns = fb_clock_monotonic_ns();
	uint64_t before = 0;

	for (;;) {
		uint64_t arrived = before;
		int rc;

		fb_buf_clear(message);
		rc = output->ops->poll(output->sink, true, 100, &arrived, message);
		if (rc == 0 && arrived >= output->next_seq)
			return 0;
		if (arrived > before)
			last_ns = fb_clock_monotonic_ns();
		before = arrived;
		if (!may_pass(rc, last_ns)) {
			if (message->len == 0)
				fb_buf_add_text(message, "the sink has not taken all rows");
			return rc ? rc : FB_E_TIMEOUT;
		}
	}
}

/* ---- SELECT ---- */

static int open_select(struct fb_run_output *output)
{
	uint16_t cnt = output->query->select_cnt;

	output->columns = calloc(cnt + 1u, sizeof(*output->columns));
	output->fields = calloc(cnt + 1u, sizeof(*output->fields));
	output->types = calloc(cnt + 1u, sizeof(*output->types));
	output->values = calloc(cnt + 1u, sizeof(*output->values));
	output->widths = calloc(cnt + 1u, sizeof(*output->widths));
	output->cells = calloc((size_t)TABLE_ROWS * (cnt + 1u), sizeof(*output->cells));
	if (output->columns == NULL || output->fields == NULL || output->types == NULL || output->values == NULL ||
		output->widths == NULL || output->cells == NULL)
		return FB_E_NO_MEMORY;
	for (uint16_t i = 0; i < cnt; i++) {
		output->types[i] = output->query->select[i]->type;
		output->columns[i] = (struct fb_table_column){
			.name = output->query->select_names[i], .type = output->types[i], .field = i};
		output->fields[i] = &output->columns[i];
	}
	output->table = (struct fb_table){.name = output->query->name,
		.format = output->form == FB_RUN_JSON ? "json" : "csv",
		.columns = output->columns,
		.fields = output->fields,
		.column_cnt = cnt,
		.field_cnt = cnt};
	return output->form == FB_RUN_TABLE ? 0 : fb_writer_create(&output->table, &output->writer);
}

static void print_cell(struct fb_run_output *output, uint16_t column, const char *text)
{
	uint16_t cnt = output->query->select_cnt;
	enum fb_phys phys = fb_type_phys(output->types[column]);
	bool right = phys == FB_PHYS_F64 || phys == FB_PHYS_I128 || fb_type_is_integer(output->types[column]);
	uint32_t width = fb_text_width(text);
	int pad = width < output->widths[column] ? (int)(output->widths[column] - width) : 0;

	if (right || column + 1 < cnt)
		fb_buf_printf(&output->text, "%*s%s%*s%s", right ? pad : 0, "", text, right ? 0 : pad, "",
			column + 1 < cnt ? "  " : "\n");
	else
		fb_buf_printf(&output->text, "%s\n", text);
}

static void flush_text(struct fb_run_output *output)
{
	if (output->text.len > 0)
		fwrite(output->text.p, 1, output->text.len, output->cli->out);
	fb_buf_clear(&output->text);
}

/* The header and the rows that waited for their widths. */
static void print_waiting(struct fb_run_output *output)
{
	uint16_t cnt = output->query->select_cnt;

	if (output->has_widths)
		return;
	output->has_widths = true;
	for (uint16_t c = 0; c < cnt; c++)
		output->widths[c] = FB_MAX(output->widths[c], fb_text_width(output->query->select_names[c]));
	if (output->cli->color)
		fb_buf_add_text(&output->text, "\033[1m");
	for (uint16_t c = 0; c < cnt; c++)
		print_cell(output, c, output->query->select_names[c]);
	if (output->cli->color)
		fb_buf_add_text(&output->text, "\033[0m");
	for (uint32_t row = 0; row < output->waiting; row++)
		for (uint16_t c = 0; c < cnt; c++) {
			print_cell(output, c, output->cells[row * cnt + c]);
			free(output->cells[row * cnt + c]);
			output->cells[row * cnt + c] = NULL;
		}
	output->waiting = 0;
	flush_text(output);
}

static int put_table_row(struct fb_run_output *output)
{
	uint16_t cnt = output->query->select_cnt;

	for (uint16_t c = 0; c < cnt; c++) {
		struct fb_buf cell = {0};

		if (output->types[c].kind == FB_T_TIMESTAMP_LTZ)
			output->values[c].i64 += output->zone_offset_ms * (fb_type_ticks_per_s(output->types[c]) / 1000);
		fb_value_format(output->types[c], &output->values[c], &cell);
		fb_buf_add(&cell, "", 0);
		if (cell.p == NULL)
			fb_buf_reserve(&cell, 1);
		if (cell.p == NULL)
			return FB_E_NO_MEMORY;
		cell.p[cell.len] = '\0';
		fb_text_clean(cell.p);
		if (output->has_widths) {
			print_cell(output, c, cell.p);
			fb_buf_fini(&cell);
			continue;
		}
		output->widths[c] = FB_MAX(output->widths[c], fb_text_width(cell.p));
		output->cells[output->waiting * cnt + c] = cell.p;
	}
	if (!output->has_widths && ++output->waiting == TABLE_ROWS)
		print_waiting(output);
	return 0;
}

static int put_select_row(struct fb_run_output *output)
{
	int rc = 0;

	if (output->writer == NULL) {
		rc = put_table_row(output);
	} else {
		fb_writer_row(output->writer, output->values, &output->text);
		fb_buf_add_char(&output->text, '\n');
	}
	if (output->text.len > TEXT_BYTES)
		flush_text(output);
	return output->text.failed ? FB_E_NO_MEMORY : rc;
}

/* ---- either ---- */

int fb_run_output_put(struct fb_run_output *output, const uint8_t *bytes, size_t len, struct fb_buf *message)
{
	uint32_t cnt = 0;
	int rc = 0;

	for (size_t at = 0; rc == 0 && at < len;) {
		uint32_t row_len;
		int64_t used;

		if (output->sink == NULL) {
			used = fb_row_decode(bytes + at, len - at, output->types, output->query->select_cnt, output->values);
			rc = used < 0 ? (int)used : put_select_row(output);
			at += used < 0 ? 0 : (size_t)used;
			output->next_seq++;
			continue;
		}
		memcpy(&row_len, bytes + at, sizeof(row_len));
		row_len += (uint32_t)sizeof(row_len);
		output->rows[cnt++] = (struct fb_sink_row){output->next_seq++, bytes + at, row_len};
		at += row_len;
		if (cnt == SINK_ROWS || at == len) {
			rc = write_sink(output, cnt, message);
			cnt = 0;
		}
	}
	if (ferror(output->cli->out))
		rc = rc ? rc : FB_E_IO;
	return rc;
}

int fb_run_output_finish(struct fb_run_output *output, struct fb_buf *message)
{
	if (output->sink != NULL)
		return finish_sink(output, message);
	if (output->form == FB_RUN_TABLE)
		print_waiting(output);
	flush_text(output);
	return 0;
}

int fb_run_output_open(struct fb_cli *cli, const struct fb_run_output_conf *conf, struct fb_buf *message,
	struct fb_run_output **ret)
{
	struct fb_run_output *output = calloc(1, sizeof(*output));
	int rc;

	if (output == NULL)
		return FB_E_NO_MEMORY;
	output->cli = cli;
	output->query = conf->query;
	output->form = conf->form;
	output->zone_offset_ms = conf->zone_offset_ms;
	rc = conf->query->sink ? open_sink(output, conf, message) : open_select(output);
	if (rc != 0) {
		if (message->len == 0)
			fb_buf_add_text(message, rc == FB_E_UNSUPPORTED ? "a column's type cannot be written" : fb_strerror(rc));
		fb_run_output_close(output);
		return rc;
	}
	*ret = output;
	return 0;
}

void fb_run_output_close(struct fb_run_output *output)
{
	if (output == NULL)
		return;
	if (output->sink != NULL)
		output->ops->close(output->sink);
	for (size_t i = 0; output->cells != NULL && i < (size_t)TABLE_ROWS * output->query->select_cnt; i++)
		free(output->cells[i]);
	fb_writer_destroy(output->writer);
	fb_buf_fini(&output->text);
	free(output->cells);
	free(output->widths);
	free(output->values);
	free(output->types);
	free(output->fields);
	free(output->columns);
	free(output);
}
