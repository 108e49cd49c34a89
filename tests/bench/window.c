/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One worker from packets to windows: TUMBLE 10 s GROUP BY city with COUNT, SUM, MIN, MAX, AVG(age), over 100 and
 * 1,000,000 keys. The limit is receiving the same packets from the same source and touching every line of them. The cost
 * of each stage is the difference between two loops that differ by that stage.
 */
#include <stdio.h>
#include <stdlib.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include "config/sql/sql.h"
#include "dataplane/format/decoder.h"
#include "dataplane/net/net.h"
#include "dataplane/worker/worker.h"
#include "tests/bench/bench.h"
#include "tests/bench/source.h"

#define SQL                                                                                        \
	FB_SOURCE_SQL                                                                              \
	"CREATE TABLE sums (ws TIMESTAMP(3), city STRING, n BIGINT, s INT, lo INT, hi INT, a INT) WITH "    \
	"('connector'='blackhole');\n"                                                                 \
	"INSERT INTO sums SELECT window_start, city, COUNT(*), SUM(age), MIN(age), MAX(age), AVG(age)\n"    \
	"FROM TABLE(TUMBLE(TABLE people, DESCRIPTOR(ts), INTERVAL '10' SECOND))\n"                     \
	"GROUP BY window_start, window_end, city;\n"

#define PACKETS 4096
#define TRIAL_RECORDS 2000000u

struct bench {
	struct fb_source *source;
	const struct fb_port *port;
	struct fb_plan *plan;
	const struct fb_query_plan *query;
	struct fb_net net;
	struct fb_decoder *decoder;
	struct fb_batch batch;
	struct fb_slice_layout *layout;
	struct fb_reader *reader;
	struct fb_worker *worker;
	struct fb_watermark_board *board;
	uint64_t windows;
	uint64_t sink; /* what the loops read ends here, so that they cannot be left out */
};

static void fail(const char *what)
{
	fprintf(stderr, "bench window: %s\n", what);
	exit(1);
}

static uint64_t touch(const struct rte_mbuf *mbuf)
{
	const uint8_t *data = rte_pktmbuf_mtod(mbuf, const uint8_t *);
	uint64_t sum = 0;

	for (uint32_t i = 0; i < mbuf->data_len; i += 64)
		sum += data[i];
	return sum;
}

/* Limit: receive, read a byte of every line, free. */
static uint32_t turn_touch(struct bench *bench)
{
	struct rte_mbuf *packets[FB_NET_BURST];
	uint16_t cnt = rte_eth_rx_burst(bench->port->id, 0, packets, FB_NET_BURST);

	for (uint16_t i = 0; i < cnt; i++)
		bench->sink += touch(packets[i]);
	rte_pktmbuf_free_bulk(packets, cnt);
	return cnt;
}

static uint32_t turn_net(struct bench *bench)
{
	struct rte_mbuf *packets[FB_NET_BURST];
	struct fb_datagram datagrams[FB_NET_BURST];
	uint16_t cnt = rte_eth_rx_burst(bench->port->id, 0, packets, FB_NET_BURST);

	fb_net_burst(&bench->net, packets, &cnt, datagrams);
	for (uint16_t i = 0; i < cnt; i++)
		bench->sink += datagrams[i].len;
	rte_pktmbuf_free_bulk(packets, cnt);
	return cnt;
}

static uint32_t turn_decode(struct bench *bench)
{
	struct rte_mbuf *packets[FB_NET_BURST];
	struct fb_datagram datagrams[FB_NET_BURST];
	uint16_t cnt = rte_eth_rx_burst(bench->port->id, 0, packets, FB_NET_BURST);

	fb_net_burst(&bench->net, packets, &cnt, datagrams);
	for (uint16_t i = 0; i < cnt; i++) {
		uint32_t pos = 0;

		if (i + 3 < cnt)
			for (uint32_t k = 0; k < datagrams[i + 3].len; k += 64)
				rte_prefetch0(datagrams[i + 3].data + k);
		while (!fb_decoder_add(bench->decoder, datagrams[i].data, datagrams[i].len, &pos)) {
			fb_decoder_finish(bench->decoder, &bench->batch);
			bench->sink += bench->batch.sel_cnt;
		}
	}
	fb_decoder_finish(bench->decoder, &bench->batch);
	bench->sink += bench->batch.sel_cnt;
	rte_pktmbuf_free_bulk(packets, cnt);
	return cnt;
}

static void answer_reports(struct bench *bench)
{
	struct fb_report report;

	while (fb_worker_receive(bench->worker, &report)) {
		if (report.kind != FB_REPORT_SLICE)
			continue;
		bench->windows++;

		struct fb_mail mail = {
			.kind = FB_MAIL_SLICE_FREE, .slot = report.slot, .query = report.query, .slice = report.slice};

		if (fb_worker_send(bench->worker, &mail) != 0)
			fail("mailbox full");
	}
}

static uint32_t turn_window(struct bench *bench)
{
	fb_worker_turn(bench->worker);
	answer_reports(bench);
	return FB_NET_BURST;
}

/* TSC ticks of CPU time per record. */
static double trial(struct bench *bench, uint32_t (*turn)(struct bench *))
{
	uint64_t records = 0;
	double start = fb_bench_cpu_cycles();

	while (records < TRIAL_RECORDS)
		records += (uint64_t)turn(bench) * FB_SOURCE_RECORDS_PER_PACKET;
	return (fb_bench_cpu_cycles() - start) / (double)records;
}

static void setup(struct bench *bench)
{
	static const char sql[] = SQL;
	struct fb_diags diags;
	struct fb_type types[16];

	fb_diags_init(&diags, "bench.sql");
	if (fb_sql_plan("bench.sql", FB_STR(sql), &diags, &bench->plan) != 0) {
		fb_diags_print(&diags, sql, stderr);
		fail("the query does not plan");
	}
	bench->query = bench->plan->queries[0];
	for (uint32_t i = 0; i < bench->query->source->field_cnt; i++)
		types[i] = bench->query->source->fields[i]->type;

	struct fb_decoder_conf decoder = {
		.table = bench->query->source, .needed = bench->query->fields_needed, .isa = fb_isa_detect()};

	if (fb_decoder_create(&decoder, &bench->decoder) != 0 ||
		fb_batch_init(&bench->batch, types, bench->query->source->field_cnt, bench->query->fields_needed) != 0)
		fail("no decoder");

	fb_net_init(&bench->net, bench->port, 0);
	if (fb_net_bind(&bench->net, FB_SOURCE_UDP_PORT, 0) != 0)
		fail("cannot bind");
}

static void start_worker(struct bench *bench)
{
	struct fb_worker_queue queue = {.port = bench->port};
	struct fb_worker_stream stream = {.port = bench->port, .udp_port = FB_SOURCE_UDP_PORT};
	struct fb_worker_conf conf = {.queues = &queue, .queue_cnt = 1, .streams = &stream, .stream_cnt = 1};
	struct fb_reader_conf reader = {
		.source = bench->query->source,
		.queries = &bench->query,
		.query_cnt = 1,
		.isa = fb_isa_detect(),
		.state_bytes = 1ull << 30,
		.watermark_ms = FB_TIME_MIN,
	};

	if (fb_slice_layout_create(bench->query, &bench->layout) != 0)
		fail("no layout");
	reader.layouts = (const struct fb_slice_layout *const *)&bench->layout;
	bench->board = aligned_alloc(64, sizeof(*bench->board));
	if (bench->board == NULL || fb_reader_create(&reader, &bench->reader) != 0 ||
		fb_worker_create(&conf, &bench->worker) != 0)
		fail("no worker");
	memset(bench->board, 0, sizeof(*bench->board));
	bench->board->worker_cnt = 1;
	bench->board->lines[0].own_ms = FB_TIME_MIN;

	struct fb_mail mail = {.kind = FB_MAIL_READER_ADD, .reader = bench->reader, .board = bench->board};

	if (fb_worker_send(bench->worker, &mail) != 0)
		fail("mailbox full");
}

/* The numbers must add up here too: a fast bench that loses records would be worthless. */
static void check(struct bench *bench)
{
	const struct fb_decode_counters *decode = fb_reader_decode_counters(bench->reader);
	const struct fb_query_counters *query = fb_reader_query_counters(bench->reader, 0);

	if (decode->records != decode->payloads * FB_SOURCE_RECORDS_PER_PACKET || decode->decoded != decode->records ||
		query->disposition[FB_REC_ACCEPTED] != decode->decoded || bench->windows == 0) {
		fprintf(stderr, "records %lu decoded %lu accepted %lu late %lu full %lu windows %lu\n", decode->records,
			decode->decoded, query->disposition[FB_REC_ACCEPTED], query->disposition[FB_REC_LATE],
			query->disposition[FB_REC_STATE_FULL], bench->windows);
		fail("records are missing");
	}
}

static void difference(struct fb_bench_series *out, const struct fb_bench_series *a, const struct fb_bench_series *b)
{
	for (uint32_t i = 0; i < FB_MIN(a->cnt, b->cnt); i++)
		fb_bench_add(out, a->value[i] - b->value[i]);
}

static void report(struct bench *bench, const char *keys, const struct fb_bench_series cost[4])
{
	static const char *const stages[] = {"receive and touch", "receive and classify", "decode CSV", "window"};
	double hz = fb_bench_tsc_hz();
	double bytes = fb_source_record_bytes(bench->source);
	struct fb_bench_series rate = {0};
	struct fb_bench_series limit = {0};
	struct fb_bench_series volume = {0};
	char name[96];
	char note[256];

	for (uint32_t i = 0; i < cost[3].cnt; i++) {
		fb_bench_add(&rate, hz / cost[3].value[i]);
		fb_bench_add(&limit, hz / cost[0].value[i]);
		fb_bench_add(&volume, hz / cost[3].value[i] * bytes / 1e9);
	}
	snprintf(note, sizeof(note),
		"%u mbufs, 10 records of %.0f B per datagram, %s kernels; limit: receive and touch the same packets", PACKETS,
		bytes, fb_isa_name(fb_isa_detect()));
	snprintf(name, sizeof(name), "%s, end to end", keys);
	fb_bench_print(&(struct fb_bench_row){"window", name, "records/s", &rate, &limit, true, note});
	fb_bench_print(&(struct fb_bench_row){"window", name, "GB/s", &volume, NULL, true, NULL});
	fb_bench_print(&(struct fb_bench_row){"window", name, "TSC cycles/record", &cost[3], &cost[0], false, NULL});
	for (int i = 0; i < 4; i++) {
		struct fb_bench_series stage = {0};

		if (i < 2)
			stage = cost[i];
		else
			difference(&stage, &cost[i], &cost[i - 1]);
		snprintf(name, sizeof(name), "%s, stage %s", keys, stages[i]);
		fb_bench_print(&(struct fb_bench_row){"window", name, "TSC cycles/record", &stage, NULL, false, NULL});
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		uint32_t keys;
		uint64_t records_per_window;
	} cases[] = {{"100 keys", 100, 1000000}, {"1,000,000 keys", 1000000, 4000000}};
	static uint32_t (*const turns[])(struct bench *) = {turn_touch, turn_net, turn_decode, turn_window};
	struct fb_source_conf conf = {PACKETS, cases[0].keys, cases[0].records_per_window};
	struct bench bench = {.source = fb_source_create(&conf)};

	bench.port = fb_source_port(bench.source);
	setup(&bench);
	start_worker(&bench);
	for (uint32_t c = 0; c < FB_ARRAY_LEN(cases); c++) {
		struct fb_bench_series cost[4] = {0};

		if (argc > 1 && strcmp(argv[1], cases[c].name) != 0)
			continue;
		conf.key_cnt = cases[c].keys;
		conf.records_per_window = cases[c].records_per_window;
		fb_source_configure(bench.source, &conf);
		for (uint64_t warm = 0; warm < 2 * conf.records_per_window / TRIAL_RECORDS + 1; warm++)
			trial(&bench, turn_window);
		/* Stage by stage in turn, so that a slow moment of the machine hits all of them. */
		for (uint32_t run = 0; run < fb_bench_trials(15); run++)
			for (int i = 0; i < 4; i++)
				fb_bench_add(&cost[i], trial(&bench, turns[i]));
		report(&bench, cases[c].name, cost);
	}
	check(&bench);
	return 0;
}
