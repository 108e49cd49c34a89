/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A raw log of made-up records, and what is expected of its replay, made here in the obvious way: bursts in the order of their
 * arrival, one record after the other, a list of groups. It shares no code with the operators.
 */
#pragma once

#include <criterion/criterion.h>
#include <stdlib.h>

#include "config/sql/sql.h"
#include "control/replay/replay_log.h"
#include "dataplane/operator/row.h"
#include "state/rawlog/rawlog.h"
#include "tests/unit/state/store/folder.h"

#define LAB_LANES_MAX 4
#define LAB_TABLE                                                                                                        \
	"CREATE TABLE s (k STRING, v BIGINT, ms BIGINT, ts AS TO_TIMESTAMP_LTZ(ms, 3), WATERMARK FOR ts AS ts - INTERVAL " \
	"'0.5' SECOND) WITH ('connector'='filesystem', 'path'='/none', 'format'='csv');\n"                                 \
	"SET 'table.local-time-zone' = 'UTC';\n"
#define LAB_DELAY_MS 500
#define LAB_BASE_MS 1000000
#define LAB_BASE_NS 1700000000000000000

/* ---- rows as text ---- */

struct lines {
	char **text;
	size_t cnt, cap;
};

static inline void lines_add(struct lines *lines, char *text)
{
	if (lines->cnt == lines->cap) {
		lines->cap = FB_MAX(lines->cap * 2, (size_t)64);
		lines->text = realloc(lines->text, lines->cap * sizeof(char *));
	}
	lines->text[lines->cnt++] = text;
}

static inline int lines_by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static inline void lines_sort(struct lines *lines)
{
	qsort(lines->text, lines->cnt, sizeof(char *), lines_by_text);
}

static inline void lines_free(struct lines *lines)
{
	for (size_t i = 0; i < lines->cnt; i++)
		free(lines->text[i]);
	free(lines->text);
	*lines = (struct lines){0};
}

static inline void lines_expect(const struct lines *got, const struct lines *want, const char *what)
{
	for (size_t i = 0; i < FB_MIN(got->cnt, want->cnt); i++)
		cr_assert_str_eq(got->text[i], want->text[i], "%s, row %zu: %s instead of %s", what, i, got->text[i], want->text[i]);
	cr_assert_eq(got->cnt, want->cnt, "%s: %zu rows, expected %zu", what, got->cnt, want->cnt);
}

/* ---- records ---- */

struct record {
	uint32_t lane;
	int64_t arrival_ns;
	uint32_t datagram; /* of all, in the order of making */
	char key[8];
	int64_t value;
	int64_t ms;
	bool bad;
};

struct traffic {
	uint64_t random;
	uint32_t lane_cnt;
	uint32_t record_cnt;
	int64_t disorder_ms;
	int64_t step_ms; /* between records */
	bool silences;   /* a lane is away for a second now and then */
	struct record *records; /* in the order of arrival */
};

static inline uint32_t traffic_below(struct traffic *traffic, uint32_t bound)
{
	traffic->random ^= traffic->random >> 12;
	traffic->random ^= traffic->random << 25;
	traffic->random ^= traffic->random >> 27;
	return (uint32_t)((traffic->random * 0x2545f4914f6cdd1dull >> 33) % bound);
}

/* Lanes are skewed against each other, so that the slowest holds the others' watermark. */
static inline void traffic_make(struct traffic *traffic, uint64_t seed)
{
	int64_t now_ns = LAB_BASE_NS;
	int64_t away_ns[LAB_LANES_MAX] = {0};
	uint32_t datagram = 0;

	traffic->random = seed * 2654435761u + 1;
	traffic->records = calloc(traffic->record_cnt, sizeof(struct record));
	for (uint32_t i = 0; i < traffic->record_cnt;) {
		uint32_t lane = traffic_below(traffic, traffic->lane_cnt);
		uint32_t burst = 1 + traffic_below(traffic, 4);

		/* Lanes may receive at the same instant. */
		now_ns += traffic_below(traffic, 5) == 0 ? 0 : 1000000 + traffic_below(traffic, 3000000);
		if (traffic->silences && traffic_below(traffic, 200) == 0)
			away_ns[traffic_below(traffic, traffic->lane_cnt)] = now_ns + 1000000000;
		if (now_ns < away_ns[lane])
			continue;
		for (uint32_t d = 0; d < burst; d++, datagram++) {
			uint32_t cnt = 1 + traffic_below(traffic, 6);

			for (uint32_t r = 0; r < cnt && i < traffic->record_cnt; r++, i++) {
				struct record *record = &traffic->records[i];

				*record = (struct record){.lane = lane, .arrival_ns = now_ns, .datagram = datagram};
				snprintf(record->key, sizeof(record->key), "k%u", traffic_below(traffic, 9));
				record->value = (int64_t)traffic_below(traffic, 10);
				record->ms = LAB_BASE_MS + (int64_t)i * traffic->step_ms - (int64_t)lane * 150 -
					     (traffic->disorder_ms ? (int64_t)traffic_below(traffic, (uint32_t)traffic->disorder_ms)
								   : 0) +
					     (traffic_below(traffic, 500) == 0 ? 1500 : 0);
				record->bad = traffic_below(traffic, 50) == 0;
			}
		}
	}
}

/* ---- the log ---- */

struct lab {
	char path[64];
	struct fb_store *store;
	struct fb_rawlog *log;
	uint32_t stream;
	struct fb_rawlog_appender *appenders[LAB_LANES_MAX];
	struct fb_block_fill fills[LAB_LANES_MAX];
	uint64_t next_seq[LAB_LANES_MAX];
	/* What the blocks' headers say of event times, as a reader would have: of good records. */
	struct fb_event_times_by noted; /* definition 0: nothing */
	uint32_t silent_blocks;         /* every n-th says nothing all the same */
	int64_t oldest_ms[LAB_LANES_MAX], newest_ms[LAB_LANES_MAX];
	uint32_t sealed;
};

static inline void lab_release(void *arg, uint8_t *bytes)
{
	(void)arg;
	free(bytes);
}

static inline void lab_open(struct lab *lab, uint32_t lane_cnt)
{
	folder_make(lab->path);
	lab->store = store_open(lab->path);
	cr_assert_eq(fb_rawlog_open(lab->store, &lab->log), 0);
	cr_assert_eq(fb_rawlog_stream_id(lab->log, "s", true, &lab->stream), 0);
	for (uint32_t i = 0; i < lane_cnt; i++) {
		struct fb_rawlog_appender_conf conf = {
			.stream = lab->stream, .core = 2 * i, .codec = FB_BLOCK_LZ4, .release = lab_release};

		cr_assert_eq(fb_rawlog_appender_create(lab->log, &conf, &lab->appenders[i]), 0);
		lab->next_seq[i] = 10;
		lab->oldest_ms[i] = INT64_MAX;
		lab->newest_ms[i] = INT64_MIN;
	}
}

static inline void lab_seal(struct lab *lab, uint32_t lane)
{
	struct fb_block_fill *fill = &lab->fills[lane];

	if (fill->bytes == NULL)
		return;
	lab->sealed++;
	if (lab->noted.definition != 0 && (lab->silent_blocks == 0 || lab->sealed % lab->silent_blocks != 0))
		fb_block_note_event_times(fill, lab->noted, lab->oldest_ms[lane], lab->newest_ms[lane]);
	lab->oldest_ms[lane] = INT64_MAX;
	lab->newest_ms[lane] = INT64_MIN;
	cr_assert_eq(fb_rawlog_append(lab->appenders[lane], fill), 0);
}

static inline void lab_add(struct lab *lab, uint32_t lane, int64_t arrival_ns, const char *text, uint32_t len)
{
	struct fb_block_datagram datagram = {.seq = lab->next_seq[lane]++,
		.arrival_ns = arrival_ns,
		.watermark_ms = FB_TIME_MIN,
		.len = len,
		.data = (const uint8_t *)text};
	struct fb_block_fill *fill = &lab->fills[lane];

	fb_block_map_ipv4(datagram.source, 0x7f000001);
	if (fill->bytes != NULL && fb_block_try_add(fill, &datagram))
		return;
	lab_seal(lab, lane);
	fb_block_begin(fill, malloc(FB_BLOCK_BYTES), lab->stream, 2 * lane);
	cr_assert(fb_block_try_add(fill, &datagram));
}

/* Blocks of so many datagrams; a file now and then, the last ones in the tail. */
static inline void lab_fill(struct lab *lab, const struct traffic *traffic, uint32_t block_datagrams)
{
	struct fb_buf text = {0};
	int64_t oldest = INT64_MAX, newest = INT64_MIN;
	uint32_t made = 0;

	for (uint32_t i = 0; i < traffic->record_cnt; i++) {
		const struct record *record = &traffic->records[i];
		bool last = i + 1 == traffic->record_cnt || record[1].datagram != record->datagram;
		struct fb_block_fill *fill = &lab->fills[record->lane];

		fb_buf_printf(&text, "%s,%lld%s,%lld\n", record->key, (long long)record->value, record->bad ? "x" : "",
			(long long)record->ms);
		oldest = record->bad ? oldest : FB_MIN(oldest, record->ms);
		newest = record->bad ? newest : FB_MAX(newest, record->ms);
		if (!last)
			continue;
		lab_add(lab, record->lane, record->arrival_ns, text.p, (uint32_t)text.len);
		fb_buf_clear(&text);
		lab->oldest_ms[record->lane] = FB_MIN(lab->oldest_ms[record->lane], oldest);
		lab->newest_ms[record->lane] = FB_MAX(lab->newest_ms[record->lane], newest);
		oldest = INT64_MAX;
		newest = INT64_MIN;
		if (fill->header.datagram_cnt >= block_datagrams)
			lab_seal(lab, record->lane);
		if (++made % 500 == 0)
			cr_assert_eq(fb_rawlog_roll(lab->appenders[record->lane], NULL), 0);
	}
	for (uint32_t lane = 0; lane < traffic->lane_cnt; lane++) {
		lab_seal(lab, lane);
		cr_assert_eq(fb_rawlog_flush(lab->appenders[lane], NULL), 0);
	}
	fb_buf_fini(&text);
}

static inline void lab_shut(struct lab *lab)
{
	for (uint32_t i = 0; i < LAB_LANES_MAX; i++)
		fb_rawlog_appender_destroy(lab->appenders[i]);
	memset(lab->appenders, 0, sizeof(lab->appenders));
	fb_rawlog_close(lab->log);
	fb_store_close(lab->store);
}

/* To be read. */
static inline void lab_reopen(struct lab *lab)
{
	lab->store = store_open(lab->path);
	cr_assert_eq(fb_rawlog_open(lab->store, &lab->log), 0);
}

static inline void lab_close(struct lab *lab)
{
	lab_shut(lab);
	folder_remove(lab->path);
}

/* What readers of this plan note of event times. */
static inline struct fb_event_times_by lab_times_of(const struct fb_plan *plan)
{
	struct fb_reader_conf conf = {.source = plan->queries[0]->source,
		.queries = plan->queries,
		.query_cnt = plan->query_cnt,
		.framing = FB_FRAMING_NEWLINE};
	struct fb_event_definition definition = fb_event_definition_of(&conf);

	cr_assert_neq(definition.hash, 0u);
	return (struct fb_event_times_by){definition.hash, definition.fields};
}

/* ---- a run ---- */

struct taken {
	struct fb_plan *plan;
	struct lines rows[4];
	uint64_t windows; /* that were told of as whole */
	int64_t window_end_ms;
	uint64_t calls;
	uint64_t cancel_at; /* the call that sets `cancel`; 0: none */
	_Atomic bool cancel;
	struct fb_buf epoch; /* the last one */
	bool stop_at_epoch;
};

static inline int taken_epoch(void *arg, const uint8_t *bytes, size_t len)
{
	struct taken *taken = arg;

	fb_buf_clear(&taken->epoch);
	fb_buf_add(&taken->epoch, bytes, len);
	return taken->stop_at_epoch ? FB_E_BUSY : 0;
}

static inline int taken_rows(void *arg, const struct fb_replay_rows *rows)
{
	struct taken *taken = arg;
	const struct fb_query_plan *plan = taken->plan->queries[rows->query];
	struct fb_type types[16];
	struct fb_value values[16];
	uint64_t seen = 0;

	if (++taken->calls == taken->cancel_at)
		taken->cancel = true;
	cr_assert_eq(rows->has_window, plan->window.kind != FB_WINDOW_NONE);
	taken->windows += rows->last;
	for (uint16_t i = 0; i < plan->select_cnt; i++)
		types[i] = plan->select[i]->type;
	for (size_t at = 0; at < rows->len; seen++) {
		int64_t used = fb_row_decode(rows->bytes + at, rows->len - at, types, plan->select_cnt, values);
		struct fb_buf line = {0};

		cr_assert_gt(used, 0);
		at += (size_t)used;
		for (uint16_t i = 0; i < plan->select_cnt; i++)
			if (fb_type_phys(types[i]) == FB_PHYS_STR)
				fb_buf_printf(&line, "%.*s|", (int)values[i].str.len, values[i].str.p);
			else
				fb_buf_printf(&line, "%lld|", (long long)values[i].i64);
		lines_add(&taken->rows[rows->query], line.p);
		/* Queries of the tests select window_end first. */
		if (rows->has_window && plan->window.kind != FB_WINDOW_SESSION)
			cr_assert_eq(values[0].i64, rows->window_end_ms);
	}
	cr_assert_eq(seen, rows->row_cnt);
	return 0;
}

static inline struct fb_plan *lab_plan(const char *sql)
{
	struct fb_diags diags;
	struct fb_plan *plan = NULL;

	fb_diags_init(&diags, "test.sql");
	cr_assert_eq(fb_sql_plan_run("test.sql", fb_str_from(sql), &diags, &plan), 0, "%s",
		diags.cnt ? diags.items[0].message : "");
	fb_diags_fini(&diags);
	return plan;
}

struct setup {
	bool batch;
	uint32_t threads;
	uint32_t block_bytes;
	uint64_t state_bytes;
	struct fb_replay_budget budget;
	const struct fb_replay_range *windows;
	int64_t idle_timeout_ms;
	const struct fb_replay_log *log; /* what else is set of it */
};

static inline int lab_run(
	struct lab *lab, const struct setup *setup, struct taken *taken, struct fb_buf *message, struct fb_replay_numbers *numbers)
{
	struct fb_replay_conf conf = {.source = taken->plan->queries[0]->source,
		.queries = taken->plan->queries,
		.query_cnt = taken->plan->query_cnt,
		.batch = setup->batch,
		.threads = setup->threads,
		.state_bytes = setup->state_bytes ? setup->state_bytes : 256u << 20,
		.block_bytes = setup->block_bytes,
		.isa = fb_isa_detect(),
		.windows = setup->windows,
		.budget = setup->budget,
		.cancel = &taken->cancel,
		.rows = taken_rows,
		.arg = taken};
	struct fb_replay_log log = setup->log ? *setup->log
					      : (struct fb_replay_log){.from_ns = INT64_MIN, .to_ns = INT64_MAX};

	log.log = lab->log;
	log.stream = lab->stream;
	log.framing = FB_FRAMING_NEWLINE;
	log.idle_timeout_ms = setup->idle_timeout_ms;
	log.epoch = taken_epoch;
	return fb_replay_run_log(&conf, &log, message, numbers);
}

static inline void lab_expect_run(struct lab *lab, const struct setup *setup, struct taken *taken, struct fb_replay_numbers *numbers)
{
	struct fb_buf message = {0};
	struct fb_buf what = {0};

	cr_assert_eq(lab_run(lab, setup, taken, &message, numbers), 0, "%s", message.p ? message.p : "");
	cr_assert(fb_replay_balanced(numbers, &what), "%s", what.p);
	fb_buf_fini(&message);
	fb_buf_fini(&what);
}

static inline void taken_reset(struct taken *taken)
{
	for (int q = 0; q < 4; q++)
		lines_free(&taken->rows[q]);
	fb_buf_fini(&taken->epoch);
	*taken = (struct taken){.plan = taken->plan};
}
