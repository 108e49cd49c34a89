/* SPDX-License-Identifier: Apache-2.0 */
#include "control/pipeline/history.h"

#include <stdlib.h>
#include <string.h>

#include "config/base/calendar.h"
#include "config/base/time_text.h"
#include "config/sql/literal.h"

#define SETTLE_TIMEOUT_NS 3000000000

/* ---- times ---- */

/* What stands behind the last digit: nothing, Z, or an offset from UTC. */
static bool take_zone(struct fb_str *text, int64_t *ret_offset_us)
{
	const char *p;
	int hours, minutes;

	*ret_offset_us = 0;
	if (text->len > 0 && text->p[text->len - 1] == 'Z') {
		text->len--;
		return true;
	}
	if (text->len < 16 || (text->p[text->len - 6] != '+' && text->p[text->len - 6] != '-'))
		return true;
	p = text->p + text->len - 5;
	for (int i = 0; i < 5; i++)
		if (i == 2 ? p[i] != ':' : p[i] < '0' || p[i] > '9')
			return false;
	hours = (p[0] - '0') * 10 + p[1] - '0';
	minutes = (p[3] - '0') * 10 + p[4] - '0';
	*ret_offset_us = (hours * 60 + minutes) * 60000000ll * (p[-1] == '-' ? -1 : 1);
	text->len -= 6;
	return hours < 24 && minutes < 60;
}

static bool parse_instant(const char *text, int64_t *ret_ns)
{
	struct fb_str rest = fb_str_from(text);
	char plain[64];
	int64_t offset_us;
	int64_t us;
	int64_t ns;

	if (!take_zone(&rest, &offset_us) || rest.len >= sizeof(plain) - 3)
		return false;
	memcpy(plain, rest.p, rest.len);
	if (rest.len > 10 && plain[10] == 'T')
		plain[10] = ' ';
	/* The seconds may be left out. */
	if (rest.len == 16) {
		memcpy(plain + 16, ":00", 3);
		rest.len += 3;
	}
	if (!fb_time_from_text((struct fb_str){plain, rest.len}, &us))
		return false;
	/* Years from 1678 to 2261. */
	if (__builtin_mul_overflow(us - offset_us, (int64_t)1000, &ns))
		return false;
	*ret_ns = ns;
	return true;
}

int fb_engine_parse_from(const char *text, int64_t now_ns, int64_t *ret_ns)
{
	int64_t ms;

	if (strcmp(text, "begin") == 0) {
		*ret_ns = INT64_MIN;
		return 0;
	}
	if (strcmp(text, "now") == 0) {
		*ret_ns = now_ns;
		return 0;
	}
	if (text[0] == '-') {
		if (text[1] == '\0' || fb_literal_duration(fb_str_from(text + 1), &ms) != 0 || ms > now_ns / 1000000)
			return FB_E_INVALID;
		*ret_ns = now_ns - ms * 1000000;
		return 0;
	}
	return parse_instant(text, ret_ns) ? 0 : FB_E_INVALID;
}

/* ---- what can ---- */

int fb_history_check(const struct pipeline *pipeline, struct fb_diags *diags)
{
	for (uint32_t i = 0; i < pipeline->query_cnt; i++)
		for (const struct fb_query_plan *level = pipeline->queries[i].plan; level != NULL; level = level->upstream) {
			if (level->window.kind != FB_WINDOW_SESSION)
				continue;
			fb_diags_add(diags, FB_ERROR_SEVERITY, pipeline->queries[i].plan->place,
				"apply it without --from; 'forebay log export' piped to 'forebay run' computes history",
				"SESSION windows cannot begin with history yet: which of them a late record still touches is not a "
				"matter of time alone");
			return FB_E_UNSUPPORTED;
		}
	return 0;
}

/* ---- positions ---- */

static int wait_settled(struct fb_engine *engine, const struct source_run *source)
{
	int64_t until = fb_clock_monotonic_ns() + SETTLE_TIMEOUT_NS;

	for (uint32_t w = 0; w < engine->worker_cnt; w++)
		while (fb_source_has_queue(engine, source, w) &&
			!fb_keeper_is_settled(engine->keeper, source->stream, w, source->lanes[w].log_seq)) {
			if (fb_clock_monotonic_ns() > until)
				return FB_E_TIMEOUT;
			fb_engine_wait(engine, fb_clock_monotonic_ns() + 5000000);
		}
	return 0;
}

/* The first datagram that came at the time or later; FB_E_NOT_FOUND: the log of the lane has none. */
static int find_seq(struct fb_rawlog *log, uint32_t stream_id, uint32_t worker, int64_t from_ns, uint64_t *ret_seq)
{
	struct fb_rawlog_range range = FB_RAWLOG_RANGE_ALL(stream_id, worker);
	struct fb_block_datagram datagram;
	struct fb_rawlog_scan *scan;
	int rc;

	range.from_ns = from_ns;
	rc = fb_rawlog_scan_create(log, &range, &scan);
	if (rc != 0)
		return rc;
	rc = fb_rawlog_scan_datagram(scan, &datagram);
	if (rc == 0)
		*ret_seq = datagram.seq;
	fb_rawlog_scan_destroy(scan);
	return rc;
}

static int find_lanes(struct fb_engine *engine, struct source_run *source, uint32_t stream_id, int64_t from_ns)
{
	struct fb_rawlog *log = fb_keeper_log(engine->keeper);

	for (uint32_t w = 0; w < FB_WORKER_MAX; w++) {
		struct source_lane *lane = &source->lanes[w];
		uint64_t seq;
		int rc = find_seq(log, stream_id, w, from_ns, &seq);

		if (rc != 0 && rc != FB_E_NOT_FOUND)
			return rc;
		if (rc == 0)
			lane->log_seq = seq;
		lane->used = rc == 0 || fb_source_has_queue(engine, source, w);
		lane->own_ms = FB_TIME_MIN;
		lane->watermark_ms = FB_TIME_MIN;
		if (lane->used)
			fb_begin_note(source, w, lane->log_seq);
	}
	return 0;
}

static void warn_begin(
	struct fb_engine *engine, const char *table, uint32_t stream_id, int64_t from_ns, struct fb_diags *diags)
{
	struct fb_rawlog_span all;
	char text[FB_TIME_TEXT_BYTES];

	if (from_ns == INT64_MIN)
		return;
	if (fb_rawlog_total(fb_keeper_log(engine->keeper), stream_id, FB_RAWLOG_ALL_CORES, &all) != 0) {
		fb_diags_add(diags, FB_WARNING, (struct fb_place){0}, NULL, "the raw log of '%s' is empty", table);
		return;
	}
	if (all.first_arrival_ns <= from_ns)
		return;
	fb_time_format_us(all.first_arrival_ns / 1000, 3, text);
	fb_diags_add(diags, FB_WARNING, (struct fb_place){0}, "what came before is not in the results",
		"the raw log of '%s' begins at %s UTC, later than was asked for", table, text);
}

static int find_source(struct fb_engine *engine, struct source_run *source, int64_t from_ns, struct fb_diags *diags)
{
	const struct fb_stream_conf *stream = &engine->appliance->streams[source->stream];
	uint32_t stream_id;
	int rc;

	if (!fb_stream_is_kept(stream)) {
		fb_diags_add(diags, FB_ERROR_SEVERITY, source->table->place,
			"give it a retention in the appliance file, or apply without --from",
			"the stream of '%s' is not kept: there is no history to begin with", source->table->name);
		return FB_E_NOT_FOUND;
	}
	fb_view_fresh(engine);
	for (uint32_t w = 0; w < engine->worker_cnt; w++)
		source->lanes[w].log_seq = fb_engine_log_position(engine, source->stream, w);
	/* What is not flushed has arrival times, too. */
	rc = wait_settled(engine, source);
	if (rc == FB_E_TIMEOUT)
		fb_diags_add(diags, FB_ERROR_SEVERITY, (struct fb_place){0}, "`forebay status` says why",
			"the raw log of '%s' cannot be written at the moment", source->table->name);
	if (rc == 0)
		rc = fb_rawlog_stream_id(fb_keeper_log(engine->keeper), stream->table, false, &stream_id);
	if (rc == 0)
		rc = find_lanes(engine, source, stream_id, from_ns);
	if (rc == 0)
		warn_begin(engine, source->table->name, stream_id, from_ns, diags);
	return rc;
}

int fb_history_find(struct fb_engine *engine, struct pipeline *pipeline, int64_t from_ns, struct fb_diags *diags)
{
	int rc = 0;

	if (from_ns != INT64_MIN && from_ns > fb_clock_realtime_ns()) {
		fb_diags_add(diags, FB_ERROR_SEVERITY, (struct fb_place){0}, "times are UTC unless they say otherwise",
			"--from is in the future: there is no history from then on");
		return FB_E_INVALID;
	}
	for (uint32_t i = 0; rc == 0 && i < pipeline->source_cnt; i++)
		rc = find_source(engine, &pipeline->sources[i], from_ns, diags);
	return rc;
}
