/* SPDX-License-Identifier: Apache-2.0 */
#include "control/api/log.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/api/view_json.h"
#include "state/rawlog/rawlog.h"

#define SPANS_MAX 100000
#define BLOCKS_DEFAULT 1000
#define DATAGRAMS_DEFAULT 1000
#define DATAGRAMS_MAX 100000
#define PAGE_BYTES (4u << 20) /* of payload */

static int64_t number(const struct fb_api_request *request, const char *key, int64_t missing)
{
	const char *text = request->parameter(request->parameter_arg, key);
	char *end;
	int64_t value;

	if (text == NULL || *text == '\0')
		return missing;
	value = strtoll(text, &end, 10);
	return *end == '\0' ? value : missing;
}

static void set_u64(json_t *object, const char *key, uint64_t value)
{
	json_object_set_new(object, key, json_integer((json_int_t)value));
}

static json_t *span_json(const struct fb_rawlog_span *span, bool with_seq)
{
	json_t *object = json_object();

	set_u64(object, "datagrams", span->datagram_cnt);
	set_u64(object, "blocks", span->block_cnt);
	set_u64(object, "payload_bytes", span->payload_bytes);
	set_u64(object, "stored_bytes", span->stored_bytes);
	json_object_set_new(object, "from", fb_json_time(span->first_arrival_ns / 1000000));
	json_object_set_new(object, "to", fb_json_time(span->last_arrival_ns / 1000000));
	if (with_seq) {
		set_u64(object, "core", span->core);
		set_u64(object, "first_seq", span->first_seq);
		set_u64(object, "last_seq", span->last_seq);
		json_object_set_new(object, "watermark", fb_json_time(span->watermark_ms));
	}
	return object;
}

/* ---- streams ---- */

#define STREAMS_MAX 1024

struct names {
	uint32_t cnt;
	uint32_t ids[STREAMS_MAX];
	char *tables[STREAMS_MAX];
};

static int add_name(void *arg, uint32_t id, const char *table)
{
	struct names *names = arg;

	if (names->cnt == STREAMS_MAX)
		return 1;
	names->ids[names->cnt] = id;
	names->tables[names->cnt++] = strdup(table);
	return 0;
}

/* The cores of a stream are few: the worker count is bounded, and so is its history. */
static json_t *lanes_json(struct fb_rawlog *log, uint32_t id)
{
	json_t *lanes = json_array();

	for (uint32_t core = 0; core < FB_WORKER_MAX; core++) {
		struct fb_rawlog_span lane;

		if (fb_rawlog_total(log, id, core, &lane) == 0)
			json_array_append_new(lanes, span_json(&lane, true));
	}
	return lanes;
}

void fb_api_log_streams(struct fb_api_request *request, struct fb_api_answer *answer)
{
	struct fb_rawlog *log = fb_engine_rawlog(request->engine);
	struct names *names = calloc(1, sizeof(*names));
	json_t *streams = json_array();

	if (names != NULL)
		FB_IGNORE(fb_rawlog_streams(log, add_name, names));
	for (uint32_t i = 0; names != NULL && i < names->cnt; i++) {
		struct fb_rawlog_span total = {0};
		json_t *stream;

		if (fb_rawlog_total(log, names->ids[i], FB_RAWLOG_ALL_CORES, &total) != 0)
			total = (struct fb_rawlog_span){0};
		stream = total.block_cnt ? span_json(&total, false) : json_object();
		json_object_set_new(
			stream, "table", json_string(names->tables[i] ? names->tables[i] : ""));
		json_object_set_new(stream, "lanes", lanes_json(log, names->ids[i]));
		json_array_append_new(streams, stream);
		free(names->tables[i]);
	}
	free(names);
	answer->json = json_pack("{s:o}", "streams", streams);
}

/* ---- one stream ---- */

static int find_stream(
	struct fb_api_request *request, struct fb_api_answer *answer, uint32_t *ret_id)
{
	int rc = fb_rawlog_stream_id(
		fb_engine_rawlog(request->engine), request->name, false, ret_id);

	if (rc != 0)
		fb_api_error(answer, 404, rc,
			"`forebay log list` lists what there is; retention_age_s or retention_mb "
			"of a "
			"stream in the appliance file keeps it",
			"the raw log has nothing of '%s'", request->name);
	return rc;
}

/* NULL: the appliance file no longer names the stream. */
static const struct fb_stream_conf *stream_conf(const struct fb_api_request *request)
{
	const struct fb_appliance *appliance = request->appliance;

	for (uint32_t i = 0; i < appliance->streams_count; i++)
		if (strcmp(appliance->streams[i].table, request->name) == 0)
			return &appliance->streams[i];
	return NULL;
}

static json_t *destination_json(const struct fb_api_request *request)
{
	const struct fb_appliance *appliance = request->appliance;
	const struct fb_stream_conf *stream = stream_conf(request);

	for (uint32_t p = 0; stream != NULL && p < appliance->ports_count; p++)
		if (strcmp(appliance->ports[p].name, stream->port) == 0)
			return json_pack("{s:s, s:i}", "address",
				appliance->ports[p].addresses_count ? appliance->ports[p].addresses[0]
								    : "",
				"udp_port", (int)stream->udp_port);
	return json_null();
}

/* How datagrams hold records: "newline", "datagram", or "binary", by a layout. */
static json_t *framing_json(const struct fb_api_request *request)
{
	const struct fb_stream_conf *stream = stream_conf(request);

	if (stream == NULL)
		return json_null();
	return json_string(stream->layout != NULL ? "binary" : stream->framing);
}

static int add_span(void *arg, const struct fb_rawlog_span *span, bool is_tail)
{
	json_t *spans = arg;
	json_t *object;

	if (json_array_size(spans) >= SPANS_MAX)
		return 1;
	object = span_json(span, true);
	json_object_set_new(object, "tail", json_boolean(is_tail));
	json_array_append_new(spans, object);
	return 0;
}

static struct fb_rawlog_range range_of(const struct fb_api_request *request, uint32_t id)
{
	struct fb_rawlog_range range =
		FB_RAWLOG_RANGE_ALL(id, (uint32_t)number(request, "core", 0));
	int64_t from_ms = number(request, "from_ms", INT64_MIN);
	int64_t to_ms = number(request, "to_ms", INT64_MAX);

	range.from_seq = (uint64_t)number(request, "from_seq", 0);
	if (from_ms > INT64_MIN / 1000000)
		range.from_ns = from_ms * 1000000;
	if (to_ms < INT64_MAX / 1000000 - 1)
		range.to_ns = to_ms * 1000000 + 999999;
	return range;
}

static json_t *damage_json(const struct fb_rawlog_damage *damage)
{
	return json_pack("{s:I, s:I, s:s}", "blocks", (json_int_t)damage->block_cnt, "datagrams",
		(json_int_t)damage->datagram_cnt, "last", damage->last);
}

static json_t *block_json(const struct fb_block_header *header)
{
	json_t *object = json_object();

	set_u64(object, "core", header->core);
	set_u64(object, "first_seq", header->first_seq);
	set_u64(object, "last_seq", header->last_seq);
	set_u64(object, "datagrams", header->datagram_cnt);
	set_u64(object, "payload_bytes", header->payload_bytes);
	set_u64(object, "stored_bytes", FB_BLOCK_HEADER_BYTES + header->stored_bytes);
	json_object_set_new(object, "compression", json_string(fb_block_codec_name(header->codec)));
	json_object_set_new(object, "from", fb_json_time(header->first_arrival_ns / 1000000));
	json_object_set_new(object, "to", fb_json_time(header->last_arrival_ns / 1000000));
	json_object_set_new(object, "watermark", fb_json_time(header->watermark_ms));
	return object;
}

static void list_blocks(struct fb_api_request *request, struct fb_api_answer *answer, uint32_t id)
{
	struct fb_rawlog_range range = range_of(request, id);
	int64_t limit = number(request, "limit", BLOCKS_DEFAULT);
	json_t *blocks = json_array();
	struct fb_rawlog_scan *scan;
	struct fb_block_header header;
	int rc = fb_rawlog_scan_create(fb_engine_rawlog(request->engine), &range, &scan);

	while (rc == 0 && (int64_t)json_array_size(blocks) < limit) {
		rc = fb_rawlog_scan_header(scan, &header);
		if (rc == 0)
			json_array_append_new(blocks, block_json(&header));
	}
	if (rc != 0 && rc != FB_E_NOT_FOUND) {
		fb_api_error(
			answer, 500, rc, NULL, "the raw log cannot be read: %s", fb_strerror(rc));
		json_decref(blocks);
		return;
	}
	answer->json = json_pack("{s:s, s:o, s:b, s:o}", "table", request->name, "blocks", blocks,
		"end", rc == FB_E_NOT_FOUND, "damage", damage_json(fb_rawlog_scan_damage(scan)));
	fb_rawlog_scan_destroy(scan);
}

void fb_api_log_stream(struct fb_api_request *request, struct fb_api_answer *answer)
{
	json_t *spans;
	uint32_t id;

	if (find_stream(request, answer, &id) != 0)
		return;
	if (number(request, "blocks", 0) != 0) {
		list_blocks(request, answer, id);
		return;
	}
	spans = json_array();
	FB_IGNORE(fb_rawlog_spans(fb_engine_rawlog(request->engine), id, add_span, spans));
	answer->json = json_pack("{s:s, s:o, s:o, s:o}", "table", request->name, "destination",
		destination_json(request), "framing", framing_json(request), "spans", spans);
}

/* ---- datagrams ---- */

static void source_text(const uint8_t source[16], char text[INET6_ADDRSTRLEN])
{
	if (fb_block_is_ipv4(source))
		inet_ntop(AF_INET, source + 12, text, INET6_ADDRSTRLEN);
	else
		inet_ntop(AF_INET6, source, text, INET6_ADDRSTRLEN);
}

static json_t *payload_json(const struct fb_block_datagram *datagram)
{
	static const char digits[] = "0123456789abcdef";
	char *text = malloc(2 * (size_t)datagram->len + 1);
	json_t *json;

	if (text == NULL)
		return json_null();
	for (uint32_t i = 0; i < datagram->len; i++) {
		text[2 * i] = digits[datagram->data[i] >> 4];
		text[2 * i + 1] = digits[datagram->data[i] & 15];
	}
	json = json_stringn_nocheck(text, 2 * (size_t)datagram->len);
	free(text);
	return json;
}

static json_t *datagram_json(const struct fb_block_datagram *datagram)
{
	json_t *object = json_object();
	char source[INET6_ADDRSTRLEN];

	source_text(datagram->source, source);
	set_u64(object, "seq", datagram->seq);
	json_object_set_new(object, "arrival_ns", json_integer(datagram->arrival_ns));
	json_object_set_new(object, "watermark", fb_json_time(datagram->watermark_ms));
	json_object_set_new(object, "source", json_string(source));
	set_u64(object, "source_port", datagram->source_port);
	set_u64(object, "port", datagram->port);
	set_u64(object, "queue", datagram->queue);
	json_object_set_new(object, "payload", payload_json(datagram));
	return object;
}

void fb_api_log_datagrams(struct fb_api_request *request, struct fb_api_answer *answer)
{
	uint64_t limit = FB_MIN(
		(uint64_t)number(request, "limit", DATAGRAMS_DEFAULT), (uint64_t)DATAGRAMS_MAX);
	struct fb_rawlog_range range;
	struct fb_rawlog_scan *scan;
	struct fb_block_datagram datagram;
	json_t *datagrams;
	uint64_t bytes = 0;
	uint32_t id;
	int rc;

	if (find_stream(request, answer, &id) != 0)
		return;
	range = range_of(request, id);
	rc = fb_rawlog_scan_create(fb_engine_rawlog(request->engine), &range, &scan);
	if (rc != 0) {
		fb_api_error(
			answer, 500, rc, NULL, "the raw log cannot be read: %s", fb_strerror(rc));
		return;
	}
	datagrams = json_array();
	while (rc == 0 && json_array_size(datagrams) < limit && bytes < PAGE_BYTES) {
		rc = fb_rawlog_scan_datagram(scan, &datagram);
		if (rc == 0) {
			json_array_append_new(datagrams, datagram_json(&datagram));
			range.from_seq = datagram.seq + 1;
			bytes += datagram.len;
		}
	}
	answer->json = json_pack("{s:s, s:I, s:I, s:b, s:o, s:o}", "table", request->name, "core",
		(json_int_t)range.core, "next_seq", (json_int_t)range.from_seq, "end", rc != 0,
		"damage", damage_json(fb_rawlog_scan_damage(scan)), "datagrams", datagrams);
	fb_rawlog_scan_destroy(scan);
}
