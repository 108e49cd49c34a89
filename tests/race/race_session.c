/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fragments of sessions across cores: workers hand slices over and look into them still, the control plane joins and exports
 * them meanwhile, checkpoints among that. Who does the next step is said by a seed, so each seed is one interleaving, again and
 * again. The turn is passed on without any ordering: ThreadSanitizer sees what mailbox and rings order, and nothing else.
 */
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "config/base/calendar.h"
#include "control/window/assembly.h"
#include "tests/race/race.h"
#include "tests/unit/dataplane/net/packet.h"
#include "tests/unit/dataplane/worker/query.h"

#define WORKERS_MAX 2
#define DATAGRAMS 700 /* of each worker; two records in each */
#define BURST 4
#define KEYS 5
#define GAP_MS 2000
#define JITTER_MS 6000
#define STEPS_MAX 2000000

#define SQL(delay)                                                                                 \
	"CREATE TABLE s (k STRING, ms BIGINT, ts AS TO_TIMESTAMP_LTZ(ms, 3), WATERMARK FOR ts AS " \
	"ts - INTERVAL " delay ") "                                                                \
	"WITH ('connector'='udp', 'port'='5000', 'format'='csv');\n"                               \
	"CREATE TABLE o (w TIMESTAMP(3), e TIMESTAMP(3), k STRING, n BIGINT) WITH "                \
	"('connector'='blackhole');\n"                                                             \
	"SET 'table.local-time-zone' = 'UTC';\n"                                                   \
	"INSERT INTO o SELECT window_start, window_end, k, COUNT(*) FROM "                         \
	"TABLE(SESSION(TABLE s PARTITION BY k, DESCRIPTOR(ts), INTERVAL '2' SECOND)) "             \
	"GROUP BY window_start, window_end, k;\n"

/* ---- turns ---- */

static struct {
	uint64_t seed;
	uint32_t worker_cnt;
	_Atomic uint64_t step;
	_Atomic bool begun; /* all have their readers */
	_Atomic bool over;
} turns;

/* 0 …: a worker; worker_cnt: the control plane. */
static uint32_t actor(uint64_t step)
{
	return (uint32_t)(race_word(turns.seed, step) % (turns.worker_cnt + 1));
}

/* False: it is over. */
static bool await_turn(uint32_t me)
{
	while (!atomic_load_explicit(&turns.over, memory_order_relaxed)) {
		if (actor(atomic_load_explicit(&turns.step, memory_order_relaxed)) == me)
			return true;
		sched_yield();
	}
	return false;
}

static void pass_turn(void)
{
	uint64_t step = atomic_load_explicit(&turns.step, memory_order_relaxed);

	cr_assert_lt(step, STEPS_MAX);
	atomic_store_explicit(&turns.step, step + 1, memory_order_relaxed);
}

/* ---- records ---- */

struct record {
	uint32_t key;
	int64_t ms;
};

static struct record record_of(uint32_t worker, uint64_t number)
{
	uint64_t word = race_word(turns.seed + 1000 * worker, number);

	return (struct record){(uint32_t)(word % KEYS), 20000 + (int64_t)number * 120 - (int64_t)(word / KEYS % JITTER_MS)};
}

/* ---- workers ---- */

static struct fb_port_conf port_conf = {.name = "p0", .device = "none"};
static struct fb_port port;
static struct query query;

/* A queue is its worker's alone. */
struct queue {
	uint32_t number;
	uint64_t sent;
	uint64_t budget;
	struct rte_mbuf mbufs[BURST];
	uint8_t buffers[BURST][RTE_PKTMBUF_HEADROOM + 256];
};

static struct queue queues[WORKERS_MAX];
static void *queue_data[WORKERS_MAX] = {&queues[0], &queues[1]};
static struct rte_eth_rxtx_callback *no_callbacks[WORKERS_MAX];
static struct fb_worker *workers[WORKERS_MAX];
static _Atomic bool all_sent[WORKERS_MAX];

static uint16_t receive(void *data, struct rte_mbuf **packets, uint16_t max)
{
	struct queue *queue = data;
	uint16_t cnt = 0;

	for (; cnt < FB_MIN(max, (uint16_t)BURST) && queue->budget > 0 && queue->sent < DATAGRAMS; cnt++, queue->budget--) {
		struct record a = record_of(queue->number, 2 * queue->sent);
		struct record b = record_of(queue->number, 2 * queue->sent + 1);
		struct rte_mbuf *mbuf = &queue->mbufs[cnt];
		struct frame frame;
		char text[64];
		int len = snprintf(
			text, sizeof(text), "k%u,%ld\nk%u,%ld\n", a.key, (long)a.ms, b.key, (long)b.ms);

		queue->sent++;
		stream_frame(&frame, text, (uint32_t)len);
		memcpy(queue->buffers[cnt] + RTE_PKTMBUF_HEADROOM, frame.bytes, frame.len);
		/* The count of references never reaches 0: the memory is ours. */
		*mbuf = (struct rte_mbuf){.buf_addr = queue->buffers[cnt],
			.buf_len = sizeof(queue->buffers[cnt]),
			.data_off = RTE_PKTMBUF_HEADROOM,
			.data_len = (uint16_t)frame.len,
			.pkt_len = frame.len,
			.nb_segs = 1,
			.refcnt = 1000};
		packets[cnt] = mbuf;
	}
	return cnt;
}

/* A burst, or none: then mail is answered. */
static void *turn(void *arg)
{
	struct queue *queue = arg;

	while (await_turn(queue->number)) {
		queue->budget = 0;
		if (atomic_load_explicit(&turns.begun, memory_order_relaxed))
			queue->budget = race_word(turns.seed, ~atomic_load_explicit(&turns.step, memory_order_relaxed)) % (BURST + 1);
		fb_worker_turn(workers[queue->number]);
		if (queue->sent == DATAGRAMS)
			atomic_store_explicit(&all_sent[queue->number], true, memory_order_relaxed);
		pass_turn();
	}
	return NULL;
}

/* ---- control plane ---- */

struct row {
	int64_t start_ms, end_ms;
	uint32_t key;
	int64_t n;
};

static struct control {
	struct fb_assembly *assembly;
	struct fb_reader_epoch epochs[WORKERS_MAX];
	struct fb_reader *readers[WORKERS_MAX]; /* those that are done */
	int64_t watermark_ms[WORKERS_MAX];
	bool taken[WORKERS_MAX];
	uint32_t added;
	bool checkpointing;
	bool ending;
	uint32_t checkpoints;
	uint64_t bytes;
	struct row rows[2 * DATAGRAMS * WORKERS_MAX];
	uint32_t row_cnt;
} control;

static void post(uint32_t worker, const struct fb_mail *mail)
{
	cr_assert_eq(fb_worker_send(workers[worker], mail), 0);
}

static void release(void *arg, struct fb_slice *slice, uint32_t from)
{
	(void)arg;
	if (control.readers[from] != NULL)
		fb_reader_return_slice(control.readers[from], 0, slice);
	else
		post(from, &(struct fb_mail){.kind = FB_MAIL_SLICE_FREE, .slice = slice});
}

static bool take_report(uint32_t worker)
{
	struct fb_report report;

	if (!fb_worker_receive(workers[worker], &report))
		return false;
	switch (report.kind) {
	case FB_REPORT_READER_ADDED:
		if (++control.added == turns.worker_cnt)
			atomic_store_explicit(&turns.begun, true, memory_order_relaxed);
		break;
	case FB_REPORT_SLICE:
	case FB_REPORT_SLICE_OPEN:
		cr_assert_eq(fb_assembly_add(control.assembly, report.slice, worker), 0);
		break;
	case FB_REPORT_WATERMARK:
		control.watermark_ms[worker] = report.watermark_ms;
		break;
	case FB_REPORT_CHECKPOINT:
		cr_assert_not(control.epochs[worker].refused);
		control.taken[worker] = true;
		break;
	case FB_REPORT_READER_DONE:
		control.readers[worker] = report.reader;
		break;
	default:
		break;
	}
	return true;
}

static int count_bytes(void *arg, struct fb_assembly_part part, const uint8_t *bytes, size_t len)
{
	(void)arg;
	(void)part;
	control.bytes += len + bytes[len - 1];
	return 0;
}

static void checkpoint(void)
{
	bool all = true;

	if (!control.checkpointing && !control.ending) {
		for (uint32_t w = 0; w < turns.worker_cnt; w++) {
			control.taken[w] = false;
			post(w, &(struct fb_mail){.kind = FB_MAIL_CHECKPOINT, .epoch = &control.epochs[w]});
		}
		control.checkpointing = true;
	}
	for (uint32_t w = 0; w < turns.worker_cnt; w++)
		all &= control.taken[w];
	if (!control.checkpointing || !all)
		return;
	control.checkpointing = false;
	control.checkpoints++;
	cr_assert_eq(fb_assembly_export(control.assembly, count_bytes, NULL), 0);
	fb_assembly_kept(control.assembly);
}

static void add_rows(const struct fb_assembly_rows *rows)
{
	for (uint32_t i = 0; i < rows->sel_cnt; i++) {
		uint32_t at = rows->sel[i];

		control.rows[control.row_cnt++] = (struct row){rows->columns[0]->i64[at], rows->columns[1]->i64[at],
			(uint32_t)(rows->columns[2]->str[at].p[1] - '0'), rows->columns[3]->i64[at]};
	}
}

static void publish(int64_t watermark_ms)
{
	struct fb_assembly_window window;
	struct fb_assembly_rows rows;
	int rc;

	while ((rc = fb_assembly_begin(control.assembly, watermark_ms, &window)) == 1) {
		while (fb_assembly_read(control.assembly, &rows))
			add_rows(&rows);
		FB_IGNORE(fb_assembly_finish(control.assembly));
	}
	cr_assert_eq(rc, 0);
}

static bool is_done(void)
{
	bool done = true;

	for (uint32_t w = 0; w < turns.worker_cnt; w++)
		done &= control.readers[w] != NULL;
	return done;
}

/* The end of input when everything was received and no checkpoint is under way. */
static void end(void)
{
	for (uint32_t w = 0; w < turns.worker_cnt; w++)
		if (!atomic_load_explicit(&all_sent[w], memory_order_relaxed))
			return;
	if (control.checkpointing || control.ending)
		return;
	control.ending = true;
	for (uint32_t w = 0; w < turns.worker_cnt; w++)
		post(w, &(struct fb_mail){.kind = FB_MAIL_READER_END});
}

static void control_step(uint64_t choice)
{
	int64_t watermark_ms = control.watermark_ms[0];

	for (uint32_t w = 1; w < turns.worker_cnt; w++)
		watermark_ms = FB_MIN(watermark_ms, control.watermark_ms[w]);
	switch (choice % 8) {
	case 0:
		publish(watermark_ms);
		break;
	case 1:
		checkpoint();
		break;
	case 2:
		end();
		break;
	default:
		for (uint64_t i = 0; i <= choice / 16 % 12 && take_report((uint32_t)(choice / 8 % turns.worker_cnt)); i++)
			;
		break;
	}
}

static void open_all(const char *sql, uint32_t worker_cnt, uint64_t seed)
{
	struct fb_assembly_conf conf = {.pool_bytes = 64 << 20, .release = release};

	turns.seed = seed;
	turns.worker_cnt = worker_cnt;
	atomic_store(&turns.step, 0);
	atomic_store(&turns.begun, false);
	atomic_store(&turns.over, false);
	control = (struct control){.watermark_ms = {FB_TIME_MIN, FB_TIME_MIN}};
	desk_port(&port, &port_conf);
	rte_eth_fp_ops[0].rx_pkt_burst = receive;
	rte_eth_fp_ops[0].rxq.data = queue_data;
	rte_eth_fp_ops[0].rxq.clbk = (void **)no_callbacks;
	query_init_sql(&query, fb_str_from(sql), worker_cnt);
	conf.plan = query.query;
	conf.layout = query.layout;
	cr_assert_eq(fb_assembly_create(&conf, &control.assembly), 0);
	for (uint16_t w = 0; w < worker_cnt; w++) {
		struct fb_worker_queue queue = {&port, w};
		struct fb_worker_stream stream = {.port = &port, .udp_port = STREAM_UDP_PORT};
		struct fb_worker_conf worker = {
			.index = w, .queues = &queue, .queue_cnt = 1, .streams = &stream, .stream_cnt = 1};

		queues[w].number = w;
		queues[w].sent = 0;
		atomic_store(&all_sent[w], false);
		cr_assert_eq(fb_worker_create(&worker, &workers[w]), 0);
		post(w, &(struct fb_mail){.kind = FB_MAIL_READER_ADD, .reader = query_reader(&query), .board = query.board});
	}
}

static void run(const char *sql, uint32_t worker_cnt, uint64_t seed)
{
	pthread_t threads[WORKERS_MAX];

	open_all(sql, worker_cnt, seed);
	for (uint32_t w = 0; w < worker_cnt; w++)
		threads[w] = race_start(turn, &queues[w]);
	while (!is_done() && await_turn(worker_cnt)) {
		control_step(race_word(seed + 7, atomic_load_explicit(&turns.step, memory_order_relaxed)));
		pass_turn();
	}
	atomic_store(&turns.over, true);
	for (uint32_t w = 0; w < worker_cnt; w++)
		race_join(threads[w]);
	publish(FB_TIME_MAX);
	cr_assert_gt(control.checkpoints, 5);
	cr_assert_gt(control.bytes, 0);
	cr_assert(fb_assembly_is_empty(control.assembly));
}

static void close_all(void)
{
	fb_assembly_destroy(control.assembly);
	for (uint32_t w = 0; w < turns.worker_cnt; w++) {
		cr_assert_eq(fb_reader_query_counters(control.readers[w], 0)->state_used_bytes, 0, "pages are missing");
		fb_reader_destroy(control.readers[w]);
		fb_worker_destroy(workers[w]);
	}
	query_fini(&query);
}

/* ---- what must come out: rules W9, M4, M6, record by record ---- */

static struct row want[2 * DATAGRAMS * WORKERS_MAX];
static uint32_t want_cnt;

static bool add_record(struct record record, int64_t watermark_ms)
{
	struct row mine = {record.ms, record.ms + GAP_MS, record.key, 1};
	bool touched = false;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < want_cnt; i++) {
		struct row *row = &want[i];

		if (row->key != record.key || row->end_ms - 1 <= watermark_ms || row->start_ms > record.ms + GAP_MS ||
			row->end_ms < record.ms) {
			want[kept++] = *row;
			continue;
		}
		mine.start_ms = FB_MIN(mine.start_ms, row->start_ms);
		mine.end_ms = FB_MAX(mine.end_ms, row->end_ms);
		mine.n += row->n;
		touched = true;
	}
	want_cnt = kept;
	if (!touched && record.ms + GAP_MS - 1 <= watermark_ms)
		return false;
	want[want_cnt++] = mine;
	return true;
}

static int by_row(const void *a, const void *b)
{
	const struct row *x = a;
	const struct row *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	if (x->start_ms != y->start_ms)
		return x->start_ms < y->start_ms ? -1 : 1;
	return x->end_ms < y->end_ms ? -1 : x->end_ms > y->end_ms;
}

static void expect_rows(void)
{
	qsort(want, want_cnt, sizeof(*want), by_row);
	qsort(control.rows, control.row_cnt, sizeof(*control.rows), by_row);
	cr_assert_eq(control.row_cnt, want_cnt, "seed %lu", turns.seed);
	for (uint32_t i = 0; i < want_cnt; i++)
		cr_assert(by_row(&control.rows[i], &want[i]) == 0 && control.rows[i].n == want[i].n, "seed %lu, row %u",
			turns.seed, i);
}

TestSuite(session, .timeout = 250);

/* Records come up to five seconds late: the worker looks into what it has handed over. */
Test(session, slices_are_looked_into_while_they_are_joined_and_exported)
{
	for (uint64_t seed = 1; seed <= 8; seed++) {
		int64_t watermark_ms = 0;
		uint32_t late = 0;

		run(SQL("'1' SECOND"), 1, seed);
		want_cnt = 0;
		for (uint64_t i = 0; i < 2 * DATAGRAMS; i++) {
			struct record record = record_of(0, i);

			late += !add_record(record, watermark_ms);
			watermark_ms = FB_MAX(watermark_ms, record.ms - 1000);
		}
		cr_assert_gt(late, 20);
		expect_rows();
		cr_assert_eq(fb_reader_query_counters(control.readers[0], 0)->disposition[FB_REC_LATE], late);
		close_all();
	}
}

/* Nothing is late, however far one is ahead before the other has begun: so the rows do not depend on who was when how far. */
Test(session, fragments_of_two_workers_are_one_session)
{
	for (uint64_t seed = 11; seed <= 30; seed++) {
		run(SQL("'20' SECOND"), 2, seed);
		want_cnt = 0;
		for (uint32_t w = 0; w < 2; w++)
			for (uint64_t i = 0; i < 2 * DATAGRAMS; i++)
				cr_assert(add_record(record_of(w, i), FB_TIME_MIN));
		expect_rows();
		close_all();
	}
}
