/* SPDX-License-Identifier: Apache-2.0 */
#include "control/replay/log_source.h"

#include <stdlib.h>
#include <time.h>

#include "config/base/calendar.h"
#include "control/replay/log_source_private.h"

#define PAUSE_NS 20000000 /* a core that waits for its budget looks up that often */

static struct log_source *source_of(const struct fb_unit_source *base)
{
	return (struct log_source *)(uintptr_t)base;
}

/* With the lock. */
static int fail(struct log_source *source, int rc)
{
	if (source->failed == 0)
		fb_buf_printf(&source->error, "the raw log cannot be read: %s", fb_strerror(rc));
	source->failed = source->failed ? source->failed : rc;
	pthread_cond_broadcast(&source->changed);
	return source->failed;
}

/* ---- blocks ---- */

/* The lane whose next block is needed first, of those not claimed; NULL: there is none. */
static int next_to_claim(struct log_source *source, struct log_lane **ret)
{
	int64_t first_ns = INT64_MAX;

	*ret = NULL;
	for (uint32_t i = 0; i < source->base.lane_cnt; i++) {
		const struct fb_block_header *header;
		int rc = fb_log_plan_peek(&source->lanes[i].plan, &header);

		if (rc == FB_E_NOT_FOUND)
			continue;
		if (rc != 0)
			return rc;
		if (*ret == NULL || header->first_arrival_ns < first_ns) {
			*ret = &source->lanes[i];
			first_ns = header->first_arrival_ns;
		}
	}
	return 0;
}

/* As batch: of the next block that is claimed, and of all others that are not. */
static int64_t floor_of_rest(const struct log_source *source)
{
	int64_t floor = FB_TIME_MAX;

	for (uint32_t i = 0; i < source->base.lane_cnt; i++)
		floor = FB_MIN(floor, fb_log_plan_floor(&source->lanes[i].plan));
	return floor;
}

static struct raw_block *claim(struct log_source *source, struct log_lane *lane)
{
	struct raw_block *block = source->free ? source->free : calloc(1, sizeof(*block));
	const struct fb_block_header *header;

	if (block == NULL || fb_log_plan_peek(&lane->plan, &header) != 0)
		return NULL;
	source->free = source->free ? block->next : NULL;
	block->next = NULL;
	block->state = RAW_BLOCK_CLAIMED;
	block->header = *header;
	block->cnt = 0;
	block->cut = 0;
	block->users = 1;
	block->floor_ms = source->conf.batch ? floor_of_rest(source) : FB_TIME_MIN;
	source->numbers.unranged_blocks +=
		source->conf.batch && !fb_event_times_hold(header->event_times_by, source->conf.event_times_by);
	*lane->tail = block;
	lane->tail = &block->next;
	source->ahead++;
	fb_log_plan_next(&lane->plan);
	return block;
}

/* When this block may be read, by the budget. */
static int64_t reserve_read(struct log_source *source, const struct raw_block *block)
{
	uint64_t per_s = source->conf.budget->read_bytes_per_s;
	int64_t now = fb_clock_monotonic_ns();
	int64_t at = FB_MAX(now, source->read_at_ns);

	if (per_s == 0)
		return now;
	source->read_at_ns = at + (int64_t)((double)block->header.stored_bytes * 1e9 / (double)per_s);
	return at;
}

/* With the lock, which others can have meanwhile. */
static void wait_until(struct log_source *source, int64_t until_ns)
{
	int64_t now;

	while (!source->stopped && (now = fb_clock_monotonic_ns()) < until_ns) {
		struct timespec pause = {.tv_nsec = FB_MIN(until_ns - now, (int64_t)PAUSE_NS)};

		pthread_mutex_unlock(&source->lock);
		nanosleep(&pause, NULL);
		pthread_mutex_lock(&source->lock);
	}
}

/* What could not be read is passed over: the block is there, without payloads. */
static int take_note(struct log_source *source, struct raw_block *block, int rc)
{
	struct fb_replay_log_numbers *numbers = &source->numbers;

	if (rc == FB_E_NO_MEMORY || (rc != 0 && rc != FB_E_NOT_FOUND && rc != FB_E_CORRUPT))
		return fail(source, rc);
	if (rc == 0) {
		numbers->blocks++;
		numbers->stored_bytes += FB_BLOCK_HEADER_BYTES + block->header.stored_bytes;
	} else {
		block->cnt = 0;
		numbers->damaged_blocks += rc == FB_E_CORRUPT;
		*(rc == FB_E_CORRUPT ? &numbers->damaged_datagrams : &numbers->missing_datagrams) += block->header.datagram_cnt;
	}
	return 0;
}

static int read_block(struct log_source *source, struct log_lane *lane, struct raw_block *block)
{
	int rc;

	wait_until(source, reserve_read(source, block));
	pthread_mutex_unlock(&source->lock);
	rc = fb_raw_block_unpack(source, lane, block);
	pthread_mutex_lock(&source->lock);
	rc = take_note(source, block, rc);
	block->state = RAW_BLOCK_READY;
	pthread_cond_broadcast(&source->changed);
	return rc;
}

/* Blocks without payloads of the range leave at once: a lane's first is one that something can be cut from, or not ready. */
static void drop_empty(struct log_source *source)
{
	for (uint32_t i = 0; i < source->base.lane_cnt; i++) {
		struct log_lane *lane = &source->lanes[i];

		while (lane->head != NULL && lane->head->state == RAW_BLOCK_READY && lane->head->cnt == 0)
			fb_log_leave(source, lane, lane->head);
	}
}

/* ---- units ---- */

static void put_unit(struct log_source *source, struct fb_unit *unit)
{
	for (uint32_t i = 0; i < unit->piece_cnt; i++)
		fb_log_put(source, unit->pieces[i].memory);
	if (unit->piece_cnt > 0) {
		source->learnt_bytes += unit->bytes;
		source->learnt_records += unit->records;
	}
	unit->piece_cnt = 0;
	unit->records = 0;
}

/* One thing that this core can do for the next unit. 1: it has one; 0: it is the end; FB_E_AGAIN: not yet. */
static int step(struct log_source *source, struct fb_unit *unit)
{
	struct log_lane *turn, *lane = NULL;
	struct raw_block *block;
	int rc;

	drop_empty(source);
	rc = fb_log_turn(source, &turn, &block);
	if (rc != 0)
		return fail(source, rc);
	if (turn == NULL)
		return 0;
	if (source->ahead < source->ahead_max || block == NULL)
		rc = next_to_claim(source, &lane);
	if (rc != 0)
		return fail(source, rc);
	/* What is needed now comes first, whatever is ahead. */
	if (block == NULL)
		lane = turn;
	if (lane != NULL) {
		block = claim(source, lane);
		rc = block ? read_block(source, lane, block) : fail(source, FB_E_NO_MEMORY);
		return rc ? rc : FB_E_AGAIN;
	}
	if (block->state == RAW_BLOCK_READY) {
		rc = fb_log_cut(source, unit);
		atomic_fetch_add_explicit(&source->taken_bytes, unit->bytes, memory_order_relaxed);
		return rc ? fail(source, rc) : 1;
	}
	source->waiting++;
	pthread_cond_wait(&source->changed, &source->lock);
	source->waiting--;
	return FB_E_AGAIN;
}

static int next(struct fb_unit_source *base, struct fb_unit *unit)
{
	struct log_source *source = source_of(base);
	int rc = FB_E_AGAIN;

	pthread_mutex_lock(&source->lock);
	put_unit(source, unit);
	while (rc == FB_E_AGAIN)
		rc = source->failed ? source->failed : source->stopped ? 0 : step(source, unit);
	pthread_mutex_unlock(&source->lock);
	return rc;
}

static void fini(struct fb_unit_source *base, struct fb_unit *unit)
{
	struct log_source *source = source_of(base);

	pthread_mutex_lock(&source->lock);
	put_unit(source, unit);
	pthread_mutex_unlock(&source->lock);
}

static void stop(struct fb_unit_source *base)
{
	struct log_source *source = source_of(base);

	pthread_mutex_lock(&source->lock);
	source->stopped = true;
	pthread_cond_broadcast(&source->changed);
	pthread_mutex_unlock(&source->lock);
}

/* ---- numbers ---- */

static uint64_t taken_bytes(const struct fb_unit_source *base)
{
	return atomic_load_explicit(&source_of(base)->taken_bytes, memory_order_relaxed);
}

static uint64_t total_bytes(const struct fb_unit_source *base)
{
	return source_of(base)->total_bytes;
}

static int64_t floor_ms(struct fb_unit_source *base)
{
	struct log_source *source = source_of(base);
	int64_t floor = FB_TIME_MAX;

	for (uint32_t i = 0; i < base->lane_cnt; i++) {
		const struct log_lane *lane = &source->lanes[i];
		const struct fb_block_header *header;

		int rc = fb_log_plan_peek(&source->lanes[i].plan, &header);

		/* What fails now fails the next unit, too. */
		if (rc != 0 && rc != FB_E_NOT_FOUND)
			return FB_TIME_MIN;
		floor = FB_MIN(floor, lane->head ? lane->head->floor_ms : fb_log_plan_floor(&lane->plan));
	}
	return floor;
}

static const char *error(struct fb_unit_source *base)
{
	struct log_source *source = source_of(base);

	return source->error.p ? source->error.p : "";
}

static void numbers(const struct fb_unit_source *base, struct fb_replay_numbers *numbers)
{
	const struct log_source *source = source_of(base);

	numbers->input_bytes = taken_bytes(base);
	numbers->log = source->numbers;
	for (uint32_t i = 0; i < base->lane_cnt; i++) {
		const struct fb_log_plan *plan = &source->lanes[i].plan;

		numbers->log.pruned_blocks += plan->pruned_blocks;
		numbers->log.damaged_blocks += plan->damaged_blocks;
		numbers->log.damaged_datagrams += plan->damaged_datagrams;
		numbers->log.missing_datagrams += plan->missing_datagrams;
	}
}

void fb_log_source_where(const struct fb_unit_source *base, struct fb_replay_lane *ret_lanes, uint32_t *ret_last_lane,
	int64_t *ret_last_arrival_ns)
{
	const struct log_source *source = source_of(base);

	for (uint32_t i = 0; i < base->lane_cnt; i++) {
		const struct log_lane *lane = &source->lanes[i];

		ret_lanes[i] = (struct fb_replay_lane){
			.core = lane->core, .from_seq = lane->next_seq, .to_seq = lane->plan.conf.to_seq};
	}
	*ret_last_lane = source->last_lane;
	*ret_last_arrival_ns = source->last_arrival_ns;
}

/* ---- making it ---- */

static void close_source(struct fb_unit_source *base)
{
	struct log_source *source = source_of(base);

	for (uint32_t i = 0; source->lanes != NULL && i < base->lane_cnt; i++) {
		struct raw_block *block = source->lanes[i].head;

		while (block != NULL) {
			struct raw_block *next_block = block->next;

			fb_raw_block_free(block);
			block = next_block;
		}
		fb_log_plan_close(&source->lanes[i].plan);
	}
	while (source->free != NULL) {
		struct raw_block *block = source->free;

		source->free = block->next;
		fb_raw_block_free(block);
	}
	pthread_cond_destroy(&source->changed);
	pthread_mutex_destroy(&source->lock);
	fb_buf_fini(&source->error);
	free(source->lanes);
	free(source);
}

struct cores {
	struct fb_replay_lane *at;
	uint32_t cnt;
};

/* Lanes come one after the other, by their cores. */
static int note_core(void *arg, const struct fb_rawlog_span *span, bool is_tail)
{
	struct cores *cores = arg;
	struct fb_replay_lane *at;

	(void)is_tail;
	if (cores->cnt > 0 && cores->at[cores->cnt - 1].core == span->core)
		return 0;
	at = realloc(cores->at, (cores->cnt + 1) * sizeof(*at));
	if (at == NULL)
		return FB_E_NO_MEMORY;
	cores->at = at;
	cores->at[cores->cnt++] = (struct fb_replay_lane){.core = span->core, .to_seq = UINT64_MAX};
	return 0;
}

static int by_core(const void *a, const void *b)
{
	uint32_t x = ((const struct fb_replay_lane *)a)->core;
	uint32_t y = ((const struct fb_replay_lane *)b)->core;

	return (x > y) - (x < y);
}

/* In the order of their cores, which decides what has the same time. */
static int list_lanes(const struct fb_log_source_conf *conf, struct cores *ret)
{
	const struct fb_replay_log *log = conf->log;
	const struct fb_replay_lane *lanes = conf->resume_cnt > 0 ? conf->resume : log->lanes;
	uint32_t cnt = conf->resume_cnt > 0 ? conf->resume_cnt : log->lane_cnt;

	if (cnt == 0)
		return fb_rawlog_spans(log->log, log->stream, note_core, ret);
	ret->at = malloc(cnt * sizeof(*ret->at));
	if (ret->at == NULL)
		return FB_E_NO_MEMORY;
	memcpy(ret->at, lanes, cnt * sizeof(*ret->at));
	ret->cnt = cnt;
	qsort(ret->at, ret->cnt, sizeof(*ret->at), by_core);
	return 0;
}

static int open_lane(struct log_source *source, struct log_lane *lane, const struct fb_replay_lane *bounds, struct fb_buf *message)
{
	const struct fb_log_source_conf *conf = &source->conf;
	struct fb_log_plan_conf plan = {.log = conf->log->log,
		.stream = conf->log->stream,
		.core = bounds->core,
		.from_seq = bounds->from_seq,
		.to_seq = bounds->to_seq,
		.from_ns = conf->log->from_ns,
		.to_ns = conf->log->to_ns,
		.from_ms = conf->from_ms,
		.to_ms = conf->to_ms};
	bool resumed = conf->resume_cnt > 0;
	int rc;

	if (conf->batch)
		plan.event_times_by = conf->event_times_by;
	rc = fb_log_plan_open(&plan, resumed, &lane->plan);
	if (rc == FB_E_NOT_FOUND)
		fb_buf_printf(message, "the raw log has nothing of core %u", bounds->core);
	lane->core = bounds->core;
	lane->tail = &lane->head;
	lane->next_seq = bounds->from_seq;
	source->total_bytes += lane->plan.total_bytes;
	return rc;
}

static int open_lanes(struct log_source *source, struct fb_buf *message)
{
	struct cores cores = {0};
	int rc = list_lanes(&source->conf, &cores);

	if (rc == 0 && cores.cnt == 0) {
		fb_buf_printf(message, "the raw log has nothing of the stream");
		rc = FB_E_NOT_FOUND;
	}
	if (rc == 0) {
		source->lanes = calloc(cores.cnt, sizeof(*source->lanes));
		rc = source->lanes ? 0 : FB_E_NO_MEMORY;
	}
	source->base.lane_cnt = rc == 0 ? cores.cnt : 0;
	for (uint32_t i = 0; rc == 0 && i < cores.cnt; i++)
		rc = open_lane(source, &source->lanes[i], &cores.at[i], message);
	free(cores.at);
	return rc;
}

int fb_log_source_open(const struct fb_log_source_conf *conf, struct fb_buf *message, struct fb_unit_source **ret)
{
	static const struct fb_unit_ops ops = {next, fini, stop, NULL, taken_bytes, total_bytes, floor_ms, error, numbers, close_source};
	struct log_source *source = calloc(1, sizeof(*source));
	int rc;

	if (source == NULL)
		return FB_E_NO_MEMORY;
	source->base = (struct fb_unit_source){.ops = &ops, .idle_timeout_ms = conf->log->idle_timeout_ms};
	source->conf = *conf;
	source->last_lane = conf->resume_cnt > 0 ? conf->last_lane : UINT32_MAX;
	source->last_arrival_ns = conf->resume_cnt > 0 ? conf->last_arrival_ns : INT64_MIN;
	pthread_mutex_init(&source->lock, NULL);
	pthread_cond_init(&source->changed, NULL);
	rc = open_lanes(source, message);
	if (rc != 0) {
		close_source(&source->base);
		return rc;
	}
	source->ahead_max = conf->threads + (source->base.lane_cnt > 1 ? source->base.lane_cnt : 1);
	*ret = &source->base;
	return 0;
}
