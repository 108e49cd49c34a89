/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger notices one lost record, wherever it is lost: a view that adds up balances, and each
 * of its counters, one higher or lower alone, makes it say so.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "control/pipeline/engine.h"

/* A windowed query, a plain one, and a port, with numbers that add up; all parts are written down
 * by hand. */
struct scene {
	struct fb_port_view port;
	struct fb_stream_view stream;
	struct fb_pipeline_view pipeline;
	struct fb_query_view queries[2];
	struct fb_import_view import;
};

static void fill(struct scene *scene)
{
	*scene = (struct scene){
		.port = {.name = "p0",
			.stats = {.wire_known = true,
				.wire_packets = 130,
				.received_packets = 120,
				.missed_packets = 7,
				.no_mbuf = 2,
				.rx_errors = 1},
			.received_before = 120,
			.ring_packets = 1024,
			.net = {.packets = 120}},
		.stream = {.table = "people", .port = "p0", .counters = {.datagrams = 100,
				.bytes = 10000,
				.tapped_datagrams = 97,
				.tapped_bytes = 9700,
				.tap_full_datagrams = 3,
				.tap_full_bytes = 300},
			.raw = {.kept = true}},
		.pipeline = {.name = "p",
			.stream = "people",
			.attached_datagrams = 100,
			.decode = {.payloads = 100, .records = 1000, .decoded = 990},
			.query_cnt = 2},
		.import = {.any = true, .all_packets = 30, .all = {.packets = 30}},
	};
	scene->import.all.disposition[FB_PKT_UDP_PORT] = 30;
	scene->stream.raw.bytes[FB_RAW_LOGGED] = 9000;
	scene->stream.raw.bytes[FB_RAW_DISK_SLOW] = 400;
	scene->stream.raw.bytes[FB_RAW_DISK_FULL] = 200;
	scene->stream.raw.bytes[FB_RAW_DISK_ERROR] = 100;
	scene->stream.raw.bytes[FB_RAW_RING_FULL] = 300; /* as the view takes it from the workers */
	scene->port.net.disposition[FB_PKT_STREAM] = 100;
	scene->port.net.disposition[FB_PKT_ARP_ANSWERED] = 5;
	scene->port.net.disposition[FB_PKT_UDP_CHECKSUM] = 15;
	scene->pipeline.decode.rejected[FB_REC_NUMBER] = 6;
	scene->pipeline.decode.rejected[FB_REC_ARITY] = 4;

	struct fb_query_view *windowed = &scene->queries[0];

	*windowed = (struct fb_query_view){.name = "w",
		.windowed = true,
		.decoded = 990,
		.counters = {.sealed_rows = 700, .open_rows = 200},
		.merged_rows = 650,
		.pending_rows = 50,
		.result_rows = 40,
		.delivery = {.cursor = 30, .end = 40, .delivered = 30}};
	windowed->counters.disposition[FB_REC_ACCEPTED] = 900;
	windowed->counters.disposition[FB_REC_LATE] = 60;
	windowed->counters.disposition[FB_REC_FILTERED] = 30;

	struct fb_query_view *plain = &scene->queries[1];

	*plain = (struct fb_query_view){.name = "q",
		.decoded = 990,
		.counters = {.rows_out = 800, .rows_waiting = 90, .extra_rows = 10},
		.queued_rows = 25,
		.result_rows = 775,
		.delivery = {.cursor = 775, .end = 775, .delivered = 775}};
	plain->counters.disposition[FB_REC_ACCEPTED] = 880;
	plain->counters.disposition[FB_REC_FILTERED] = 110;
	scene->pipeline.queries = scene->queries;
}

static struct fb_ledger ledger_of(struct scene *scene)
{
	struct fb_engine_view view = {.name = "test",
		.port_cnt = 1,
		.ports = &scene->port,
		.stream_cnt = 1,
		.streams = &scene->stream,
		.pipeline_cnt = 1,
		.pipelines = &scene->pipeline,
		.import = scene->import};
	struct fb_ledger ledger;

	scene->pipeline.queries = scene->queries;
	cr_assert_eq(fb_ledger_make(&view, &ledger), 0);
	return ledger;
}

static bool balances(struct scene *scene)
{
	struct fb_ledger ledger = ledger_of(scene);
	bool balanced = ledger.balanced;

	fb_ledger_fini(&ledger);
	return balanced;
}

Test(ledger, numbers_that_add_up_balance)
{
	struct scene scene;

	fill(&scene);

	struct fb_ledger ledger = ledger_of(&scene);

	for (uint32_t i = 0; i < ledger.line_cnt; i++)
		cr_expect(ledger.lines[i].balanced, "%s: %s: %lu, %lu", ledger.lines[i].scope,
			ledger.lines[i].name, ledger.lines[i].left, ledger.lines[i].right);
	cr_assert(ledger.balanced);
	cr_assert_eq(ledger.line_cnt, 3 + 2 + 1 + 2 + 2 + 4 + 4);
	fb_ledger_fini(&ledger);
}

#define AT(member)                                      \
	{                                               \
#member, offsetof(struct scene, member) \
	}

/* Every counter that stands on a side of an equation. */
static const struct {
	const char *name;
	size_t at;
} counters[] = {
	AT(port.stats.wire_packets),
	AT(port.stats.received_packets),
	AT(port.stats.missed_packets),
	AT(port.stats.no_mbuf),
	AT(port.stats.rx_errors),
	AT(port.net.packets),
	AT(port.net.disposition[FB_PKT_STREAM]),
	AT(port.net.disposition[FB_PKT_ARP_ANSWERED]),
	AT(port.net.disposition[FB_PKT_UDP_CHECKSUM]),
	AT(port.net.disposition[FB_PKT_NOT_OUR_IP]),
	AT(import.all_packets),
	AT(import.all.packets),
	AT(import.all.disposition[FB_PKT_UDP_PORT]),
	AT(import.all.disposition[FB_PKT_STREAM]),
	AT(stream.counters.datagrams),
	AT(stream.counters.bytes),
	AT(stream.counters.tapped_bytes),
	AT(stream.raw.bytes[FB_RAW_LOGGED]),
	AT(stream.raw.bytes[FB_RAW_DISK_SLOW]),
	AT(stream.raw.bytes[FB_RAW_DISK_FULL]),
	AT(stream.raw.bytes[FB_RAW_DISK_ERROR]),
	AT(pipeline.attached_datagrams),
	AT(pipeline.decode.payloads),
	AT(pipeline.decode.records),
	AT(pipeline.decode.decoded),
	AT(pipeline.decode.rejected[FB_REC_NUMBER]),
	AT(pipeline.decode.rejected[FB_REC_QUOTE]),
	AT(queries[0].decoded),
	AT(queries[1].decoded),
	AT(queries[0].counters.disposition[FB_REC_ACCEPTED]),
	AT(queries[0].counters.disposition[FB_REC_LATE]),
	AT(queries[0].counters.disposition[FB_REC_STATE_FULL]),
	AT(queries[0].counters.sealed_rows),
	AT(queries[0].counters.open_rows),
	AT(queries[0].merged_rows),
	AT(queries[0].pending_rows),
	AT(queries[0].result_rows),
	AT(queries[0].delivery.delivered),
	AT(queries[0].delivery.end),
	AT(queries[1].counters.disposition[FB_REC_ACCEPTED]),
	AT(queries[1].counters.disposition[FB_REC_FILTERED]),
	AT(queries[1].counters.rows_out),
	AT(queries[1].counters.rows_waiting),
	AT(queries[1].counters.extra_rows),
	AT(queries[1].queued_rows),
	AT(queries[1].result_rows),
	AT(queries[1].delivery.delivered),
};

Test(ledger, one_lost_or_invented_record_shows_in_every_counter)
{
	for (size_t i = 0; i < FB_ARRAY_LEN(counters); i++)
		for (int step = -1; step <= 1; step += 2) {
			struct scene scene;
			uint64_t *counter = (uint64_t *)((char *)&scene + counters[i].at);

			fill(&scene);
			if (*counter == 0 && step < 0)
				continue;
			*counter += (uint64_t)(int64_t)step;
			/* A reading of the device that is not repeated would pass as a packet that
			 * came in between. */
			scene.port.received_before = scene.port.stats.received_packets;
			cr_expect_not(
				balances(&scene), "%s %+d goes unnoticed", counters[i].name, step);
		}
}

/* What came while the numbers were read is under way, and no more than that. */
Test(ledger, in_flight_is_bounded_by_what_was_seen_to_move)
{
	struct scene scene;

	fill(&scene);
	scene.queries[0].moving_rows = 5;
	scene.queries[0].counters.sealed_rows += 5; /* handed over, but not merged yet */
	scene.queries[0].counters.disposition[FB_REC_ACCEPTED] += 5;
	scene.pipeline.decode.decoded += 5;
	scene.queries[0].decoded += 5;
	scene.queries[1].decoded += 5;
	scene.queries[1].counters.disposition[FB_REC_FILTERED] += 5;
	scene.pipeline.decode.records += 5;
	cr_assert(balances(&scene));
	scene.queries[0].merged_rows--;
	cr_assert_not(balances(&scene), "six rows are missing where five moved");
}

/* What is on a tap or in a block is under way; a byte more is lost. */
Test(ledger, the_raw_log_may_lag_by_what_is_buffered)
{
	struct scene scene;

	fill(&scene);
	scene.stream.raw.bytes[FB_RAW_LOGGED] -= 700;
	cr_assert_not(balances(&scene));
	scene.stream.raw.buffered_bytes = 500;
	scene.stream.tap_moving_bytes = 200;
	cr_assert(balances(&scene));
	scene.stream.raw.bytes[FB_RAW_LOGGED]--;
	cr_assert_not(balances(&scene));
	scene.stream.raw.tap_packets = 1;
	cr_assert(balances(&scene));
	scene.stream.raw.bytes[FB_RAW_LOGGED] += 800;
	cr_assert_not(balances(&scene), "more than came");
}

Test(ledger, a_stream_that_is_not_kept_has_no_raw_line)
{
	struct scene scene;

	fill(&scene);
	scene.stream.raw.kept = false;
	scene.stream.counters.tapped_bytes = 1;

	struct fb_ledger ledger = ledger_of(&scene);

	cr_assert(ledger.balanced);
	cr_assert_eq(ledger.line_cnt, 3 + 2 + 1 + 2 + 4 + 4);
	fb_ledger_fini(&ledger);
}

Test(ledger, a_port_that_nobody_below_counts_has_no_wire_line)
{
	struct scene scene;

	fill(&scene);
	scene.port.stats.wire_known = false;
	scene.port.stats.wire_packets = 0;

	struct fb_ledger ledger = ledger_of(&scene);

	cr_assert(ledger.balanced);
	cr_assert_eq(ledger.line_cnt, 2 + 2 + 1 + 2 + 2 + 4 + 4);
	fb_ledger_fini(&ledger);
}
