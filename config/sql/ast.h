/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parse tree of one SQL file: what was written, not yet what it means. Private to this room.
 *
 * Everything lives in the arena of the plan being made. Names and literals point into the plan's
 * copy of the text, or, where an escape was undone, into the arena. Lists are linked, in the order
 * of the text.
 *
 * Bounds, so that no text can take the stack or the machine down: FB_SQL_TEXT_MAX bytes of text,
 * expressions FB_SQL_DEPTH_MAX deep, queries FB_SQL_NEST_MAX deep, and after FB_SQL_ERRORS_MAX
 * errors the rest is not read.
 */
#pragma once

#include "config/base/arena.h"
#include "config/base/diag.h"
#include "config/base/errcode.h"

#define FB_SQL_TEXT_MAX (1u << 20)
#define FB_SQL_DEPTH_MAX 200
#define FB_SQL_NEST_MAX 32
#define FB_SQL_ERRORS_MAX 50

/* Where something stands: the location type of the grammar. */
struct fb_span {
	uint32_t begin; /* bytes from the start of the text */
	uint32_t end;
	uint32_t line; /* of begin; from 1 */
	uint32_t column;
};

static inline struct fb_place fb_span_place(struct fb_span span)
{
	return (struct fb_place){span.line, span.column, span.end - span.begin};
}

struct fb_ast_name {
	struct fb_ast_name *next;
	struct fb_str text;
	struct fb_place place;
};

struct fb_ast_names {
	struct fb_ast_name *first;
	struct fb_ast_name **tail; /* where the next goes; NULL while empty */
	uint32_t cnt;
	struct fb_place place; /* of the whole list */
};

/* ---- types as written ---- */

struct fb_ast_type {
	uint8_t kind; /* enum fb_type_kind */
	bool not_null;
	int32_t args[2]; /* length, or precision and scale; -1 = not written */
	struct fb_place place;
};

/* ---- expressions ---- */

enum fb_ast_kind {
	FB_AST_INTEGER,
	FB_AST_DECIMAL,
	FB_AST_APPROX,
	FB_AST_STRING,
	FB_AST_BOOLEAN, /* flag */
	FB_AST_NULL,
	FB_AST_DATE,
	FB_AST_TIMESTAMP,
	FB_AST_INTERVAL,
	FB_AST_COLUMN, /* name */
	FB_AST_STAR,   /* *, or name.* */
	FB_AST_CALL,   /* text(args); flag: with DISTINCT */
	FB_AST_CAST,   /* args[0] AS type; flag: TRY_CAST */
	FB_AST_BINARY, /* op */
	FB_AST_NEGATE,
	FB_AST_NOT,
	FB_AST_AND,      /* n args */
	FB_AST_OR,       /* n args */
	FB_AST_IS,       /* is; flag: IS NOT */
	FB_AST_DISTINCT, /* args IS [NOT] DISTINCT FROM; flag: NOT */
	FB_AST_BETWEEN,  /* value, low, high; flag: NOT; symmetric */
	FB_AST_IN,       /* value, then the list; flag: NOT */
	FB_AST_LIKE,     /* value, pattern[, escape]; flag: NOT */
	FB_AST_CASE,     /* condition, value …[, else][, operand]: see has_else, has_operand */
	FB_AST_SPECIAL,  /* EXTRACT(unit FROM x): x, unit; TRIM, LTRIM, RTRIM: x[, characters];
			    SUBSTRING: x, from[, length]; flag: f(x TO unit): x, unit; text names it */
};

enum fb_ast_op {
	FB_AST_ADD,
	FB_AST_SUB,
	FB_AST_MUL,
	FB_AST_DIV,
	FB_AST_MOD,
	FB_AST_CONCAT,
	FB_AST_EQ,
	FB_AST_NE,
	FB_AST_LT,
	FB_AST_LE,
	FB_AST_GT,
	FB_AST_GE,
};

enum fb_ast_is { FB_AST_IS_NULL, FB_AST_IS_TRUE, FB_AST_IS_FALSE, FB_AST_IS_UNKNOWN };

/* Fields of an interval, largest first. */
enum fb_ast_unit {
	FB_UNIT_YEAR,
	FB_UNIT_MONTH,
	FB_UNIT_DAY,
	FB_UNIT_HOUR,
	FB_UNIT_MINUTE,
	FB_UNIT_SECOND,
};

struct fb_ast_interval {
	enum fb_ast_unit from;
	enum fb_ast_unit to;
	int32_t precision; /* digits of the leading field; -1 = not written: 2 */
	bool negative;     /* the sign in front of the text */
	struct fb_place unit_place;
};

struct fb_ast_expr {
	enum fb_ast_kind kind;
	uint16_t depth;
	bool flag;
	bool in_parens; /* so that a AND (b AND c) keeps its shape in messages */
	struct fb_place place;
	struct fb_ast_expr *next; /* in the list that it is part of */
	struct fb_ast_expr *args;
	struct fb_ast_expr *last; /* of args */
	uint32_t arg_cnt;
	struct fb_str text;
	union {
		enum fb_ast_op op;
		enum fb_ast_is is;
		struct fb_ast_names name;
		struct fb_ast_type *type;
		struct fb_ast_interval interval;
		struct fb_ast_expr *filter; /* CALL: FILTER (WHERE …) */
		struct {
			bool has_operand;
			bool has_else;
		};
		bool symmetric;
	};
};

struct fb_ast_exprs {
	struct fb_ast_expr *first;
	struct fb_ast_expr *last;
	uint32_t cnt;
};

/* ---- queries ---- */

struct fb_ast_query;

struct fb_ast_option {
	struct fb_ast_option *next;
	struct fb_str key;
	struct fb_str value;
	struct fb_place key_place;
	struct fb_place value_place;
};

struct fb_ast_options {
	struct fb_ast_option *first;
	struct fb_ast_option *last;
	uint32_t cnt;
};

/* One argument of a window table function: a table, or an expression (DESCRIPTOR(c) is a call). */
struct fb_ast_tvf_arg {
	struct fb_ast_tvf_arg *next;
	struct fb_ast_name *name;      /* NAME => …; NULL if positional */
	struct fb_ast_names table;     /* TABLE t; cnt 0: it is an expression */
	struct fb_ast_options options; /* TABLE t, the hint OPTIONS(…) of it */
	struct fb_place hint;          /* line 0: there is none */
	struct fb_ast_names partition_by;
	struct fb_ast_expr *value;
	struct fb_place place;
};

struct fb_ast_from {
	enum { FB_FROM_TABLE, FB_FROM_TVF, FB_FROM_QUERY } kind;
	struct fb_ast_names name; /* of the table */
	struct fb_str tvf;
	struct fb_place tvf_place;
	struct fb_ast_tvf_arg *args;
	struct fb_ast_query *query;
	struct fb_ast_name *alias;
	struct fb_ast_names alias_columns;
	struct fb_ast_options options; /* of the hint OPTIONS(…) */
	struct fb_place hint;          /* line 0: there is none */
	struct fb_place place;
};

struct fb_ast_item {
	struct fb_ast_item *next;
	struct fb_ast_expr *value;
	struct fb_ast_name *alias;
};

struct fb_ast_with {
	struct fb_ast_with *next;
	struct fb_ast_name *name;
	struct fb_ast_names columns;
	struct fb_ast_query *query;
};

/* One row of VALUES. */
struct fb_ast_row {
	struct fb_ast_row *next;
	struct fb_ast_exprs values;
	struct fb_place place;
};

struct fb_ast_query {
	enum { FB_QUERY_SELECT, FB_QUERY_UNION_ALL, FB_QUERY_VALUES } kind;
	struct fb_ast_with *with;
	struct fb_ast_item *items;
	uint32_t item_cnt;
	struct fb_ast_from *from; /* NULL: SELECT without FROM */
	struct fb_ast_expr *where;
	struct fb_ast_exprs group_by;
	struct fb_place group_place; /* line 0: no GROUP BY */
	struct fb_ast_expr *having;
	struct fb_ast_query *left; /* UNION ALL */
	struct fb_ast_query *right;
	struct fb_ast_row *rows; /* VALUES */
	struct fb_place place;   /* of the first keyword; UNION ALL: of these words */
};

/* ---- statements ---- */

struct fb_ast_column {
	struct fb_ast_column *next;
	enum { FB_AST_PHYSICAL, FB_AST_COMPUTED, FB_AST_METADATA } kind;
	struct fb_ast_name *name;
	struct fb_ast_type *type;
	struct fb_ast_expr *value;
	struct fb_str metadata_key; /* p NULL: the column's name */
	struct fb_str text;         /* of `value`, as written */
	struct fb_str comment;
	bool is_virtual;
	bool primary_key;
	bool enforced;
	struct fb_place key_place;
};

struct fb_ast_table {
	struct fb_ast_column *columns;
	struct fb_ast_column *last_column;
	uint32_t column_cnt;
	struct fb_ast_name *watermark_column;
	struct fb_ast_expr *watermark;
	struct fb_str watermark_text; /* as written */
	struct fb_place watermark_place;
	struct fb_ast_names primary_key;
	struct fb_ast_name *key_name; /* CONSTRAINT name; NULL: none */
	struct fb_place key_place;    /* line 0: none */
	bool enforced;
	struct fb_str comment;
	struct fb_ast_options options;
	struct fb_place options_place; /* line 0: no WITH */
	struct fb_ast_names partitioned;
	struct fb_place partitioned_place; /* line 0: no PARTITIONED BY */
};

enum fb_ast_statement_kind {
	FB_STMT_SET,
	FB_STMT_RESET, /* option.key.p NULL: all */
	FB_STMT_CREATE_TABLE,
	FB_STMT_CREATE_VIEW,
	FB_STMT_DROP_TABLE,
	FB_STMT_DROP_VIEW,
	FB_STMT_INSERT,
	FB_STMT_SELECT,
	FB_STMT_SHOW_TABLES,
	FB_STMT_SHOW_VIEWS,
	FB_STMT_SHOW_CREATE_TABLE,
	FB_STMT_DESCRIBE,
};

struct fb_ast_statement {
	struct fb_ast_statement *next;
	enum fb_ast_statement_kind kind;
	struct fb_place place;
	struct fb_ast_names name; /* of the table or view */
	bool if_exists;           /* DROP … IF EXISTS, CREATE … IF NOT EXISTS */
	bool explain;
	bool temporary;
	struct fb_ast_option option;
	struct fb_ast_options hint_options; /* INSERT INTO t, the hint OPTIONS(…) */
	struct fb_place hint;               /* line 0: there is none */
	struct fb_ast_table *table;
	struct fb_ast_names columns; /* INSERT INTO t (…), CREATE VIEW v (…) */
	struct fb_ast_query *query;
};

struct fb_ast_statements {
	struct fb_ast_statement *first;
	struct fb_ast_statement *last;
};

/* ---- parsing ---- */

struct fb_parse {
	struct fb_arena *arena;
	struct fb_diags *diags;
	struct fb_str text;
	struct fb_ast_statements statements;
	struct fb_ast_table *table; /* the CREATE TABLE being read */
	/* the lexer's place: where the next token starts */
	uint32_t offset;
	uint32_t line;
	uint32_t column;
};

/* Parses the whole text into parse->statements. FB_E_SYNTAX: what is wrong is in diags.
 * FB_E_NO_MEMORY. */
int fb_parse_run(struct fb_parse *parse) FB_MUST_CHECK;

/* Errors of the text; silent after FB_SQL_ERRORS_MAX. */
void fb_parse_error(struct fb_parse *parse, struct fb_span at, const char *hint, const char *fmt,
	...) FB_PRINTF(4, 5);
bool fb_parse_is_full(const struct fb_parse *parse);

/* What comes with release 2: refused by name. */
void fb_parse_release2(
	struct fb_parse *parse, struct fb_span at, const char *what, const char *hint);

/* An error at a place that is already made. */
void fb_parse_error_at(struct fb_parse *parse, struct fb_place at, const char *hint,
	const char *fmt, ...) FB_PRINTF(4, 5);

/* ---- building; NULL when memory is used up or a bound is crossed (then the error is in diags)
 * ---- */

struct fb_ast_name *fb_ast_name(struct fb_parse *parse, struct fb_str text, struct fb_span at);
struct fb_ast_names fb_ast_names_one(struct fb_ast_name *name, struct fb_span at);
void fb_ast_names_add(struct fb_ast_names *names, struct fb_ast_name *name, struct fb_span at);

struct fb_ast_expr *fb_ast_expr(struct fb_parse *parse, enum fb_ast_kind kind, struct fb_span at);
struct fb_ast_expr *fb_ast_leaf(
	struct fb_parse *parse, enum fb_ast_kind kind, struct fb_str text, struct fb_span at);
struct fb_ast_expr *fb_ast_unary(
	struct fb_parse *parse, enum fb_ast_kind kind, struct fb_ast_expr *a, struct fb_span at);
struct fb_ast_expr *fb_ast_binary(struct fb_parse *parse, enum fb_ast_op op, struct fb_ast_expr *a,
	struct fb_ast_expr *b, struct fb_span at);
/* AND, OR: chains become one node with n arguments, so that a long one is not deep. */
struct fb_ast_expr *fb_ast_chain(struct fb_parse *parse, enum fb_ast_kind kind,
	struct fb_ast_expr *a, struct fb_ast_expr *b, struct fb_span at);
/* Adds an argument. False: too deep, the error is in diags. */
bool fb_ast_add(struct fb_parse *parse, struct fb_ast_expr *to, struct fb_ast_expr *arg);
bool fb_ast_add_all(struct fb_parse *parse, struct fb_ast_expr *to, struct fb_ast_exprs list);
void fb_ast_exprs_add(struct fb_ast_exprs *list, struct fb_ast_expr *expr);

struct fb_ast_statement *fb_ast_statement(
	struct fb_parse *parse, enum fb_ast_statement_kind kind, struct fb_span at);
void fb_ast_statements_add(struct fb_ast_statements *list, struct fb_ast_statement *statement);

/* Parts of the CREATE TABLE being read. */
struct fb_ast_column *fb_ast_column(struct fb_parse *parse, int kind, struct fb_ast_name *name);
void fb_ast_table_watermark(struct fb_parse *parse, struct fb_ast_name *column,
	struct fb_ast_expr *value, struct fb_span at);
void fb_ast_table_key(
	struct fb_parse *parse, struct fb_ast_names columns, bool enforced, struct fb_span at);

/* Text with doubled quotes undone. */
struct fb_str fb_ast_unquote(struct fb_parse *parse, struct fb_str quoted);
