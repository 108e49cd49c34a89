/* SPDX-License-Identifier: Apache-2.0 */
#include "control/cli/run_summary.h"

#include "config/base/calendar.h"
#include "control/cli/progress.h"

static double rate(uint64_t amount, double seconds)
{
	return seconds > 0 ? (double)amount / seconds : 0;
}

static void print_dispositions(FILE *out, const char *head, const uint64_t *counts, bool malformed)
{
	const char *between = head;
	char text[27];

	for (int d = 0; d < FB_REC_CNT; d++) {
		bool is_malformed = fb_record_dispositions[d].class == FB_CLASS_MALFORMED;

		if (counts[d] == 0 || (malformed && !is_malformed))
			continue;
		fprintf(out, "%s%s %s", between, fb_grouped(counts[d], text), fb_record_dispositions[d].label);
		between = ", ";
	}
	if (between != head || !malformed)
		fputc('\n', out);
}

static void print_query(FILE *out, const struct fb_query_plan *plan, const struct fb_replay_query *query)
{
	char a[27];

	fprintf(out, "  %s: %s row%s", plan->name, fb_grouped(query->result_rows, a), query->result_rows == 1 ? "" : "s");
	if (plan->window.kind != FB_WINDOW_NONE)
		fprintf(out, " of %s window%s", fb_grouped(query->windows, a), query->windows == 1 ? "" : "s");
	fputs(plan->sink ? " into " : "", out);
	if (plan->sink)
		fprintf(out, "%s '%s'", plan->sink->connector, plan->sink->name);
	print_dispositions(out, "; records: ", query->counters.disposition, false);
	if (query->counters.late_row_windows > query->counters.disposition[FB_REC_LATE])
		fprintf(out, "    %s times a record came late for one of its windows\n",
			fb_grouped(query->counters.late_row_windows, a));
	if (query->dropped_groups > 0)
		fprintf(out, "    %s groups gave no row: HAVING or the select list failed\n", fb_grouped(query->dropped_groups, a));
	if (query->counters.sum_overflows > 0)
		fprintf(out, "    %s times a SUM went over its type and wrapped, as in Flink\n",
			fb_grouped(query->counters.sum_overflows, a));
}

/* Levels of a cascade above the first: their records are rows of the level before. */
static void print_levels(FILE *out, const struct fb_replay_query *query)
{
	char a[27];

	for (uint32_t i = 1; i < query->level_cnt; i++) {
		const struct fb_assembly_level *level = &query->levels[i];

		fprintf(out, "    level %u: %s rows of %s windows of level %u", i + 1, fb_grouped(level->rows_in, a),
			fb_grouped(query->levels[i - 1].windows, (char[27]){0}), i);
		print_dispositions(out, "; records: ", level->counters.disposition, false);
		if (level->counters.sum_overflows > 0)
			fprintf(out, "    %s times a SUM of it went over its type and wrapped, as in Flink\n",
				fb_grouped(level->counters.sum_overflows, a));
	}
}

void fb_run_summary_print(struct fb_cli *cli, const struct fb_run_pass *pass)
{
	const struct fb_decode_counters *decode = &pass->numbers.decode;
	char a[27];

	for (uint32_t i = 0; i < pass->table_cnt; i++)
		fprintf(cli->err, "%s%s", i ? ", " : "", pass->tables[i].source->name);
	fprintf(cli->err, ": %s records in %.3f s (%.2f M/s, %.2f GB/s), %u thread%s, %s\n",
		fb_grouped(decode->records, a), pass->seconds, rate(decode->records, pass->seconds) / 1e6,
		rate(pass->numbers.input_bytes, pass->seconds) / 1e9, pass->threads, pass->threads == 1 ? "" : "s",
		pass->batch ? "batch" : "streaming");
	print_dispositions(cli->err, "  malformed: ", decode->rejected, true);
	if (decode->null_fields > 0)
		fprintf(cli->err, "  %s fields did not read and are NULL\n", fb_grouped(decode->null_fields, a));
	for (uint32_t i = 0; i < pass->query_cnt; i++) {
		print_query(cli->err, pass->queries[i], &pass->numbers.queries[i]);
		print_levels(cli->err, &pass->numbers.queries[i]);
	}
}

/* ---- JSON ---- */

static json_t *number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static json_t *dispositions(const uint64_t *counts, bool malformed)
{
	json_t *object = json_object();

	for (int d = 0; d < FB_REC_CNT; d++)
		if (malformed ? counts[d] > 0 : fb_record_dispositions[d].class != FB_CLASS_MALFORMED || counts[d] > 0)
			json_object_set_new(object, fb_record_dispositions[d].label, number(counts[d]));
	return object;
}

static json_t *levels_json(const struct fb_replay_query *query)
{
	json_t *levels = json_array();

	for (uint32_t i = 1; i < query->level_cnt; i++) {
		const struct fb_assembly_level *level = &query->levels[i];

		json_array_append_new(levels,
			json_pack("{s:i, s:o, s:o, s:o, s:o}", "level", (int)i + 1, "windows", number(level->windows), "rows_in",
				number(level->rows_in), "records", dispositions(level->counters.disposition, false), "sum_overflows",
				number(level->counters.sum_overflows)));
	}
	return levels;
}

static json_t *query_json(const struct fb_query_plan *plan, const struct fb_replay_query *query)
{
	json_t *object = json_pack("{s:s, s:s?, s:o, s:o, s:o, s:o, s:o, s:o}", "query", plan->name, "sink",
		plan->sink ? plan->sink->name : NULL, "rows", number(query->result_rows), "windows", number(query->windows),
		"records", dispositions(query->counters.disposition, false), "late_row_windows",
		number(query->counters.late_row_windows), "sum_overflows", number(query->counters.sum_overflows),
		"dropped_groups", number(query->dropped_groups));

	if (query->level_cnt > 1)
		json_object_set_new(object, "levels", levels_json(query));
	return object;
}

json_t *fb_run_summary_json(const struct fb_run_pass *pass)
{
	const struct fb_replay_numbers *numbers = &pass->numbers;
	json_t *queries = json_array();
	json_t *others = json_array();
	json_t *object;

	for (uint32_t i = 0; i < pass->query_cnt; i++)
		json_array_append_new(queries, query_json(pass->queries[i], &numbers->queries[i]));
	for (uint32_t i = 1; i < pass->table_cnt; i++)
		json_array_append_new(others,
			json_pack("{s:s, s:s}", "source", pass->tables[i].source->name, "path", pass->tables[i].path));

	object = json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:i, s:f, s:o, s:o}", "source",
		pass->tables[0].source->name, "path", pass->tables[0].path, "files", number(numbers->file_cnt), "bytes", number(numbers->input_bytes), "records",
		number(numbers->decode.records), "decoded", number(numbers->decode.decoded), "malformed",
		dispositions(numbers->decode.rejected, true), "null_fields", number(numbers->decode.null_fields), "mode",
		pass->batch ? "batch" : "streaming", "threads", (int)pass->threads, "seconds", pass->seconds, "watermark_ms",
		numbers->watermark_ms == FB_TIME_MIN ? json_null() : json_integer(numbers->watermark_ms), "queries", queries);
	/* Of a UNION ALL: the numbers are of all tables together. */
	if (pass->table_cnt > 1)
		json_object_set(object, "others", others);
	json_decref(others);
	return object;
}
