/* SPDX-License-Identifier: Apache-2.0 */
#include "control/replay/epoch.h"

#include <stdlib.h>
#include <xxhash.h>

#define MAGIC 0x31455246u /* "FRE1" */

struct head {
	uint64_t hash; /* of all that follows */
	uint32_t magic;
	uint32_t query_cnt;
	uint64_t run; /* which: of its queries and bounds */
	uint64_t len; /* with the head */
	int64_t watermark_ms;  /* of one lane, or global */
	int64_t published_ms; /* watermark that windows were published by */
	uint32_t lane_cnt;
	uint32_t burst; /* partition whose burst has not ended */
	uint32_t last_lane;
	uint32_t zero;
	int64_t last_arrival_ns;
	uint64_t input_bytes;
	struct fb_decode_counters decode;
	struct fb_replay_log_numbers log;
};

/* Of one query; its parts follow. */
struct query_head {
	struct fb_replay_query numbers;
	int64_t published_ms;
	uint64_t part_cnt;
};

struct part_head {
	struct fb_assembly_part part;
	uint64_t len;
};

/* ---- which run ---- */

static void add_plan(XXH3_state_t *state, const struct fb_query_plan *plan)
{
	for (; plan != NULL; plan = plan->upstream)
		XXH3_64bits_update(state, &plan->fingerprint, sizeof(plan->fingerprint));
}

static uint64_t run_of(const struct fb_replay *replay)
{
	const struct fb_replay_conf *conf = replay->conf;
	const struct fb_replay_log *log = replay->log;
	int64_t bounds[] = {conf->batch, log->stream, log->framing, log->idle_timeout_ms, log->from_ns, log->to_ns, log->lane_cnt,
		conf->windows ? conf->windows->from_ms : FB_TIME_MIN, conf->windows ? conf->windows->to_ms : FB_TIME_MAX,
		conf->source->watermark_delay_ms};
	XXH3_state_t *state = XXH3_createState();
	uint64_t hash;

	if (state == NULL)
		return 0;
	XXH3_64bits_reset(state);
	XXH3_64bits_update(state, bounds, sizeof(bounds));
	for (uint32_t i = 0; i < log->lane_cnt; i++) {
		uint64_t lane[] = {log->lanes[i].core, log->lanes[i].from_seq, log->lanes[i].to_seq};

		XXH3_64bits_update(state, lane, sizeof(lane));
	}
	for (uint32_t i = 0; i < conf->query_cnt; i++)
		add_plan(state, conf->queries[i]);
	hash = XXH3_64bits_digest(state);
	XXH3_freeState(state);
	return hash;
}

/* ---- to bytes ---- */

static int add_part(void *arg, struct fb_assembly_part part, const uint8_t *bytes, size_t len)
{
	struct fb_buf *out = arg;
	struct part_head head = {.part = part, .len = len};

	fb_buf_add(out, &head, sizeof(head));
	fb_buf_add(out, bytes, len);
	return out->failed ? FB_E_NO_MEMORY : 0;
}

/* Numbers that tell how things stand, and do not add up. What levels have open becomes parts by being exported. */
static void clear_gauges(struct fb_query_counters *counters)
{
	counters->sealed_rows += counters->open_rows;
	counters->open_slices = 0;
	counters->open_rows = 0;
	counters->open_groups = 0;
	counters->state_used_bytes = 0;
}

static int add_query(struct fb_query_out *query, const struct fb_replay_query *numbers, struct fb_buf *out)
{
	struct query_head head = {.numbers = *numbers, .published_ms = query->published_ms};
	size_t at = out->len;
	int rc = 0;

	/* What the levels dropped is in their own numbers. */
	head.numbers.dropped_groups = query->numbers.dropped_groups;
	clear_gauges(&head.numbers.counters);
	for (uint32_t i = 0; i < FB_CASCADE_MAX; i++) {
		head.numbers.levels[i].plan = NULL;
		clear_gauges(&head.numbers.levels[i].counters);
	}
	fb_buf_add(out, &head, sizeof(head));
	if (query->assembly != NULL) {
		/* Else each epoch and resume would add parts to those of the windows that are open all the while. */
		FB_IGNORE(fb_assembly_gather(query->assembly));
		fb_assembly_forget_kept(query->assembly);
		rc = fb_assembly_export(query->assembly, add_part, out);
	}
	if (rc != 0 || out->failed)
		return rc ? rc : FB_E_NO_MEMORY;
	for (size_t part = at + sizeof(head); part < out->len; head.part_cnt++) {
		struct part_head one;

		memcpy(&one, out->p + part, sizeof(one));
		part += sizeof(one) + one.len;
	}
	memcpy(out->p + at, &head, sizeof(head));
	return 0;
}

static int write_epoch(struct fb_replay *replay, const struct fb_replay_numbers *numbers, struct fb_buf *out)
{
	uint32_t lane_cnt = replay->sides[0].units->lane_cnt;
	struct fb_replay_lane *lanes = calloc(lane_cnt, sizeof(*lanes));
	struct head head = {.magic = MAGIC,
		.query_cnt = replay->conf->query_cnt,
		.run = run_of(replay),
		.watermark_ms = fb_replay_watermark(replay),
		.published_ms = atomic_load(&replay->published_ms),
		.lane_cnt = lane_cnt,
		.burst = replay->partitions.burst,
		.input_bytes = numbers->input_bytes,
		.decode = numbers->decode,
		.log = numbers->log};
	int rc = 0;

	if (lanes == NULL)
		return FB_E_NO_MEMORY;
	fb_log_source_where(replay->sides[0].units, lanes, &head.last_lane, &head.last_arrival_ns);
	/* Counted anew by whoever goes on. */
	head.log.pruned_blocks = 0;
	fb_buf_add(out, &head, sizeof(head));
	fb_buf_add(out, lanes, lane_cnt * sizeof(*lanes));
	fb_buf_add(out, replay->partitions.at, lane_cnt * sizeof(*replay->partitions.at));
	free(lanes);
	for (uint32_t i = 0; rc == 0 && i < replay->conf->query_cnt; i++)
		rc = add_query(&replay->queries[i], &numbers->queries[i], out);
	if (rc != 0 || out->failed)
		return rc ? rc : FB_E_NO_MEMORY;
	head.len = out->len;
	memcpy(out->p, &head, sizeof(head));
	head.hash = XXH3_64bits(out->p + sizeof(head.hash), out->len - sizeof(head.hash));
	memcpy(out->p, &head.hash, sizeof(head.hash));
	return 0;
}

int fb_epoch_take(struct fb_replay *replay)
{
	struct fb_replay_numbers numbers;
	struct fb_buf bytes = {0};
	int rc = fb_numbers_sum(replay, &numbers);

	if (rc != 0)
		return rc;
	rc = write_epoch(replay, &numbers, &bytes);
	if (rc == 0)
		rc = replay->log->epoch(replay->conf->arg, (const uint8_t *)bytes.p, bytes.len);
	fb_buf_fini(&bytes);
	fb_replay_numbers_fini(&numbers);
	return rc;
}

/* ---- from bytes ---- */

struct cursor {
	const uint8_t *at;
	size_t left;
};

static bool take(struct cursor *from, void *to, size_t len)
{
	if (from->left < len)
		return false;
	memcpy(to, from->at, len);
	from->at += len;
	from->left -= len;
	return true;
}

static int refuse(struct fb_replay *replay, int rc)
{
	if (replay->message->len == 0)
		fb_buf_add_text(replay->message, rc == FB_E_CONFIG ? "the state to go on from is of another run"
								   : "the state to go on from is damaged");
	return rc;
}

static int open_epoch(struct fb_replay *replay, struct cursor *from, struct head *head)
{
	const struct fb_replay_log *log = replay->log;

	*from = (struct cursor){log->resume, log->resume_len};
	if (!take(from, head, sizeof(*head)) || head->magic != MAGIC || head->len != log->resume_len ||
		head->hash != XXH3_64bits(log->resume + sizeof(head->hash), log->resume_len - sizeof(head->hash)))
		return refuse(replay, FB_E_CORRUPT);
	return head->run == run_of(replay) && head->query_cnt == replay->conf->query_cnt ? 0 : refuse(replay, FB_E_CONFIG);
}

int fb_epoch_lanes(struct fb_replay *replay, struct fb_replay_lane **ret_lanes, struct fb_log_source_conf *source)
{
	struct cursor from;
	struct head head;
	int rc = open_epoch(replay, &from, &head);

	if (rc != 0)
		return rc;
	if (head.lane_cnt == 0 || from.left / sizeof(**ret_lanes) < head.lane_cnt)
		return refuse(replay, FB_E_CORRUPT);
	*ret_lanes = malloc(head.lane_cnt * sizeof(**ret_lanes));
	if (*ret_lanes == NULL)
		return FB_E_NO_MEMORY;
	FB_IGNORE(take(&from, *ret_lanes, head.lane_cnt * sizeof(**ret_lanes)));
	source->resume = *ret_lanes;
	source->resume_cnt = head.lane_cnt;
	source->last_lane = head.last_lane;
	source->last_arrival_ns = head.last_arrival_ns;
	return 0;
}

#define PARTS_AT_ONCE 32

/* Parts that lay in the pools of the cores lie in the assembly's now: those of one window need the room of one. */
static int import(struct fb_assembly *assembly, const struct part_head *part, const uint8_t *bytes)
{
	int rc = fb_assembly_import(assembly, part->part, bytes, part->len);

	if (rc != FB_E_FULL)
		return rc;
	FB_IGNORE(fb_assembly_gather(assembly));
	return fb_assembly_import(assembly, part->part, bytes, part->len);
}

static int restore_query(struct fb_query_out *query, struct fb_replay_query *ret_base, struct cursor *from)
{
	struct query_head head;

	if (!take(from, &head, sizeof(head)))
		return FB_E_CORRUPT;
	*ret_base = head.numbers;
	query->numbers = (struct fb_replay_query){.windows = head.numbers.windows,
		.window_rows = head.numbers.window_rows,
		.windows_left_out = head.numbers.windows_left_out,
		.dropped_groups = head.numbers.dropped_groups,
		.result_rows = head.numbers.result_rows};
	query->replay->result_rows += head.numbers.result_rows;
	query->published_ms = head.published_ms;
	if (query->assembly != NULL && head.published_ms != FB_TIME_MIN)
		fb_assembly_skip_to(query->assembly, head.published_ms);
	for (uint64_t i = 0; i < head.part_cnt; i++) {
		struct part_head part;
		int rc;

		if (!take(from, &part, sizeof(part)) || from->left < part.len || query->assembly == NULL)
			return FB_E_CORRUPT;
		if (i % PARTS_AT_ONCE == PARTS_AT_ONCE - 1)
			FB_IGNORE(fb_assembly_gather(query->assembly));
		rc = import(query->assembly, &part, from->at);
		if (rc != 0)
			return rc;
		from->at += part.len;
		from->left -= part.len;
	}
	return 0;
}

/* What finds no room is not known: then late records that touch those sessions are not kept. */
static void recall_sessions(struct fb_replay *replay)
{
	for (uint32_t i = 0; !replay->conf->batch && i < replay->conf->query_cnt; i++)
		for (uint32_t c = 0; replay->queries[i].assembly != NULL && c < replay->core_cnt; c++)
			for (uint32_t r = 0; r < replay->cores[c].reader_cnt; r++)
				FB_IGNORE(fb_assembly_recall(replay->queries[i].assembly, replay->cores[c].readers[r], i));
}

static void restore_watermarks(struct fb_replay *replay, const struct head *head)
{
	replay->partitions.global_ms = head->watermark_ms;
	replay->partitions.burst = head->burst;
	replay->sides[0].order.watermark_ms = head->watermark_ms;
	replay->published_ms = head->published_ms;
	for (uint32_t i = 0; i < replay->core_cnt; i++) {
		struct fb_core *core = &replay->cores[i];

		core->watermark_ms = head->published_ms;
		for (uint32_t r = 0; r < core->reader_cnt; r++) {
			fb_reader_resume(core->readers[r], head->watermark_ms);
			fb_reader_set_watermark(core->readers[r], head->published_ms);
		}
	}
}

int fb_epoch_restore(struct fb_replay *replay)
{
	uint32_t lane_cnt = replay->sides[0].units->lane_cnt;
	struct fb_replay_numbers *base = &replay->base;
	struct cursor from;
	struct head head;
	int rc = open_epoch(replay, &from, &head);

	if (rc != 0)
		return rc;
	base->queries = calloc(head.query_cnt, sizeof(*base->queries));
	if (base->queries == NULL)
		return FB_E_NO_MEMORY;
	base->query_cnt = head.query_cnt;
	base->decode = head.decode;
	base->log = head.log;
	base->input_bytes = head.input_bytes;
	from.at += lane_cnt * sizeof(struct fb_replay_lane);
	from.left -= lane_cnt * sizeof(struct fb_replay_lane);
	if (head.lane_cnt != lane_cnt || !take(&from, replay->partitions.at, lane_cnt * sizeof(*replay->partitions.at)))
		return refuse(replay, FB_E_CORRUPT);
	restore_watermarks(replay, &head);
	for (uint32_t i = 0; rc == 0 && i < head.query_cnt; i++)
		rc = restore_query(&replay->queries[i], &base->queries[i], &from);
	if (rc == 0)
		recall_sessions(replay);
	return rc == FB_E_CORRUPT ? refuse(replay, rc) : rc;
}
