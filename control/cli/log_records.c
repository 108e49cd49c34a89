/* SPDX-License-Identifier: Apache-2.0 */
#include "control/cli/log_records.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "config/base/isa.h"
#include "config/sql/sql.h"
#include "control/cli/sources.h"
#include "dataplane/format/batch.h"
#include "dataplane/operator/reader.h"

#define PAYLOADS_BYTES (1u << 20) /* so much is gathered before it is decoded */
#define OUTPUT_BYTES (16u << 20)

struct fb_log_records {
	struct fb_cli *cli;
	struct fb_plan *plan;
	struct fb_reader *reader;
	struct fb_run_output *output;
	struct fb_buf payloads; /* each behind its length, with room behind */
};

/* ---- the declaration ---- */

/* The file and a SELECT behind it, which is all of the file that will run. */
static void add_select(struct fb_buf *text, struct fb_str file, const char *table)
{
	fb_buf_add(text, file.p, file.len);
	while (text->len > 0 && isspace((unsigned char)text->p[text->len - 1]))
		text->len--;
	fb_buf_add_text(text, text->len > 0 && text->p[text->len - 1] == ';' ? "\n" : "\n;\n");
	fb_buf_add_text(text, "SELECT * FROM `");
	for (; *table != '\0'; table++)
		fb_buf_add_text(text, *table == '`' ? "``" : (char[]){*table, '\0'});
	fb_buf_add_text(text, "`;\n");
}

static int plan_file(struct fb_log_records *records, const struct fb_log_records_conf *conf)
{
	struct fb_cli *cli = records->cli;
	struct fb_source_file file;
	struct fb_buf text = {0};
	struct fb_diags diags;
	int code = fb_source_open(cli, conf->file, &file);
	int rc;

	if (code != FB_EXIT_DONE)
		return code;
	if (!file.is_sql) {
		fb_source_close(&file);
		return fb_cli_fail(cli, FB_EXIT_USAGE, NULL, "--table %s is no pipeline file (.sql)", conf->file);
	}
	add_select(&text, file.text, conf->table);
	fb_diags_init(&diags, file.name);
	rc = text.failed ? FB_E_NO_MEMORY : fb_sql_plan_run(file.name, (struct fb_str){text.p, (uint32_t)text.len}, &diags, &records->plan);
	fb_buf_add_char(&text, '\0');
	if (diags.error_cnt > 0)
		fb_diags_print(&diags, text.p, cli->err);
	if (rc != 0)
		code = diags.error_cnt > 0 ? FB_EXIT_REFUSED : fb_cli_fail(cli, FB_EXIT_REFUSED, NULL, "%s: %s", conf->file, fb_strerror(rc));
	fb_diags_fini(&diags);
	fb_buf_fini(&text);
	fb_source_close(&file);
	return code;
}

static const struct fb_query_plan *query_of(const struct fb_log_records *records)
{
	return records->plan->queries[records->plan->query_cnt - 1];
}

/* ---- making it ---- */

static int open_reader(struct fb_log_records *records, const struct fb_log_records_conf *conf)
{
	const struct fb_query_plan *query = query_of(records);
	const struct fb_slice_layout *no_layout = NULL;
	struct fb_reader_conf reader = {.source = query->source,
		.queries = &query,
		.layouts = &no_layout,
		.query_cnt = 1,
		.framing = strcmp(conf->framing, "datagram") == 0 ? FB_FRAMING_DATAGRAM : FB_FRAMING_NEWLINE,
		.isa = fb_isa_detect(),
		.output_bytes = OUTPUT_BYTES,
		.watermark_ms = FB_TIME_MIN};
	struct fb_run_output_conf output = {.query = query, .number = 1, .pipeline = conf->table, .form = conf->form};
	struct fb_buf message = {0};
	int rc = fb_reader_create(&reader, &records->reader);
	int code = FB_EXIT_DONE;

	if (rc == 0)
		rc = fb_run_output_open(records->cli, &output, &message, &records->output);
	if (rc != 0)
		code = fb_cli_fail(records->cli, FB_EXIT_REFUSED, NULL, "%s: %s", conf->table,
			message.len > 0            ? message.p
			: rc == FB_E_UNSUPPORTED ? "records of this format cannot be decoded here"
						 : fb_strerror(rc));
	fb_buf_fini(&message);
	return code;
}

int fb_log_records_open(struct fb_cli *cli, const struct fb_log_records_conf *conf, struct fb_log_records **ret)
{
	struct fb_log_records *records = calloc(1, sizeof(*records));
	int code;

	if (records == NULL)
		return fb_cli_fail(cli, FB_EXIT_REFUSED, NULL, "%s", fb_strerror(FB_E_NO_MEMORY));
	records->cli = cli;
	code = plan_file(records, conf);
	if (code == FB_EXIT_DONE && query_of(records)->source == NULL)
		code = fb_cli_fail(cli, FB_EXIT_REFUSED, "name the table that the stream is bound to", "'%s' is no table with records", conf->table);
	if (code == FB_EXIT_DONE)
		code = open_reader(records, conf);
	if (code != FB_EXIT_DONE) {
		fb_log_records_close(records);
		return code;
	}
	*ret = records;
	return FB_EXIT_DONE;
}

void fb_log_records_close(struct fb_log_records *records)
{
	if (records == NULL)
		return;
	fb_run_output_close(records->output);
	fb_reader_destroy(records->reader);
	fb_plan_destroy(records->plan);
	fb_buf_fini(&records->payloads);
	free(records);
}

/* ---- records ---- */

static int failed(struct fb_log_records *records, int rc, const struct fb_buf *message)
{
	return fb_cli_fail(records->cli, FB_EXIT_REFUSED, NULL, "cannot write: %s",
		message->len > 0 ? message->p : rc == FB_E_IO ? strerror(errno) : fb_strerror(rc));
}

static int put_rows(struct fb_log_records *records, bool any)
{
	struct fb_buf message = {0};
	struct fb_row_page *page;
	int code = FB_EXIT_DONE;

	while (code == FB_EXIT_DONE && (page = fb_reader_take_rows(records->reader, any)) != NULL) {
		int rc = fb_run_output_put(records->output, page->bytes, page->len, &message);

		fb_reader_return_rows(records->reader, page);
		code = rc == 0 ? FB_EXIT_DONE : failed(records, rc, &message);
	}
	fb_buf_fini(&message);
	return code;
}

static int decode(struct fb_log_records *records)
{
	int code = FB_EXIT_DONE;

	for (size_t at = 0; code == FB_EXIT_DONE && at < records->payloads.len;) {
		uint32_t len;

		memcpy(&len, records->payloads.p + at, sizeof(len));
		at += sizeof(len);
		fb_reader_feed(records->reader, (const uint8_t *)records->payloads.p + at, len);
		at += len + FB_PAYLOAD_PAD_BYTES;
		code = put_rows(records, false);
	}
	/* After it nothing points into the payloads. */
	fb_reader_flush(records->reader);
	fb_buf_clear(&records->payloads);
	return code == FB_EXIT_DONE ? put_rows(records, true) : code;
}

int fb_log_records_add(struct fb_log_records *records, struct fb_str payload)
{
	static const char room[FB_PAYLOAD_PAD_BYTES];

	fb_buf_add(&records->payloads, &payload.len, sizeof(payload.len));
	fb_buf_add(&records->payloads, payload.p, payload.len);
	fb_buf_add(&records->payloads, room, sizeof(room));
	if (records->payloads.failed)
		return fb_cli_fail(records->cli, FB_EXIT_REFUSED, NULL, "%s", fb_strerror(FB_E_NO_MEMORY));
	return records->payloads.len < PAYLOADS_BYTES ? FB_EXIT_DONE : decode(records);
}

/* "! 3 of 100 records are malformed: 2 number, 1 quote" */
static void tell_rejected(const struct fb_log_records *records)
{
	const struct fb_decode_counters *decode = fb_reader_decode_counters(records->reader);
	const struct fb_query_counters *query = fb_reader_query_counters(records->reader, 0);
	struct fb_buf reasons = {0};
	uint64_t cnt = 0;

	for (int d = 0; d < FB_REC_CNT; d++) {
		if (decode->rejected[d] == 0)
			continue;
		fb_buf_printf(&reasons, "%s%" PRIu64 " %s", cnt > 0 ? ", " : "", decode->rejected[d], fb_record_dispositions[d].label);
		cnt += decode->rejected[d];
	}
	if (cnt > 0 && reasons.p != NULL)
		fprintf(records->cli->err, "! %" PRIu64 " of %" PRIu64 " records are malformed and were left out: %s\n", cnt, decode->records,
			reasons.p);
	if (query->disposition[FB_REC_EXPRESSION] > 0)
		fprintf(records->cli->err, "! %" PRIu64 " records were left out: a computed column failed\n",
			query->disposition[FB_REC_EXPRESSION]);
	fb_buf_fini(&reasons);
}

int fb_log_records_finish(struct fb_log_records *records)
{
	struct fb_buf message = {0};
	int code = decode(records);
	int rc = code == FB_EXIT_DONE ? fb_run_output_finish(records->output, &message) : 0;

	if (rc != 0)
		code = failed(records, rc, &message);
	tell_rejected(records);
	fb_buf_fini(&message);
	return code;
}
