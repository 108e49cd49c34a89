/* SPDX-License-Identifier: Apache-2.0 */
#include "config/sql/sql.h"

#include <stdlib.h>

#include "config/sql/explain.h"
#include "config/sql/typing.h"

#define WIDTH 96 /* columns of text behind the labels before a list is broken */

/* ---- names of inputs ---- */

static const char *const window_names[FB_GROUP_KEYS] = {[FB_GROUP_WINDOW_START] = "window_start",
	[FB_GROUP_WINDOW_END] = "window_end",
	[FB_GROUP_WINDOW_TIME] = "window_time"};

/* Window columns come behind the record's (an assigner's). */
static const char **record_names(const struct fb_query_plan *query)
{
	const struct fb_query_plan *upstream =
		query->branch_cnt > 0 ? query->branches[0] : query->upstream;
	uint16_t cnt = upstream ? upstream->select_cnt : query->source ? fb_table_input_cnt(query->source) : 0;
	const char **names = calloc((size_t)cnt + FB_GROUP_KEYS, sizeof(*names));

	for (uint16_t i = 0; names != NULL && i < cnt; i++)
		names[i] = upstream ? upstream->select_names[i] : query->source->fields[i]->name;
	for (uint16_t i = 0; names != NULL && i < FB_GROUP_KEYS; i++)
		names[cnt + i] = window_names[i];
	return names;
}

static void add_agg(const struct fb_agg *agg, const char *const *names, struct fb_buf *out)
{
	static const char *const funcs[] = {
		[FB_AGG_COUNT_STAR] = "COUNT",
		[FB_AGG_COUNT] = "COUNT",
		[FB_AGG_SUM] = "SUM",
		[FB_AGG_MIN] = "MIN",
		[FB_AGG_MAX] = "MAX",
		[FB_AGG_AVG] = "AVG",
	};

	fb_buf_printf(out, "%s(%s", funcs[agg->func], agg->distinct ? "DISTINCT " : "");
	if (agg->arg == NULL)
		fb_buf_add_char(out, '*');
	else
		fb_explain_expr(agg->arg, names, out);
	fb_buf_add_char(out, ')');
	if (agg->filter != NULL) {
		fb_buf_add_text(out, " FILTER (WHERE ");
		fb_explain_expr(agg->filter, names, out);
		fb_buf_add_char(out, ')');
	}
}

/* Names of the group level: the texts of keys and aggregates themselves. One block, freed at once.
 */
static const char **group_names(
	const struct fb_query_plan *query, const char *const *records, struct fb_arena *arena)
{
	size_t cnt = (size_t)FB_GROUP_KEYS + query->key_cnt + query->agg_cnt;
	const char **names = FB_ARENA_ARRAY(arena, const char *, cnt);

	if (names == NULL)
		return NULL;
	memcpy(names, window_names, sizeof(window_names));
	for (size_t i = 0; i + FB_GROUP_KEYS < cnt; i++) {
		struct fb_buf text = {0};

		if (i < query->key_cnt)
			fb_explain_expr(query->keys[i], records, &text);
		else
			add_agg(&query->aggs[i - query->key_cnt], records, &text);
		names[FB_GROUP_KEYS + i] =
			text.failed || text.p == NULL
				? NULL
				: fb_arena_strdup(
					  arena, (struct fb_str){text.p, (uint32_t)text.len});
		fb_buf_fini(&text);
		if (names[FB_GROUP_KEYS + i] == NULL)
			return NULL;
	}
	return names;
}

/* ---- state ---- */

static uint32_t value_bytes(struct fb_type type)
{
	enum fb_phys phys = fb_type_phys(type);

	return phys == FB_PHYS_STR || phys == FB_PHYS_I128 ? 16 : 8;
}

uint32_t fb_explain_key_bytes(const struct fb_query_plan *query)
{
	uint32_t bytes = 0;

	for (uint16_t i = 0; i < query->key_cnt; i++)
		bytes += value_bytes(query->keys[i]->type);
	return bytes;
}

uint32_t fb_explain_state_bytes(const struct fb_query_plan *query)
{
	uint32_t bytes = 8; /* hash and NULL bits */

	/* First and last time, and three words that say what a fragment belongs to. */
	if (query->window.kind == FB_WINDOW_SESSION)
		bytes += 40;

	for (uint16_t i = 0; i < query->agg_cnt; i++) {
		const struct fb_agg *agg = &query->aggs[i];

		if (agg->func == FB_AGG_COUNT_STAR || agg->func == FB_AGG_COUNT)
			bytes += 8;
		else if (agg->func == FB_AGG_AVG)
			bytes += 16; /* sum and count */
		else
			bytes += value_bytes(agg->type);
	}
	return fb_explain_key_bytes(query) + bytes;
}

/* ---- parts ---- */

static void add_table(struct fb_buf *out, const struct fb_table *table)
{
	fb_buf_printf(out, "%s (%s%s%s%s)", table->name, table->connector, table->format ? ", " : "",
		table->format ? table->format : "", table->hinted ? ", options by hint" : "");
}

static void add_source(const struct fb_query_plan *query, struct fb_buf *out)
{
	const struct fb_table *source = query->source;
	uint32_t needed = 0;
	size_t line = 0;

	for (uint16_t i = 0; i < source->field_cnt; i++)
		needed += fb_query_needs_field(query, i);
	fb_explain_label(out, "source");
	add_table(out, source);
	fb_buf_printf(out, "\n");
	fb_explain_label(out, "columns");
	fb_buf_printf(out, "%u of %u decoded%s", needed, source->field_cnt, needed ? ": " : "");
	line = out->len;
	for (uint16_t i = 0, seen = 0; i < source->field_cnt; i++) {
		if (!fb_query_needs_field(query, i))
			continue;
		if (seen++)
			fb_buf_add_text(out, ", ");
		if (out->len - line > WIDTH) {
			fb_buf_add_char(out, '\n');
			fb_explain_label(out, "");
			line = out->len;
		}
		fb_buf_add_text(out, source->fields[i]->name);
	}
	fb_buf_add_char(out, '\n');
	needed = 0;
	for (uint16_t i = source->field_cnt; i < fb_table_input_cnt(source); i++) {
		if (!fb_query_needs_field(query, i))
			continue;
		if (needed++ == 0)
			fb_explain_label(out, "metadata");
		else
			fb_buf_add_text(out, ", ");
		fb_buf_add_text(out, source->fields[i]->metadata_key);
	}
	if (needed > 0)
		fb_buf_add_char(out, '\n');
}

#define ROWS_SHOWN 10

static void add_rows(const struct fb_query_plan *query, struct fb_buf *out)
{
	uint32_t shown = FB_MIN(query->value_row_cnt, (uint32_t)ROWS_SHOWN);

	fb_explain_label(out, "source");
	fb_buf_printf(out, "none: %u row%s of constants, written once when the pipeline starts\n",
		query->value_row_cnt, query->value_row_cnt == 1 ? "" : "s");
	for (uint32_t row = 0; row < shown; row++) {
		fb_explain_label(out, row ? "" : "values");
		for (uint16_t i = 0; i < query->select_cnt; i++) {
			fb_buf_add_text(out, i ? ", " : "(");
			fb_explain_expr(query->values[(size_t)row * query->select_cnt + i], NULL, out);
		}
		fb_buf_add_char(out, ')');
		if (query->value_filters[row] != NULL) {
			fb_buf_add_text(out, " if ");
			fb_explain_expr(query->value_filters[row], NULL, out);
		}
		fb_buf_add_char(out, '\n');
	}
	if (shown < query->value_row_cnt) {
		fb_explain_label(out, "");
		fb_buf_printf(out, "… and %u more\n", query->value_row_cnt - shown);
	}
}

static void add_typed(struct fb_buf *out, const char *text, struct fb_type type)
{
	char name[FB_TYPE_TEXT_BYTES];

	fb_buf_printf(out, "%s %s\n", text, fb_type_format(type, name));
}

static void add_state(const struct fb_query_plan *query, struct fb_buf *out)
{
	bool distinct = false;

	for (uint16_t i = 0; i < query->agg_cnt; i++)
		distinct |= query->aggs[i].distinct;
	fb_explain_label(out, "state");
	fb_buf_printf(out,
		query->key_cnt ? "about %u bytes per key and %s, %u of them key; long "
				 "texts come on top\n"
			       : "about %u bytes per %s\n",
		fb_explain_state_bytes(query), fb_explain_unit(&query->window),
		fb_explain_key_bytes(query));
	if (distinct) {
		fb_explain_label(out, "");
		fb_buf_add_text(out, "for DISTINCT each different value of a key is kept, in about "
				     "40 bytes\n");
	}
}

static void add_groups(
	const struct fb_query_plan *query, const char *const *groups, struct fb_buf *out)
{
	for (uint16_t i = 0; i < query->key_cnt; i++) {
		fb_explain_label(out, i ? "" : "keys");
		add_typed(out, groups[FB_GROUP_KEYS + i], query->keys[i]->type);
	}
	if (query->key_cnt == 0) {
		fb_explain_label(out, "keys");
		fb_buf_add_text(out, "none: one group per window\n");
	}
	for (uint16_t i = 0; i < query->agg_cnt; i++) {
		fb_explain_label(out, i ? "" : "aggregates");
		add_typed(out, groups[FB_GROUP_KEYS + query->key_cnt + i], query->aggs[i].type);
	}
	add_state(query, out);
	if (query->having != NULL) {
		fb_explain_label(out, "having");
		fb_explain_expr(query->having, groups, out);
		fb_buf_add_char(out, '\n');
	}
}

/* over: what reads the rows, and so which columns; NULL: all are wanted. */
static void add_select(const struct fb_query_plan *query, const struct fb_query_plan *over,
	const char *const *names, struct fb_buf *out)
{
	char type[FB_TYPE_TEXT_BYTES];
	const char *label = "select";

	for (uint16_t i = 0; i < query->select_cnt; i++) {
		struct fb_buf text = {0};

		if (over != NULL && !fb_query_needs_field(over, i))
			continue;
		fb_explain_label(out, label);
		label = "";
		fb_explain_expr(query->select[i], names, &text);
		fb_buf_add_text(out, text.p ? text.p : "");
		if (text.p == NULL || strcmp(text.p, query->select_names[i]) != 0)
			fb_buf_printf(out, " AS %s", query->select_names[i]);
		fb_buf_printf(out, " %s\n", fb_type_format(query->select[i]->type, type));
		fb_buf_fini(&text);
	}
}

static void add_sink(const struct fb_query_plan *query, struct fb_buf *out)
{
	fb_explain_label(out, "sink");
	if (query->sink == NULL)
		fb_buf_add_text(out, strncmp(query->name, "select_", 7) == 0 ? "none: forebay run prints the rows"
										: "none: EXPLAIN only");
	else
		add_table(out, query->sink);
	for (uint16_t i = 0; query->sink != NULL && i < query->sink->partition_key_cnt; i++)
		fb_buf_printf(out, "%s%s=…/", i ? "" : ", in folders ",
			query->sink->fields[query->sink->partition_keys[i]]->name);
	fb_buf_add_char(out, '\n');
}

/* Of a UNION ALL below a window: what each side reads, and makes the level's records of. */
static void add_branches(const struct fb_query_plan *query, struct fb_buf *out)
{
	for (uint16_t i = 0; i < query->branch_cnt; i++) {
		const struct fb_query_plan *branch = query->branches[i];
		const char **records = record_names(branch);

		if (records == NULL) {
			out->failed = true;
			return;
		}
		fb_explain_label(out, "input");
		fb_buf_printf(out, "%u of %u, UNION ALL\n", i + 1u, query->branch_cnt);
		add_source(branch, out);
		fb_explain_watermark(branch, out);
		if (branch->filter != NULL) {
			fb_explain_label(out, "filter");
			fb_explain_expr(branch->filter, records, out);
			fb_buf_add_char(out, '\n');
		}
		add_select(branch, query, records, out);
		free(records);
	}
	fb_explain_label(out, "union");
	fb_buf_add_text(out, "its watermark is the lowest of its inputs', and one that has sent nothing holds it "
			     "back (M3)\n");
}

/* Where the records of the level come from. */
static void add_input(const struct fb_query_plan *query, bool several, struct fb_buf *out)
{
	uint32_t level = fb_query_level_cnt(query);

	if (several) {
		fb_explain_label(out, "level");
		fb_buf_printf(out, "%u%s\n", level,
			level == 1 ? ", on all cores"
				   : ", behind the cores: its records are the rows of the level before (W13)");
	}
	if (query->upstream != NULL)
		return;
	if (query->branch_cnt > 0)
		add_branches(query, out);
	else if (query->source != NULL)
		add_source(query, out);
	else
		add_rows(query, out);
}

static void explain_level(const struct fb_query_plan *query, bool several, struct fb_buf *out)
{
	struct fb_arena arena = {0};
	const char **records = record_names(query);
	const char **groups = records ? group_names(query, records, &arena) : NULL;
	bool windowed = query->window.kind != FB_WINDOW_NONE;

	if (groups == NULL) {
		out->failed = true;
		goto out;
	}
	add_input(query, several, out);
	if (windowed && query->branch_cnt == 0)
		fb_explain_watermark(query, out);
	if (query->filter != NULL) {
		fb_explain_label(out, "filter");
		fb_explain_expr(query->filter, records, out);
		fb_buf_add_char(out, '\n');
	}
	if (windowed) {
		fb_explain_window(query, records, out);
		add_groups(query, groups, out);
	}
	if (query->assigner.kind != FB_WINDOW_NONE)
		fb_explain_assigner(query, records, out);
	if (query->source != NULL)
		add_select(query, NULL, windowed ? groups : records, out);
out:
	free(records);
	fb_arena_fini(&arena);
}

void fb_explain_query(const struct fb_query_plan *query, struct fb_buf *out)
{
	const struct fb_query_plan *levels[FB_CASCADE_MAX];
	uint32_t cnt = fb_query_level_cnt(query);
	uint32_t at = cnt;

	for (const struct fb_query_plan *level = query; level != NULL; level = level->upstream)
		levels[--at] = level;
	fb_buf_printf(out, "query %s\n", query->name);
	for (uint32_t i = 0; i < cnt; i++)
		explain_level(levels[i], cnt > 1, out);
	add_sink(query, out);
}

static void add_settings(const struct fb_sql_settings *settings, struct fb_buf *out)
{
	int64_t minutes = settings->zone_offset_ms / 60000;
	int64_t size = minutes < 0 ? -minutes : minutes;

	if (settings->pipeline_name != NULL)
		fb_buf_printf(out, "pipeline %s\n", settings->pipeline_name);
	else
		fb_buf_add_text(out, "pipeline\n");
	fb_explain_label(out, "mode");
	fb_buf_add_text(out, settings->batch_mode
				     ? "batch: every window is complete, nothing is late (M11)\n"
				     : "streaming\n");
	if (settings->zone_is_set) {
		fb_explain_label(out, "zone");
		fb_buf_printf(out, "UTC%c%02lld:%02lld\n", minutes < 0 ? '-' : '+',
			(long long)(size / 60), (long long)(size % 60));
	}
	fb_explain_label(out, "commit");
	fb_buf_add_text(out, "files become visible every ");
	fb_explain_duration(out, settings->checkpoint_interval_ms);
	fb_buf_add_char(out, '\n');
	if (settings->source_idle_timeout_ms != 0) {
		fb_explain_label(out, "idle");
		fb_buf_add_text(out, "a queue silent for ");
		fb_explain_duration(out, settings->source_idle_timeout_ms);
		fb_buf_add_text(out, " does not hold the watermark back (M8)\n");
	}
}

void fb_explain_plan(const struct fb_plan *plan, struct fb_buf *out)
{
	add_settings(&plan->settings, out);
	for (uint16_t i = 0; i < plan->query_cnt; i++) {
		fb_buf_add_char(out, '\n');
		fb_explain_query(plan->queries[i], out);
	}
	for (uint32_t i = 0; i < plan->answer_cnt; i++) {
		fb_buf_add_char(out, '\n');
		if (plan->answers[i].text != NULL)
			fb_buf_printf(out, "%s\n", plan->answers[i].statement);
		fb_explain_answer(&plan->answers[i], out);
	}
}

void fb_explain_answer(const struct fb_answer *answer, struct fb_buf *out)
{
	if (answer->text != NULL)
		fb_buf_add_text(out, answer->text);
	else
		fb_explain_query(answer->query, out);
}
