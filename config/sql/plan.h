/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The typed plan of one SQL file: what the binder makes of the text, and all that the data plane
 * and the control plane know of it. It is immutable once bound, lives in one arena, and may be read
 * by any thread.
 *
 * Words: a *pipeline* is one SQL file as deployed; a *query* is one INSERT of it. A query reads one
 * source table and writes one sink table. It is either windowed (slices, then groups) or plain (row
 * by row).
 */
#pragma once

#include "config/base/arena.h"
#include "config/base/diag.h"
#include "config/base/macro.h"
#include "config/sql/types.h"

/* ---- tables ---- */

struct fb_option {
	const char *key; /* as written, e.g. "csv.field-delimiter" */
	const char *value;
	struct fb_place place;
};

enum fb_column_kind {
	FB_COLUMN_PHYSICAL, /* a field of the record */
	FB_COLUMN_COMPUTED, /* c AS expression over physical columns */
	FB_COLUMN_METADATA, /* c T METADATA [FROM 'k'] [VIRTUAL] */
};

struct fb_table_column {
	const char *name;
	struct fb_type type;
	enum fb_column_kind kind;
	uint16_t field;              /* PHYSICAL: position in the record, from 0; readable METADATA: its input, behind those */
	const struct fb_expr *value; /* COMPUTED: over physical columns */
	const char *metadata_key;    /* METADATA */
	struct fb_type metadata_type; /* as the connector gives it; the column's own type is a CAST of it */
	bool is_readable;            /* METADATA that is an input here */
	bool is_virtual;             /* METADATA … VIRTUAL: no column of a sink */
	const char *comment;         /* COMMENT '…'; NULL: none */
};

struct fb_table {
	const char *name;
	const char *connector; /* "kafka", "filesystem", "udp", "print", … */
	const char *format;    /* "csv", "json"; NULL where the connector has none */
	const struct fb_table_column *columns; /* as declared */
	const struct fb_table_column **fields; /* the physical ones, in record order; then the metadata that can be read */
	const struct fb_option
		*options;            /* the WITH clause, checked against config/tables/option.def */
	const uint16_t *primary_key; /* ordinals into columns */
	uint16_t column_cnt;
	uint16_t field_cnt; /* physical ones */
	uint16_t metadata_cnt; /* readable ones, of the whole file that the record is of (metadata.c) */
	uint16_t option_cnt;
	uint16_t primary_key_cnt;
	const uint16_t *partition_keys; /* PARTITIONED BY: positions in fields, in the order written */
	uint16_t partition_key_cnt;
	const char *comment; /* NULL: none */
	bool temporary;
	bool hinted; /* its options are those of a hint OPTIONS(…), for this use of it */
	bool has_watermark;
	uint16_t rowtime;           /* ordinal of the watermark column; with has_watermark */
	int64_t watermark_delay_ms; /* WATERMARK FOR c AS c - INTERVAL …; 0 for AS c */
	struct fb_place place;
};

/* What the expressions over a record may read. */
static inline uint16_t fb_table_input_cnt(const struct fb_table *table)
{
	return (uint16_t)(table->field_cnt + table->metadata_cnt);
}

static inline struct fb_type fb_table_input_type(const struct fb_table *table, uint16_t input)
{
	return input < table->field_cnt ? table->fields[input]->type : table->fields[input]->metadata_type;
}

/* The value of an option, or NULL. */
const char *fb_table_option(const struct fb_table *table, const char *key);

/*
 * A number for "event time is computed in the same way": of the watermark column's expression, the record's fields and the
 * options of its format; not of names, connector and delay. 0: the table has no watermark.
 */
uint64_t fb_table_time_fingerprint(const struct fb_table *table);

/* ---- expressions ---- */

/*
 * What the binder promises: arguments have one type (texts: of any lengths; timestamps: of one
 * unit; DECIMALs: of any precision and scale, also the result's). A DATE or timestamp plus or minus
 * an INTERVAL has as second argument a literal of the same type, which is the interval in days or
 * ticks: so ADD and SUB know nothing of intervals. No argument has type NULL. TIMESTAMP_LTZ reaches
 * CAST, comparison, ADD, SUB, COALESCE and CASE only: elsewhere it was cast to TIMESTAMP.
 *
 * Where an argument is said to be a literal, it is never NULL.
 */
enum fb_op {
	FB_OP_INPUT,   /* column `input` of the batch evaluated over: see fb_query_plan */
	FB_OP_LITERAL, /* `literal` */
	FB_OP_ADD,     /* both arguments and the result of one type: the binder adds casts */
	FB_OP_SUB,
	FB_OP_MUL,
	FB_OP_DIV, /* integers truncate; by zero: error of the row (semantics 1.3) */
	FB_OP_MOD, /* sign of the dividend; result type of the divisor */
	FB_OP_NEG,
	FB_OP_EQ, /* both arguments of one type; result BOOLEAN, three-valued */
	FB_OP_NE,
	FB_OP_LT,
	FB_OP_LE,
	FB_OP_GT,
	FB_OP_GE,
	FB_OP_AND, /* three-valued; n arguments */
	FB_OP_OR,  /* three-valued; n arguments */
	FB_OP_NOT,
	FB_OP_IS_NULL,
	FB_OP_IS_NOT_NULL,
	FB_OP_CAST, /* to `type`, by the rules of semantics 1.3 and 1.4; failure: error of the row.
		       Between the clocks TIMESTAMP and TIMESTAMP_LTZ argument 1 is a literal: what
		       is to be added, in ms */
	FB_OP_TRY_CAST,         /* failure gives NULL */
	FB_OP_COALESCE,         /* n arguments of one type */
	FB_OP_CASE,             /* condition, value, condition, value …, else: only what is taken fails
				   */
	FB_OP_TO_TIMESTAMP,     /* (text[, literal format]) -> TIMESTAMP(3); bad text gives NULL
				   (semantics 1.4) */
	FB_OP_TO_TIMESTAMP_LTZ, /* TO_TIMESTAMP_LTZ(n, 0|3) -> TIMESTAMP_LTZ(3); argument 1 is a
				   literal */
	/* numbers */
	FB_OP_ABS,
	FB_OP_CEIL, /* DECIMAL: scale 0 */
	FB_OP_FLOOR,
	FB_OP_ROUND, /* (x, literal digits) */
	/* texts; positions and lengths are characters (code points) */
	FB_OP_LIKE, /* (text, pattern[, literal escape of one character]) */
	FB_OP_UPPER,
	FB_OP_LOWER,
	FB_OP_TRIM, /* (text, characters): of both sides */
	FB_OP_LTRIM,
	FB_OP_RTRIM,
	FB_OP_SUBSTRING, /* (text, from[, length]) */
	FB_OP_CHAR_LENGTH,
	FB_OP_CONCAT,      /* n arguments; also || */
	FB_OP_CONCAT_WS,   /* separator, n arguments: NULLs are left out */
	FB_OP_SPLIT_INDEX, /* (text, separator, index from 0) */
	/* times; a unit is a literal INT, enum fb_time_unit */
	FB_OP_EXTRACT,        /* (DATE or TIMESTAMP, unit) -> BIGINT */
	FB_OP_FLOOR_TO,       /* (DATE or TIMESTAMP, unit) */
	FB_OP_CEIL_TO,        /* (DATE or TIMESTAMP, unit) */
	FB_OP_ADD_MONTHS,     /* (DATE or timestamp, literal BIGINT) */
	FB_OP_TO_DATE,        /* (text[, literal format]) -> DATE; bad text gives NULL */
	FB_OP_DATE_FORMAT,    /* (TIMESTAMP, literal format) */
	FB_OP_FROM_UNIXTIME,  /* (seconds, literal format, literal zone offset in ms) */
	FB_OP_UNIX_TIMESTAMP, /* (text, literal format, literal zone offset in ms); bad text: -2^63 */
	FB_OP_CURRENT_TIMESTAMP, /* the wall clock, read once for each batch */
	FB_OP_CNT,
};

enum fb_time_unit {
	FB_TIME_MILLENNIUM,
	FB_TIME_CENTURY,
	FB_TIME_DECADE,
	FB_TIME_YEAR,
	FB_TIME_QUARTER,
	FB_TIME_MONTH,
	FB_TIME_WEEK,
	FB_TIME_DAY, /* of the month */
	FB_TIME_HOUR,
	FB_TIME_MINUTE,
	FB_TIME_SECOND,
	FB_TIME_MILLISECOND,
	FB_TIME_MICROSECOND,
	FB_TIME_DOY,
	FB_TIME_DOW,
	FB_TIME_ISODOW,
	FB_TIME_ISOYEAR,
	FB_TIME_EPOCH,
	FB_TIME_UNIT_CNT,
};

/* As written in EXTRACT. */
const char *fb_time_unit_name(enum fb_time_unit unit);

/*
 * The longest text that a function makes (CONCAT, UPPER, DATE_FORMAT …): the row of a longer one
 * fails (FB_REC_EXPRESSION), so that a program's memory is fixed when it is made. What is only cut
 * out of a text (SUBSTRING, TRIM, SPLIT_INDEX) has no bound.
 */
#define FB_TEXT_RESULT_MAX 4096

struct fb_expr {
	enum fb_op op;
	struct fb_type type;
	uint16_t input;
	uint16_t arg_cnt;
	const struct fb_expr **args;
	struct fb_value literal;
	struct fb_place place;
};

/* ---- windows and aggregates ---- */

enum fb_window_kind {
	FB_WINDOW_NONE,
	FB_WINDOW_TUMBLE,
	FB_WINDOW_HOP,
	FB_WINDOW_CUMULATE,
	FB_WINDOW_SESSION,
};

struct fb_window {
	enum fb_window_kind kind;
	int64_t size_ms;   /* SESSION: the gap */
	int64_t step_ms;   /* HOP: slide; CUMULATE: step; TUMBLE, SESSION: = size_ms */
	int64_t offset_ms; /* normalised to 0 <= offset < size (rule W5) */
};

enum fb_agg_func {
	FB_AGG_COUNT_STAR,
	FB_AGG_COUNT,
	FB_AGG_SUM,
	FB_AGG_MIN,
	FB_AGG_MAX,
	FB_AGG_AVG,
};

/* Bounds of one query; what is beyond is refused when the file is planned. */
#define FB_KEY_MAX 16      /* GROUP BY columns beside the window's */
#define FB_AGG_MAX 64      /* different aggregates */
#define FB_AGG_ARG_MAX 32  /* and different arguments and FILTERs of theirs */
#define FB_DISTINCT_MAX 16 /* and different arguments with DISTINCT */
#define FB_ARG_MAX 64      /* columns that a layout asks for: those and its own */
/* CAST to CHAR(n) fills up to n: the longest n. */
#define FB_CAST_CHAR_MAX 1024

struct fb_agg {
	enum fb_agg_func func;
	bool distinct;
	struct fb_type type;          /* of the result */
	const struct fb_expr *arg;    /* over the record; NULL for COUNT(*) */
	const struct fb_expr *filter; /* FILTER (WHERE …); NULL = none */
};

/* ---- queries ---- */

/*
 * Two levels of evaluation, and what FB_OP_INPUT means on each:
 *  - record level (filter, key, agg.arg, agg.filter, and select of a plain query): input i is field
 * i of the source table (fields[i]), or metadata of the file where i >= field_cnt. Computed columns are
 * already substituted. In a level above the first of a cascade (see `upstream`), or over `branches`, it is
 * column i of the select list below.
 *  - group level (having, and select of a windowed query): input 0 is window_start, 1 window_end,
 *    both TIMESTAMP(3), wall clock as milliseconds; 2 window_time, of the time column's type;
 *    3 … are the keys, then the aggregates.
 *
 * A window function without GROUP BY is a plain query with an `assigner`: every record goes out once
 * for each of its windows, at once, so none is late. Behind the record's inputs it has three more for
 * its select list and its window_filter: fb_query_window_input() + FB_GROUP_WINDOW_START … TIME.
 */
#define FB_GROUP_WINDOW_START 0
#define FB_GROUP_WINDOW_END 1
#define FB_GROUP_WINDOW_TIME 2
#define FB_GROUP_KEYS 3

/*
 * Most queries read a source. INSERT … VALUES and SELECT without FROM have none: such a query is
 * `value_row_cnt` rows of constant expressions (row-level, without inputs), made once when the
 * pipeline starts for the first time. It has no window, no filter, no keys; its `select` is the
 * first row, so that types are found where they always are.
 *
 * UNION ALL becomes several queries with one sink: their rows go there side by side. Below a window it
 * has branches instead (rule M3): plain plans without a sink, each with a source and a filter of its own and
 * all with the same select list, whose rows are the records of the query's first level. Its watermark is
 * the lowest of theirs, and `time` is a column of the list that in each branch is the source's time column.
 *
 * A window over the result of a window is a *cascade* (rule W13): several plans, its *levels*, one
 * the upstream of the next. The query is the last level; all of them have windows, and the source
 * of the first. Result rows of a level are the records of the next, and `time` there is the
 * window_time of that row.
 */
#define FB_CASCADE_MAX 8 /* levels of a query */
#define FB_UNION_MAX 64  /* branches of a query */

struct fb_query_plan {
	const char *name; /* unique in the pipeline: the sink table's name, or "<sink>_2" for the
			     next query that writes there; of an inner level "level 1", … */
	const struct fb_query_plan *upstream; /* NULL: the records are those of the source */
	const struct fb_table *source; /* NULL: see values; with branches that of the first one */
	const struct fb_query_plan **branches; /* of a first level, with windows */
	uint16_t branch_cnt; /* 0: the records are those of the source */
	const struct fb_expr **values; /* row i, column c: values[i * select_cnt + c] */
	const struct fb_expr **value_filters; /* row i is left out unless this is TRUE; an entry
						 may be NULL, and the array: all rows */
	uint32_t value_row_cnt;
	const struct fb_table *sink; /* NULL: of EXPLAIN SELECT, or a SELECT alone (fb_sql_plan_run) */
	const struct fb_expr *filter; /* WHERE; NULL = all rows */
	struct fb_window window;
	struct fb_window assigner; /* of a plain query: its records go out window by window */
	const struct fb_expr *window_filter; /* with assigner: WHERE over window columns, too */
	const struct fb_expr
		*time; /* event time in ms, TIMESTAMP or TIMESTAMP_LTZ(p <= 3); NULL if plain
			  without assigner */
	int64_t time_shift_ms; /* TIMESTAMP_LTZ: offset of the session zone, added before W1 (rule
				  W2) */
	uint16_t key_cnt;
	uint16_t agg_cnt;
	uint16_t select_cnt; /* = the sink's field_cnt */
	const struct fb_expr **keys;
	const struct fb_agg *aggs;
	const struct fb_expr *having; /* group level; NULL = all groups */
	const struct fb_expr *
		*select; /* in memory as the sink's fields; lengths of text are not enforced */
	const char **select_names; /* the sink's column names, in order */
	uint64_t *fields_needed;   /* bitmap over source->fields (the select list below): all that
				      filter, keys, … read; of a branch, for what is read of its rows */
	uint64_t fingerprint;      /* of everything above: equal plans may share stored slices */
	struct fb_place place;
};

/* The level that reads the source: the query itself unless it is a cascade. */
static inline const struct fb_query_plan *fb_query_first_level(const struct fb_query_plan *query)
{
	while (query->upstream != NULL)
		query = query->upstream;
	return query;
}

static inline uint32_t fb_query_level_cnt(const struct fb_query_plan *query)
{
	uint32_t cnt = 1;

	for (; query->upstream != NULL; query = query->upstream)
		cnt++;
	return cnt;
}

/*
 * The plans that read sources: the branches of the first level, or that level itself. One of constants has
 * one without source.
 */
static inline uint32_t fb_query_input_cnt(const struct fb_query_plan *query)
{
	return FB_MAX(fb_query_first_level(query)->branch_cnt, 1u);
}

static inline const struct fb_query_plan *fb_query_input(
	const struct fb_query_plan *query, uint32_t number)
{
	const struct fb_query_plan *first = fb_query_first_level(query);

	return first->branch_cnt > 0 ? first->branches[number] : first;
}

/* With assigner: the input that is window_start. */
static inline uint16_t fb_query_window_input(const struct fb_query_plan *query)
{
	return fb_table_input_cnt(query->source);
}

static inline bool fb_query_needs_field(const struct fb_query_plan *query, uint32_t field)
{
	return query->fields_needed[field / 64] >> (field % 64) & 1;
}

/* The SET keys that have an effect (semantics 2.1); defaults where the file does not set them. */
struct fb_sql_settings {
	const char *pipeline_name; /* NULL: the file's name without ending */
	int64_t zone_offset_ms;    /* table.local-time-zone, fixed offsets only; 0 */
	bool zone_is_set;
	int64_t source_idle_timeout_ms; /* 0 = never idle */
	int64_t checkpoint_interval_ms; /* how often file sinks commit; 10 s */
	int64_t late_repair_interval_ms; /* how often windows that late rows belong to are computed
					    again, from the raw log; 0: never by itself */
	bool batch_mode;                /* execution.runtime-mode = batch */
};

/*
 * What the file asks about itself: SHOW TABLES, SHOW CREATE TABLE, DESCRIBE, EXPLAIN, in the order
 * of the file. They are answered while the file is planned; who runs it prints them.
 */
struct fb_answer {
	const char *statement; /* "DESCRIBE t": what was asked */
	const char *text;      /* as Flink prints it, with the last newline; NULL: an EXPLAIN … */
	const struct fb_query_plan *query; /* … of this query: see fb_explain_query */
	struct fb_place place;
};

struct fb_plan {
	struct fb_arena arena; /* owns everything here */
	const char *file;
	const char *text; /* the SQL as read */
	struct fb_sql_settings settings;
	const struct fb_table *const *tables;
	const struct fb_query_plan *const *queries;
	uint16_t table_cnt;
	uint16_t query_cnt;
	uint16_t explain_cnt; /* EXPLAIN statements in the file: the queries they name are in
				 explains */
	const struct fb_query_plan *const *explains;
	const struct fb_answer *answers; /* EXPLAINs are among them */
	uint32_t answer_cnt;
};
