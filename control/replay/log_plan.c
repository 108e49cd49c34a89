/* SPDX-License-Identifier: Apache-2.0 */
#include "control/replay/log_plan.h"

#include <stdlib.h>

/* ---- spans ---- */

struct gather {
	struct fb_log_plan *plan;
	uint32_t cap;
	bool any;
	uint64_t first_seq;
	uint64_t last_seq;
};

static bool is_touched(const struct fb_log_plan_conf *conf, uint64_t first_seq, uint64_t last_seq, int64_t first_ns, int64_t last_ns)
{
	return last_seq >= conf->from_seq && first_seq <= conf->to_seq && last_ns >= conf->from_ns && first_ns <= conf->to_ns;
}

/* Event times say for sure that nothing of it is needed. */
static bool is_pruned(const struct fb_log_plan_conf *conf, struct fb_event_times_by by, int64_t min_ms, int64_t max_ms)
{
	return fb_event_times_hold(by, conf->event_times_by) && (max_ms < conf->from_ms || min_ms > conf->to_ms);
}

static int64_t floor_of(const struct fb_log_plan_conf *conf, struct fb_event_times_by by, int64_t min_ms)
{
	return fb_event_times_hold(by, conf->event_times_by) ? min_ms : FB_TIME_MIN;
}

static int take_span(void *arg, const struct fb_rawlog_span *span, bool is_tail)
{
	struct gather *gather = arg;
	struct fb_log_plan *plan = gather->plan;

	(void)is_tail;
	if (span->core != plan->conf.core)
		return 0;
	gather->first_seq = gather->any ? gather->first_seq : span->first_seq;
	gather->last_seq = span->last_seq;
	gather->any = true;
	if (!is_touched(&plan->conf, span->first_seq, span->last_seq, span->first_arrival_ns, span->last_arrival_ns))
		return 0;
	plan->total_bytes += span->payload_bytes;
	if (is_pruned(&plan->conf, span->event_times_by, span->min_event_ms, span->max_event_ms)) {
		plan->pruned_blocks += span->block_cnt;
		plan->pruned_bytes += span->payload_bytes;
		return 0;
	}
	if (plan->span_cnt == gather->cap) {
		uint32_t cap = FB_MAX(gather->cap * 2, 16u);
		struct fb_rawlog_span *spans = realloc(plan->spans, cap * sizeof(*spans));

		if (spans == NULL)
			return FB_E_NO_MEMORY;
		plan->spans = spans;
		gather->cap = cap;
	}
	plan->spans[plan->span_cnt++] = *span;
	return 0;
}

static int find_floors(struct fb_log_plan *plan)
{
	int64_t floor = FB_TIME_MAX;

	plan->floors_ms = malloc((plan->span_cnt + 1) * sizeof(*plan->floors_ms));
	if (plan->floors_ms == NULL)
		return FB_E_NO_MEMORY;
	plan->floors_ms[plan->span_cnt] = FB_TIME_MAX;
	for (uint32_t i = plan->span_cnt; i-- > 0;) {
		const struct fb_rawlog_span *span = &plan->spans[i];

		floor = FB_MIN(floor, floor_of(&plan->conf, span->event_times_by, span->min_event_ms));
		plan->floors_ms[i] = floor;
	}
	return 0;
}

int fb_log_plan_open(const struct fb_log_plan_conf *conf, bool is_fixed, struct fb_log_plan *plan)
{
	struct gather gather = {.plan = plan, .first_seq = UINT64_MAX, .last_seq = UINT64_MAX};
	int rc;

	*plan = (struct fb_log_plan){.conf = *conf};
	rc = fb_rawlog_spans(conf->log, conf->stream, take_span, &gather);
	if (rc == 0 && !gather.any && !is_fixed)
		rc = FB_E_NOT_FOUND;
	if (rc == 0)
		rc = find_floors(plan);
	if (rc != 0) {
		fb_log_plan_close(plan);
		return rc;
	}
	/* Asked for from the first on is asked for from what there is. */
	if (conf->from_seq > 0 && conf->from_seq < gather.first_seq && conf->from_seq <= conf->to_seq)
		plan->missing_datagrams = FB_MIN(gather.first_seq - 1, conf->to_seq) - conf->from_seq + 1;
	if (!is_fixed)
		plan->conf.to_seq = FB_MIN(conf->to_seq, gather.last_seq);
	plan->span = UINT32_MAX; /* before the first */
	return 0;
}

void fb_log_plan_close(struct fb_log_plan *plan)
{
	free(plan->spans);
	free(plan->floors_ms);
	free(plan->headers);
	free(plan->header_floors_ms);
	*plan = (struct fb_log_plan){0};
}

/* ---- headers ---- */

static int reserve(struct fb_log_plan *plan)
{
	uint32_t cap = FB_MAX(plan->header_cap * 2, 128u);
	struct fb_block_header *headers;
	int64_t *floors;

	if (plan->header_cnt < plan->header_cap)
		return 0;
	headers = realloc(plan->headers, cap * sizeof(*headers));
	plan->headers = headers ? headers : plan->headers;
	floors = realloc(plan->header_floors_ms, cap * sizeof(*floors));
	plan->header_floors_ms = floors ? floors : plan->header_floors_ms;
	if (headers == NULL || floors == NULL)
		return FB_E_NO_MEMORY;
	plan->header_cap = cap;
	return 0;
}

static int read_headers(struct fb_log_plan *plan, struct fb_rawlog_scan *scan)
{
	const struct fb_log_plan_conf *conf = &plan->conf;
	struct fb_block_header header;
	int rc;

	while ((rc = fb_rawlog_scan_header(scan, &header)) == 0) {
		if (is_pruned(conf, header.event_times_by, header.min_event_ms, header.max_event_ms)) {
			plan->pruned_blocks++;
			plan->pruned_bytes += header.payload_bytes;
			continue;
		}
		rc = reserve(plan);
		if (rc != 0)
			return rc;
		plan->headers[plan->header_cnt++] = header;
	}
	plan->damaged_blocks += fb_rawlog_scan_damage(scan)->block_cnt;
	plan->damaged_datagrams += fb_rawlog_scan_damage(scan)->datagram_cnt;
	return rc == FB_E_NOT_FOUND ? 0 : rc;
}

/* The headers of the next span, which may have moved since: a tail becomes a file, and files are deleted. */
static int enter_span(struct fb_log_plan *plan, uint32_t number)
{
	const struct fb_log_plan_conf *conf = &plan->conf;
	const struct fb_rawlog_span *span = &plan->spans[number];
	struct fb_rawlog_range range = FB_RAWLOG_RANGE_ALL(conf->stream, conf->core);
	int64_t floor = plan->floors_ms[number + 1];
	uint64_t known = plan->pruned_blocks + plan->damaged_blocks;
	struct fb_rawlog_scan *scan;
	int rc;

	range.from_seq = FB_MAX(conf->from_seq, span->first_seq);
	range.to_seq = FB_MIN(conf->to_seq, span->last_seq);
	range.from_ns = conf->from_ns;
	range.to_ns = conf->to_ns;
	range.headers_only = true;
	plan->header_cnt = 0;
	plan->at = 0;
	rc = fb_rawlog_scan_create(conf->log, &range, &scan);
	if (rc != 0)
		return rc;
	rc = read_headers(plan, scan);
	fb_rawlog_scan_destroy(scan);
	if (rc != 0)
		return rc;
	if (plan->header_cnt == 0 && plan->pruned_blocks + plan->damaged_blocks == known && range.from_seq == span->first_seq &&
		range.to_seq == span->last_seq && span->first_arrival_ns >= conf->from_ns && span->last_arrival_ns <= conf->to_ns)
		plan->missing_datagrams += span->datagram_cnt;
	for (uint32_t i = plan->header_cnt; i-- > 0;) {
		const struct fb_block_header *header = &plan->headers[i];

		floor = FB_MIN(floor, floor_of(conf, header->event_times_by, header->min_event_ms));
		plan->header_floors_ms[i] = floor;
	}
	plan->span = number;
	return 0;
}

int fb_log_plan_peek(struct fb_log_plan *plan, const struct fb_block_header **ret)
{
	while (plan->span == UINT32_MAX || plan->at == plan->header_cnt) {
		uint32_t next = plan->span + 1;
		int rc;

		if (plan->span != UINT32_MAX && next >= plan->span_cnt)
			return FB_E_NOT_FOUND;
		if (plan->span_cnt == 0)
			return FB_E_NOT_FOUND;
		rc = enter_span(plan, next);
		if (rc != 0)
			return rc;
	}
	*ret = &plan->headers[plan->at];
	return 0;
}

void fb_log_plan_next(struct fb_log_plan *plan)
{
	plan->at++;
}

int64_t fb_log_plan_floor(const struct fb_log_plan *plan)
{
	return plan->span != UINT32_MAX && plan->at < plan->header_cnt ? plan->header_floors_ms[plan->at] : FB_TIME_MAX;
}
