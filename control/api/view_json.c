/* SPDX-License-Identifier: Apache-2.0 */
#include "control/api/view_json.h"

#include <math.h>
#include <stdio.h>

#include "config/base/calendar.h"
#include "config/tables/disposition.h"
#include "dataplane/format/writer.h"

static void set_u64(json_t *object, const char *key, uint64_t value)
{
	json_object_set_new(object, key, json_integer((json_int_t)value));
}

static void set_text(json_t *object, const char *key, const char *text)
{
	json_object_set_new(object, key, text ? json_string(text) : json_null());
}

json_t *fb_json_time(int64_t ms)
{
	char text[FB_TIME_TEXT_BYTES];

	if (ms == FB_TIME_MIN)
		return json_null();
	if (ms >= FB_TIME_MAX / 1000)
		return json_string("end");
	fb_time_format_us(ms * 1000, 3, text);
	return json_string(text);
}

json_t *fb_json_value(struct fb_type type, const struct fb_value *value)
{
	struct fb_buf text = {0};
	json_t *json;

	if (value->is_null)
		return json_null();
	if (type.kind == FB_T_BOOLEAN)
		return json_boolean(value->i64 != 0);
	if (fb_type_is_integer(type))
		return json_integer(value->i64);
	if (fb_type_phys(type) == FB_PHYS_F64 && isfinite(value->f64))
		return json_real(value->f64);
	fb_value_format(type, value, &text);
	/* Records may hold bytes that are no UTF-8: shown as they would be in Latin-1, never an
	 * error. */
	json = json_stringn(text.p ? text.p : "", text.len);
	if (json == NULL) {
		struct fb_buf latin = {0};

		for (size_t i = 0; i < text.len; i++) {
			uint8_t c = (uint8_t)text.p[i];

			if (c >= 0x80)
				fb_buf_add_char(&latin, (char)(0xc0 | c >> 6));
			fb_buf_add_char(&latin, (char)(c >= 0x80 ? 0x80 | (c & 0x3f) : c));
		}
		json = json_stringn(latin.p, latin.len);
		fb_buf_fini(&latin);
	}
	fb_buf_fini(&text);
	return json;
}

/* ---- counters by disposition ---- */

static json_t *packet_dispositions(const uint64_t *counts)
{
	json_t *object = json_object();

	for (int i = 0; i < FB_PKT_CNT; i++)
		set_u64(object, fb_packet_dispositions[i].label, counts[i]);
	return object;
}

/* Only what can happen there: rejects of decoding are MALFORMED, the others belong to queries. */
static json_t *record_dispositions(const uint64_t *counts, bool decode)
{
	json_t *object = json_object();

	for (int i = 0; i < FB_REC_CNT; i++) {
		bool of_decode = fb_record_dispositions[i].class == FB_CLASS_MALFORMED &&
				 i != FB_REC_EXPRESSION;

		if (of_decode == decode)
			set_u64(object, fb_record_dispositions[i].label, counts[i]);
	}
	return object;
}

/* ---- parts ---- */

static json_t *port_json(const struct fb_port_view *port)
{
	const struct fb_port_stats *stats = &port->stats;
	json_t *object = json_object();
	json_t *numbers = json_object();
	char mac[32];

	snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", port->mac[0], port->mac[1],
		port->mac[2], port->mac[3], port->mac[4], port->mac[5]);
	set_text(object, "name", port->name);
	set_text(object, "device", port->device);
	set_text(object, "driver", port->driver);
	set_text(object, "mac", mac);
	set_u64(object, "queues", port->queue_cnt);
	json_object_set_new(object, "link_up", json_boolean(stats->link_up));
	set_u64(object, "link_mbps", stats->link_mbps);
	set_u64(object, "link_flaps", stats->link_flap_cnt);
	json_object_set_new(numbers, "wire_known", json_boolean(stats->wire_known));
	set_u64(numbers, "wire_packets", stats->wire_packets);
	set_u64(numbers, "received_packets", stats->received_packets);
	set_u64(numbers, "received_bytes", stats->received_bytes);
	set_u64(numbers, "missed_packets", stats->missed_packets);
	set_u64(numbers, "no_mbuf", stats->no_mbuf);
	set_u64(numbers, "rx_errors", stats->rx_errors);
	set_u64(numbers, "sent_packets", stats->sent_packets);
	set_u64(numbers, "sent_bytes", stats->sent_bytes);
	set_u64(numbers, "replies_unsent", port->net.replies_unsent);
	set_u64(numbers, "checksum_wrong_taken", port->net.checksum_wrong_taken);
	json_object_set_new(object, "stats", numbers);
	json_object_set_new(object, "dispositions", packet_dispositions(port->net.disposition));
	return object;
}

static json_t *raw_json(const struct fb_keeper_stream *raw)
{
	json_t *object = json_object();
	json_t *datagrams = json_object();
	json_t *bytes = json_object();

	for (int i = 0; i < FB_RAW_CNT; i++) {
		set_u64(datagrams, fb_raw_dispositions[i].label, raw->datagrams[i]);
		set_u64(bytes, fb_raw_dispositions[i].label, raw->bytes[i]);
	}
	json_object_set_new(object, "dispositions", datagrams);
	json_object_set_new(object, "dispositions_bytes", bytes);
	set_u64(object, "buffered_datagrams", raw->buffered_datagrams);
	set_u64(object, "buffered_bytes", raw->buffered_bytes);
	set_u64(object, "stored_datagrams", raw->stored_datagrams);
	set_u64(object, "stored_payload_bytes", raw->stored_payload_bytes);
	set_u64(object, "stored_bytes", raw->stored_bytes);
	set_u64(object, "files_written", raw->file_cnt);
	set_u64(object, "flush_errors", raw->flush_errors);
	json_object_set_new(object, "from",
		fb_json_time(raw->stored_datagrams ? raw->first_arrival_ns / 1000000 : FB_TIME_MIN));
	json_object_set_new(object, "to",
		fb_json_time(raw->stored_datagrams ? raw->last_arrival_ns / 1000000 : FB_TIME_MIN));
	return object;
}

static json_t *stream_json(const struct fb_stream_view *stream)
{
	json_t *object = json_object();

	set_text(object, "table", stream->table);
	set_text(object, "port", stream->port);
	set_u64(object, "udp_port", stream->udp_port);
	set_u64(object, "datagrams", stream->counters.datagrams);
	set_u64(object, "bytes", stream->counters.bytes);
	set_u64(object, "unread_datagrams", stream->counters.unread_datagrams);
	json_object_set_new(object, "log_end", fb_json_time(stream->log_end_ms ? stream->log_end_ms : FB_TIME_MIN));
	json_object_set_new(object, "raw", stream->raw.kept ? raw_json(&stream->raw) : json_null());
	return object;
}

static json_t *worker_json(const struct fb_worker_view *worker, double tsc_hz)
{
	json_t *object = json_object();

	set_u64(object, "index", worker->index);
	set_u64(object, "core", worker->core);
	set_u64(object, "packets", worker->packets);
	set_u64(object, "polls", worker->polls);
	set_u64(object, "empty_polls", worker->empty_polls);
	set_u64(object, "sleeps", worker->sleeps);
	set_u64(object, "report_ring_full", worker->report_ring_full);
	json_object_set_new(
		object, "busy_seconds", json_real((double)worker->busy_cycles / tsc_hz));
	json_object_set_new(
		object, "idle_seconds", json_real((double)worker->idle_cycles / tsc_hz));
	json_object_set_new(object, "longest_gap_us",
		json_real((double)worker->longest_gap_cycles / tsc_hz * 1e6));
	return object;
}

static json_t *delivery_json(const struct fb_delivery_status *delivery)
{
	json_t *object = json_object();

	set_u64(object, "delivered", delivery->delivered);
	set_u64(object, "pending", delivery->end - FB_MIN(delivery->cursor, delivery->end));
	set_u64(object, "retries", delivery->retries);
	json_object_set_new(object, "waiting", json_boolean(delivery->waiting));
	set_text(object, "message", delivery->message);
	json_object_set_new(object, "last_ok",
		fb_json_time(delivery->last_ok_ms ? delivery->last_ok_ms : FB_TIME_MIN));
	return object;
}

static json_t *query_json(const struct fb_query_view *query)
{
	const struct fb_query_counters *counters = &query->counters;
	json_t *object = json_object();

	set_text(object, "name", query->name);
	set_u64(object, "id", query->query_id);
	set_text(object, "sink", query->sink);
	set_text(object, "connector", query->connector);
	json_object_set_new(object, "windowed", json_boolean(query->windowed));
	json_object_set_new(
		object, "dispositions", record_dispositions(counters->disposition, false));
	set_u64(object, "late_row_windows", counters->late_row_windows);
	set_u64(object, "sum_overflows", counters->sum_overflows);
	set_u64(object, "open_windows", counters->open_slices);
	set_u64(object, "open_rows", counters->open_rows);
	set_u64(object, "open_groups", counters->open_groups);
	set_u64(object, "pending_rows", query->pending_rows);
	set_u64(object, "state_used_bytes", counters->state_used_bytes);
	set_u64(object, "windows", query->merged_windows);
	set_u64(object, "window_rows", query->merged_rows);
	set_u64(object, "dropped_groups", query->dropped_groups);
	set_u64(object, "result_rows", query->result_rows);
	json_object_set_new(object, "delivery", delivery_json(&query->delivery));
	return object;
}

/* Nothing is said before the first one, but what recovery did. */
static json_t *checkpoint_json(const struct fb_checkpoint_view *checkpoint, int64_t now_ms)
{
	json_t *object = json_object();

	set_u64(object, "count", checkpoint->cnt);
	set_u64(object, "failed", checkpoint->failed_cnt);
	if (checkpoint->cnt > 0) {
		json_object_set_new(object, "written", fb_json_time(checkpoint->written_ms));
		json_object_set_new(object, "age_seconds",
			json_real((double)(now_ms - checkpoint->written_ms) / 1000));
		set_u64(object, "bytes", checkpoint->bytes);
		json_object_set_new(object, "duration_seconds",
			json_real((double)checkpoint->duration_ns / 1e9));
	}
	set_text(object, "error", checkpoint->error);
	set_u64(object, "recovered_datagrams", checkpoint->recovered_datagrams);
	json_object_set_new(
		object, "recovery_seconds", json_real((double)checkpoint->recovery_ns / 1e9));
	return object;
}

static json_t *backfill_json(const struct fb_backfill_view *backfill)
{
	json_t *object = json_object();
	uint64_t total = backfill->done + backfill->left;

	set_text(object, "phase", backfill->phase);
	json_object_set_new(object, "share", json_real(total ? (double)backfill->done / (double)total : 0));
	set_u64(object, "datagrams", backfill->datagrams);
	set_u64(object, "left_datagrams", backfill->left);
	set_u64(object, "bytes", backfill->bytes);
	set_u64(object, "missing_datagrams", backfill->missing);
	json_object_set_new(object, "datagrams_per_second", json_real(backfill->datagrams_per_s));
	json_object_set_new(object, "bytes_per_second", json_real(backfill->bytes_per_s));
	set_text(object, "error", backfill->error);
	return object;
}

static json_t *pipeline_json(const struct fb_pipeline_view *pipeline, int64_t now_ms)
{
	static const char *const states[] = {
		[FB_PIPELINE_RUNNING] = "running",
		[FB_PIPELINE_DRAINING] = "draining",
		[FB_PIPELINE_DRAINED] = "drained",
		[FB_PIPELINE_BACKFILLING] = "backfilling",
	};
	const struct fb_decode_counters *decode = &pipeline->decode;
	json_t *object = json_object();
	json_t *numbers = json_object();
	json_t *queries = json_array();

	set_text(object, "name", pipeline->name);
	set_text(object, "state", states[pipeline->state]);
	set_text(object, "stream", pipeline->stream);
	json_object_set_new(object, "applied", fb_json_time(pipeline->applied_ms));
	json_object_set_new(object, "watermark", fb_json_time(pipeline->watermark_ms));
	set_u64(numbers, "payloads", decode->payloads);
	set_u64(numbers, "bytes", decode->payload_bytes);
	set_u64(numbers, "records", decode->records);
	set_u64(numbers, "decoded", decode->decoded);
	set_u64(numbers, "null_fields", decode->null_fields);
	set_u64(numbers, "sequence_gaps", decode->sequence_gaps);
	set_u64(numbers, "sequence_lost", decode->sequence_lost);
	set_u64(numbers, "sequence_late", decode->sequence_late);
	set_u64(numbers, "sequence_restarts", decode->sequence_restarts);
	json_object_set_new(numbers, "rejected", record_dispositions(decode->rejected, true));
	json_object_set_new(object, "decode", numbers);
	if (pipeline->replaces[0] != '\0')
		set_text(object, "replaces", pipeline->replaces);
	set_u64(object, "backfilled_datagrams", pipeline->backfilled_datagrams);
	if (pipeline->backfill.active)
		json_object_set_new(object, "backfill", backfill_json(&pipeline->backfill));
	json_object_set_new(object, "checkpoint", checkpoint_json(&pipeline->checkpoint, now_ms));
	for (uint32_t i = 0; i < pipeline->query_cnt; i++)
		json_array_append_new(queries, query_json(&pipeline->queries[i]));
	json_object_set_new(object, "queries", queries);
	return object;
}

static json_t *store_json(const struct fb_store_stats *store)
{
	json_t *object = json_object();

	set_u64(object, "disk_bytes", store->disk_bytes);
	set_u64(object, "memtable_bytes", store->memtable_bytes);
	set_u64(object, "result_rows_estimate", store->result_rows_estimate);
	set_u64(object, "commits", store->commits);
	set_u64(object, "commit_errors", store->commit_errors);
	json_object_set_new(object, "write_stall", json_boolean(store->write_stall != 0));
	set_u64(object, "set_aside_files", store->set_aside_files);
	set_u64(object, "damaged_reads", store->damage_cnt);
	set_text(object, "damage", store->damage);
	/* of the run before */
	set_u64(object, "torn_bytes", store->torn_bytes);
	json_object_set_new(object, "written", fb_json_time(store->written_ms ? store->written_ms : FB_TIME_MIN));
	return object;
}

json_t *fb_json_import(const struct fb_engine_view *view)
{
	const struct fb_import_view *import = &view->import;
	json_t *object = json_object();

	if (!import->any) {
		json_decref(object);
		return json_null();
	}
	set_text(object, "path", import->path);
	set_text(object, "stream", import->stream);
	set_text(object, "state", import->active ? "running" : import->cancelled ? "cancelled" : import->error[0] ? "failed" : "done");
	set_text(object, "error", import->error);
	set_u64(object, "file_bytes", import->file_bytes);
	set_u64(object, "read_bytes", import->read_bytes);
	set_u64(object, "packets", import->packets);
	set_u64(object, "oversized", import->oversized);
	json_object_set_new(object, "from", fb_json_time(import->first_ns ? import->first_ns / 1000000 : FB_TIME_MIN));
	json_object_set_new(object, "to", fb_json_time(import->last_ns ? import->last_ns / 1000000 : FB_TIME_MIN));
	json_object_set_new(object, "seconds", json_real(import->seconds));
	json_object_set_new(object, "dispositions", packet_dispositions(import->disposition));
	return object;
}

/* ---- wholes ---- */

json_t *fb_json_ports(const struct fb_engine_view *view)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < view->port_cnt; i++)
		json_array_append_new(array, port_json(&view->ports[i]));
	return array;
}

json_t *fb_json_pipelines(const struct fb_engine_view *view)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < view->pipeline_cnt; i++)
		json_array_append_new(array, pipeline_json(&view->pipelines[i], view->now_ms));
	return array;
}

json_t *fb_json_pipeline(const struct fb_engine_view *view, const char *name)
{
	for (uint32_t i = 0; i < view->pipeline_cnt; i++) {
		if (strcmp(view->pipelines[i].name, name) != 0)
			continue;

		json_t *object = pipeline_json(&view->pipelines[i], view->now_ms);

		set_text(object, "sql", view->pipelines[i].sql);
		return object;
	}
	return NULL;
}

json_t *fb_json_status(const struct fb_engine_view *view)
{
	json_t *object = json_object();
	json_t *streams = json_array();
	json_t *workers = json_array();

	set_text(object, "name", view->name);
	set_text(object, "version", FB_VERSION);
	set_text(object, "kernels", fb_isa_name(view->isa));
	json_object_set_new(object, "started", fb_json_time(view->started_ms));
	json_object_set_new(object, "uptime_seconds",
		json_real((double)(view->now_ms - view->started_ms) / 1000));
	json_object_set_new(object, "unclean_start", json_boolean(view->unclean));
	set_text(object, "store_error", view->store_error);
	set_text(object, "raw_error", view->raw_error);
	json_object_set_new(object, "raw_damage",
		json_pack("{s:I, s:I, s:s}", "blocks", (json_int_t)view->raw_damage.block_cnt, "datagrams",
			(json_int_t)view->raw_damage.datagram_cnt, "last", view->raw_damage.last));
	json_object_set_new(object, "ports", fb_json_ports(view));
	for (uint32_t i = 0; i < view->stream_cnt; i++)
		json_array_append_new(streams, stream_json(&view->streams[i]));
	json_object_set_new(object, "streams", streams);
	for (uint32_t i = 0; i < view->worker_cnt; i++)
		json_array_append_new(workers, worker_json(&view->workers[i], view->tsc_hz));
	json_object_set_new(object, "workers", workers);
	json_object_set_new(object, "pipelines", fb_json_pipelines(view));
	json_object_set_new(object, "store", store_json(&view->store));
	json_object_set_new(object, "import", fb_json_import(view));
	return object;
}

json_t *fb_json_ledger(const struct fb_ledger *ledger)
{
	json_t *object = json_object();
	json_t *streams = json_array();
	json_t *lines = json_array();

	for (uint32_t i = 0; i < ledger->line_cnt; i++) {
		const struct fb_ledger_line *line = &ledger->lines[i];
		json_t *entry = json_object();

		set_text(entry, "scope", line->scope);
		set_text(entry, "equation", line->name);
		set_u64(entry, "left", line->left);
		set_u64(entry, "right", line->right);
		set_u64(entry, "in_flight", line->in_flight);
		json_object_set_new(entry, "balanced", json_boolean(line->balanced));
		json_array_append_new(lines, entry);
	}
	json_object_set_new(object, "balanced", json_boolean(ledger->balanced));
	json_object_set_new(object, "unclean_start", json_boolean(ledger->view.unclean));
	json_object_set_new(object, "lines", lines);
	for (uint32_t i = 0; i < ledger->view.stream_cnt; i++)
		json_array_append_new(streams, stream_json(&ledger->view.streams[i]));
	json_object_set_new(object, "ports", fb_json_ports(&ledger->view));
	json_object_set_new(object, "streams", streams);
	json_object_set_new(object, "pipelines", fb_json_pipelines(&ledger->view));
	return object;
}

json_t *fb_json_diagnostics(const struct fb_diags *diags)
{
	static const char *const names[] = {
		[FB_NOTE] = "note", [FB_WARNING] = "warning", [FB_ERROR_SEVERITY] = "error"};
	json_t *array = json_array();

	for (size_t i = 0; i < diags->cnt; i++) {
		const struct fb_diag *diag = &diags->items[i];
		json_t *entry = json_object();

		set_text(entry, "severity", names[diag->severity]);
		set_text(entry, "file", diags->file);
		set_u64(entry, "line", diag->place.line);
		set_u64(entry, "column", diag->place.column);
		set_u64(entry, "length", diag->place.length);
		set_text(entry, "message", diag->message ? diag->message : "");
		if (diag->hint != NULL)
			set_text(entry, "hint", diag->hint);
		json_array_append_new(array, entry);
	}
	return array;
}

json_t *fb_json_settings(const struct fb_appliance *appliance)
{
	json_t *object = json_object();
	json_t *ports = json_array();
	json_t *streams = json_array();

	set_text(object, "file", appliance->file);
	set_text(object, "name", appliance->name);
	set_text(object, "store_path", appliance->store.path);
	set_u64(object, "results_retention_s", appliance->store.results_retention_s);
	set_text(object, "socket", appliance->http.socket);
	set_text(object, "listen", appliance->http.listen);
	set_text(object, "kernels", appliance->kernels);
	set_u64(object, "packet_mb", appliance->memory.packet_mb);
	set_u64(object, "state_mb", appliance->memory.state_mb);
	set_u64(object, "output_mb", appliance->memory.output_mb);
	json_object_set_new(object, "hugepages", json_boolean(appliance->memory.hugepages));
	for (uint32_t i = 0; i < appliance->ports_count; i++) {
		json_t *port = json_object();

		set_text(port, "name", appliance->ports[i].name);
		set_text(port, "device", appliance->ports[i].device);
		set_u64(port, "queues", appliance->ports[i].queues);
		set_u64(port, "mtu", appliance->ports[i].mtu);
		json_array_append_new(ports, port);
	}
	json_object_set_new(object, "ports", ports);
	for (uint32_t i = 0; i < appliance->streams_count; i++) {
		json_t *stream = json_object();

		set_text(stream, "table", appliance->streams[i].table);
		set_text(stream, "port", appliance->streams[i].port);
		set_u64(stream, "udp_port", appliance->streams[i].udp_port);
		set_text(stream, "framing", appliance->streams[i].framing);
		json_array_append_new(streams, stream);
	}
	json_object_set_new(object, "streams", streams);
	return object;
}
