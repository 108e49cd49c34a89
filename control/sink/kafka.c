/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kafka through librdkafka: an idempotent producer that retries for ever, so that a broker's absence is only a delay and its
 * return doubles nothing. Delivery reports may come in any order between partitions; the cursor is the lowest row without one.
 */
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "config/base/calendar.h"
#include "control/sink/sinks.h"
#include "dataplane/format/writer.h"
#include "dataplane/operator/row.h"

#define UNACKED_MAX (1u << 17) /* rows under way; librdkafka's queue holds 100,000 */
#define AWAY_AFTER_NS 2000000000 /* no report for so long while rows are under way: say that the broker is away */

struct fb_sink {
	const struct fb_table *table;
	const char *pipeline;
	rd_kafka_t *producer;
	rd_kafka_topic_t *topic;
	struct fb_writer *value_writer;
	struct fb_writer *key_writer;
	bool key_is_unique; /* no two rows of the results have one key */
	struct fb_table value_table; /* the columns of the value */
	struct fb_table key_table;
	uint16_t *value_fields;
	uint16_t *key_fields;
	struct fb_type *types;
	struct fb_value *values;
	struct fb_value *some;
	struct fb_buf key;
	struct fb_buf value;
	uint8_t *acked; /* ring of UNACKED_MAX */
	uint64_t next_seq;  /* rows below have arrived */
	uint64_t taken_seq; /* rows below have been handed to librdkafka */
	int64_t progress_ns;
	int failed; /* of a row, for good */
	char error[256];
};

/* ---- configuration ---- */

static int set_property(rd_kafka_conf_t *conf, const char *key, const char *value, struct fb_buf *message)
{
	char text[256];

	if (rd_kafka_conf_set(conf, key, value, text, sizeof(text)) == RD_KAFKA_CONF_OK)
		return 0;
	fb_buf_printf(message, "kafka property %s: %s", key, text);
	return FB_E_CONFIG;
}

static int set_properties(rd_kafka_conf_t *conf, const struct fb_sink_conf *sink_conf, struct fb_buf *message)
{
	const struct fb_table *table = sink_conf->query->sink;
	const char *guarantee = fb_table_option(table, "sink.delivery-guarantee");
	static const char prefix[] = "properties.";
	int rc = 0;

	/* A sink that is away waits in the store, not in a time-out: rows are never given up. */
	rc = set_property(conf, "message.timeout.ms", "0", message);
	if (rc == 0 && guarantee != NULL && strcmp(guarantee, "none") == 0)
		rc = set_property(conf, "acks", "0", message);
	else if (rc == 0)
		rc = set_property(conf, "enable.idempotence", "true", message);
	if (rc == 0)
		rc = set_property(conf, "linger.ms", "5", message);
	if (rc == 0)
		rc = set_property(conf, "compression.type", "lz4", message);
	/* The log is ours to write: what a user has to know is in `forebay status`. */
	if (rc == 0)
		rc = set_property(conf, "log_level", "2", message);
	for (uint32_t i = 0; rc == 0 && i < sink_conf->appliance->kafka.properties_count; i++)
		rc = set_property(conf, sink_conf->appliance->kafka.properties[i].key,
			sink_conf->appliance->kafka.properties[i].value, message);
	for (uint32_t i = 0; rc == 0 && i < table->option_cnt; i++) {
		const char *key = table->options[i].key;

		/* group.id is a consumer's; Flink's sink takes it too. */
		if (strncmp(key, prefix, sizeof(prefix) - 1) == 0 && strcmp(key, "properties.group.id") != 0)
			rc = set_property(conf, key + sizeof(prefix) - 1, table->options[i].value, message);
	}
	return rc;
}

/* ---- key and value columns ---- */

static bool is_key_field(const struct fb_table *table, const char *name)
{
	const char *at = fb_table_option(table, "key.fields");
	size_t len = strlen(name);

	while (at != NULL && *at != '\0') {
		size_t part = strcspn(at, ";");

		if (part == len && memcmp(at, name, len) == 0)
			return true;
		at += part + (at[part] == ';');
	}
	return false;
}

static bool key_has_input(const struct fb_query_plan *query, uint16_t input)
{
	for (uint16_t i = 0; i < query->select_cnt; i++)
		if (query->select[i]->op == FB_OP_INPUT && query->select[i]->input == input &&
			is_key_field(query->sink, query->sink->fields[i]->name))
			return true;
	return false;
}

/* Which window, and which group of it. Windows of CUMULATE that begin together end one after the other. */
static bool is_unique_key(const struct fb_query_plan *query)
{
	bool unique = key_has_input(query, FB_GROUP_WINDOW_END) ||
		(query->window.kind != FB_WINDOW_CUMULATE && key_has_input(query, FB_GROUP_WINDOW_START));

	for (uint16_t k = 0; k < query->key_cnt; k++)
		unique &= key_has_input(query, (uint16_t)(FB_GROUP_KEYS + k));
	return unique;
}

/* A table with some of the sink's columns, for a writer of its own. */
static int sub_table(const struct fb_table *table, bool keys, bool all, const char *format, struct fb_table *out,
	uint16_t **ret_fields)
{
	*out = *table;
	out->format = format;
	out->fields = calloc(table->field_cnt + 1u, sizeof(*out->fields));
	*ret_fields = calloc(table->field_cnt + 1u, sizeof(**ret_fields));
	out->field_cnt = 0;
	if (out->fields == NULL || *ret_fields == NULL)
		return FB_E_NO_MEMORY;
	for (uint16_t i = 0; i < table->field_cnt; i++)
		if (all || is_key_field(table, table->fields[i]->name) == keys) {
			(*ret_fields)[out->field_cnt] = i;
			out->fields[out->field_cnt++] = table->fields[i];
		}
	return 0;
}

static int make_writers(struct fb_sink *sink, struct fb_buf *message)
{
	const struct fb_table *table = sink->table;
	const char *include = fb_table_option(table, "value.fields-include");
	const char *key_format = fb_table_option(table, "key.format");
	bool except = include != NULL && strcasecmp(include, "EXCEPT_KEY") == 0;
	int rc = sub_table(table, false, !except, table->format, &sink->value_table, &sink->value_fields);

	if (rc == 0)
		rc = fb_writer_create(&sink->value_table, &sink->value_writer);
	if (rc == 0 && key_format != NULL) {
		rc = sub_table(table, true, false, key_format, &sink->key_table, &sink->key_fields);
		if (rc == 0)
			rc = fb_writer_create(&sink->key_table, &sink->key_writer);
	}
	if (rc == FB_E_UNSUPPORTED)
		fb_buf_add_text(message, "formats for kafka are csv and json");
	return rc;
}

/* ---- reports ---- */

static void delivered(rd_kafka_t *producer, const rd_kafka_message_t *report, void *opaque)
{
	struct fb_sink *sink = opaque;
	uint64_t seq = (uint64_t)(uintptr_t)report->_private;

	if (report->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
		sink->failed = FB_E_REFUSED;
		snprintf(sink->error, sizeof(sink->error), "row %" PRIu64 ": %s", seq, rd_kafka_err2str(report->err));
		return;
	}
	sink->acked[seq % UNACKED_MAX] = 1;
	while (sink->next_seq < sink->taken_seq && sink->acked[sink->next_seq % UNACKED_MAX])
		sink->acked[sink->next_seq++ % UNACKED_MAX] = 0;
	sink->progress_ns = fb_clock_monotonic_ns();
}

/* Brokers down and such: librdkafka goes on trying; the words are kept for the status. */
static void on_error(rd_kafka_t *producer, int err, const char *reason, void *opaque)
{
	struct fb_sink *sink = opaque;

	if (err == RD_KAFKA_RESP_ERR__FATAL)
		sink->failed = FB_E_CANCELLED;
	snprintf(sink->error, sizeof(sink->error), "%s", reason);
}

/* ---- open, close ---- */

static void close_kafka(struct fb_sink *sink)
{
	if (sink->producer != NULL) {
		/* What has no report yet is in the store still. */
		rd_kafka_purge(sink->producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
		rd_kafka_poll(sink->producer, 100);
		if (sink->topic != NULL)
			rd_kafka_topic_destroy(sink->topic);
		rd_kafka_destroy(sink->producer);
	}
	fb_writer_destroy(sink->value_writer);
	fb_writer_destroy(sink->key_writer);
	free(sink->value_table.fields);
	free(sink->key_table.fields);
	free(sink->value_fields);
	free(sink->key_fields);
	free(sink->types);
	free(sink->values);
	free(sink->some);
	free(sink->acked);
	fb_buf_fini(&sink->key);
	fb_buf_fini(&sink->value);
	free(sink);
}

static int start_producer(struct fb_sink *sink, const struct fb_sink_conf *conf, struct fb_buf *message)
{
	const char *name = fb_table_option(sink->table, "topic");
	rd_kafka_conf_t *kafka = rd_kafka_conf_new();
	char text[256];
	int rc = set_properties(kafka, conf, message);

	if (rc == 0 && name == NULL) {
		fb_buf_add_text(message, "option 'topic' is missing");
		rc = FB_E_CONFIG;
	}
	if (rc != 0) {
		rd_kafka_conf_destroy(kafka);
		return rc;
	}
	rd_kafka_conf_set_dr_msg_cb(kafka, delivered);
	rd_kafka_conf_set_error_cb(kafka, on_error);
	rd_kafka_conf_set_opaque(kafka, sink);
	sink->producer = rd_kafka_new(RD_KAFKA_PRODUCER, kafka, text, sizeof(text));
	if (sink->producer == NULL) {
		fb_buf_printf(message, "the producer does not start: %s", text);
		rd_kafka_conf_destroy(kafka);
		return FB_E_CONFIG;
	}
	sink->topic = rd_kafka_topic_new(sink->producer, name, NULL);
	if (sink->topic == NULL) {
		fb_buf_printf(message, "topic %s: %s", name, rd_kafka_err2str(rd_kafka_last_error()));
		return FB_E_CONFIG;
	}
	return 0;
}

static int open_kafka(const struct fb_sink_conf *conf, uint64_t next_seq, struct fb_buf *message, struct fb_sink **ret)
{
	const struct fb_table *table = conf->query->sink;
	struct fb_sink *sink = calloc(1, sizeof(*sink));
	int rc = FB_E_NO_MEMORY;

	if (sink == NULL)
		return rc;
	sink->table = table;
	sink->pipeline = conf->pipeline;
	sink->key_is_unique = is_unique_key(conf->query);
	sink->next_seq = sink->taken_seq = next_seq;
	sink->progress_ns = fb_clock_monotonic_ns();
	sink->types = calloc(table->field_cnt, sizeof(*sink->types));
	sink->values = calloc(table->field_cnt, sizeof(*sink->values));
	sink->some = calloc(table->field_cnt, sizeof(*sink->some));
	sink->acked = calloc(UNACKED_MAX, 1);
	if (sink->types != NULL && sink->values != NULL && sink->some != NULL && sink->acked != NULL) {
		for (uint32_t i = 0; i < table->field_cnt; i++)
			sink->types[i] = table->fields[i]->type;
		rc = make_writers(sink, message);
	}
	if (rc == 0)
		rc = start_producer(sink, conf, message);
	if (rc != 0) {
		close_kafka(sink);
		return rc;
	}
	*ret = sink;
	return 0;
}

/* ---- rows ---- */

static void write_part(struct fb_sink *sink, struct fb_writer *writer, const struct fb_table *table, const uint16_t *fields,
	struct fb_buf *out)
{
	for (uint32_t i = 0; i < table->field_cnt; i++)
		sink->some[i] = sink->values[fields[i]];
	fb_buf_clear(out);
	fb_writer_row(writer, sink->some, out);
}

static void add_number(rd_kafka_headers_t *headers, const char *name, uint64_t value)
{
	char number[24];
	int len = snprintf(number, sizeof(number), "%" PRIu64, value);

	rd_kafka_header_add(headers, name, -1, number, len);
}

/*
 * A row that is no more is a tombstone where it alone has its key: log compaction removes what has the key. Where rows of other windows
 * or groups have it, too, a message without a value would not say which is meant: it has the row as it was.
 */
static rd_kafka_resp_err_t produce(struct fb_sink *sink, const struct fb_sink_row *row)
{
	static const char *const changes[] = {
		[FB_STORE_INSERT] = "insert", [FB_STORE_UPDATE] = "update", [FB_STORE_DELETE] = "delete"};
	bool tombstone = row->change == FB_STORE_DELETE && sink->key_writer != NULL && sink->key_is_unique;
	rd_kafka_headers_t *headers = rd_kafka_headers_new(4);
	rd_kafka_resp_err_t err;

	rd_kafka_header_add(headers, "pipeline", -1, sink->pipeline, -1);
	add_number(headers, "seq", row->seq);
	add_number(headers, "revision", row->revision);
	if (row->revision > 0)
		rd_kafka_header_add(headers, "change", -1, changes[row->change], -1);
	err = rd_kafka_producev(sink->producer, RD_KAFKA_V_RKT(sink->topic), RD_KAFKA_V_PARTITION(RD_KAFKA_PARTITION_UA),
		RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_VALUE(tombstone ? NULL : sink->value.p, tombstone ? 0 : sink->value.len),
		RD_KAFKA_V_KEY(sink->key_writer ? sink->key.p : NULL, sink->key_writer ? sink->key.len : 0),
		RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE((void *)(uintptr_t)row->seq), RD_KAFKA_V_END);
	if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
		rd_kafka_headers_destroy(headers);
	return err;
}

static int write_kafka(
	struct fb_sink *sink, const struct fb_sink_row *rows, uint32_t cnt, uint32_t *ret_taken, struct fb_buf *message)
{
	uint32_t taken = 0;
	int rc = 0;

	for (; taken < cnt && rows[taken].seq - sink->next_seq < UNACKED_MAX; taken++) {
		int64_t used = fb_row_decode(
			rows[taken].bytes, rows[taken].len, sink->types, sink->table->field_cnt, sink->values);
		rd_kafka_resp_err_t err;

		if (used < 0) {
			fb_buf_printf(message, "row %" PRIu64 " of the store does not decode", rows[taken].seq);
			rc = (int)used;
			break;
		}
		write_part(sink, sink->value_writer, &sink->value_table, sink->value_fields, &sink->value);
		if (sink->key_writer != NULL)
			write_part(sink, sink->key_writer, &sink->key_table, sink->key_fields, &sink->key);
		err = produce(sink, &rows[taken]);
		if (err == RD_KAFKA_RESP_ERR__QUEUE_FULL)
			break;
		if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
			fb_buf_printf(message, "row %" PRIu64 ": %s", rows[taken].seq, rd_kafka_err2str(err));
			rc = err == RD_KAFKA_RESP_ERR__FATAL ? FB_E_CANCELLED : FB_E_REFUSED;
			break;
		}
		sink->taken_seq = rows[taken].seq + 1;
	}
	*ret_taken = taken;
	/* Those before it arrive first, and are known to have: the row is tried again, and then refused alone. */
	if (rc != 0 && rc != FB_E_CANCELLED && sink->next_seq < sink->taken_seq) {
		fb_buf_clear(message);
		rc = 0;
	}
	return rc;
}

static int poll_kafka(struct fb_sink *sink, bool flush, int timeout_ms, uint64_t *ret_next_seq, struct fb_buf *message)
{
	bool under_way = sink->next_seq < sink->taken_seq;

	rd_kafka_poll(sink->producer, under_way ? timeout_ms : 0);
	*ret_next_seq = sink->next_seq;
	if (sink->failed != 0) {
		/* The row and those behind it are read again: by a new producer. */
		fb_buf_add_text(message, sink->error);
		return FB_E_CANCELLED;
	}
	if (!under_way)
		sink->progress_ns = fb_clock_monotonic_ns();
	if (sink->next_seq < sink->taken_seq && fb_clock_monotonic_ns() - sink->progress_ns > AWAY_AFTER_NS) {
		fb_buf_printf(message, "no broker takes rows: %s", sink->error[0] ? sink->error : "waiting");
		return FB_E_UNREACHABLE;
	}
	return 0;
}

const struct fb_sink_ops fb_sink_kafka = {
	.connector = "kafka", .open = open_kafka, .write = write_kafka, .poll = poll_kafka, .close = close_kafka};
