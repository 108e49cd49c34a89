/* SPDX-License-Identifier: Apache-2.0 */
#include "control/daemon/watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/base/calendar.h"
#include "control/daemon/log.h"

#define PORTS_MAX 16
#define SINKS_MAX 256
#define LOSS_INTERVAL_NS 10000000000

/* A number that should stand still: told when it has grown, and then not again for a while. */
struct loss {
	uint64_t told;
	int64_t told_ns;
};

struct fb_watch {
	struct {
		struct loss missed, no_mbuf;
		bool known, up;
	} ports[PORTS_MAX];
	struct {
		uint32_t query_id;
		bool used, waiting;
		struct loss state_full, output_full, overflows;
	} sinks[SINKS_MAX];
	struct loss streams[FB_NET_STREAM_MAX]; /* datagrams that are not in the raw log */
	struct loss damage, store_damage;
	bool unbalanced;
	bool store_failing;
	bool raw_failing;
};

struct fb_watch *fb_watch_create(void)
{
	return calloc(1, sizeof(struct fb_watch));
}

void fb_watch_destroy(struct fb_watch *watch)
{
	free(watch);
}

static void tell(
	struct loss *loss, uint64_t now, const char *scope, const char *name, const char *what)
{
	int64_t ns = fb_clock_monotonic_ns();

	if (now <= loss->told || (loss->told_ns != 0 && ns - loss->told_ns < LOSS_INTERVAL_NS))
		return;
	fb_log(FB_LOG_WARNING, "%s %s: %" PRIu64 " more %s (%" PRIu64 " in all)", scope, name,
		now - loss->told, what, now);
	loss->told = now;
	loss->told_ns = ns;
}

static void look_at_port(struct fb_watch *watch, uint32_t index, const struct fb_port_view *port)
{
	if (index >= PORTS_MAX)
		return;
	tell(&watch->ports[index].missed, port->stats.missed_packets, "port", port->name,
		"packets lost before they could be received: the worker is too slow, or the burst "
		"longer than rx_descriptors");
	tell(&watch->ports[index].no_mbuf, port->stats.no_mbuf, "port", port->name,
		"packets lost because no buffer was free: raise memory.packet_mb");
	if (!watch->ports[index].known || watch->ports[index].up != port->stats.link_up)
		fb_log(port->stats.link_up ? FB_LOG_INFO : FB_LOG_WARNING, "port %s: link is %s",
			port->name, port->stats.link_up ? "up" : "down");
	watch->ports[index].known = true;
	watch->ports[index].up = port->stats.link_up;
}

static void look_at_query(struct fb_watch *watch, const struct fb_pipeline_view *pipeline,
	const struct fb_query_view *query)
{
	const struct fb_delivery_status *delivery = &query->delivery;
	uint32_t i = query->query_id % SINKS_MAX;
	char name[256];

	snprintf(name, sizeof(name), "%s/%s", pipeline->name, query->name);
	if (!watch->sinks[i].used || watch->sinks[i].query_id != query->query_id) {
		memset(&watch->sinks[i], 0, sizeof(watch->sinks[i]));
		watch->sinks[i].used = true;
		watch->sinks[i].query_id = query->query_id;
		fb_log(FB_LOG_INFO, "query %s reads %s and writes %s (%s)", name, pipeline->stream, query->sink,
			query->connector);
	}
	if (delivery->waiting != watch->sinks[i].waiting) {
		if (delivery->waiting)
			fb_log(FB_LOG_WARNING,
				"sink of %s is waiting: %s; its rows stay in the store", name,
				delivery->message);
		else
			fb_log(FB_LOG_INFO, "sink of %s delivers again, %" PRIu64 " rows to go",
				name, delivery->end - FB_MIN(delivery->cursor, delivery->end));
		watch->sinks[i].waiting = delivery->waiting;
	}
	tell(&watch->sinks[i].state_full, query->counters.disposition[FB_REC_STATE_FULL], "query",
		name, "records refused: their key is new and memory.state_mb is used up");
	tell(&watch->sinks[i].output_full, query->counters.disposition[FB_REC_OUTPUT_FULL], "query",
		name, "rows refused: the store has not taken the earlier ones");
	tell(&watch->sinks[i].overflows, query->counters.sum_overflows, "query", name,
		"sums that wrapped");
}

static void look_at_rawlog(struct fb_watch *watch, const struct fb_engine_view *view)
{
	bool failing = view->raw_error[0] != '\0';

	for (uint32_t i = 0; i < FB_MIN(view->stream_cnt, (uint32_t)FB_NET_STREAM_MAX); i++) {
		const struct fb_keeper_stream *raw = &view->streams[i].raw;
		uint64_t lost = 0;

		for (int why = FB_RAW_LOGGED + 1; why < FB_RAW_CNT; why++)
			lost += raw->datagrams[why];
		tell(&watch->streams[i], lost, "stream", view->streams[i].table,
			"datagrams are not in the raw log: forebay ledger says why");
	}
	tell(&watch->store_damage, view->store.damage_cnt, "store", view->store.damage, "reads met damage, the last is named");
	tell(&watch->damage, view->raw_damage.block_cnt, "raw log", "of the store", "damaged blocks were skipped");
	if (failing != watch->raw_failing) {
		if (failing)
			fb_log(FB_LOG_ERROR, "raw log: %s; it is tried again", view->raw_error);
		else
			fb_log(FB_LOG_INFO, "raw log: can be written again");
		watch->raw_failing = failing;
	}
}

void fb_watch_look(struct fb_watch *watch, const struct fb_ledger *ledger)
{
	const struct fb_engine_view *view = &ledger->view;
	bool failing = view->store_error[0] != '\0';

	for (uint32_t i = 0; i < view->port_cnt; i++)
		look_at_port(watch, i, &view->ports[i]);
	for (uint32_t i = 0; i < view->pipeline_cnt; i++)
		for (uint32_t q = 0; q < view->pipelines[i].query_cnt; q++)
			look_at_query(watch, &view->pipelines[i], &view->pipelines[i].queries[q]);
	look_at_rawlog(watch, view);
	if (failing != watch->store_failing) {
		if (failing)
			fb_log(FB_LOG_ERROR, "store: %s; windows wait in memory",
				view->store_error);
		else
			fb_log(FB_LOG_INFO, "store: takes results again");
		watch->store_failing = failing;
	}
	if (!ledger->balanced && !watch->unbalanced)
		for (uint32_t i = 0; i < ledger->line_cnt; i++)
			if (!ledger->lines[i].balanced)
				fb_log(FB_LOG_ERROR,
					"ledger of %s does not balance: %s: %" PRIu64
					" against %" PRIu64,
					ledger->lines[i].scope, ledger->lines[i].name,
					ledger->lines[i].left, ledger->lines[i].right);
	watch->unbalanced = !ledger->balanced;
}

void fb_watch_log_ledger(const struct fb_ledger *ledger)
{
	for (uint32_t i = 0; i < ledger->line_cnt; i++) {
		const struct fb_ledger_line *line = &ledger->lines[i];

		fb_log(line->balanced ? FB_LOG_INFO : FB_LOG_ERROR,
			"ledger: %s: %s: %" PRIu64 " %s %" PRIu64, line->scope, line->name,
			line->left, line->balanced ? "=" : "against",
			line->right + line->in_flight);
	}
	fb_log(ledger->balanced ? FB_LOG_INFO : FB_LOG_ERROR, "the ledger %s",
		ledger->balanced ? "balances" : "does not balance");
}
