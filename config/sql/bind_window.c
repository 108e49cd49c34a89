/* SPDX-License-Identifier: Apache-2.0 */
/* Window table functions: their arguments, positional or by name, and the columns that they add. Rules
 * W5 to W7, W10, W12 of the semantics. */
#include "config/base/calendar.h"
#include "config/base/nearest.h"
#include "config/sql/bind.h"

/* ---- arguments ---- */

enum arg { ARG_DATA, ARG_TIMECOL, ARG_SIZE, ARG_SLIDE, ARG_STEP, ARG_GAP, ARG_OFFSET, ARG_CNT };

static const char *const arg_names[ARG_CNT] = {
	"DATA", "TIMECOL", "SIZE", "SLIDE", "STEP", "GAP", "OFFSET"};

struct tvf {
	const char *name;
	enum fb_window_kind kind;
	uint32_t arg_cnt;
	uint32_t needed_cnt;
	enum arg args[5]; /* in the order in which they stand without names */
	const char *usage;
};

static const struct tvf tvfs[] = {
	{"TUMBLE", FB_WINDOW_TUMBLE, 4, 3, {ARG_DATA, ARG_TIMECOL, ARG_SIZE, ARG_OFFSET},
		"TUMBLE(TABLE t, DESCRIPTOR(ts), size[, offset])"},
	{"HOP", FB_WINDOW_HOP, 5, 4, {ARG_DATA, ARG_TIMECOL, ARG_SLIDE, ARG_SIZE, ARG_OFFSET},
		"HOP(TABLE t, DESCRIPTOR(ts), slide, size[, offset])"},
	{"CUMULATE", FB_WINDOW_CUMULATE, 5, 4,
		{ARG_DATA, ARG_TIMECOL, ARG_STEP, ARG_SIZE, ARG_OFFSET},
		"CUMULATE(TABLE t, DESCRIPTOR(ts), step, size[, offset])"},
	{"SESSION", FB_WINDOW_SESSION, 3, 3, {ARG_DATA, ARG_TIMECOL, ARG_GAP},
		"SESSION(TABLE t PARTITION BY k, DESCRIPTOR(ts), gap)"},
};

static const struct tvf *find_tvf(struct fb_str name)
{
	for (size_t i = 0; i < FB_ARRAY_LEN(tvfs); i++)
		if (fb_str_is(name, tvfs[i].name))
			return &tvfs[i];
	return NULL;
}

struct tvf_args {
	const struct fb_ast_tvf_arg *at[ARG_CNT];
};

static bool report_unknown(
	struct fb_binder *b, const struct tvf *tvf, const struct fb_ast_tvf_arg *arg)
{
	const char *names[ARG_CNT];
	struct fb_str name = arg->name->text;
	const char *near;

	for (uint32_t i = 0; i < tvf->arg_cnt; i++)
		names[i] = arg_names[tvf->args[i]];
	near = fb_nearest_name(name, names, tvf->arg_cnt);
	fb_bind_error(b, arg->name->place,
		near ? fb_arena_printf(b->arena, "did you mean %s?", near) : tvf->usage,
		"%s has no argument '%.*s'", tvf->name, (int)FB_MIN(name.len, 60u), name.p);
	return false;
}

static bool place_named(struct fb_binder *b, const struct tvf *tvf,
	const struct fb_ast_tvf_arg *arg, struct tvf_args *args)
{
	for (uint32_t i = 0; i < tvf->arg_cnt; i++) {
		enum arg which = tvf->args[i];

		if (!fb_str_is(arg->name->text, arg_names[which]))
			continue;
		if (args->at[which] != NULL) {
			fb_bind_error(b, arg->place, NULL, "argument %s is given twice",
				arg_names[which]);
			return false;
		}
		if ((which == ARG_DATA) != (arg->table.cnt != 0)) {
			fb_bind_error(b, arg->place,
				which == ARG_DATA ? "write DATA => TABLE t" : NULL,
				"argument %s takes %s", arg_names[which],
				which == ARG_DATA ? "a table" : "no table");
			return false;
		}
		args->at[which] = arg;
		return true;
	}
	return report_unknown(b, tvf, arg);
}

static bool place_positional(struct fb_binder *b, const struct tvf *tvf,
	const struct fb_ast_tvf_arg *arg, uint32_t position, struct tvf_args *args)
{
	if (position == tvf->arg_cnt) {
		fb_bind_error(b, arg->place, tvf->usage,
			tvf->needed_cnt < tvf->arg_cnt ? "%s takes %u arguments or %u"
						       : "%s takes %u arguments",
			tvf->name, tvf->needed_cnt, tvf->arg_cnt);
		return false;
	}
	if ((position == 0) != (arg->table.cnt != 0)) {
		fb_bind_error(b, arg->place, tvf->usage,
			position == 0 ? "the first argument is the table"
				      : "only the first argument is a table");
		return false;
	}
	args->at[tvf->args[position]] = arg;
	return true;
}

static bool place_args(struct fb_binder *b, const struct tvf *tvf, const struct fb_ast_from *from,
	struct tvf_args *args)
{
	uint32_t position = 0;
	bool named = from->args->name != NULL;

	for (const struct fb_ast_tvf_arg *arg = from->args; arg != NULL; arg = arg->next) {
		if ((arg->name != NULL) != named) {
			fb_bind_error(
				b, arg->place, NULL, "arguments are either all named or none");
			return false;
		}
		if (named ? !place_named(b, tvf, arg, args)
			  : !place_positional(b, tvf, arg, position++, args))
			return false;
	}
	for (uint32_t i = 0; i < tvf->needed_cnt; i++)
		if (args->at[tvf->args[i]] == NULL) {
			fb_bind_error(b, from->place, tvf->usage, "%s needs the argument %s",
				tvf->name, arg_names[tvf->args[i]]);
			return false;
		}
	if (args->at[ARG_DATA]->partition_by.cnt != 0 && tvf->kind != FB_WINDOW_SESSION) {
		fb_bind_error(b, args->at[ARG_DATA]->partition_by.place,
			"write the columns into GROUP BY", "only SESSION takes PARTITION BY");
		return false;
	}
	return true;
}

/* ---- what the arguments say ---- */

/* The words of an argument for people. */
static const char *const interval_names[ARG_CNT] = {[ARG_SIZE] = "size",
	[ARG_SLIDE] = "slide",
	[ARG_STEP] = "step",
	[ARG_GAP] = "gap",
	[ARG_OFFSET] = "offset"};

static bool bind_interval(
	struct fb_binder *b, const struct tvf_args *args, enum arg which, int64_t *ret_ms)
{
	struct fb_scope scope = {.b = b, .clause = "a window's argument"};
	const struct fb_ast_expr *ast = args->at[which]->value;
	const struct fb_expr *expr;

	/* Nothing but a literal can stand here; a column would be looked up in vain. */
	if (ast->kind != FB_AST_INTERVAL &&
		(ast->kind != FB_AST_NEGATE || ast->args->kind != FB_AST_INTERVAL)) {
		fb_bind_error(b, ast->place, "write INTERVAL '10' SECOND",
			"the %s of a window is an INTERVAL literal", interval_names[which]);
		return false;
	}
	expr = fb_bind_expr(&scope, ast);
	if (expr == NULL)
		return false;
	if (which != ARG_OFFSET && expr->literal.i64 <= 0) {
		fb_bind_error(b, ast->place, "the shortest is INTERVAL '0.001' SECOND",
			"the %s of a window must be above 0", interval_names[which]);
		return false;
	}
	*ret_ms = expr->literal.i64;
	return true;
}

static bool check_watermark(struct fb_binder *b, const struct fb_rel *rel,
	const struct fb_rel_column *column, struct fb_place at)
{
	if (rel->source->has_watermark)
		return true;
	fb_bind_error(b, at,
		fb_arena_printf(b->arena,
			"add WATERMARK FOR %.*s AS %.*s - INTERVAL '5' SECOND to CREATE TABLE %s",
			(int)column->name.len, column->name.p, (int)column->name.len,
			column->name.p, rel->source->name),
		"table '%s' has no WATERMARK, so its windows would never end", rel->source->name);
	return false;
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
	if (rel->source == NULL) {
		fb_bind_error(b, ast->args->place, "windows are over tables with a WATERMARK",
			"rows of VALUES have no time column");
		return false;
	}
	if (rel->upstream != NULL && !column->rowtime) {
		fb_bind_error(b, ast->args->place,
			"select window_time below and have it in GROUP BY; it may get another name",
			"'%.*s' is no time column: of the result of a window only window_time is "
			"one (rule W13)",
			(int)column->name.len, column->name.p);
		return false;
	}
	if (!check_watermark(b, rel, column, ast->args->place))
		return false;
	for (const struct fb_rel *at = rel->united; at != NULL; at = at->next)
		if (!check_watermark(b, at, column, ast->args->place))
			return false;
	if (!column->rowtime && rel->united != NULL) {
		fb_bind_error(b, ast->args->place,
			"select the column of its WATERMARK in this place on each side, unchanged",
			"'%.*s' is not the time column of every side of the UNION ALL",
			(int)column->name.len, column->name.p);
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

/*
 * Rule W5. Windows repeat after a slide (HOP) or a size: an offset beyond is the same as what is left of
 * it, but the engines refuse such for TUMBLE, and Spark for HOP.
 */
static void set_offset(
	struct fb_binder *b, struct fb_window *window, int64_t offset, struct fb_place at)
{
	int64_t period = window->kind == FB_WINDOW_HOP ? window->step_ms : window->size_ms;

	window->offset_ms = fb_floor_mod(offset, period);
	if (offset >= period || offset <= -period)
		fb_bind_warn(b, at,
			window->kind == FB_WINDOW_TUMBLE
				? "Flink and Spark refuse it; write an offset shorter than the window"
			: window->kind == FB_WINDOW_HOP
				? "Spark refuses it; write an offset shorter than the slide"
				: "write an offset shorter than the size",
			"offset is as long as the %s or longer, taken as %lld ms (rule W5)",
			window->kind == FB_WINDOW_HOP ? "slide" : "window",
			(long long)window->offset_ms);
	if (window->offset_ms != 0)
		fb_bind_warn(b, at, "Flink batch, Spark and forebay agree",
			"Flink streaming loses rows when the offset is not 0 (FLINK-36664, rule "
			"W5)");
}

/* Rules W6, W7: a window is a whole number of slices. */
static bool check_multiple(struct fb_binder *b, const struct fb_window *window,
	const char *step_name, const char *rule, struct fb_place at)
{
	if (window->size_ms % window->step_ms == 0)
		return true;
	fb_bind_error(b, at,
		window->size_ms < window->step_ms
			? fb_arena_printf(b->arena, "the %s comes first, then the size", step_name)
			: fb_arena_printf(b->arena, "Flink refuses others too (rule %s)", rule),
		"the size must be a multiple of the %s: %lld ms is none of %lld ms", step_name,
		(long long)window->size_ms, (long long)window->step_ms);
	return false;
}

static bool bind_lengths(
	struct fb_binder *b, const struct tvf *tvf, const struct tvf_args *args, struct fb_rel *rel)
{
	struct fb_window *window = &rel->window;
	enum arg size = tvf->kind == FB_WINDOW_SESSION ? ARG_GAP : ARG_SIZE;
	enum arg step = tvf->kind == FB_WINDOW_HOP        ? ARG_SLIDE
			: tvf->kind == FB_WINDOW_CUMULATE ? ARG_STEP
							  : size;
	int64_t offset = 0;

	*window = (struct fb_window){.kind = tvf->kind};
	if (!bind_interval(b, args, step, &window->step_ms) ||
		!bind_interval(b, args, size, &window->size_ms) ||
		(args->at[ARG_OFFSET] != NULL && !bind_interval(b, args, ARG_OFFSET, &offset)) ||
		!check_multiple(b, window, interval_names[step],
			tvf->kind == FB_WINDOW_HOP ? "W6" : "W7", args->at[size]->place))
		return false;
	if (args->at[ARG_OFFSET] != NULL)
		set_offset(b, window, offset, args->at[ARG_OFFSET]->place);
	return true;
}

/* Rule W10: the keys of a session; none: all records are one key's. */
static bool bind_partition(
	struct fb_binder *b, const struct fb_ast_names *names, struct fb_rel *rel)
{
	struct fb_scope scope = {.b = b, .rel = rel, .clause = "PARTITION BY"};

	rel->partition = FB_ARENA_ARRAY(b->arena, const struct fb_expr *, (size_t)names->cnt + 1);
	if (rel->partition == NULL)
		return false;
	rel->partition_cnt = 0;
	for (const struct fb_ast_name *name = names->first; names->cnt > 0 && name != NULL;
		name = name->next) {
		struct fb_ast_expr ast = {.kind = FB_AST_COLUMN, .place = name->place};
		struct fb_ast_name only = *name;
		const struct fb_expr *expr;

		only.next = NULL;
		ast.name = (struct fb_ast_names){.first = &only, .cnt = 1, .place = name->place};
		expr = fb_bind_expr(&scope, &ast);
		if (expr == NULL)
			return false;
		rel->partition[rel->partition_cnt++] = expr;
	}
	return true;
}

static bool add_window_columns(struct fb_binder *b, struct fb_rel *rel)
{
	static const char *const names[] = {"window_start", "window_end", "window_time"};
	struct fb_type type = {.kind = FB_T_TIMESTAMP, .precision = 3, .not_null = true};

	for (uint16_t i = 0; i < 3; i++) {
		struct fb_rel_column *column = &rel->columns[rel->column_cnt];

		/* W12: start and end are wall clock of the session zone; window_time is of the time
		 * column's type. */
		if (i == FB_GROUP_WINDOW_TIME)
			type.kind = rel->time->type.kind;
		*column = (struct fb_rel_column){.name = fb_str_from(names[i])};
		column->expr = fb_expr_leaf(b, FB_OPX_WINDOW, i, type, rel->window_place);
		if (column->expr == NULL)
			return false;
		rel->column_cnt++;
	}
	return true;
}

/* What is late for a session is a matter of the sessions of its key, which a core knows of its own input only
 * (rule M6). */
static bool check_session(struct fb_binder *b, const struct fb_rel *rel, struct fb_place at)
{
	if (rel->upstream != NULL && rel->upstream->window.kind == FB_WINDOW_SESSION) {
		fb_bind_planned(b, at, "take TUMBLE, HOP or CUMULATE for one of them",
			"SESSION over the result of SESSION");
		return false;
	}
	if (rel->united != NULL ||
		(rel->upstream != NULL && fb_query_first_level(rel->upstream)->branch_cnt > 0)) {
		fb_bind_planned(b, at, "take TUMBLE, HOP or CUMULATE", "SESSION over a UNION ALL");
		return false;
	}
	return true;
}

/* rel NULL: only the name and the arguments are judged. */
bool fb_bind_window(struct fb_binder *b, const struct fb_ast_from *from, struct fb_rel *rel)
{
	const struct tvf *tvf = find_tvf(from->tvf);
	struct tvf_args args = {0};

	if (tvf == NULL) {
		fb_bind_error(b, from->tvf_place, "window functions: TUMBLE, HOP, CUMULATE, SESSION",
			"there is no table function '%.*s'", (int)FB_MIN(from->tvf.len, 60u),
			from->tvf.p);
		return false;
	}
	if (!place_args(b, tvf, from, &args) || rel == NULL)
		return false;
	if (rel->grouped && !fb_bind_lift(b, rel, from->place))
		return false;
	if (rel->window.kind != FB_WINDOW_NONE) {
		fb_bind_planned(b, from->place,
			"GROUP BY window_start, window_end, window_time in between",
			"a window function over the rows of another one");
		return false;
	}
	if (!bind_time_column(b, args.at[ARG_TIMECOL]->value, rel) ||
		!bind_lengths(b, tvf, &args, rel) ||
		!bind_partition(b, &args.at[ARG_DATA]->partition_by, rel))
		return false;
	if (rel->window.kind == FB_WINDOW_SESSION && !check_session(b, rel, from->place))
		return false;
	rel->window_place = from->place;
	return add_window_columns(b, rel);
}
