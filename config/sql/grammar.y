/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammar of the whole subset of release 1, in Flink's spelling. What the binder cannot do yet is in here all the
 * same and refused there by name; what comes with release 2 is refused here at its first word.
 * Refusing with YYERROR gives up the statement; reading goes on behind its semicolon.
 */
%require "3.8"
%define api.prefix {fb_sql_yy}
%define api.token.prefix {T_}
%define api.pure full
%define api.location.type {struct fb_span}
%define parse.error custom
%define parse.lac full
%locations
%param {void *scanner}
%parse-param {struct fb_parse *parse}
%expect 0

%code requires {
#include "config/sql/ast.h"
#include "config/sql/types.h"

struct fb_ast_items {
	struct fb_ast_item *first;
	struct fb_ast_item *last;
	uint32_t cnt;
};
struct fb_ast_hint {
	struct fb_ast_options options;
	struct fb_place place; /* line 0: there is none */
};
struct fb_ast_rows {
	struct fb_ast_row *first;
	struct fb_ast_row *last;
};
struct fb_ast_withs {
	struct fb_ast_with *first;
	struct fb_ast_with *last;
};
struct fb_ast_tvf_args {
	struct fb_ast_tvf_arg *first;
	struct fb_ast_tvf_arg *last;
};

/* Deep enough for any sensible text; bounds the parser's own stack. */
#define YYMAXDEPTH 4000
/* From the first part that has text to the last; of nothing, the place behind what stands in front. */
#define YYLLOC_DEFAULT(current, rhs, n) \
	do { \
		int part_ = 1; \
		while (part_ < (n) && YYRHSLOC(rhs, part_).end == YYRHSLOC(rhs, part_).begin) \
			part_++; \
		(current) = YYRHSLOC(rhs, (n) ? part_ : 0); \
		if (n) \
			(current).end = YYRHSLOC(rhs, n).end; \
		else \
			(current).begin = (current).end; \
	} while (0)
}

%code {
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "config/base/buf.h"
#include "config/base/nearest.h"
#include "config/sql/mistake.h"
#include "config/sql/lexer.h"

int fb_sql_yylex(FB_SQL_YYSTYPE *value, FB_SQL_YYLTYPE *at, void *scanner);

static void yyerror(const struct fb_span *at, void *scanner, struct fb_parse *parse, const char *message)
{
	(void)scanner;
	fb_parse_error(parse, *at, NULL, "%s", strcmp(message, "memory exhausted") == 0 ?
		"nested too deeply" : message);
}

#define REFUSE(at, hint, ...) do { fb_parse_error(parse, at, hint, __VA_ARGS__); YYERROR; } while (0)
#define RELEASE2(at, what, hint) do { fb_parse_release2(parse, at, what, hint); YYERROR; } while (0)
#define NEED(pointer) do { if ((pointer) == NULL) YYERROR; } while (0)
#define NEED_ADD(to, arg) do { if (!fb_ast_add(parse, to, arg)) YYERROR; } while (0)
#define NEW(type) FB_ARENA_NEW(parse->arena, type)
#define HINT_JOIN "put what the query needs into the records, or join in the database behind the sink"

static int32_t small_number(struct fb_str digits)
{
	int32_t value = 0;

	for (uint32_t i = 0; i < digits.len; i++) {
		if (value > 200000000)
			return INT32_MAX;
		value = value * 10 + (digits.p[i] - '0');
	}
	return value;
}

static struct fb_str text_of(const struct fb_parse *parse, struct fb_span at)
{
	return (struct fb_str){parse->text.p + at.begin, at.end - at.begin};
}

static struct fb_ast_expr *leaf(struct fb_parse *parse, enum fb_ast_kind kind, struct fb_str text, struct fb_span at)
{
	return fb_ast_leaf(parse, kind, text, at);
}

static struct fb_ast_type *make_type(struct fb_parse *parse, int kind, int32_t a, int32_t b, struct fb_span at)
{
	struct fb_ast_type *type = NEW(struct fb_ast_type);

	if (type == NULL)
		return NULL;
	type->kind = (uint8_t)kind;
	type->args[0] = a;
	type->args[1] = b;
	type->place = fb_span_place(at);
	return type;
}

static const char *type_hint(struct fb_str name)
{
	static const char *const pairs[][2] = {{"long", "write BIGINT"}, {"text", "write STRING"},
		{"int64", "write BIGINT"}, {"int32", "write INT"}, {"bool", "write BOOLEAN"}, {"float64", "write DOUBLE"},
		{"varchar2", "write STRING"}, {"timestamptz", "write TIMESTAMP_LTZ(3)"}};

	for (size_t i = 0; i < FB_ARRAY_LEN(pairs); i++)
		if (name.len == strlen(pairs[i][0]) && strncasecmp(name.p, pairs[i][0], name.len) == 0)
			return pairs[i][1];
	return "types: BOOLEAN, TINYINT, SMALLINT, INT, BIGINT, FLOAT, DOUBLE, DECIMAL(p, s), CHAR(n), VARCHAR(n), "
	       "STRING, BINARY(n), VARBINARY(n), BYTES, DATE, TIMESTAMP(p), TIMESTAMP_LTZ(p)";
}
}

%union {
	struct fb_str str;
	struct fb_ast_name *name;
	struct fb_ast_names names;
	struct fb_ast_expr *expr;
	struct fb_ast_exprs exprs;
	struct fb_ast_query *query;
	struct fb_ast_from *from;
	struct fb_ast_item *item;
	struct fb_ast_items items;
	struct fb_ast_with *with;
	struct fb_ast_withs withs;
	struct fb_ast_tvf_arg *tvf_arg;
	struct fb_ast_tvf_args tvf_args;
	struct fb_ast_hint hint;
	struct fb_ast_row *row;
	struct fb_ast_rows rows;
	struct fb_ast_type *type;
	struct fb_ast_option *option;
	struct fb_ast_options options;
	struct fb_ast_statement *statement;
	struct fb_ast_statements statements;
	int32_t number;
	int op;
	bool flag;
	struct fb_span span;
}

%token <str> NAME "name" QUOTED "quoted name" STRING "text" INTEGER "number" DECIMAL_LITERAL "decimal number"
%token <str> APPROX "floating number" FUNCTION_WORD "function" NILADIC_WORD "CURRENT_TIMESTAMP" RESERVED_WORD "reserved word"
%token REPORTED "wrong token" HINT_BEGIN "/*+" HINT_END "*/"
%token NE "<>" LE "<=" GE ">=" CONCAT "||" ARROW "=>"
%token ALL "ALL" ALTER "ALTER" AND "AND" ARRAY "ARRAY" AS "AS" ASYMMETRIC "ASYMMETRIC" BEGIN_WORD "BEGIN"
%token BETWEEN "BETWEEN" BIGINT "BIGINT" BINARY "BINARY" BOOLEAN "BOOLEAN" BOTH "BOTH" BY "BY" BYTES "BYTES" CASE "CASE"
%token CAST "CAST" CHAR "CHAR" CHARACTER "CHARACTER" COMMENT "COMMENT" CONSTRAINT "CONSTRAINT" CREATE "CREATE"
%token CROSS "CROSS" CUBE "CUBE" DATE "DATE" DECIMAL "DECIMAL" DELETE "DELETE" DESCRIBE "DESCRIBE" DISTINCT "DISTINCT"
%token DOUBLE "DOUBLE" DROP "DROP" ELSE "ELSE" END "END" ESCAPE "ESCAPE" EXCEPT "EXCEPT" EXECUTE "EXECUTE"
%token EXISTS "EXISTS" EXPLAIN "EXPLAIN" EXTRACT "EXTRACT" FALSE_WORD "FALSE" FETCH "FETCH" FILTER "FILTER"
%token FLOAT "FLOAT" FOR "FOR" FROM "FROM" FULL "FULL" FUNCTION "FUNCTION" GROUP "GROUP" GROUPING "GROUPING"
%token HAVING "HAVING" IN "IN" INNER "INNER" INSERT "INSERT" INT "INT" INTERSECT "INTERSECT" INTERVAL "INTERVAL"
%token INTO "INTO" IS "IS" JOIN "JOIN" LATERAL "LATERAL" LEADING "LEADING" LIKE "LIKE"
%token LIMIT "LIMIT" LOCAL "LOCAL" MATCH_RECOGNIZE "MATCH_RECOGNIZE" NATURAL "NATURAL" NOT "NOT"
%token NULL_WORD "NULL" OF "OF" OFFSET "OFFSET" OR "OR" ORDER "ORDER" OVER "OVER" PARTITION "PARTITION"
%token PRECISION "PRECISION" PRIMARY "PRIMARY" QUALIFY "QUALIFY" RAW "RAW" RESET "RESET" ROW "ROW"
%token SELECT "SELECT" SET "SET" SHOW "SHOW" SIMILAR "SIMILAR" SMALLINT "SMALLINT" STATEMENT "STATEMENT"
%token STRING_WORD "STRING" SUBSTRING "SUBSTRING" SYMMETRIC "SYMMETRIC" SYSTEM_TIME "SYSTEM_TIME" TABLE "TABLE"
%token TABLES "TABLES" TABLESAMPLE "TABLESAMPLE" THEN "THEN" TIME "TIME" TIMESTAMP "TIMESTAMP"
%token TIMESTAMP_LTZ "TIMESTAMP_LTZ" TINYINT "TINYINT" TRAILING "TRAILING" TRIM "TRIM" TRUE_WORD "TRUE"
%token UNION "UNION" UNIQUE "UNIQUE" UNKNOWN "UNKNOWN" UNNEST "UNNEST" UPDATE "UPDATE" USE "USE" VALUES "VALUES"
%token VARBINARY "VARBINARY" VARCHAR "VARCHAR" VARYING "VARYING" WATERMARK "WATERMARK" WHEN "WHEN" WHERE "WHERE"
%token WINDOW "WINDOW" WITH "WITH" WITHIN "WITHIN" WITHOUT "WITHOUT"
%token <str> DAY "DAY" HOUR "HOUR" LEFT "LEFT" MINUTE "MINUTE" MONTH "MONTH" RIGHT "RIGHT" SECOND "SECOND" YEAR "YEAR"
%token <str> DESC "DESC" ENFORCED "ENFORCED" IF "IF" KEY "KEY" METADATA "METADATA" OPTIONS "OPTIONS"
%token <str> OVERWRITE "OVERWRITE" PARTITIONED "PARTITIONED" PLAN "PLAN" TEMPORARY "TEMPORARY" TRY_CAST "TRY_CAST"
%token <str> VIEW "VIEW" VIRTUAL "VIRTUAL" ZONE "ZONE"

/* INTERVAL '1' DAY TO SECOND is one literal, also inside CEIL(x TO unit) */
%precedence NO_RANGE
%precedence TO "TO"

%type <str> word show_word nonreserved function_name
%type <name> name alias_opt
%type <names> names path partition_names
%type <option> option
%type <options> options with_options_opt
%type <statement> statement insert explained
%type <statements> inserts
%type <query> query query_body query_term select
%type <withs> withs
%type <with> with
%type <items> items
%type <item> item
%type <from> from_opt table_ref table_primary tvf
%type <tvf_args> tvf_args
%type <tvf_arg> tvf_arg tvf_value
%type <expr> expr and_expr not_expr is_expr compare_expr like_expr add_expr mul_expr unary_expr primary literal
%type <expr> call call_head interval whens case where_opt having_opt filter_opt special group_item escape_opt
%type <expr> extract_unit
%type <exprs> exprs group_opt group_items
%type <names> columns_opt alias_columns_opt
%type <type> type bare_type
%type <number> length_opt
%type <op> compare_op unit timestamp_zone_opt
%type <hint> table_hint_opt table_hints table_hint
%type <row> row
%type <rows> rows
%type <flag> sign_opt distinct_opt if_exists if_not_exists temporary_opt enforced virtual_opt symmetric_opt
%type <str> metadata_key_opt comment_opt trim_side

%%

script: statements | statements statement { fb_ast_statements_add(&parse->statements, $2); } | statements error ;

statements:
  %empty
| statements ';'
| statements statement ';'      { fb_ast_statements_add(&parse->statements, $2); if (fb_parse_is_full(parse)) YYABORT; }
| statements error ';'          { yyerrok; if (fb_parse_is_full(parse)) YYABORT; }
;

statement:
  SET STRING '=' STRING         {
	NEED($$ = fb_ast_statement(parse, FB_STMT_SET, @$));
	$$->option = (struct fb_ast_option){.key = $2, .value = $4,
		.key_place = fb_span_place(@2), .value_place = fb_span_place(@4)};
  }
| SET                           { REFUSE(@1, "write SET 'key' = 'value'", "SET alone lists settings, which a pipeline file cannot"); }
| SET name                      { REFUSE(@2, "write SET 'key' = 'value'", "the key of SET is written in quotes"); }
| RESET                         { NEED($$ = fb_ast_statement(parse, FB_STMT_RESET, @$)); }
| RESET STRING                  {
	NEED($$ = fb_ast_statement(parse, FB_STMT_RESET, @$));
	$$->option = (struct fb_ast_option){.key = $2, .key_place = fb_span_place(@2)};
  }
| CREATE temporary_opt TABLE if_not_exists path '(' { NEED(parse->table = NEW(struct fb_ast_table)); }
  elements ')' comment_opt partitioned_opt with_options_opt create_end {
	NEED($$ = fb_ast_statement(parse, FB_STMT_CREATE_TABLE, @$));
	$$->name = $5;
	$$->if_exists = $4;
	$$->temporary = $2;
	$$->table = parse->table;
	$$->table->comment = $10;
	$$->table->options = $12;
	if ($12.first != NULL)
		$$->table->options_place = fb_span_place(@12);
  }
| CREATE temporary_opt TABLE if_not_exists path with_options_opt AS { RELEASE2(@7, "CREATE TABLE … AS SELECT", "declare the columns, then INSERT INTO"); }
| CREATE temporary_opt TABLE if_not_exists path LIKE { RELEASE2(@6, "CREATE TABLE … LIKE", "declare the columns"); }
| CREATE temporary_opt VIEW if_not_exists path columns_opt comment_opt AS query {
	NEED($$ = fb_ast_statement(parse, FB_STMT_CREATE_VIEW, @$));
	$$->name = $5;
	$$->if_exists = $4;
	$$->temporary = $2;
	$$->columns = $6;
	$$->query = $9;
  }
| CREATE temporary_opt FUNCTION { RELEASE2(@3, "CREATE FUNCTION", NULL); }
| CREATE temporary_opt NAME     { REFUSE(@3, "tables and views can be created", "CREATE %.*s is not supported", (int)$3.len, $3.p); }
| CREATE OR                     { REFUSE(@2, "drop it first", "CREATE OR REPLACE is not supported"); }
| DROP temporary_opt TABLE if_exists path {
	NEED($$ = fb_ast_statement(parse, FB_STMT_DROP_TABLE, @$));
	$$->name = $5;
	$$->if_exists = $4;
	$$->temporary = $2;
  }
| DROP temporary_opt VIEW if_exists path {
	NEED($$ = fb_ast_statement(parse, FB_STMT_DROP_VIEW, @$));
	$$->name = $5;
	$$->if_exists = $4;
	$$->temporary = $2;
  }
| DROP temporary_opt FUNCTION   { RELEASE2(@3, "DROP FUNCTION", NULL); }
| DROP temporary_opt NAME       { REFUSE(@3, "tables and views can be dropped", "DROP %.*s is not supported", (int)$3.len, $3.p); }
| insert
| query                         { NEED($$ = fb_ast_statement(parse, FB_STMT_SELECT, @$)); $$->query = $1; }
| EXPLAIN explained             { $$ = $2; $$->explain = true; }
| EXPLAIN PLAN FOR explained    { $$ = $4; $$->explain = true; }
| EXPLAIN STATEMENT SET BEGIN_WORD inserts END {
	for (struct fb_ast_statement *at = $5.first; at != NULL; at = at->next)
		at->explain = true;
	$$ = $5.first;
  }
| EXPLAIN NAME                  { REFUSE(@2, "write EXPLAIN INSERT … or EXPLAIN SELECT …", "explain details (%.*s) are not supported", (int)$2.len, $2.p); }
| EXECUTE STATEMENT SET BEGIN_WORD inserts END { $$ = $5.first; }
| BEGIN_WORD STATEMENT SET ';' inserts END { $$ = $5.first; }
| EXECUTE insert                { $$ = $2; }
| SHOW TABLES                   { NEED($$ = fb_ast_statement(parse, FB_STMT_SHOW_TABLES, @$)); }
| SHOW CREATE TABLE path        {
	NEED($$ = fb_ast_statement(parse, FB_STMT_SHOW_CREATE_TABLE, @$));
	$$->name = $4;
  }
| SHOW CREATE VIEW              { REFUSE(@3, "DESCRIBE shows its columns", "SHOW CREATE VIEW is not supported"); }
| SHOW show_word                {
	if ($2.len != 5 || strncasecmp($2.p, "views", 5) != 0)
		REFUSE(@$, "SHOW TABLES, SHOW VIEWS, SHOW CREATE TABLE t", "SHOW %.*s is not supported", (int)$2.len, $2.p);
	NEED($$ = fb_ast_statement(parse, FB_STMT_SHOW_VIEWS, @$));
  }
| describe path                 {
	NEED($$ = fb_ast_statement(parse, FB_STMT_DESCRIBE, @$));
	$$->name = $2;
  }
| ALTER                         { RELEASE2(@1, "ALTER", "write the table as it shall be"); }
| DELETE                        { REFUSE(@1, NULL, "DELETE is not supported: results are only added"); }
| UPDATE                        { REFUSE(@1, NULL, "UPDATE is not supported: results are only added"); }
| USE                           { REFUSE(@1, "remove it", "USE is not supported: there is one catalog and one database"); }
;

show_word: NAME | RESERVED_WORD ;
describe: DESCRIBE | DESC ;

explained:
  insert
| query                         { NEED($$ = fb_ast_statement(parse, FB_STMT_SELECT, @$)); $$->query = $1; }
;

inserts:
  insert ';'                    { $$ = (struct fb_ast_statements){0}; fb_ast_statements_add(&$$, $1); }
| inserts insert ';'            { $$ = $1; fb_ast_statements_add(&$$, $2); }
;

insert:
  INSERT INTO path table_hint_opt query {
	NEED($$ = fb_ast_statement(parse, FB_STMT_INSERT, @$));
	$$->name = $3;
	$$->hint_options = $4.options;
	$$->hint = $4.place;
	$$->query = $5;
  }
| INSERT INTO path table_hint_opt '(' names ')' query {
	NEED($$ = fb_ast_statement(parse, FB_STMT_INSERT, @$));
	$$->name = $3;
	$$->hint_options = $4.options;
	$$->hint = $4.place;
	$$->columns = $6;
	$$->query = $8;
  }
| INSERT INTO path table_hint_opt PARTITION { RELEASE2(@5, "INSERT INTO … PARTITION", "name the partition's columns in the select list"); }
| INSERT OVERWRITE              { RELEASE2(@2, "INSERT OVERWRITE", "write INSERT INTO"); }
;

/* The options of a table for this one use of it. */
table_hint_opt:
  %empty                        { $$ = (struct fb_ast_hint){0}; }
| HINT_BEGIN table_hints HINT_END {
	$$ = $2;
	$$.place = fb_span_place(@1);
	$$.place.length = @3.end - @1.begin;
  }
;
table_hints: table_hint
| table_hints ',' table_hint    { REFUSE(@3, "write all options into one OPTIONS(…)", "a table takes one hint"); }
;
table_hint:
  name '(' options ')'          {
	if ($1->text.len != 7 || strncasecmp($1->text.p, "options", 7) != 0)
		REFUSE(@1, "OPTIONS('key' = 'value') is the one hint of a table", "there is no hint '%.*s'",
			(int)FB_MIN($1->text.len, 100u), $1->text.p);
	$$ = (struct fb_ast_hint){.options = $3};
  }
;

temporary_opt: %empty { $$ = false; } | TEMPORARY { $$ = true; } ;
if_not_exists: %empty { $$ = false; } | IF NOT EXISTS { $$ = true; } ;
if_exists: %empty { $$ = false; } | IF EXISTS { $$ = true; } ;
comment_opt: %empty { $$ = (struct fb_str){0}; } | COMMENT STRING { $$ = $2; } ;
partitioned_opt: %empty | PARTITIONED BY '(' names ')' {
	parse->table->partitioned = $4;
	parse->table->partitioned_place = fb_span_place(@$);
} ;
create_end: %empty
| LIKE                          { RELEASE2(@1, "CREATE TABLE … LIKE", "declare the columns"); }
| AS                            { RELEASE2(@1, "CREATE TABLE … AS SELECT", "declare the columns, then INSERT INTO"); }
;
with_options_opt: %empty { $$ = (struct fb_ast_options){0}; } | WITH '(' options ')' { $$ = $3; } ;

options:
  option                        { $$ = (struct fb_ast_options){$1, $1, 1}; }
| options ',' option            { $$ = $1; $$.last->next = $3; $$.last = $3; $$.cnt++; }
;
option: STRING '=' STRING       {
	NEED($$ = NEW(struct fb_ast_option));
	*$$ = (struct fb_ast_option){.key = $1, .value = $3,
		.key_place = fb_span_place(@1), .value_place = fb_span_place(@3)};
  }
;

elements: element | elements ',' element ;

element:
  name type metadata_or_key comment_opt {
	struct fb_ast_column *column = parse->table->last_column;

	/* metadata_or_key has made the column, knowing all but these */
	NEED(column);
	column->name = $1;
	column->type = $2;
	column->comment = $4;
	if (column->primary_key) {
		struct fb_ast_name *key = fb_ast_name(parse, $1->text, @1);

		NEED(key);
		fb_ast_table_key(parse, fb_ast_names_one(key, @1), column->enforced, @3);
	}
  }
| name AS expr comment_opt      {
	struct fb_ast_column *column = fb_ast_column(parse, FB_AST_COMPUTED, $1);

	NEED(column);
	column->value = $3;
	column->text = text_of(parse, @3);
	column->comment = $4;
  }
| WATERMARK FOR name AS expr    {
	fb_ast_table_watermark(parse, $3, $5, @$);
	parse->table->watermark_text = text_of(parse, @5);
  }
| PRIMARY KEY '(' names ')' enforced { fb_ast_table_key(parse, $4, $6, @$); }
| CONSTRAINT name PRIMARY KEY '(' names ')' enforced {
	fb_ast_table_key(parse, $6, $8, @$);
	parse->table->key_name = $2;
  }
| UNIQUE                        { REFUSE(@1, "PRIMARY KEY (…) NOT ENFORCED is the one constraint", "UNIQUE is not supported"); }
;

metadata_or_key:
  %empty                        { NEED(fb_ast_column(parse, FB_AST_PHYSICAL, fb_ast_name(parse, FB_STR("?"), @$))); }
| METADATA metadata_key_opt virtual_opt {
	struct fb_ast_column *column = fb_ast_column(parse, FB_AST_METADATA, fb_ast_name(parse, FB_STR("?"), @$));

	NEED(column);
	column->metadata_key = $2;
	column->is_virtual = $3;
  }
| PRIMARY KEY enforced          {
	struct fb_ast_column *column = fb_ast_column(parse, FB_AST_PHYSICAL, fb_ast_name(parse, FB_STR("?"), @$));

	NEED(column);
	column->primary_key = true;
	column->enforced = $3;
  }
| UNIQUE                        { REFUSE(@1, "PRIMARY KEY (…) NOT ENFORCED is the one constraint", "UNIQUE is not supported"); }
;
metadata_key_opt: %empty { $$ = (struct fb_str){0}; } | FROM STRING { $$ = $2; } ;
virtual_opt: %empty { $$ = false; } | VIRTUAL { $$ = true; } ;
enforced: %empty { $$ = true; } | ENFORCED { $$ = true; } | NOT ENFORCED { $$ = false; } ;

type:
  bare_type
| bare_type NOT NULL_WORD       { $$ = $1; $$->not_null = true; $$->place = fb_span_place(@$); }
| bare_type NULL_WORD
;
length_opt: %empty { $$ = -1; } | '(' INTEGER ')' { $$ = small_number($2); } ;

bare_type:
  BOOLEAN                       { NEED($$ = make_type(parse, FB_T_BOOLEAN, -1, -1, @$)); }
| TINYINT                       { NEED($$ = make_type(parse, FB_T_TINYINT, -1, -1, @$)); }
| SMALLINT                      { NEED($$ = make_type(parse, FB_T_SMALLINT, -1, -1, @$)); }
| INT                           { NEED($$ = make_type(parse, FB_T_INT, -1, -1, @$)); }
| BIGINT                        { NEED($$ = make_type(parse, FB_T_BIGINT, -1, -1, @$)); }
| FLOAT                         { NEED($$ = make_type(parse, FB_T_FLOAT, -1, -1, @$)); }
| DOUBLE                        { NEED($$ = make_type(parse, FB_T_DOUBLE, -1, -1, @$)); }
| DOUBLE PRECISION              { NEED($$ = make_type(parse, FB_T_DOUBLE, -1, -1, @$)); }
| DECIMAL length_opt            { NEED($$ = make_type(parse, FB_T_DECIMAL, $2, -1, @$)); }
| DECIMAL '(' INTEGER ',' INTEGER ')' { NEED($$ = make_type(parse, FB_T_DECIMAL, small_number($3), small_number($5), @$)); }
| char length_opt               { NEED($$ = make_type(parse, FB_T_CHAR, $2, -1, @$)); }
| VARCHAR length_opt            { NEED($$ = make_type(parse, FB_T_VARCHAR, $2, -1, @$)); }
| char VARYING length_opt       { NEED($$ = make_type(parse, FB_T_VARCHAR, $3, -1, @$)); }
| STRING_WORD                   { NEED($$ = make_type(parse, FB_T_VARCHAR, INT32_MAX, -1, @$)); }
| BINARY length_opt             { NEED($$ = make_type(parse, FB_T_BINARY, $2, -1, @$)); }
| VARBINARY length_opt          { NEED($$ = make_type(parse, FB_T_VARBINARY, $2, -1, @$)); }
| BYTES                         { NEED($$ = make_type(parse, FB_T_VARBINARY, INT32_MAX, -1, @$)); }
| DATE                          { NEED($$ = make_type(parse, FB_T_DATE, -1, -1, @$)); }
| TIMESTAMP length_opt timestamp_zone_opt { NEED($$ = make_type(parse, $3, $2, -1, @$)); }
| TIMESTAMP_LTZ length_opt      { NEED($$ = make_type(parse, FB_T_TIMESTAMP_LTZ, $2, -1, @$)); }
| TIME                          { RELEASE2(@1, "type TIME", NULL); }
| INTERVAL                      { REFUSE(@1, NULL, "INTERVAL is a type of literals only"); }
| ARRAY                         { RELEASE2(@1, "types ARRAY and MULTISET", NULL); }
| ROW                           { RELEASE2(@1, "type ROW", NULL); }
| RAW                           { REFUSE(@1, NULL, "type RAW is not supported"); }
| NAME                          {
	if ($1.len == 3 && strncasecmp($1.p, "map", 3) == 0)
		RELEASE2(@1, "type MAP", NULL);
	REFUSE(@1, type_hint($1), "no type is named '%.*s'", (int)FB_MIN($1.len, 100u), $1.p);
  }
;
char: CHAR | CHARACTER ;
timestamp_zone_opt:
  %empty                        { $$ = FB_T_TIMESTAMP; }
| WITHOUT TIME ZONE             { $$ = FB_T_TIMESTAMP; }
| WITH LOCAL TIME ZONE          { $$ = FB_T_TIMESTAMP_LTZ; }
| WITH TIME                     { REFUSE(@$, "write TIMESTAMP_LTZ(3)", "TIMESTAMP WITH TIME ZONE is not supported"); }
;

query:
  query_body query_tail
| WITH withs query_body query_tail {
	$$ = $3;
	if ($$->with != NULL)
		REFUSE(@1, NULL, "WITH before a query in parentheses that has its own is not supported");
	$$->with = $2.first;
  }
;
query_tail: %empty
| ORDER                         { RELEASE2(@1, "ORDER BY", "sort what the sink holds; a stream has no end"); }
| LIMIT                         { RELEASE2(@1, "LIMIT", NULL); }
| OFFSET                        { RELEASE2(@1, "OFFSET", NULL); }
| FETCH                         { RELEASE2(@1, "FETCH", NULL); }
;
withs:
  with                          { $$ = (struct fb_ast_withs){$1, $1}; }
| withs ',' with                { $$ = $1; $$.last->next = $3; $$.last = $3; }
;
with: name columns_opt AS '(' query ')' {
	NEED($$ = NEW(struct fb_ast_with));
	*$$ = (struct fb_ast_with){.name = $1, .columns = $2, .query = $5};
  }
;

query_body:
  query_term
| query_body UNION union_all query_term {
	NEED($$ = NEW(struct fb_ast_query));
	*$$ = (struct fb_ast_query){.kind = FB_QUERY_UNION_ALL, .left = $1, .right = $4, .place = fb_span_place(@2)};
	$$->place.length = @3.end - @2.begin;
  }
| query_body EXCEPT             { REFUSE(@2, "write the condition into WHERE", "EXCEPT is not supported and not planned"); }
| query_body INTERSECT          { REFUSE(@2, "write both conditions into WHERE", "INTERSECT is not supported and not planned"); }
;
union_all: ALL
| DISTINCT                      { REFUSE(@1, "write UNION ALL", "UNION without ALL is not supported and not planned"); }
| %empty                        { REFUSE(yylloc, "write UNION ALL", "UNION without ALL is not supported and not planned"); }
;
query_term:
  select
| VALUES rows                   {
	NEED($$ = NEW(struct fb_ast_query));
	*$$ = (struct fb_ast_query){.kind = FB_QUERY_VALUES, .rows = $2.first, .place = fb_span_place(@1)};
  }
| '(' query ')'                 { $$ = $2; }
;
rows:
  row                           { $$ = (struct fb_ast_rows){$1, $1}; }
| rows ',' row                  { $$ = $1; $$.last->next = $3; $$.last = $3; }
;
row:
  '(' exprs ')'                 { NEED($$ = NEW(struct fb_ast_row)); *$$ = (struct fb_ast_row){.values = $2, .place = fb_span_place(@$)}; }
| ROW '(' exprs ')'             { NEED($$ = NEW(struct fb_ast_row)); *$$ = (struct fb_ast_row){.values = $3, .place = fb_span_place(@$)}; }
;

select: SELECT hint_opt distinct_opt items from_opt where_opt group_opt having_opt window_opt {
	NEED($$ = NEW(struct fb_ast_query));
	*$$ = (struct fb_ast_query){.kind = FB_QUERY_SELECT, .items = $4.first, .item_cnt = $4.cnt, .from = $5,
		.where = $6, .group_by = $7, .having = $8, .place = fb_span_place(@1)};
	if ($7.cnt != 0)
		$$->group_place = fb_span_place(@7);
  }
;
hint_opt: %empty | HINT_BEGIN   { REFUSE(@1, "OPTIONS stands behind the name of a table", "a hint behind SELECT is not supported"); } ;
distinct_opt: %empty { $$ = false; } | ALL { $$ = false; }
| DISTINCT                      { RELEASE2(@1, "SELECT DISTINCT", "GROUP BY window_start, window_end and the columns"); }
;
window_opt: %empty
| WINDOW                        { RELEASE2(@1, "the WINDOW clause", "windows are table functions: FROM TABLE(TUMBLE(…))"); }
| QUALIFY                       { RELEASE2(@1, "QUALIFY", NULL); }
;

items:
  item                          { $$ = (struct fb_ast_items){$1, $1, 1}; }
| items ',' item                { $$ = $1; $$.last->next = $3; $$.last = $3; $$.cnt++; }
;
item:
  expr alias_opt                { NEED($$ = NEW(struct fb_ast_item)); $$->value = $1; $$->alias = $2; }
| '*'                           {
	NEED($$ = NEW(struct fb_ast_item));
	NEED($$->value = fb_ast_expr(parse, FB_AST_STAR, @1));
  }
| path '.' '*'                  {
	NEED($$ = NEW(struct fb_ast_item));
	NEED($$->value = fb_ast_expr(parse, FB_AST_STAR, @$));
	$$->value->name = $1;
  }
;
alias_opt: %empty { $$ = NULL; } | name | AS name { $$ = $2; } ;

from_opt:
  %empty                        { $$ = NULL; }
| FROM table_ref                { $$ = $2; }
| FROM table_ref ','            { RELEASE2(@3, "a join (several tables in FROM)", HINT_JOIN); }
| FROM table_ref join           { RELEASE2(@3, "JOIN", HINT_JOIN); }
;
join: JOIN | INNER | LEFT | RIGHT | FULL | CROSS | NATURAL ;

table_ref:
  table_primary
| table_primary name alias_columns_opt { $$ = $1; $$->alias = $2; $$->alias_columns = $3; }
| table_primary AS name alias_columns_opt { $$ = $1; $$->alias = $3; $$->alias_columns = $4; }
| table_primary FOR             { RELEASE2(@2, "FOR SYSTEM_TIME AS OF (lookup join)", NULL); }
| table_primary TABLESAMPLE     { REFUSE(@2, NULL, "TABLESAMPLE is not supported"); }
| table_primary MATCH_RECOGNIZE { REFUSE(@2, NULL, "MATCH_RECOGNIZE is not supported and not planned"); }
;
alias_columns_opt: %empty { $$ = (struct fb_ast_names){0}; } | '(' names ')' { $$ = $2; } ;
columns_opt: alias_columns_opt ;

table_primary:
  path table_hint_opt           {
	NEED($$ = NEW(struct fb_ast_from));
	*$$ = (struct fb_ast_from){.kind = FB_FROM_TABLE, .name = $1, .options = $2.options, .hint = $2.place,
		.place = fb_span_place(@1)};
  }
| tvf
| TABLE '(' tvf ')'             { $$ = $3; }
| TABLE '(' path ')'            { REFUSE(@3, "write the name alone", "TABLE(…) takes a window table function"); }
| '(' query ')'                 {
	NEED($$ = NEW(struct fb_ast_from));
	*$$ = (struct fb_ast_from){.kind = FB_FROM_QUERY, .query = $2, .place = fb_span_place(@$)};
  }
| LATERAL                       { RELEASE2(@1, "LATERAL", NULL); }
| UNNEST                        { RELEASE2(@1, "UNNEST", NULL); }
;
tvf: word '(' tvf_args ')'      {
	NEED($$ = NEW(struct fb_ast_from));
	*$$ = (struct fb_ast_from){.kind = FB_FROM_TVF, .tvf = $1, .tvf_place = fb_span_place(@1),
		.args = $3.first, .place = fb_span_place(@$)};
  }
;
tvf_args:
  tvf_arg                       { $$ = (struct fb_ast_tvf_args){$1, $1}; }
| tvf_args ',' tvf_arg          { $$ = $1; $$.last->next = $3; $$.last = $3; }
;
tvf_arg:
  tvf_value
| name ARROW tvf_value          { $$ = $3; $$->name = $1; $$->place = fb_span_place(@$); }
;
tvf_value:
  TABLE path table_hint_opt     {
	NEED($$ = NEW(struct fb_ast_tvf_arg));
	$$->table = $2;
	$$->options = $3.options;
	$$->hint = $3.place;
	$$->place = fb_span_place(@$);
  }
| TABLE path table_hint_opt PARTITION BY partition_names {
	NEED($$ = NEW(struct fb_ast_tvf_arg));
	$$->table = $2;
	$$->options = $3.options;
	$$->hint = $3.place;
	$$->partition_by = $6;
	$$->place = fb_span_place(@$);
  }
| expr                          {
	NEED($$ = NEW(struct fb_ast_tvf_arg));
	$$->value = $1;
	$$->place = fb_span_place(@$);
  }
;

partition_names: name { $$ = fb_ast_names_one($1, @1); } | '(' names ')' { $$ = $2; } ;

where_opt: %empty { $$ = NULL; } | WHERE expr { $$ = $2; } ;
having_opt: %empty { $$ = NULL; } | HAVING expr { $$ = $2; } ;
group_opt: %empty { $$ = (struct fb_ast_exprs){0}; } | GROUP BY group_items { $$ = $3; } ;
group_items:
  group_item                    { $$ = (struct fb_ast_exprs){0}; fb_ast_exprs_add(&$$, $1); }
| group_items ',' group_item    { $$ = $1; fb_ast_exprs_add(&$$, $3); }
;
group_item: expr
| '(' ')'                       { RELEASE2(@$, "GROUP BY () (one group for all)", "GROUP BY window_start, window_end"); }
| CUBE                          { RELEASE2(@1, "GROUP BY CUBE and ROLLUP", NULL); }
| GROUPING                      { RELEASE2(@1, "GROUPING SETS", NULL); }
;

expr: and_expr | expr OR and_expr { NEED($$ = fb_ast_chain(parse, FB_AST_OR, $1, $3, @$)); } ;
and_expr: not_expr | and_expr AND not_expr { NEED($$ = fb_ast_chain(parse, FB_AST_AND, $1, $3, @$)); } ;
not_expr: is_expr | NOT not_expr { NEED($$ = fb_ast_unary(parse, FB_AST_NOT, $2, @$)); } ;

is_expr:
  compare_expr
| is_expr IS NULL_WORD          { NEED($$ = fb_ast_unary(parse, FB_AST_IS, $1, @$)); $$->is = FB_AST_IS_NULL; }
| is_expr IS NOT NULL_WORD      { NEED($$ = fb_ast_unary(parse, FB_AST_IS, $1, @$)); $$->is = FB_AST_IS_NULL; $$->flag = true; }
| is_expr IS TRUE_WORD          { NEED($$ = fb_ast_unary(parse, FB_AST_IS, $1, @$)); $$->is = FB_AST_IS_TRUE; }
| is_expr IS NOT TRUE_WORD      { NEED($$ = fb_ast_unary(parse, FB_AST_IS, $1, @$)); $$->is = FB_AST_IS_TRUE; $$->flag = true; }
| is_expr IS FALSE_WORD         { NEED($$ = fb_ast_unary(parse, FB_AST_IS, $1, @$)); $$->is = FB_AST_IS_FALSE; }
| is_expr IS NOT FALSE_WORD     { NEED($$ = fb_ast_unary(parse, FB_AST_IS, $1, @$)); $$->is = FB_AST_IS_FALSE; $$->flag = true; }
| is_expr IS UNKNOWN            { NEED($$ = fb_ast_unary(parse, FB_AST_IS, $1, @$)); $$->is = FB_AST_IS_UNKNOWN; }
| is_expr IS NOT UNKNOWN        { NEED($$ = fb_ast_unary(parse, FB_AST_IS, $1, @$)); $$->is = FB_AST_IS_UNKNOWN; $$->flag = true; }
| is_expr IS DISTINCT FROM compare_expr {
	NEED($$ = fb_ast_unary(parse, FB_AST_DISTINCT, $1, @$));
	NEED_ADD($$, $5);
  }
| is_expr IS NOT DISTINCT FROM compare_expr {
	NEED($$ = fb_ast_unary(parse, FB_AST_DISTINCT, $1, @$));
	NEED_ADD($$, $6);
	$$->flag = true;
  }
;

compare_expr: like_expr | compare_expr compare_op like_expr { NEED($$ = fb_ast_binary(parse, $2, $1, $3, @$)); } ;
compare_op:
  '=' { $$ = FB_AST_EQ; } | NE { $$ = FB_AST_NE; } | '<' { $$ = FB_AST_LT; } | LE { $$ = FB_AST_LE; }
| '>' { $$ = FB_AST_GT; } | GE { $$ = FB_AST_GE; }
;

like_expr:
  add_expr
| like_expr BETWEEN symmetric_opt add_expr AND add_expr {
	NEED($$ = fb_ast_unary(parse, FB_AST_BETWEEN, $1, @$));
	NEED_ADD($$, $4);
	NEED_ADD($$, $6);
	$$->symmetric = $3;
  }
| like_expr NOT BETWEEN symmetric_opt add_expr AND add_expr {
	NEED($$ = fb_ast_unary(parse, FB_AST_BETWEEN, $1, @$));
	NEED_ADD($$, $5);
	NEED_ADD($$, $7);
	$$->symmetric = $4;
	$$->flag = true;
  }
| like_expr IN '(' exprs ')'    {
	NEED($$ = fb_ast_unary(parse, FB_AST_IN, $1, @$));
	if (!fb_ast_add_all(parse, $$, $4))
		YYERROR;
  }
| like_expr NOT IN '(' exprs ')' {
	NEED($$ = fb_ast_unary(parse, FB_AST_IN, $1, @$));
	if (!fb_ast_add_all(parse, $$, $5))
		YYERROR;
	$$->flag = true;
  }
| like_expr IN '(' subquery     { RELEASE2(@2, "IN (SELECT …)", "list the values"); }
| like_expr NOT IN '(' subquery { RELEASE2(@3, "IN (SELECT …)", "list the values"); }
| like_expr LIKE add_expr escape_opt {
	NEED($$ = fb_ast_unary(parse, FB_AST_LIKE, $1, @$));
	NEED_ADD($$, $3);
	if ($4 != NULL)
		NEED_ADD($$, $4);
  }
| like_expr NOT LIKE add_expr escape_opt {
	NEED($$ = fb_ast_unary(parse, FB_AST_LIKE, $1, @$));
	NEED_ADD($$, $4);
	if ($5 != NULL)
		NEED_ADD($$, $5);
	$$->flag = true;
  }
| like_expr SIMILAR             { REFUSE(@2, NULL, "SIMILAR TO is not supported"); }
;
symmetric_opt: %empty { $$ = false; } | ASYMMETRIC { $$ = false; } | SYMMETRIC { $$ = true; } ;
escape_opt: %empty { $$ = NULL; } | ESCAPE add_expr { $$ = $2; } ;
subquery: SELECT | WITH | VALUES ;

add_expr:
  mul_expr
| add_expr '+' mul_expr         { NEED($$ = fb_ast_binary(parse, FB_AST_ADD, $1, $3, @$)); }
| add_expr '-' mul_expr         { NEED($$ = fb_ast_binary(parse, FB_AST_SUB, $1, $3, @$)); }
;
mul_expr:
  unary_expr
| mul_expr '*' unary_expr       { NEED($$ = fb_ast_binary(parse, FB_AST_MUL, $1, $3, @$)); }
| mul_expr '/' unary_expr       { NEED($$ = fb_ast_binary(parse, FB_AST_DIV, $1, $3, @$)); }
| mul_expr '%' unary_expr       { NEED($$ = fb_ast_binary(parse, FB_AST_MOD, $1, $3, @$)); }
| mul_expr CONCAT unary_expr    { NEED($$ = fb_ast_binary(parse, FB_AST_CONCAT, $1, $3, @$)); }
;
unary_expr:
  primary
| '-' unary_expr                { NEED($$ = fb_ast_unary(parse, FB_AST_NEGATE, $2, @$)); }
| '+' unary_expr                { $$ = $2; }
;

primary:
  literal
| path                          { NEED($$ = fb_ast_expr(parse, FB_AST_COLUMN, @$)); $$->name = $1; }
| call
| special
| case
| '(' expr ')'                  { $$ = $2; $$->in_parens = true; }
| '(' subquery                  { RELEASE2(@$, "a subquery inside an expression", "a subquery may stand in FROM"); }
| '(' expr ','                  { RELEASE2(@3, "a row value", "compare the columns one by one"); }
| EXISTS                        { RELEASE2(@1, "EXISTS", NULL); }
| ROW                           { RELEASE2(@1, "a row value", NULL); }
| ARRAY                         { RELEASE2(@1, "an array value", NULL); }
| primary '['                   { RELEASE2(@2, "an array or map element", NULL); }
;

literal:
  INTEGER                       { NEED($$ = leaf(parse, FB_AST_INTEGER, $1, @$)); }
| DECIMAL_LITERAL               { NEED($$ = leaf(parse, FB_AST_DECIMAL, $1, @$)); }
| APPROX                        { NEED($$ = leaf(parse, FB_AST_APPROX, $1, @$)); }
| STRING                        { NEED($$ = leaf(parse, FB_AST_STRING, $1, @$)); }
| TRUE_WORD                     { NEED($$ = fb_ast_expr(parse, FB_AST_BOOLEAN, @$)); $$->flag = true; }
| FALSE_WORD                    { NEED($$ = fb_ast_expr(parse, FB_AST_BOOLEAN, @$)); }
| UNKNOWN                       { NEED($$ = fb_ast_expr(parse, FB_AST_NULL, @$)); $$->flag = true; }
| NULL_WORD                     { NEED($$ = fb_ast_expr(parse, FB_AST_NULL, @$)); }
| DATE STRING                   { NEED($$ = leaf(parse, FB_AST_DATE, $2, @$)); }
| TIMESTAMP STRING              { NEED($$ = leaf(parse, FB_AST_TIMESTAMP, $2, @$)); }
| TIME STRING                   { RELEASE2(@1, "type TIME", NULL); }
| interval
;

interval:
  INTERVAL sign_opt STRING unit length_opt %prec NO_RANGE {
	NEED($$ = leaf(parse, FB_AST_INTERVAL, $3, @$));
	$$->interval = (struct fb_ast_interval){$4, $4, $5, $2, fb_span_place(@4)};
  }
| INTERVAL sign_opt STRING unit '(' INTEGER ',' INTEGER ')' {
	NEED($$ = leaf(parse, FB_AST_INTERVAL, $3, @$));
	$$->interval = (struct fb_ast_interval){$4, $4, small_number($6), $2, fb_span_place(@4)};
  }
| INTERVAL sign_opt STRING unit length_opt TO unit length_opt {
	NEED($$ = leaf(parse, FB_AST_INTERVAL, $3, @$));
	$$->interval = (struct fb_ast_interval){$4, $7, $5, $2, fb_span_place(@4)};
	$$->interval.unit_place.length = @7.end - @4.begin;
  }
| INTERVAL sign_opt STRING NAME { REFUSE(@4, "units are DAY, HOUR, MINUTE, SECOND, in the singular", "'%.*s' is no unit of an interval", (int)FB_MIN($4.len, 100u), $4.p); }
| INTERVAL sign_opt INTEGER     { REFUSE(@3, "write INTERVAL '10' SECOND", "the value of an interval is written in quotes"); }
;
sign_opt: %empty { $$ = false; } | '+' { $$ = false; } | '-' { $$ = true; } ;
unit: YEAR { $$ = FB_UNIT_YEAR; } | MONTH { $$ = FB_UNIT_MONTH; } | DAY { $$ = FB_UNIT_DAY; } | HOUR { $$ = FB_UNIT_HOUR; }
| MINUTE { $$ = FB_UNIT_MINUTE; } | SECOND { $$ = FB_UNIT_SECOND; }
;

call:
  call_head filter_opt          { $$ = $1; $$->filter = $2; }
| call_head filter_opt OVER     { RELEASE2(@3, "OVER (…)", "windows are table functions: FROM TABLE(TUMBLE(…))"); }
| call_head WITHIN              { RELEASE2(@2, "WITHIN GROUP", NULL); }
| NILADIC_WORD                  { NEED($$ = leaf(parse, FB_AST_CALL, $1, @1)); }
;
call_head:
  function_name '(' ')'         { NEED($$ = leaf(parse, FB_AST_CALL, $1, @$)); }
| function_name '(' '*' ')'     {
	struct fb_ast_expr *star = fb_ast_expr(parse, FB_AST_STAR, @3);

	NEED($$ = leaf(parse, FB_AST_CALL, $1, @$));
	NEED_ADD($$, star);
  }
| function_name '(' exprs ')'   {
	NEED($$ = leaf(parse, FB_AST_CALL, $1, @$));
	if (!fb_ast_add_all(parse, $$, $3))
		YYERROR;
  }
| function_name '(' ALL exprs ')' {
	NEED($$ = leaf(parse, FB_AST_CALL, $1, @$));
	if (!fb_ast_add_all(parse, $$, $4))
		YYERROR;
  }
| function_name '(' DISTINCT exprs ')' {
	NEED($$ = leaf(parse, FB_AST_CALL, $1, @$));
	if (!fb_ast_add_all(parse, $$, $4))
		YYERROR;
	$$->flag = true;
  }
;
filter_opt: %empty { $$ = NULL; } | FILTER '(' WHERE expr ')' { $$ = $4; } ;
function_name: word | FUNCTION_WORD | IF | YEAR | MONTH | DAY | HOUR | MINUTE | SECOND | LEFT | RIGHT ;

special:
  CAST '(' expr AS type ')'     { NEED($$ = fb_ast_unary(parse, FB_AST_CAST, $3, @$)); $$->type = $5; }
| TRY_CAST '(' expr AS type ')' { NEED($$ = fb_ast_unary(parse, FB_AST_CAST, $3, @$)); $$->type = $5; $$->flag = true; }
| EXTRACT '(' extract_unit FROM expr ')' {
	NEED($$ = fb_ast_unary(parse, FB_AST_SPECIAL, $5, @$));
	NEED_ADD($$, $3);
	$$->text = FB_STR("EXTRACT");
  }
| SUBSTRING '(' exprs ')'       {
	NEED($$ = leaf(parse, FB_AST_SPECIAL, FB_STR("SUBSTRING"), @$));
	if (!fb_ast_add_all(parse, $$, $3))
		YYERROR;
  }
| SUBSTRING '(' expr FROM expr ')' {
	NEED($$ = leaf(parse, FB_AST_SPECIAL, FB_STR("SUBSTRING"), @$));
	NEED_ADD($$, $3);
	NEED_ADD($$, $5);
  }
| SUBSTRING '(' expr FROM expr FOR expr ')' {
	NEED($$ = leaf(parse, FB_AST_SPECIAL, FB_STR("SUBSTRING"), @$));
	NEED_ADD($$, $3);
	NEED_ADD($$, $5);
	NEED_ADD($$, $7);
  }
| TRIM '(' expr ')'             { NEED($$ = leaf(parse, FB_AST_SPECIAL, FB_STR("TRIM"), @$)); NEED_ADD($$, $3); }
| TRIM '(' trim_side FROM expr ')' { NEED($$ = leaf(parse, FB_AST_SPECIAL, $3, @$)); NEED_ADD($$, $5); }
| TRIM '(' trim_side expr FROM expr ')' {
	NEED($$ = leaf(parse, FB_AST_SPECIAL, $3, @$));
	NEED_ADD($$, $6);
	NEED_ADD($$, $4);
  }
| TRIM '(' expr FROM expr ')'   {
	NEED($$ = leaf(parse, FB_AST_SPECIAL, FB_STR("TRIM"), @$));
	NEED_ADD($$, $5);
	NEED_ADD($$, $3);
  }
| function_name '(' expr TO extract_unit ')' {
	NEED($$ = leaf(parse, FB_AST_SPECIAL, $1, @$));
	NEED_ADD($$, $3);
	NEED_ADD($$, $5);
	$$->flag = true;
  }
;
trim_side: BOTH { $$ = FB_STR("TRIM"); } | LEADING { $$ = FB_STR("LTRIM"); } | TRAILING { $$ = FB_STR("RTRIM"); } ;
extract_unit:
  YEAR                          { NEED($$ = leaf(parse, FB_AST_STRING, $1, @$)); }
| MONTH                         { NEED($$ = leaf(parse, FB_AST_STRING, $1, @$)); }
| DAY                           { NEED($$ = leaf(parse, FB_AST_STRING, $1, @$)); }
| HOUR                          { NEED($$ = leaf(parse, FB_AST_STRING, $1, @$)); }
| MINUTE                        { NEED($$ = leaf(parse, FB_AST_STRING, $1, @$)); }
| SECOND                        { NEED($$ = leaf(parse, FB_AST_STRING, $1, @$)); }
| NAME                          { NEED($$ = leaf(parse, FB_AST_STRING, $1, @$)); }
;

case:
  CASE whens END                { $$ = $2; $$->place = fb_span_place(@$); }
| CASE whens ELSE expr END      { $$ = $2; NEED_ADD($$, $4); $$->has_else = true; $$->place = fb_span_place(@$); }
| CASE expr whens END           { $$ = $3; NEED_ADD($$, $2); $$->has_operand = true; $$->place = fb_span_place(@$); }
| CASE expr whens ELSE expr END { $$ = $3; NEED_ADD($$, $5); NEED_ADD($$, $2); $$->has_operand = true; $$->has_else = true; $$->place = fb_span_place(@$); }
;
whens:
  WHEN expr THEN expr           {
	NEED($$ = fb_ast_unary(parse, FB_AST_CASE, $2, @$));
	NEED_ADD($$, $4);
  }
| whens WHEN expr THEN expr     { $$ = $1; NEED_ADD($$, $3); NEED_ADD($$, $5); }
;

exprs:
  expr                          { $$ = (struct fb_ast_exprs){0}; fb_ast_exprs_add(&$$, $1); }
| exprs ',' expr                { $$ = $1; fb_ast_exprs_add(&$$, $3); }
;

path: name { $$ = fb_ast_names_one($1, @1); } | path '.' name { $$ = $1; fb_ast_names_add(&$$, $3, @$); } ;
names: name { $$ = fb_ast_names_one($1, @1); } | names ',' name { $$ = $1; fb_ast_names_add(&$$, $3, @$); } ;
name: word { NEED($$ = fb_ast_name(parse, $1, @1)); } ;
word: NAME | QUOTED | nonreserved ;
nonreserved: DESC | ENFORCED | KEY | METADATA | OPTIONS | OVERWRITE | PARTITIONED | PLAN | TEMPORARY | VIEW | VIRTUAL
| ZONE ;

%%

/* ---- what a syntax error says ---- */

#define EXPECTED_MAX 200 /* more than the grammar has tokens that may follow anything */
#define EXPECTED_SHOWN 4

static bool is_word(const char *name)
{
	return name[0] >= 'A' && name[0] <= 'Z';
}

static void add_expected(struct fb_buf *out, const yysymbol_kind_t *expected, int cnt)
{
	for (int i = 0; i < cnt; i++) {
		const char *name = yysymbol_name(expected[i]);

		fb_buf_printf(out, "%s%s%s", i == 0 ? ", expected " : i == cnt - 1 ? " or " : ", ",
			yysymbol_name(expected[i]), name[0] == 0 ? "end of text" : "");
	}
}

/* FORM t: what is wrong is seen one word late, since FORM may be a name. Empty: no word. */
static struct fb_str word_before(const struct fb_parse *parse, uint32_t at)
{
	uint32_t end = at, begin;

	while (end > 0 && strchr(" \t\r\n", parse->text.p[end - 1]) != NULL)
		end--;
	begin = end;
	while (begin > 0 && end - begin < 40 && (parse->text.p[begin - 1] | 32) >= 'a' &&
		(parse->text.p[begin - 1] | 32) <= 'z')
		begin--;
	return (struct fb_str){parse->text.p + begin, end - begin};
}

static int yyreport_syntax_error(const yypcontext_t *context, void *scanner, struct fb_parse *parse)
{
	struct fb_span at = *yypcontext_location(context);
	yysymbol_kind_t token = yypcontext_token(context);
	yysymbol_kind_t expected[EXPECTED_MAX];
	const char *words[EXPECTED_MAX];
	size_t word_cnt = 0;
	bool wants_name = false;
	struct fb_str text = {parse->text.p + at.begin, at.end - at.begin};
	struct fb_buf message = {0};
	char hint[160] = "";
	int cnt = yypcontext_expected_tokens(context, expected, EXPECTED_MAX);

	(void)scanner;
	if (token == YYSYMBOL_REPORTED || token == YYSYMBOL_YYEMPTY || cnt < 0)
		return 0;
	for (int i = 0; i < cnt; i++) {
		wants_name = wants_name || expected[i] == YYSYMBOL_NAME;
		if (is_word(yysymbol_name(expected[i])))
			words[word_cnt++] = yysymbol_name(expected[i]);
	}
	if (token == YYSYMBOL_YYEOF)
		fb_buf_add_text(&message, "the text ends too early");
	else if (wants_name && fb_keyword_is_reserved(text))
		fb_buf_printf(&message, "'%.*s' is a reserved word and no bare name", (int)text.len, text.p);
	else
		fb_buf_printf(&message, "unexpected '%.*s'", (int)FB_MIN(text.len, 60u), text.p);
	if (cnt <= EXPECTED_SHOWN)
		add_expected(&message, expected, cnt);

	const char *mistake = fb_mistake_syntax(
		parse->text, at.begin, text, cnt == 1 && expected[0] == YYSYMBOL_STRING);

	if (mistake != NULL) {
		snprintf(hint, sizeof(hint), "%s", mistake);
	} else if (wants_name && fb_keyword_is_reserved(text)) {
		snprintf(hint, sizeof(hint), "if a name is meant, write it in backticks: `%.*s`", (int)text.len, text.p);
	} else if (token == YYSYMBOL_NAME) {
		const char *near = fb_nearest_name(text, words, word_cnt);

		struct fb_str before = word_before(parse, at.begin);

		if (near != NULL)
			snprintf(hint, sizeof(hint), "did you mean %s?", near);
		else if ((near = fb_nearest_name(before, words, word_cnt)) != NULL && !fb_keyword_is_reserved(before))
			snprintf(hint, sizeof(hint), "did you mean %s instead of %.*s?", near, (int)before.len,
				before.p);
	}
	fb_parse_error(parse, at, hint[0] ? hint : NULL, "%s", message.p ? message.p : "syntax error");
	fb_buf_fini(&message);
	return 0;
}

int fb_parse_run(struct fb_parse *parse)
{
	void *scanner;
	size_t errors = parse->diags->error_cnt;
	int err = fb_lexer_open(parse, &scanner);

	if (err != 0)
		return err;
	err = yyparse(scanner, parse);
	fb_lexer_close(scanner);
	if (parse->arena->failed)
		return FB_E_NO_MEMORY;
	return err != 0 || parse->diags->error_cnt != errors ? FB_E_SYNTAX : 0;
}
