/* SPDX-License-Identifier: Apache-2.0 */
/* FROM: tables, views, subqueries, and window table functions over them. Rules W1, W5 of the
 * semantics. */
#include "config/base/nearest.h"
#include "config/sql/bind.h"

#include "config/base/calendar.h"

static struct fb_rel *copy_rel(
	struct fb_binder *b, const struct fb_rel *rel, struct fb_str qualifier, struct fb_place at)
{
	struct fb_rel *copy = FB_ARENA_NEW(b->arena, struct fb_rel);
	/* room for the three columns of a window */
	struct fb_rel_column *columns =
		FB_ARENA_ARRAY(b->arena, struct fb_rel_column, (size_t)rel->column_cnt + 3);

	if (copy == NULL || columns == NULL || !fb_bind_charge(b, rel->column_cnt, at))
		return NULL;
	*copy = *rel;
	copy->columns = columns;
	for (uint32_t i = 0; i < rel->column_cnt; i++) {
		columns[i] = rel->columns[i];
		columns[i].qualifier = qualifier;
	}
	return copy;
}

static const char *nearest_def(struct fb_binder *b, struct fb_str name)
{
	const char **names = FB_ARENA_ARRAY(b->arena, const char *, b->def_cnt);
	uint32_t cnt = 0;

	for (const struct fb_def *def = b->defs; names != NULL && def != NULL && cnt < b->def_cnt;
		def = def->next) {
		if (def->dropped)
			continue;
		names[cnt] = fb_arena_strdup(b->arena, def->name);
		if (names[cnt] != NULL)
			cnt++;
	}
	return names ? fb_nearest_name(name, names, cnt) : NULL;
}

static const struct fb_rel *find_rel(struct fb_binder *b, const struct fb_ast_names *path)
{
	const struct fb_ast_name *name = fb_bind_path(b, path);
	const struct fb_def *def = NULL;

	if (name == NULL)
		return NULL;
	for (def = b->withs; path->cnt == 1 && def != NULL; def = def->next)
		if (fb_str_eq(def->name, name->text))
			break;
	if (path->cnt != 1 || def == NULL)
		def = fb_def_find(b, name->text);
	if (def == NULL) {
		const char *near = nearest_def(b, name->text);

		fb_bind_error(b, path->place,
			near ? fb_arena_printf(b->arena, "did you mean %s?", near) : NULL,
			"there is no table or view '%.*s'", (int)FB_MIN(name->text.len, 100u),
			name->text.p);
		return NULL;
	}
	if (def->broken || def->rel == NULL)
		return NULL;
	if (def->rel->source_dropped != NULL && *def->rel->source_dropped) {
		fb_bind_error(b, path->place, NULL, "view '%.*s' reads a table that was dropped",
			(int)def->name.len, def->name.p);
		return NULL;
	}
	return def->rel;
}

bool fb_bind_rename(struct fb_binder *b, struct fb_rel *rel, const struct fb_ast_names *names)
{
	uint32_t i = 0;

	if (names->cnt == 0)
		return true;
	if (names->cnt != rel->column_cnt) {
		fb_bind_error(b, names->place, NULL, "%u name%s for %u column%s", names->cnt,
			names->cnt == 1 ? "" : "s", rel->column_cnt,
			rel->column_cnt == 1 ? "" : "s");
		return false;
	}
	for (const struct fb_ast_name *name = names->first; name != NULL; name = name->next)
		rel->columns[i++].name = name->text;
	return true;
}

struct fb_rel *fb_bind_from(struct fb_binder *b, const struct fb_ast_from *from)
{
	struct fb_str qualifier = from->alias ? from->alias->text : (struct fb_str){0};
	const struct fb_rel *inner = NULL;
	struct fb_rel *rel;

	if (from->hint.line != 0) {
		fb_bind_planned(b, from->hint, "write the option into the table's WITH clause",
			"the OPTIONS hint");
		return NULL;
	}
	if (from->kind == FB_FROM_TABLE) {
		inner = find_rel(b, &from->name);
		if (qualifier.p == NULL) {
			const struct fb_ast_name *name = from->name.first;

			while (name->next != NULL)
				name = name->next;
			qualifier = name->text;
		}
	} else if (from->kind == FB_FROM_QUERY) {
		inner = fb_bind_query(b, from->query);
	} else {
		for (const struct fb_ast_tvf_arg *arg = from->args; arg != NULL; arg = arg->next)
			if (arg->table.cnt != 0 && inner == NULL)
				inner = find_rel(b, &arg->table);
			else if (arg->table.cnt != 0)
				return fb_bind_error(b, arg->place, NULL, "a window has one table"),
				       NULL;
		if (inner == NULL && !fb_bind_window(b, from, NULL))
			return NULL;
	}
	if (inner == NULL)
		return NULL;
	rel = copy_rel(b, inner, qualifier, from->place);
	if (rel == NULL || (from->kind == FB_FROM_TVF && !fb_bind_window(b, from, rel)) ||
		!fb_bind_rename(b, rel, &from->alias_columns))
		return NULL;
	for (uint32_t i = 0; i < rel->column_cnt; i++)
		rel->columns[i].qualifier = qualifier;
	return rel;
}

/* ---- window table functions ---- */

struct tvf_args {
	const struct fb_ast_tvf_arg *data;
	const struct fb_ast_expr *time;
	const struct fb_ast_expr *size;
	const struct fb_ast_expr *offset;
};

static bool place_named(
	struct fb_binder *b, const struct fb_ast_tvf_arg *arg, struct tvf_args *args)
{
	static const char *const names[] = {"DATA", "TIMECOL", "SIZE", "OFFSET"};
	const struct fb_ast_expr **slots[] = {NULL, &args->time, &args->size, &args->offset};
	struct fb_str name = arg->name->text;

	for (size_t i = 0; i < FB_ARRAY_LEN(names); i++) {
		if (!fb_str_is(name, names[i]))
			continue;
		if (i == 0 ? args->data != NULL : *slots[i] != NULL) {
			fb_bind_error(b, arg->place, NULL, "argument %s is given twice", names[i]);
			return false;
		}
		if ((i == 0) != (arg->table.cnt != 0)) {
			fb_bind_error(b, arg->place, i == 0 ? "write DATA => TABLE t" : NULL,
				"argument %s takes %s", names[i], i == 0 ? "a table" : "no table");
			return false;
		}
		if (i == 0)
			args->data = arg;
		else
			*slots[i] = arg->value;
		return true;
	}

	const char *near = fb_nearest_name(name, names, FB_ARRAY_LEN(names));

	fb_bind_error(b, arg->name->place,
		near ? fb_arena_printf(b->arena, "did you mean %s?", near)
		     : "arguments: DATA, TIMECOL, SIZE, `OFFSET`",
		"TUMBLE has no argument '%.*s'", (int)FB_MIN(name.len, 60u), name.p);
	return false;
}

static bool place_args(struct fb_binder *b, const struct fb_ast_from *from, struct tvf_args *args)
{
	uint32_t position = 0;
	bool named = from->args->name != NULL;

	for (const struct fb_ast_tvf_arg *arg = from->args; arg != NULL;
		arg = arg->next, position++) {
		if ((arg->name != NULL) != named) {
			fb_bind_error(
				b, arg->place, NULL, "arguments are either all named or none");
			return false;
		}
		if (named) {
			if (!place_named(b, arg, args))
				return false;
			continue;
		}
		if (position > 3) {
			fb_bind_error(b, arg->place,
				"TUMBLE(TABLE t, DESCRIPTOR(ts), size[, offset])",
				"TUMBLE takes 3 arguments or 4");
			return false;
		}
		if ((position == 0) != (arg->table.cnt != 0)) {
			fb_bind_error(b, arg->place,
				"TUMBLE(TABLE t, DESCRIPTOR(ts), size[, offset])",
				position == 0 ? "the first argument is the table"
					      : "only the first argument is a table");
			return false;
		}
		if (position == 0)
			args->data = arg;
		else
			*(position == 1         ? &args->time
				: position == 2 ? &args->size
						: &args->offset) = arg->value;
	}
	if (args->data == NULL || args->time == NULL || args->size == NULL) {
		fb_bind_error(b, from->place,
			"TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '10' SECOND)",
			"TUMBLE needs a table, a time column and a size");
		return false;
	}
	if (args->data->partition_by.cnt != 0) {
		fb_bind_error(b, args->data->partition_by.place, "write the columns into GROUP BY",
			"only SESSION takes PARTITION BY");
		return false;
	}
	return true;
}

static bool bind_interval_arg(
	struct fb_binder *b, const struct fb_ast_expr *ast, const char *what, int64_t *ret_ms)
{
	struct fb_scope scope = {.b = b, .clause = "a window's argument"};
	const struct fb_expr *expr;

	/* Nothing but a literal can stand here; a column would be looked up in vain. */
	if (ast->kind != FB_AST_INTERVAL &&
		(ast->kind != FB_AST_NEGATE || ast->args->kind != FB_AST_INTERVAL)) {
		fb_bind_error(b, ast->place, "write INTERVAL '10' SECOND",
			"the %s of a window is an INTERVAL literal", what);
		return false;
	}
	expr = fb_bind_expr(&scope, ast);
	if (expr == NULL)
		return false;
	*ret_ms = expr->literal.i64;
	return true;
}

static bool bind_time_column(struct fb_binder *b, const struct fb_ast_expr *ast, struct fb_rel *rel)
{
	struct fb_scope scope = {.b = b, .rel = rel, .clause = "DESCRIPTOR"};
	const struct fb_rel_column *column;

	if (ast->kind != FB_AST_CALL || !fb_str_is(ast->text, "DESCRIPTOR") || ast->arg_cnt != 1 ||
		ast->args->kind != FB_AST_COLUMN) {
		fb_bind_error(b, ast->place, "write DESCRIPTOR(ts)",
			"the time column of a window is named by DESCRIPTOR");
		return false;
	}
	column = fb_bind_column(&scope, ast->args);
	if (column == NULL)
		return false;
	if (!rel->source->has_watermark) {
		fb_bind_error(b, ast->args->place,
			fb_arena_printf(b->arena,
				"add WATERMARK FOR %.*s AS %.*s - INTERVAL '5' SECOND to CREATE "
				"TABLE %s",
				(int)column->name.len, column->name.p, (int)column->name.len,
				column->name.p, rel->source->name),
			"table '%s' has no WATERMARK, so its windows would never end",
			rel->source->name);
		return false;
	}
	if (!column->rowtime) {
		fb_bind_error(b, ast->args->place,
			fb_arena_printf(b->arena, "name %s, or set the WATERMARK for this one",
				rel->source->columns[rel->source->rowtime].name),
			"'%.*s' is not the time column of table '%s'", (int)column->name.len,
			column->name.p, rel->source->name);
		return false;
	}
	rel->time = column->expr;
	return true;
}

static void set_offset(
	struct fb_binder *b, struct fb_window *window, int64_t offset, struct fb_place at)
{
	window->offset_ms = fb_floor_mod(offset, window->step_ms);
	if (offset >= window->step_ms || offset <= -window->step_ms)
		fb_bind_warn(b, at,
			"Flink and Spark refuse it; write an offset shorter than the window",
			"offset is as long as the window or longer, taken as %lld ms (rule W5)",
			(long long)window->offset_ms);
	if (window->offset_ms != 0)
		fb_bind_warn(b, at, "Flink batch, Spark and forebay agree",
			"Flink streaming loses rows when the offset is not 0 (FLINK-36664, rule "
			"W5)");
}

static bool add_window_columns(struct fb_binder *b, struct fb_rel *rel)
{
	static const char *const names[] = {"window_start", "window_end", "window_time"};
	struct fb_type type = {.kind = FB_T_TIMESTAMP, .precision = 3, .not_null = true};

	for (uint16_t i = 0; i < 3; i++) {
		struct fb_rel_column *column = &rel->columns[rel->column_cnt];

		/* W12: window_time of a TIMESTAMP_LTZ is one as well; the group level knows only
		 * wall clocks yet. */
		if (i == FB_GROUP_WINDOW_TIME && rel->time->type.kind == FB_T_TIMESTAMP_LTZ)
			continue;
		*column = (struct fb_rel_column){.name = fb_str_from(names[i])};
		column->expr = fb_expr_leaf(b, FB_OPX_WINDOW, i, type, rel->window_place);
		if (column->expr == NULL)
			return false;
		rel->column_cnt++;
	}
	return true;
}

/* rel NULL: only the name and the arguments are judged. */
bool fb_bind_window(struct fb_binder *b, const struct fb_ast_from *from, struct fb_rel *rel)
{
	static const char *const planned[] = {"HOP", "CUMULATE", "SESSION"};
	struct tvf_args args = {0};
	int64_t size = 0, offset = 0;

	for (size_t i = 0; i < FB_ARRAY_LEN(planned); i++) {
		if (fb_str_is(from->tvf, planned[i])) {
			fb_bind_planned(b, from->tvf_place, "TUMBLE is here", "window function %s",
				planned[i]);
			return false;
		}
	}
	if (!fb_str_is(from->tvf, "TUMBLE")) {
		fb_bind_error(b, from->tvf_place, "window functions: TUMBLE",
			"there is no table function '%.*s'", (int)FB_MIN(from->tvf.len, 60u),
			from->tvf.p);
		return false;
	}
	if (!place_args(b, from, &args) || rel == NULL)
		return false;
	if (rel->grouped || rel->window.kind != FB_WINDOW_NONE) {
		fb_bind_planned(
			b, from->place, NULL, "a window over the result of a window (cascade)");
		return false;
	}
	if (!bind_time_column(b, args.time, rel) ||
		!bind_interval_arg(b, args.size, "size", &size) ||
		(args.offset != NULL && !bind_interval_arg(b, args.offset, "offset", &offset)))
		return false;
	if (size <= 0) {
		fb_bind_error(b, args.size->place, "the shortest window is INTERVAL '0.001' SECOND",
			"the size of a window must be above 0");
		return false;
	}
	rel->window =
		(struct fb_window){.kind = FB_WINDOW_TUMBLE, .size_ms = size, .step_ms = size};
	rel->window_place = from->place;
	if (args.offset != NULL)
		set_offset(b, &rel->window, offset, args.offset->place);
	return add_window_columns(b, rel);
}
