/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The binder: parse tree to plan. Private to this room.
 *
 * Statements are bound in order. A table becomes an fb_table; a view or subquery becomes a
 * *relation*: a source table, a filter, and columns that are expressions over the source's fields,
 * so that nesting dissolves while it is bound. UNION ALL makes a list of relations with the same
 * columns, its *branches*: whatever is done to the union is done to each of them, and in the end
 * each becomes a query of its own. A row of VALUES is a branch without source.
 *
 *     ROWS      columns over the record's fields; with a window once a TVF was applied
 * (window_start … are then FB_OPX_WINDOW leaves, which only GROUP BY takes away) GROUPED   columns
 * over window columns, keys and aggregates; WHERE over it joins HAVING
 *
 * What is windowed or grouped again becomes a level of a cascade first (fb_bind_lift): a plan of
 * its own, and the relation is ROWS over its select list.
 *
 * Expressions are shared, never changed: a view's columns stand in every query that reads it. So a
 * chain of views can grow what a query means exponentially; FB_EXPR_SIZE_MAX bounds one expression,
 * FB_PLAN_SIZE_MAX the file.
 */
#pragma once

#include "config/sql/ast.h"
#include "config/sql/plan.h"
#include "config/sql/typing.h"

#define FB_TABLES_MAX 1000  /* tables and views of a file, and its INSERTs */
#define FB_COLUMNS_MAX 1024 /* of a table, of a select list */
#define FB_ARGS_MAX 1000    /* of AND, OR, IN, COALESCE */
#define FB_EXPR_SIZE_MAX 10000
#define FB_PLAN_SIZE_MAX 500000

/* Leaves that exist only while binding. */
enum {
	FB_OPX_WINDOW = FB_OP_CNT, /* input: FB_GROUP_WINDOW_START … */
	FB_OPX_AGG                 /* input: number of the aggregate */
};

/* Every expression is made by fb_expr_new and lies at the start of one of these. */
struct fb_bound {
	struct fb_expr expr;
	struct fb_str text; /* DECIMAL literal: as written, with sign */
	uint32_t size;
	uint32_t hash;
	uint16_t depth;
	bool has_window;
	bool has_agg;
};

static inline const struct fb_bound *fb_bound_of(const struct fb_expr *expr)
{
	return (const struct fb_bound *)expr;
}

struct fb_rel_column {
	struct fb_str name;
	struct fb_str qualifier;    /* p NULL: none */
	const struct fb_expr *expr; /* NULL: cannot be read yet, see unreadable */
	const struct fb_table_column *unreadable;
	struct fb_place place; /* in the select list that made it; line 0: a column of a table */
	bool rowtime;          /* the source's watermark column, unchanged */
};

struct fb_rel {
	struct fb_rel *next;           /* the next branch of a UNION ALL; NULL: the last one */
	const struct fb_table *source; /* NULL: one row of constants */
	const bool *source_dropped;
	struct fb_rel_column *columns;
	uint32_t column_cnt;
	const struct fb_expr *filter;
	const struct fb_expr
		*window_where;   /* WHERE that asks for window columns; GROUP BY makes HAVING of it */
	struct fb_window window; /* kind NONE: no TVF yet */
	struct fb_place window_place;
	const struct fb_expr **partition; /* SESSION: PARTITION BY */
	uint16_t partition_cnt;
	const struct fb_expr *time;
	const struct fb_query_plan *upstream; /* ROWS are those of this level; NULL: of the source */
	const struct fb_rel *united; /* ROWS are those of these branches; NULL: of the source */
	const struct fb_expr
		*same_start; /* the windows are those of upstream again: its window_start */
	bool grouped;
	uint16_t start_input; /* GROUPED: which group-level input is window_start */
	uint16_t key_cnt;
	uint16_t agg_cnt;
	const struct fb_expr **keys;
	const struct fb_agg *aggs;
	const struct fb_expr *having;
};

/* A name that FROM can mean: table, view, or WITH. */
struct fb_def {
	struct fb_def *next;
	struct fb_str name;
	const struct fb_table *table;   /* NULL: a view */
	const struct fb_rel *rel;       /* NULL: its definition has errors, said where they are */
	const struct fb_ast_table *ast; /* of a table: what SHOW CREATE TABLE tells */
	bool is_view;
	bool temporary; /* hides a permanent one of the same name */
	bool dropped;
	bool broken;
};

/* A table with the options of a hint in place of its own. */
struct fb_hinted {
	struct fb_hinted *next;
	const struct fb_table *base;
	const struct fb_table *table;
};

struct fb_binder {
	struct fb_arena *arena;
	struct fb_diags *diags;
	struct fb_plan *plan;
	struct fb_def *defs;
	uint32_t def_cnt;
	struct fb_def *withs; /* of the queries around, innermost first */
	uint32_t query_depth;
	uint64_t size; /* nodes and columns made so far */
	bool size_reported;
	/* results in the making */
	const struct fb_table **tables;
	const struct fb_query_plan **queries;
	const struct fb_query_plan **explains;
	bool for_run; /* a SELECT alone is a query without sink, and paths may be relative */
	struct fb_answer *answers;
	struct fb_hinted *hinted;
	uint32_t warned_keys;        /* bits: rows of the settings table */
	bool zone_used;              /* an expression holds the time zone's offset */
	struct fb_place first_query; /* line 0: none yet; SET must come before */
};

/* ---- words to the user (bind.c) ---- */

void fb_bind_error(struct fb_binder *b, struct fb_place at, const char *hint, const char *fmt, ...)
	FB_PRINTF(4, 5);
/* Said once of one place, however often what stands there is bound. */
void fb_bind_warn(struct fb_binder *b, struct fb_place at, const char *hint, const char *fmt, ...)
	FB_PRINTF(4, 5);
void fb_bind_planned(struct fb_binder *b, struct fb_place at, const char *hint, const char *what,
	...) FB_PRINTF(4, 5);
/* Bindings go by statement; errors are in b->diags. */
void fb_bind_statements(struct fb_binder *b, const struct fb_ast_statements *statements);
/* Counts work against FB_PLAN_SIZE_MAX; false: used up, said once. */
bool fb_bind_charge(struct fb_binder *b, uint64_t units, struct fb_place at);

/* ---- expressions as such (expr.c); NULL in gives NULL out, without words ---- */

const struct fb_expr *fb_expr_new(struct fb_binder *b, enum fb_op op, struct fb_type type,
	const struct fb_expr *const *args, uint32_t arg_cnt, struct fb_place place);
const struct fb_expr *fb_expr_leaf(
	struct fb_binder *b, int op, uint16_t input, struct fb_type type, struct fb_place place);
const struct fb_expr *fb_expr_literal(struct fb_binder *b, struct fb_type type,
	const struct fb_value *value, struct fb_str text, struct fb_place place);
const struct fb_expr *fb_expr_boolean(struct fb_binder *b, bool value, struct fb_place place);
const struct fb_expr *fb_expr_logic(struct fb_binder *b, enum fb_op op, const struct fb_expr *x,
	const struct fb_expr *y, struct fb_place place);
const struct fb_expr *fb_expr_not(
	struct fb_binder *b, const struct fb_expr *x, struct fb_place place);
/* To `type` (whose not_null is ignored) without asking whether that is allowed: literals change,
 * others get a CAST. */
const struct fb_expr *fb_expr_cast(
	struct fb_binder *b, const struct fb_expr *expr, struct fb_type type);
bool fb_expr_equal(const struct fb_expr *a, const struct fb_expr *b);
/* Sets the bits of the fields that a record-level expression reads. */
void fb_expr_fields(const struct fb_expr *expr, uint64_t *fields);

/* ---- expressions of a query (bind_expr.c, bind_call.c) ---- */

struct fb_agg_list {
	struct fb_agg *aggs;
	uint32_t cnt;
	uint32_t cap;
};

struct fb_scope {
	struct fb_binder *b;
	const struct fb_rel *rel; /* whose columns may be named */
	struct fb_agg_list *aggs; /* NULL: aggregates may not stand here … */
	const char *clause;       /* … which is called so: "WHERE" */
	bool in_agg;
	bool computed_column; /* names are physical columns of a table being made */
};

const struct fb_expr *fb_bind_expr(struct fb_scope *scope, const struct fb_ast_expr *ast);
/* The same, and it must be BOOLEAN. */
const struct fb_expr *fb_bind_condition(struct fb_scope *scope, const struct fb_ast_expr *ast);
/* The column itself, unreadable or not; NULL: there is none, said. */
const struct fb_rel_column *fb_bind_column(struct fb_scope *scope, const struct fb_ast_expr *ast);
const struct fb_expr *fb_bind_read(
	struct fb_binder *b, const struct fb_rel_column *column, struct fb_place place);
const struct fb_expr *fb_bind_call(struct fb_scope *scope, const struct fb_ast_expr *ast);
const struct fb_expr *fb_bind_cast(struct fb_scope *scope, const struct fb_ast_expr *ast);
/* A CAST that fb_type_cast_rule allows. */
const struct fb_expr *fb_bind_convert(
	struct fb_binder *b, const struct fb_expr *x, struct fb_type type, bool try, struct fb_place place);
const struct fb_expr *fb_bind_literal(struct fb_scope *scope, const struct fb_ast_expr *ast);
const struct fb_expr *fb_bind_arithmetic(struct fb_scope *scope, const struct fb_ast_expr *ast);
/* IF, NULLIF, ABS, UPPER, …: the functions of a row, without those of time (bind_function.c). NULL
 * without words: no such function here. */
const struct fb_expr *fb_bind_function(struct fb_scope *scope, const struct fb_ast_expr *ast);
/* TO_TIMESTAMP, DATE_FORMAT, EXTRACT, …, FLOOR(x TO unit) (bind_time.c). */
const struct fb_expr *fb_bind_time_function(struct fb_scope *scope, const struct fb_ast_expr *ast);
const struct fb_expr *fb_bind_case(struct fb_scope *scope, const struct fb_ast_expr *ast);
const struct fb_expr *fb_bind_like(struct fb_scope *scope, const struct fb_ast_expr *ast);
/* x || y */
const struct fb_expr *fb_bind_concat(struct fb_scope *scope, const struct fb_ast_expr *ast);
/* Brings values to the type that holds them all; false: said. *ret_type is NOT NULL if all are. */
bool fb_bind_same_type(struct fb_scope *scope, const char *what, const struct fb_expr **values,
	uint32_t cnt, struct fb_type *ret_type);
/* A moment on the other clock (TIMESTAMP, TIMESTAMP_LTZ), by the time zone of the file; anything
 * else as it is. */
const struct fb_expr *fb_bind_clock(
	struct fb_binder *b, const struct fb_expr *x, enum fb_type_kind kind);
/* The file's time zone. False: it is not set; said. */
bool fb_bind_zone(struct fb_binder *b, struct fb_place at, const char *what, int64_t *ret_ms);
/* x op y with both sides brought to one type. */
const struct fb_expr *fb_bind_compare(struct fb_scope *scope, enum fb_op op,
	const struct fb_expr *x, const struct fb_expr *y, struct fb_place place);
/* As a condition: BOOLEAN, or an untyped NULL as one. */
const struct fb_expr *fb_bind_as_condition(
	struct fb_scope *scope, const struct fb_expr *expr, const char *what);
bool fb_str_is(struct fb_str text, const char *word); /* ignores case */

/* ---- queries (bind_query.c, bind_union.c, bind_group.c, bind_from.c); NULL: said ---- */

struct fb_rel *fb_bind_query(struct fb_binder *b, const struct fb_ast_query *query);
struct fb_rel *fb_bind_from(struct fb_binder *b, const struct fb_ast_from *from);
bool fb_bind_window(struct fb_binder *b, const struct fb_ast_from *from, struct fb_rel *rel);
/*
 * Branches below a window (bind_unite.c): fb_bind_unite makes one relation of them, fb_bind_branches the
 * branches of its plan. Where nothing was grouped after all, fb_bind_parts gives a list of relations with a
 * source each.
 */
struct fb_rel *fb_bind_unite(struct fb_binder *b, struct fb_rel *branches, struct fb_place at);
bool fb_bind_branches(struct fb_binder *b, const struct fb_rel *rel, struct fb_query_plan *plan);
struct fb_rel *fb_bind_parts(struct fb_binder *b, struct fb_rel *rel);
/*
 * GROUPED to ROWS (bind_cascade.c, rule W13): the level becomes the relation's upstream. With
 * fb_bind_same_window the rows have the window that they came with, and GROUP BY may follow.
 */
bool fb_bind_lift(struct fb_binder *b, struct fb_rel *rel, struct fb_place at);
bool fb_bind_same_window(struct fb_binder *b, struct fb_rel *rel, struct fb_place at);
bool fb_bind_rename(struct fb_binder *b, struct fb_rel *rel, const struct fb_ast_names *names);
/* SELECT alone, and what else a query can be. */
struct fb_rel *fb_bind_select(struct fb_binder *b, const struct fb_ast_query *query);
struct fb_rel *fb_bind_union(struct fb_binder *b, const struct fb_ast_query *query);
struct fb_rel *fb_bind_values(struct fb_binder *b, const struct fb_ast_query *query);
/* SELECT list, GROUP BY and HAVING over a relation with a window. */
struct fb_rel *fb_bind_group(
	struct fb_binder *b, const struct fb_ast_query *query, const struct fb_rel *from);
/*
 * A window function without GROUP BY (bind_assign.c). The relation's window is the plan's assigner;
 * fb_bind_assigned makes inputs of window columns in what is evaluated over its rows.
 */
bool fb_bind_assigner(struct fb_binder *b, const struct fb_rel *rel, struct fb_query_plan *plan);
const struct fb_expr *fb_bind_assigned(
	struct fb_binder *b, const struct fb_query_plan *plan, const struct fb_expr *expr);
bool fb_expr_reads_record(const struct fb_expr *expr);
/* Columns of a select list: `map` turns a bound item into what the new relation holds. */
typedef const struct fb_expr *(*fb_item_fn)(void *arg, const struct fb_expr *expr);
bool fb_bind_items(struct fb_scope *scope, const struct fb_ast_query *query, fb_item_fn map,
	void *arg, struct fb_rel *into);
/* A column must have a type: a bare NULL has none (said). */
bool fb_bind_has_type(struct fb_binder *b, const struct fb_expr *expr);
bool fb_has_aggregate(const struct fb_ast_expr *ast);
struct fb_place fb_first_aggregate(const struct fb_ast_query *query);

/* ---- statements ---- */

/* The path's last part; NULL if the parts before it name another catalog than the built-in one
 * (said). */
const struct fb_ast_name *fb_bind_path(struct fb_binder *b, const struct fb_ast_names *path);
struct fb_def *fb_def_find(struct fb_binder *b, struct fb_str name);
/* "Did you mean": a table or view of a similar name, or NULL. */
const char *fb_def_nearest(struct fb_binder *b, struct fb_str name);
struct fb_def *fb_def_add(
	struct fb_binder *b, struct fb_str name, bool temporary, struct fb_place at);
void fb_bind_create_table(struct fb_binder *b, const struct fb_ast_statement *statement);
void fb_bind_set(struct fb_binder *b, const struct fb_ast_statement *statement);
void fb_bind_reset(struct fb_binder *b, const struct fb_ast_statement *statement);
void fb_bind_insert(struct fb_binder *b, const struct fb_ast_statement *statement);
/* Judges a query that is made, and fills in fields_needed (bind_finish.c). False: said. */
bool fb_bind_finish(struct fb_binder *b, struct fb_query_plan *plan);
/* The metadata that a column names (metadata.c): the connector must have it, in a type that goes
 * with the column's. *ret_type is what the connector gives, *ret_readable: it gives it here. False: said. */
bool fb_bind_metadata(struct fb_binder *b, const struct fb_ast_table *table, const struct fb_ast_column *ast,
	const struct fb_table_column *column, struct fb_type *ret_type, bool *ret_readable);
/* SHOW …, DESCRIBE (show.c): an answer in the plan. */
void fb_bind_show(struct fb_binder *b, const struct fb_ast_statement *statement);
/* Adds an answer; text NULL: EXPLAIN of `query`. False: there is no more room, said. */
bool fb_bind_answer(struct fb_binder *b, const char *statement, const char *text,
	const struct fb_query_plan *query, struct fb_place place);
/* The table with the options of the hint OPTIONS(…) (hint.c); the same options give the same table.
 * NULL: said. */
const struct fb_table *fb_bind_hint(struct fb_binder *b, const struct fb_table *table,
	const struct fb_ast_options *options, struct fb_place hint);
/* An expression of CREATE TABLE in Flink's words (unparse.c); `text` is taken as it is where a part
 * of it has none.
 */
const char *fb_unparse(struct fb_binder *b, const struct fb_ast_expr *expr, struct fb_str text);
/* Type as declared. False: said. */
bool fb_bind_type(struct fb_binder *b, const struct fb_ast_type *ast, struct fb_type *ret_type);

/* Options by config/tables/option.def. */
bool fb_options_check(struct fb_binder *b, struct fb_table *table, struct fb_place at);
/* The options as written into the arena, behind `cnt` slots that are left to the caller. NULL: no
 * memory. */
struct fb_option *fb_options_copy(
	struct fb_binder *b, const struct fb_ast_options *list, uint32_t cnt);
enum fb_table_role { FB_ROLE_SOURCE, FB_ROLE_SINK };
bool fb_options_check_role(struct fb_binder *b, const struct fb_table *table,
	enum fb_table_role role, struct fb_place at);

/* XXH3 over all that decides what a query's slices and rows are. */
uint64_t fb_query_fingerprint(const struct fb_query_plan *query);
