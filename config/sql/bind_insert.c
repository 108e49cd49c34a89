/* SPDX-License-Identifier: Apache-2.0 */
/* INSERT INTO and EXPLAIN: a relation and a sink become a query plan. */
#include "config/sql/bind.h"

#include "config/base/buf.h"

struct inserting {
	struct fb_binder *b;
	const struct fb_ast_statement *statement;
	const struct fb_table *sink; /* NULL: EXPLAIN SELECT */
	const struct fb_rel *rel;    /* the branch at hand */
	struct fb_query_plan *plan;
	const uint16_t
		*targets; /* field of the sink that column i of the query goes to; NULL: in order */
};

/* ---- schemas in words ---- */

static char *describe_query(struct fb_binder *b, const struct fb_rel *rel)
{
	struct fb_buf out = {0};
	char text[FB_TYPE_TEXT_BYTES];
	char *copy;

	for (uint32_t i = 0; i < rel->column_cnt && out.len < 1000; i++) {
		const struct fb_rel_column *column = &rel->columns[i];
		struct fb_type type = column->expr ? column->expr->type : column->unreadable->type;

		fb_buf_printf(&out, "%s%.*s %s", i ? ", " : "", (int)FB_MIN(column->name.len, 60u),
			column->name.p, fb_type_format(type, text));
	}
	copy = fb_arena_printf(b->arena, "(%s)", out.p ? out.p : "");
	fb_buf_fini(&out);
	return copy ? copy : "";
}

static char *describe_sink(struct fb_binder *b, const struct fb_table *sink)
{
	struct fb_buf out = {0};
	char text[FB_TYPE_TEXT_BYTES];
	char *copy;

	for (uint16_t i = 0; i < sink->field_cnt && out.len < 1000; i++)
		fb_buf_printf(&out, "%s%.60s %s", i ? ", " : "", sink->fields[i]->name,
			fb_type_format(sink->fields[i]->type, text));
	copy = fb_arena_printf(b->arena, "(%s)", out.p ? out.p : "");
	fb_buf_fini(&out);
	return copy ? copy : "";
}

static const char *schemas_hint(struct inserting *in)
{
	return fb_arena_printf(in->b->arena, "query: %s; sink: %s", describe_query(in->b, in->rel),
		describe_sink(in->b, in->plan->sink));
}

/* ---- columns of the sink ---- */

static bool bind_targets(struct inserting *in)
{
	const struct fb_ast_names *names = &in->statement->columns;
	const struct fb_table *sink = in->plan->sink;
	uint16_t *targets;
	uint32_t cnt = 0;

	if (names->cnt == 0)
		return true;
	if (names->cnt > FB_COLUMNS_MAX) {
		fb_bind_error(in->b, names->place, NULL, "more than %d columns", FB_COLUMNS_MAX);
		return false;
	}
	targets = FB_ARENA_ARRAY(in->b->arena, uint16_t, names->cnt);
	if (targets == NULL)
		return false;
	for (const struct fb_ast_name *name = names->first; name != NULL; name = name->next) {
		uint16_t i = 0;

		while (i < sink->field_cnt &&
			!fb_str_eq(fb_str_from(sink->fields[i]->name), name->text))
			i++;
		if (i == sink->field_cnt) {
			fb_bind_error(in->b, name->place, NULL,
				"table '%s' has no physical column '%.*s'", sink->name,
				(int)FB_MIN(name->text.len, 100u), name->text.p);
			return false;
		}
		for (uint32_t j = 0; j < cnt; j++) {
			if (targets[j] == i) {
				fb_bind_error(in->b, name->place, NULL,
					"column '%s' is written twice", sink->fields[i]->name);
				return false;
			}
		}
		targets[cnt++] = i;
	}
	in->targets = targets;
	return true;
}

/*
 * Where the types differ Flink puts a CAST in between, which cuts to VARCHAR(n) and fills up to
 * CHAR(n). Where they are the same it trusts the declaration: what a format has read may be longer
 * (semantics 1.5).
 */
static const struct fb_expr *fit_text(
	struct fb_binder *b, const struct fb_expr *expr, struct fb_type type)
{
	struct fb_type have = expr->type;

	if (have.length == type.length || (type.kind == FB_T_VARCHAR && have.length < type.length))
		return expr;
	if (type.kind == FB_T_CHAR && type.length > FB_CAST_CHAR_MAX) {
		fb_bind_planned(b, expr->place, "declare the column as VARCHAR(n) or STRING",
			"filling up to CHAR(%u)", type.length);
		return NULL;
	}
	type.not_null = have.not_null;
	return fb_expr_new(b, FB_OP_CAST, type, &expr, 1, expr->place);
}

static const struct fb_expr *fit(struct inserting *in, const struct fb_expr *expr,
	const struct fb_table_column *to, uint32_t position)
{
	struct fb_binder *b = in->b;
	char from[FB_TYPE_TEXT_BYTES], want[FB_TYPE_TEXT_BYTES];
	struct fb_type type = to->type, have = expr->type;

	type.not_null = have.not_null = false;
	if (!fb_type_casts_silently(expr->type, type)) {
		fb_bind_error(b, expr->place, schemas_hint(in),
			"column %u '%s' of sink '%s' is %s, the query gives %s", position + 1,
			to->name, in->plan->sink->name, fb_type_format(type, want),
			fb_type_format(have, from));
		return NULL;
	}
	if (fb_type_is_timestamp(type))
		expr = fb_bind_clock(b, expr, type.kind);
	if (expr == NULL)
		return NULL;
	if (to->type.not_null && !expr->type.not_null) {
		fb_bind_error(b, expr->place,
			"write COALESCE(x, …), or declare the column without NOT NULL and outside "
			"the PRIMARY KEY",
			"column '%s' of sink '%s' is NOT NULL, the query may give NULL (Flink "
			"would fail at run time)",
			to->name, in->plan->sink->name);
		return NULL;
	}
	return fb_type_is_text(type) && fb_type_is_text(have) ? fit_text(b, expr, type)
							      : fb_expr_cast(b, expr, type);
}

static const struct fb_expr *missing(struct inserting *in, const struct fb_table_column *to)
{
	struct fb_value null = {.is_null = true};

	if (to->type.not_null) {
		fb_bind_error(in->b, in->statement->columns.place, "write it into the list",
			"column '%s' of sink '%s' is NOT NULL and not in the list", to->name,
			in->plan->sink->name);
		return NULL;
	}
	return fb_expr_literal(
		in->b, to->type, &null, (struct fb_str){0}, in->statement->columns.place);
}

static const struct fb_expr *read_column(struct inserting *in, uint32_t i)
{
	const struct fb_rel_column *column = &in->rel->columns[i];
	const struct fb_expr *expr = fb_bind_read(in->b, column, column->place);

	return in->plan->assigner.kind == FB_WINDOW_NONE
		       ? expr
		       : fb_bind_assigned(in->b, in->plan, expr);
}

static bool bind_sink_columns(struct inserting *in)
{
	const struct fb_table *sink = in->plan->sink;
	uint32_t want = in->targets ? in->statement->columns.cnt : sink->field_cnt;
	bool ok = true;

	if (in->rel->column_cnt != want) {
		fb_bind_error(in->b, in->statement->name.place, schemas_hint(in),
			"sink '%s' takes %u column%s, the query gives %u", sink->name, want,
			want == 1 ? "" : "s", in->rel->column_cnt);
		return false;
	}
	for (uint32_t i = 0; i < want; i++) {
		uint16_t to = in->targets ? in->targets[i] : (uint16_t)i;
		const struct fb_expr *expr = read_column(in, i);

		in->plan->select[to] = expr ? fit(in, expr, sink->fields[to], i) : NULL;
		ok = ok && in->plan->select[to] != NULL;
	}
	for (uint16_t i = 0; i < sink->field_cnt; i++) {
		in->plan->select_names[i] = sink->fields[i]->name;
		if (ok && in->plan->select[i] == NULL)
			ok = (in->plan->select[i] = missing(in, sink->fields[i])) != NULL;
	}
	return ok;
}

static bool bind_free_columns(struct inserting *in)
{
	for (uint32_t i = 0; i < in->rel->column_cnt; i++) {
		in->plan->select[i] = read_column(in, i);
		in->plan->select_names[i] = fb_arena_strdup(in->b->arena, in->rel->columns[i].name);
		if (in->plan->select[i] == NULL || in->plan->select_names[i] == NULL)
			return false;
	}
	return true;
}

static bool bind_select_list(struct inserting *in)
{
	uint16_t cnt = in->plan->sink ? in->plan->sink->field_cnt : (uint16_t)in->rel->column_cnt;

	in->plan->select_cnt = cnt;
	in->plan->select = FB_ARENA_ARRAY(in->b->arena, const struct fb_expr *, cnt);
	in->plan->select_names = FB_ARENA_ARRAY(in->b->arena, const char *, cnt);
	if (in->plan->select == NULL || in->plan->select_names == NULL ||
		!fb_bind_charge(in->b, cnt, in->plan->place))
		return false;
	return in->plan->sink ? bind_sink_columns(in) : bind_free_columns(in);
}

/* Names of EXPLAINs may come again in queries behind them, so the file without them has the same
 * names. */
static bool is_name_used(const struct fb_binder *b, const char *name, bool explain)
{
	for (uint16_t i = 0; explain && i < b->plan->explain_cnt; i++)
		if (strcmp(b->explains[i]->name, name) == 0)
			return true;
	for (uint16_t i = 0; i < b->plan->query_cnt; i++)
		if (strcmp(b->queries[i]->name, name) == 0)
			return true;
	return false;
}

static const char *make_name(struct inserting *in)
{
	struct fb_binder *b = in->b;
	const char *base = in->plan->sink           ? in->plan->sink->name
			   : in->statement->explain ? "explain"
						    : "select";
	unsigned first = in->statement->explain ? b->plan->explain_cnt + 1u : 1;
	const char *name = in->plan->sink ? base : fb_arena_printf(b->arena, "%s_%u", base, first);

	for (unsigned i = 2; name != NULL && is_name_used(b, name, in->statement->explain); i++)
		name = fb_arena_printf(b->arena, "%s_%u", base, i);
	return name;
}

static bool take_rel(struct inserting *in)
{
	const struct fb_rel *rel = in->rel;
	struct fb_query_plan *plan = in->plan;

	plan->source = rel->source;
	plan->upstream = rel->upstream;
	plan->filter = rel->filter;
	if (rel->window.kind == FB_WINDOW_NONE)
		return true;
	plan->time = rel->time;
	plan->time_shift_ms = rel->time->type.kind == FB_T_TIMESTAMP_LTZ
				      ? in->b->plan->settings.zone_offset_ms
				      : 0;
	if (!rel->grouped)
		return fb_bind_assigner(in->b, rel, plan);
	if (!fb_bind_branches(in->b, rel, plan))
		return false;
	plan->window = rel->window;
	plan->keys = rel->keys;
	plan->key_cnt = rel->key_cnt;
	plan->aggs = rel->aggs;
	plan->agg_cnt = rel->agg_cnt;
	plan->having = rel->having;
	return true;
}

static bool find_sink(struct inserting *in)
{
	struct fb_binder *b = in->b;
	const struct fb_ast_name *name = fb_bind_path(b, &in->statement->name);
	const struct fb_def *def = name ? fb_def_find(b, name->text) : NULL;
	struct fb_place at = in->statement->name.place;

	if (name == NULL)
		return false;
	if (def == NULL || def->is_view) {
		const char *near = def == NULL ? fb_def_nearest(b, name->text) : NULL;

		fb_bind_error(b, at,
			def    ? "INSERT INTO takes a table"
			: near ? fb_arena_printf(b->arena, "did you mean %s?", near)
			       : NULL,
			def ? "'%.*s' is a view" : "there is no table '%.*s'",
			(int)FB_MIN(name->text.len, 100u), name->text.p);
		return false;
	}
	if (def->broken)
		return false;
	in->sink = def->table;
	if (in->statement->hint.line != 0) {
		in->sink = fb_bind_hint(
			b, def->table, &in->statement->hint_options, in->statement->hint);
		if (in->sink == NULL)
			return false;
	}
	for (uint16_t i = 0; i < def->table->column_cnt; i++) {
		if (def->table->columns[i].kind == FB_COLUMN_METADATA &&
			!def->table->columns[i].is_virtual) {
			fb_bind_planned(b, at,
				"leave it out of the sink table, or write VIRTUAL behind it: then "
				"it is only read",
				"writing metadata column '%s'", def->table->columns[i].name);
			return false;
		}
	}
	return fb_options_check_role(b, in->sink, FB_ROLE_SINK, at);
}

static void add_query(struct inserting *in)
{
	struct fb_binder *b = in->b;
	struct fb_plan *plan = b->plan;

	in->plan->name = make_name(in);
	if (in->plan->name == NULL)
		return;
	in->plan->fingerprint = fb_query_fingerprint(in->plan);
	if (!in->statement->explain)
		b->queries[plan->query_cnt++] = in->plan;
	else if (fb_bind_answer(b, "EXPLAIN", NULL, in->plan, in->statement->place))
		b->explains[plan->explain_cnt++] = in->plan;
}

static bool start_query(struct inserting *in, const struct fb_rel *rel)
{
	struct fb_binder *b = in->b;

	if (b->plan->query_cnt + b->plan->explain_cnt == FB_TABLES_MAX) {
		fb_bind_error(b, in->statement->place, NULL, "more than %d queries", FB_TABLES_MAX);
		return false;
	}
	in->rel = rel;
	in->plan = FB_ARENA_NEW(b->arena, struct fb_query_plan);
	if (in->plan == NULL)
		return false;
	in->plan->sink = in->sink;
	in->plan->place = in->statement->place;
	return in->sink == NULL || bind_targets(in);
}

static bool check_sources(struct inserting *in)
{
	bool ok = true;

	for (uint32_t i = 0; ok && i < fb_query_input_cnt(in->plan); i++)
		ok = fb_options_check_role(in->b, fb_query_input(in->plan, i)->source, FB_ROLE_SOURCE,
			in->statement->query->place);
	return ok;
}

static bool bind_branch(struct inserting *in, const struct fb_rel *rel)
{
	if (!start_query(in, rel) || !take_rel(in) || !check_sources(in) || !bind_select_list(in) || !fb_bind_finish(in->b, in->plan))
		return false;
	add_query(in);
	return true;
}

/* ---- rows of constants ---- */

static bool take_row(struct inserting *in, struct fb_query_plan *all, uint32_t row)
{
	in->plan->filter = in->rel->filter;
	if (!bind_select_list(in) || !fb_bind_finish(in->b, in->plan))
		return false;
	memcpy(all->values + (size_t)row * all->select_cnt, in->plan->select,
		all->select_cnt * sizeof(*all->values));
	all->value_filters[row] = in->rel->filter;
	return true;
}

/* All branches without source are one query together. */
static bool bind_constants(struct inserting *in, const struct fb_rel *first)
{
	struct fb_query_plan *all;
	uint32_t cnt = 0;

	for (const struct fb_rel *rel = first; rel != NULL; rel = rel->next)
		cnt += rel->source == NULL;
	if (!start_query(in, first))
		return false;
	all = in->plan;
	all->select_cnt = in->sink ? in->sink->field_cnt : (uint16_t)first->column_cnt;
	all->values =
		FB_ARENA_ARRAY(in->b->arena, const struct fb_expr *, (size_t)cnt * all->select_cnt);
	all->value_filters = FB_ARENA_ARRAY(in->b->arena, const struct fb_expr *, cnt);
	if (all->values == NULL || all->value_filters == NULL)
		return false;
	for (const struct fb_rel *rel = first; rel != NULL; rel = rel->next) {
		struct fb_query_plan row = {.sink = in->sink, .place = all->place};

		if (rel->source != NULL)
			continue;
		in->rel = rel;
		in->plan = &row;
		if (!take_row(in, all, all->value_row_cnt++))
			return false;
		all->select_names = row.select_names;
	}
	all->select = all->values;
	in->plan = all;
	all->fields_needed = FB_ARENA_ARRAY(in->b->arena, uint64_t, 1); /* of no source */
	if (all->fields_needed == NULL)
		return false;
	add_query(in);
	return true;
}

void fb_bind_insert(struct fb_binder *b, const struct fb_ast_statement *statement)
{
	struct inserting in = {.b = b, .statement = statement};
	bool constants = false;
	struct fb_rel *rel;
	bool ok;

	if (b->first_query.line == 0)
		b->first_query = statement->place;
	if (statement->kind == FB_STMT_SELECT && !statement->explain && !b->for_run) {
		fb_bind_error(b, statement->place,
			"write INSERT INTO sink SELECT …, or EXPLAIN SELECT …",
			"a SELECT alone has nowhere to put its rows");
		return;
	}
	ok = statement->kind == FB_STMT_SELECT || find_sink(&in);
	rel = fb_bind_query(b, statement->query);
	if (rel != NULL)
		rel = fb_bind_parts(b, rel);
	for (; ok && rel != NULL; rel = rel->next) {
		if (rel->source != NULL)
			ok = bind_branch(&in, rel);
		else if (!constants)
			ok = constants = bind_constants(&in, rel);
	}
}
