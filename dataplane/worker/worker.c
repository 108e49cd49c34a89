/* SPDX-License-Identifier: Apache-2.0 */
/* One turn of the poll loop. Hot: creation, snapshots and the sleeping loop around it are in
 * worker_control.c. */
#include "dataplane/worker/tap.h"
#include "dataplane/worker/worker_private.h"

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>

#define HOUSEKEEPING_TURNS 256
#define PREFETCH_AHEAD 3 /* datagrams; performance.md: the whole payload, three ahead */
#define ROWS_INTERVAL_MS 5
#define PUBLISH_INTERVAL_MS 1

/* ---- reports ---- */

/* Number of the next datagram of a stream: those of the burst at hand are counted when they are fed,
 * before the tap numbers them. */
static uint64_t log_position(const struct fb_worker *worker, uint32_t stream)
{
	return worker->taps[stream].first_seq + worker->numbers.streams[stream].datagrams;
}

/* What does not fit into the ring waits here, and later reports behind it, so that their order
 * holds. */
static void report(struct fb_worker *worker, struct fb_report item)
{
	item.worker = worker->index;
	item.log_seq = log_position(worker, worker->slots[item.slot].stream);
	if (worker->waiting_cnt == 0 && fb_mail_ring_put(&worker->reports, &item))
		return;
	worker->numbers.report_ring_full++;
	worker->waiting[(worker->waiting_at + worker->waiting_cnt++) % FB_WORKER_WAITING_MAX] =
		item;
}

static void flush_waiting(struct fb_worker *worker)
{
	while (worker->waiting_cnt > 0 &&
		fb_mail_ring_put(&worker->reports, &worker->waiting[worker->waiting_at])) {
		worker->waiting_at = (worker->waiting_at + 1) % FB_WORKER_WAITING_MAX;
		worker->waiting_cnt--;
	}
}

/*
 * While the control plane is behind, slices and rows stay in their readers, whose budgets bound
 * them. Half of the room is kept for the few reports that answer a mail.
 */
static bool can_report(const struct fb_worker *worker)
{
	return worker->waiting_cnt < FB_WORKER_WAITING_MAX / 2;
}

/* ---- watermarks ---- */

/* Minimum over the active lines of a source; FB_TIME_MAX: there is none, and FB_TIME_MIN: all of them wait. */
static int64_t source_minimum(const struct fb_watermark_board *board, uint32_t except)
{
	int64_t minimum = FB_TIME_MAX;
	bool waiting = except == UINT32_MAX;

	for (uint32_t i = 0; i < board->worker_cnt; i++) {
		uint32_t state = atomic_load_explicit(&board->lines[i].state, memory_order_acquire);

		if (i == except || state == FB_LINE_WAITING)
			continue;
		waiting = false;
		if (state != FB_LINE_ACTIVE)
			continue;

		int64_t own = atomic_load_explicit(&board->lines[i].own_ms, memory_order_relaxed);

		minimum = FB_MIN(minimum, own);
	}
	return waiting ? FB_TIME_MIN : minimum;
}

/* Of all sources of the ring, but for line `except` of this one; FB_TIME_MAX: no line is active. */
static int64_t board_minimum(const struct fb_watermark_board *board, uint32_t except)
{
	int64_t minimum = source_minimum(board, except);

	for (const struct fb_watermark_board *at = board->next; at != NULL && at != board; at = at->next) {
		int64_t of_source = source_minimum(at, UINT32_MAX);

		minimum = FB_MIN(minimum, of_source);
	}
	return minimum;
}

static void publish_watermark(struct fb_worker *worker, struct reader_slot *slot)
{
	typeof(&slot->board->lines[0]) line = &slot->board->lines[worker->index];

	/* The value first: nobody may see this worker active with the watermark it had before it
	 * fell silent. */
	atomic_store_explicit(
		&line->own_ms, fb_reader_own_watermark(slot->reader), memory_order_relaxed);
	if (slot->line != FB_LINE_ACTIVE) {
		slot->line = FB_LINE_ACTIVE;
		atomic_store_explicit(&line->state, FB_LINE_ACTIVE, memory_order_release);
	}
}

static void advance(struct reader_slot *slot)
{
	int64_t global = board_minimum(slot->board, UINT32_MAX);

	if (global != FB_TIME_MAX)
		fb_reader_set_watermark(slot->reader, global);
}

/* ---- hand-over ---- */

/* Marks and sealed slices, then the watermark that completed them. False: stopped half-way, the control plane
 * is behind. */
static bool hand_over_sealed(struct fb_worker *worker, uint32_t number)
{
	struct reader_slot *slot = &worker->slots[number];
	struct fb_slice *slice;
	uint32_t query;
	int64_t mark_ms;

	while (can_report(worker) && fb_reader_take_mark(slot->reader, &mark_ms))
		report(worker, (struct fb_report){.kind = FB_REPORT_MARK, .slot = number, .watermark_ms = mark_ms});
	while (can_report(worker) && (slice = fb_reader_take_sealed(slot->reader, &query)) != NULL)
		report(worker, (struct fb_report){.kind = FB_REPORT_SLICE,
				       .slot = number,
				       .query = query,
				       .slice = slice});
	if (!can_report(worker))
		return false;
	if (fb_reader_watermark(slot->reader) > slot->reported_ms) {
		slot->reported_ms = fb_reader_watermark(slot->reader);
		report(worker, (struct fb_report){.kind = FB_REPORT_WATERMARK,
				       .slot = number,
				       .watermark_ms = slot->reported_ms});
	}
	return true;
}

static bool hand_over_rows(struct fb_worker *worker, uint32_t number, bool any)
{
	struct fb_row_page *rows;

	while (can_report(worker) &&
		(rows = fb_reader_take_rows(worker->slots[number].reader, any)) != NULL)
		report(worker, (struct fb_report){.kind = FB_REPORT_ROWS,
				       .slot = number,
				       .query = rows->query,
				       .rows = rows});
	return can_report(worker);
}

static void leave_board(struct fb_worker *worker, struct reader_slot *slot)
{
	slot->line = FB_LINE_IDLE;
	atomic_store_explicit(
		&slot->board->lines[worker->index].state, FB_LINE_IDLE, memory_order_release);
}

/* All but its position in the log, which is where the reader was fed last. */
static void fill_epoch(struct reader_slot *slot)
{
	struct fb_reader_epoch *epoch = slot->epoch;

	slot->epoch = NULL;
	if (epoch == NULL)
		return;
	epoch->own_watermark_ms = fb_reader_own_watermark(slot->reader);
	epoch->watermark_ms = fb_reader_watermark(slot->reader);
	epoch->datagrams = slot->datagrams;
	epoch->decode = *fb_reader_decode_counters(slot->reader);
	for (uint32_t i = 0; i < slot->query_cnt; i++)
		epoch->queries[i] = *fb_reader_query_counters(slot->reader, i);
}

/* A reader on its way out; it may take several turns while the control plane is behind. */
static void finish_slot(struct fb_worker *worker, uint32_t number)
{
	struct reader_slot *slot = &worker->slots[number];
	struct fb_slice *slice;
	uint32_t query;

	if (!hand_over_sealed(worker, number) || !hand_over_rows(worker, number, true))
		return;
	while (slot->state == SLOT_KEEPING && can_report(worker) &&
		(slice = fb_reader_take_open(slot->reader, &query)) != NULL)
		report(worker, (struct fb_report){.kind = FB_REPORT_SLICE_OPEN,
				       .slot = number,
				       .query = query,
				       .slice = slice});
	if (!can_report(worker))
		return;
	fill_epoch(slot);
	/* What is kept goes on later: until then the other sources of the ring do not go on without it. */
	if (slot->state == SLOT_ENDING || slot->board->next == NULL)
		leave_board(worker, slot);
	fb_worker_publish(worker);
	report(worker,
		(struct fb_report){
			.kind = FB_REPORT_READER_DONE, .slot = number, .reader = slot->reader});
	slot->state = SLOT_FREE;
	slot->reader = NULL;
}

/* ---- checkpoint ---- */

/*
 * Slices change owner instead of being copied, so the poll loop waits for nothing, and what comes next
 * begins new ones: the control plane merges those of one window anyway. May take several turns while the
 * control plane is behind; the numbers are those of the last.
 */
static void take_checkpoint(struct fb_worker *worker, uint32_t number)
{
	struct reader_slot *slot = &worker->slots[number];
	struct fb_slice *slice;
	uint32_t query;

	if (!hand_over_sealed(worker, number) || !hand_over_rows(worker, number, true))
		return;
	slot->epoch->refused = !fb_reader_can_checkpoint(slot->reader);
	while (!slot->epoch->refused && can_report(worker) &&
		(slice = fb_reader_take_checkpoint(slot->reader, &query)) != NULL)
		report(worker, (struct fb_report){.kind = FB_REPORT_SLICE_OPEN,
				       .slot = number,
				       .query = query,
				       .slice = slice});
	if (!can_report(worker))
		return;
	slot->epoch->log_seq = log_position(worker, slot->stream);
	fill_epoch(slot);
	slot->epoch_cnt++;
	report(worker, (struct fb_report){.kind = FB_REPORT_CHECKPOINT, .slot = number});
}

static bool is_in_ring(const struct fb_watermark_board *ring, const struct fb_watermark_board *board)
{
	const struct fb_watermark_board *at = ring;

	while (at != board && at->next != NULL && at->next != ring)
		at = at->next;
	return at == board;
}

/*
 * Sources that have a watermark together are taken together: between their positions in the log nothing was
 * received then, so that what is read again is judged as it was.
 */
static bool is_asked_whole(const struct fb_worker *worker, const struct reader_slot *slot)
{
	bool whole = true;

	if (slot->board->next == NULL)
		return true;
	for (uint32_t i = 0; i < worker->slot_end; i++) {
		const struct reader_slot *other = &worker->slots[i];

		if (other->state == SLOT_RUNNING && other->epoch == NULL &&
			other->epoch_cnt == slot->epoch_cnt && is_in_ring(slot->board, other->board))
			whole = false;
	}
	return whole;
}

/* ---- mail ---- */

static void add_reader(struct fb_worker *worker, const struct fb_mail *mail)
{
	worker->slots[mail->slot] = (struct reader_slot){
		.state = SLOT_RUNNING,
		.stream = mail->stream,
		.query_cnt = fb_reader_query_cnt(mail->reader),
		.reader = mail->reader,
		.board = mail->board,
		.reported_ms = fb_reader_watermark(mail->reader),
		.idle_timeout_ms = mail->idle_timeout_ms
					   ? mail->idle_timeout_ms
					   : worker->streams[mail->stream].idle_timeout_ms,
		.rows_tsc = worker->last_tsc,
		.received_tsc = worker->last_tsc,
	};
	worker->slot_end = FB_MAX(worker->slot_end, mail->slot + 1);
	if (mail->active)
		publish_watermark(worker, &worker->slots[mail->slot]);
	report(worker, (struct fb_report){.kind = FB_REPORT_READER_ADDED, .slot = mail->slot});
}

/* Between two bursts: nothing waits in the reader. */
static void raise_watermark(struct fb_worker *worker, struct reader_slot *slot, int64_t watermark_ms)
{
	if (slot->state != SLOT_RUNNING || fb_reader_own_watermark(slot->reader) >= watermark_ms)
		return;
	fb_reader_resume(slot->reader, watermark_ms);
	if (slot->line == FB_LINE_ACTIVE)
		publish_watermark(worker, slot);
}

static void handle_mail(struct fb_worker *worker, const struct fb_mail *mail)
{
	struct reader_slot *slot = &worker->slots[mail->slot % FB_WORKER_READER_MAX];

	switch (mail->kind) {
	case FB_MAIL_RECEIVE:
		worker->paused = false;
		for (uint32_t q = 0; q < worker->queue_cnt; q++)
			fb_net_announce(&worker->nets[q]);
		break;
	case FB_MAIL_PAUSE:
		worker->paused = true;
		break;
	case FB_MAIL_READER_ADD:
		add_reader(worker, mail);
		break;
	case FB_MAIL_READER_END:
		if (slot->state == SLOT_RUNNING) {
			slot->state = SLOT_ENDING;
			fb_reader_set_watermark(slot->reader, FB_TIME_MAX);
		}
		break;
	case FB_MAIL_READER_KEEP:
		if (slot->state == SLOT_RUNNING) {
			slot->state = SLOT_KEEPING;
			slot->epoch = mail->epoch;
			/* What comes from now on is not fed: it is for the next start to read. */
			if (slot->epoch != NULL)
				slot->epoch->log_seq = log_position(worker, slot->stream);
		}
		break;
	case FB_MAIL_CHECKPOINT:
		if (slot->state == SLOT_RUNNING)
			slot->epoch = mail->epoch;
		break;
	case FB_MAIL_READER_RAISE:
		raise_watermark(worker, slot, mail->watermark_ms);
		break;
	case FB_MAIL_SLICE_FREE:
		/* After READER_DONE the reader is the control plane's, and so are its slices. */
		if (slot->reader != NULL)
			fb_reader_return_slice(slot->reader, mail->query, mail->slice);
		break;
	case FB_MAIL_ROWS_FREE:
		if (slot->reader != NULL)
			fb_reader_return_rows(slot->reader, mail->rows);
		break;
	case FB_MAIL_STOP:
		worker->stopped = true;
		fb_worker_publish(worker);
		report(worker, (struct fb_report){.kind = FB_REPORT_STOPPED});
		break;
	}
}

/* ---- housekeeping ---- */

static void check_idle(struct fb_worker *worker, struct reader_slot *slot, uint64_t now)
{
	if (slot->line != FB_LINE_IDLE && slot->idle_timeout_ms > 0 &&
		now - slot->received_tsc > (uint64_t)slot->idle_timeout_ms * worker->tsc_per_ms)
		leave_board(worker, slot);
}

static void housekeeping(struct fb_worker *worker, uint64_t now)
{
	struct fb_mail mail;

	worker->housekeeping_tsc = now;
	flush_waiting(worker);
	for (int i = 0; i < 64 && fb_mail_ring_take(&worker->mail, &mail); i++)
		handle_mail(worker, &mail);
	for (uint32_t i = 0; i < worker->slot_end; i++) {
		struct reader_slot *slot = &worker->slots[i];

		if (slot->state == SLOT_FREE)
			continue;
		if (slot->state != SLOT_RUNNING) {
			finish_slot(worker, i);
			continue;
		}
		check_idle(worker, slot, now);
		advance(slot);
		hand_over_sealed(worker, i);
		if (slot->epoch != NULL && is_asked_whole(worker, slot))
			take_checkpoint(worker, i);
		if (now - slot->rows_tsc > ROWS_INTERVAL_MS * worker->tsc_per_ms) {
			slot->rows_tsc = now;
			hand_over_rows(worker, i, true);
		}
	}
	if (now - worker->publish_tsc > PUBLISH_INTERVAL_MS * worker->tsc_per_ms) {
		worker->publish_tsc = now;
		fb_worker_publish(worker);
	}
}

/* ---- receiving ---- */

static inline void prefetch_payload(const struct fb_datagram *datagram)
{
	for (uint32_t at = 0; at < datagram->len; at += FB_CACHE_LINE_BYTES)
		rte_prefetch0(datagram->data + at);
}

static void touch_slot(struct reader_slot *slot, uint32_t worker_index, uint64_t now)
{
	slot->touched = true;
	slot->received_tsc = now;
	/* No other active partition: FB_TIME_MAX, and the own watermark alone decides. */
	fb_reader_set_others(slot->reader, board_minimum(slot->board, worker_index));
}

static void feed(struct fb_worker *worker, const struct fb_datagram *datagram, uint64_t now)
{
	struct fb_stream_counters *stream = &worker->numbers.streams[datagram->stream];
	bool read = false;

	stream->datagrams++;
	stream->bytes += datagram->len;
	for (uint32_t i = 0; i < worker->slot_end; i++) {
		struct reader_slot *slot = &worker->slots[i];

		if (slot->state != SLOT_RUNNING || slot->stream != datagram->stream)
			continue;
		if (!slot->touched)
			touch_slot(slot, worker->index, now);
		slot->datagrams++;
		fb_reader_feed(slot->reader, datagram->data, datagram->len);
		read = true;
	}
	stream->unread_datagrams += !read;
}

/* ---- the tap ---- */

/* With the first datagram of the burst goes what is known of its event times. */
static enum fb_tap_burst_kind tell_burst(struct tap_stream *tap, const struct rte_mbuf *mbuf, uint8_t *payload)
{
	if (tap->begun)
		return FB_TAP_BURST_SAME;
	tap->begun = true;
	if (tap->burst.definition == 0 || !fb_tap_has_room(mbuf, payload))
		return FB_TAP_BURST_UNKNOWN;
	fb_tap_write_burst(payload, &tap->burst);
	return FB_TAP_BURST_KNOWN;
}

/*
 * Gives the packets of kept streams away and leaves the others in front of `packets`; returns how
 * many those are. imported_ns: their times, of a capture; else NULL. No reader looks at the burst
 * any more: the notes may overwrite headers.
 */
static uint16_t hand_over_packets(struct fb_worker *worker, struct rte_mbuf **packets,
	const struct fb_datagram *datagrams, uint16_t cnt, uint16_t queue, const int64_t *imported_ns)
{
	void *kept[FB_NET_BURST];
	uint16_t index[FB_NET_BURST];
	uint16_t kept_cnt = 0;
	uint16_t left = 0;
	uint32_t taken;

	for (uint16_t i = 0; i < cnt; i++) {
		const struct fb_datagram *datagram = &datagrams[i];
		struct tap_stream *tap = &worker->taps[datagram->stream];
		enum fb_tap_burst_kind burst;

		if (!tap->kept) {
			packets[left++] = packets[i];
			continue;
		}
		burst = tell_burst(tap, packets[i], (uint8_t *)(uintptr_t)datagram->data);
		fb_tap_write(packets[i], (uint8_t *)(uintptr_t)datagram->data, datagram->len,
			&(struct fb_tap_note){.seq = tap->next_seq++,
				.arrival_tsc = imported_ns ? (uint64_t)imported_ns[i] : worker->last_tsc,
				.imported = imported_ns != NULL,
				.watermark_ms = tap->watermark_ms,
				.source_ip = datagram->source_ip,
				.source_port = datagram->source_port,
				.stream = (uint16_t)datagram->stream,
				.queue = (uint8_t)queue,
				.burst = (uint8_t)burst});
		index[kept_cnt] = i;
		kept[kept_cnt++] = packets[i];
	}
	taken = fb_spsc_publish_many(&worker->tap, kept, kept_cnt);
	for (uint16_t i = 0; i < kept_cnt; i++) {
		const struct fb_datagram *datagram = &datagrams[index[i]];
		struct fb_stream_counters *stream = &worker->numbers.streams[datagram->stream];

		worker->taps[datagram->stream].watermark_ms =
			worker->taps[datagram->stream].seen_ms;
		worker->taps[datagram->stream].begun = false;
		worker->taps[datagram->stream].burst.definition = 0;
		if (i < taken) {
			stream->tapped_datagrams++;
			stream->tapped_bytes += datagram->len;
		} else {
			stream->tap_full_datagrams++;
			stream->tap_full_bytes += datagram->len;
			packets[left++] = kept[i];
		}
	}
	return left;
}

/* What the notes of the next burst say: the watermark that its records will be judged by. */
static void note_watermark(struct fb_worker *worker, const struct reader_slot *slot)
{
	worker->taps[slot->stream].seen_ms = fb_reader_watermark(slot->reader);
}

/* Readers may differ in what event time is: the lowest number counts, which is the same on all workers and over restarts. */
static void note_event_times(struct fb_worker *worker, const struct reader_slot *slot)
{
	struct fb_event_definition definition = fb_reader_event_definition(slot->reader);
	struct fb_tap_burst *burst = &worker->taps[slot->stream].burst;
	int64_t oldest_ms, newest_ms;

	fb_reader_take_event_times(slot->reader, &oldest_ms, &newest_ms);
	if (definition.hash == 0)
		return;
	if (burst->definition == 0 || definition.hash < burst->definition ||
		(definition.hash == burst->definition && definition.fields < burst->fields))
		*burst = (struct fb_tap_burst){definition.hash, definition.fields, oldest_ms, newest_ms};
}

/* After the flush no reader holds a pointer into the packets. */
static void after_burst(struct fb_worker *worker)
{
	for (uint32_t i = 0; i < worker->slot_end; i++) {
		struct reader_slot *slot = &worker->slots[i];

		if (!slot->touched)
			continue;
		slot->touched = false;
		fb_reader_flush(slot->reader);
		publish_watermark(worker, slot);
		advance(slot);
		hand_over_sealed(worker, i);
		hand_over_rows(worker, i, false);
		note_watermark(worker, slot);
		if (worker->taps[slot->stream].kept)
			note_event_times(worker, slot);
	}
}

/* Feeds a burst to the readers, and gives its packets to the tap or back. */
static void take_datagrams(struct fb_worker *worker, struct rte_mbuf **packets, const struct fb_datagram *datagrams, uint16_t cnt,
	uint16_t queue, const int64_t *imported_ns, uint64_t now)
{
	for (uint16_t i = 0; i < FB_MIN(cnt, (uint16_t)PREFETCH_AHEAD); i++)
		prefetch_payload(&datagrams[i]);
	for (uint16_t i = 0; i < cnt; i++) {
		if (i + PREFETCH_AHEAD < cnt)
			prefetch_payload(&datagrams[i + PREFETCH_AHEAD]);
		feed(worker, &datagrams[i], now);
	}
	after_burst(worker);
	if (worker->has_tap)
		cnt = hand_over_packets(worker, packets, datagrams, cnt, queue, imported_ns);
	rte_pktmbuf_free_bulk(packets, cnt);
}

static uint16_t poll_queue(struct fb_worker *worker, uint32_t number, uint64_t now)
{
	const struct fb_worker_queue *queue = &worker->queues[number];
	struct rte_mbuf *packets[FB_NET_BURST];
	struct fb_datagram datagrams[FB_NET_BURST];
	uint16_t received;
	uint16_t cnt;

	if (worker->tap_back_off && !fb_spsc_has_room(&worker->tap, FB_NET_BURST)) {
		worker->numbers.tap_back_offs++;
		return 0;
	}
	received = rte_eth_rx_burst(queue->port->id, queue->queue, packets, FB_NET_BURST);
	cnt = received;

	if (received == 0)
		return 0;
	worker->numbers.bursts++;
	fb_net_burst(&worker->nets[number], packets, &cnt, datagrams);
	take_datagrams(worker, packets, datagrams, cnt, queue->queue, NULL, now);
	return received;
}

/* A burst of a capture, if there is one and room for it. */
static uint16_t poll_import(struct fb_worker *worker, uint64_t now)
{
	struct rte_mbuf *packets[FB_NET_BURST];
	struct fb_datagram datagrams[FB_NET_BURST];
	int64_t arrival_ns[FB_NET_BURST];
	uint16_t cnt;
	uint16_t taken = fb_worker_take_import(worker, packets, datagrams, arrival_ns, &cnt);

	if (cnt > 0)
		take_datagrams(worker, packets, datagrams, cnt, 0, arrival_ns, now);
	return taken;
}

bool fb_worker_poll(struct fb_worker *worker)
{
	uint64_t now = rte_rdtsc();
	uint64_t gap = now - worker->last_tsc;
	uint32_t received = 0;

	worker->last_tsc = now;
	/* Stopped, but waiting for room in the report ring: what it received now would be in no
	 * published number. */
	for (uint32_t i = 0; i < worker->queue_cnt && !worker->paused && !worker->stopped; i++)
		received += poll_queue(worker, i, now);
	worker->numbers.polls++;
	worker->numbers.empty_polls += received == 0;
	/* The time since the last poll belongs to what that poll brought. */
	if (worker->was_busy)
		worker->numbers.busy_cycles += gap;
	else
		worker->numbers.idle_cycles += gap;
	if (!worker->slept)
		worker->numbers.longest_gap_cycles =
			FB_MAX(worker->numbers.longest_gap_cycles, gap);
	worker->slept = false;
	worker->was_busy = received > 0;
	if (received == 0 || ++worker->turns % HOUSEKEEPING_TURNS == 0) {
		if (!worker->paused && !worker->stopped)
			received += poll_import(worker, now);
		housekeeping(worker, now);
	}
	return received > 0;
}

void fb_worker_turn(struct fb_worker *worker)
{
	fb_worker_poll(worker);
}
