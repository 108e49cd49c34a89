/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files, local or in HDFS. Rows gather in memory, a text for each partition, and become files at each commit: written under
 * names that begin with a point (readers skip those), made durable, renamed. Readers never see half a file.
 *
 * Exactly once across a crash: when all hidden files of a commit are there, its rows and folders are noted in the store (meta
 * "sink/<query id>/intent"), and only then are they renamed. A start that finds the note goes on renaming; if none of the
 * files is there, hidden or not, the rows are still in the store. Once noted, a commit is finished as it is, whatever
 * fails in between: no row joins it.
 *
 *     gather -> write hidden files -> note intent -> rename each -> (delivery) cursor
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "config/base/calendar.h"
#include "control/sink/gather.h"
#include "control/sink/sinks.h"
#include "control/sink/storage.h"
#include "control/sink/webhdfs.h"
#include "dataplane/format/writer.h"
#include "dataplane/operator/row.h"

#define COMMIT_BYTES_MAX (128u << 20) /* a commit is due here at the latest; Flink's default roll size */

struct fb_sink {
	const struct fb_table *table;
	struct fb_store *store;
	struct fb_storage storage;
	char *folder; /* path without scheme and authority */
	char intent_key[64];
	char id[32]; /* in the names of its files, see load_id */
	struct fb_table written; /* the table without its partition columns: what files hold */
	struct fb_writer *writer;
	struct fb_type *types;
	struct fb_value *values;
	struct fb_value *file_values; /* of written */
	const char *default_name;     /* of the folder for NULL */
	const char *success_name;     /* of the empty file that marks a partition as committed; NULL: none */
	struct fb_gather gather;      /* rows [first_seq, next_seq) */
	uint64_t first_seq;
	uint64_t next_seq;
	uint64_t arrived_seq;
	int64_t commit_ns;
	int64_t first_ns; /* when the first of the waiting rows came */
	bool intended;	  /* the commit is noted: it has to be finished as it is */
	bool intent_checked;
};

/* ---- names ---- */

/* "file:///a/b", "/a/b" or "hdfs://host:port/a/b": the path alone. */
static const char *path_of(const char *url)
{
	const char *at = strstr(url, "://");

	if (at == NULL)
		return strncmp(url, "file:", 5) == 0 ? url + 5 : url;
	at = strchr(at + 3, '/');
	return at ? at : "/";
}

/* Numbered by its first row: the same rows of this sink get the same name again after a crash. */
static void file_name(
	const struct fb_sink *sink, const char *folder, uint64_t first_seq, bool hidden, struct fb_buf *out)
{
	const char *ending = sink->table->format && strcmp(sink->table->format, "json") == 0 ? "json" : "csv";

	fb_buf_clear(out);
	fb_buf_printf(out, "%s/%s%s%spart-%s-%012" PRIu64 "%s%s", sink->folder, folder, folder[0] ? "/" : "",
		hidden ? "." : "", sink->id, first_seq, hidden ? ".inprogress." : ".", ending);
}

/* ---- intent ---- */

/* Followed by the folders, each with its NUL; nothing behind: the one folder "". */
struct intent {
	uint64_t first_seq;
	uint64_t end_seq;
};

static int note_intent(struct fb_sink *sink)
{
	struct fb_store_batch *batch = fb_store_batch_create(sink->store);
	struct intent intent = {sink->first_seq, sink->next_seq};
	struct fb_buf value = {0};
	int rc;

	if (batch == NULL)
		return FB_E_NO_MEMORY;
	fb_buf_add(&value, &intent, sizeof(intent));
	for (uint32_t i = 0; i < sink->gather.cnt; i++)
		fb_buf_add(&value, sink->gather.at[i].folder, strlen(sink->gather.at[i].folder) + 1);
	fb_store_put_meta(batch, sink->intent_key, value.p, value.len);
	rc = value.failed ? FB_E_NO_MEMORY : fb_store_commit(batch, true);
	fb_store_batch_destroy(batch);
	fb_buf_fini(&value);
	return rc;
}

/*
 * The hidden file of a folder becomes visible, if it is not yet. "Not found" by the storage may mean that an earlier
 * rename has happened and its answer was lost: the visible file tells, for with this name it can only hold these rows.
 */
static int publish(struct fb_sink *sink, const char *folder, uint64_t first_seq, struct fb_buf *message)
{
	struct fb_buf hidden = {0};
	struct fb_buf final = {0};
	int rc;

	file_name(sink, folder, first_seq, true, &hidden);
	file_name(sink, folder, first_seq, false, &final);
	rc = hidden.failed || final.failed ? FB_E_NO_MEMORY
					   : fb_storage_rename(&sink->storage, hidden.p, final.p, message);
	if (rc == FB_E_NOT_FOUND) {
		struct fb_buf other = {0};
		int found = fb_storage_stat(&sink->storage, final.p, &other);

		if (found != FB_E_NOT_FOUND) {
			fb_buf_clear(message);
			fb_buf_add(message, other.p, other.len);
			rc = found;
		}
		fb_buf_fini(&other);
	}
	fb_buf_fini(&hidden);
	fb_buf_fini(&final);
	return rc;
}

/* sink.partition-commit.policy.kind = success-file: written again with each commit that adds to the partition, as in Flink. */
static int mark_committed(struct fb_sink *sink, const char *folder, struct fb_buf *message)
{
	struct fb_buf nothing = {0};
	struct fb_buf path = {0};
	int rc;

	if (sink->success_name == NULL)
		return 0;
	fb_buf_printf(&path, "%s/%s/%s", sink->folder, folder, sink->success_name);
	rc = path.failed ? FB_E_NO_MEMORY : fb_storage_put(&sink->storage, path.p, &nothing, message);
	fb_buf_fini(&path);
	return rc;
}

/* The files of the note. FB_E_NOT_FOUND: none of them is there, so nothing of it has happened. */
static int finish_noted(struct fb_sink *sink, const struct fb_buf *value, uint64_t first_seq, struct fb_buf *message)
{
	const char *at = value->p + sizeof(struct intent);
	const char *end = value->p + value->len;
	uint32_t seen = 0, missing = 0;

	do {
		const char *folder = at < end ? at : "";
		int rc = publish(sink, folder, first_seq, message);

		if (rc != 0 && rc != FB_E_NOT_FOUND)
			return rc;
		seen++;
		missing += rc == FB_E_NOT_FOUND;
		if (missing > 0 && missing < seen) {
			fb_buf_clear(message);
			fb_buf_printf(message, "a file of the commit at row %" PRIu64 " is gone from %s/%s: put it back, or "
				"drop the pipeline", first_seq, sink->folder, folder);
			return FB_E_CORRUPT;
		}
		if (rc == 0)
			rc = mark_committed(sink, folder, message);
		if (rc != 0 && rc != FB_E_NOT_FOUND)
			return rc;
		at += strlen(folder) + 1;
	} while (at < end);
	if (missing > 0)
		fb_buf_clear(message);
	return missing > 0 ? FB_E_NOT_FOUND : 0;
}

/* Once after a start: what was about to become visible does. */
static int check_intent(struct fb_sink *sink, struct fb_buf *message)
{
	struct fb_buf value = {0};
	struct intent intent = {0};
	int rc = fb_store_get_meta(sink->store, sink->intent_key, &value);

	if (rc == 0 && (value.len < sizeof(intent) || (value.len > sizeof(intent) && value.p[value.len - 1] != 0)))
		rc = FB_E_CORRUPT;
	if (rc == 0)
		memcpy(&intent, value.p, sizeof(intent));
	if (rc == FB_E_NOT_FOUND)
		rc = 0;
	if (rc == 0 && intent.end_seq > sink->arrived_seq) {
		rc = finish_noted(sink, &value, intent.first_seq, message);
		if (rc == 0)
			sink->arrived_seq = sink->next_seq = sink->first_seq = intent.end_seq;
		else if (rc == FB_E_NOT_FOUND)
			rc = 0;
	}
	fb_buf_fini(&value);
	sink->intent_checked = rc == 0;
	return rc;
}

/*
 * The sink's part of the file names: drawn once and kept (without store: drawn for each run), so that a folder in which another
 * store or run has left its files is added to, not written over.
 */
static int load_id(struct fb_sink *sink, const struct fb_sink_conf *conf)
{
	struct fb_buf value = {0};
	struct fb_store_batch *batch;
	uint32_t id;
	char key[64];
	int rc;

	snprintf(key, sizeof(key), "sink/%" PRIu32 "/id", conf->query_id);
	rc = conf->store ? fb_store_get_meta(conf->store, key, &value) : FB_E_NOT_FOUND;
	if (rc == FB_E_NOT_FOUND && getrandom(&id, sizeof(id), 0) != sizeof(id))
		id = (uint32_t)fb_clock_realtime_ns();
	if (conf->store == NULL) {
		rc = 0;
	} else if (rc == 0 && value.len == sizeof(id)) {
		memcpy(&id, value.p, sizeof(id));
	} else if (rc == FB_E_NOT_FOUND) {
		batch = fb_store_batch_create(conf->store);
		rc = FB_E_NO_MEMORY;
		if (batch != NULL) {
			fb_store_put_meta(batch, key, &id, sizeof(id));
			rc = fb_store_commit(batch, true);
			fb_store_batch_destroy(batch);
		}
	} else if (rc == 0) {
		rc = FB_E_CORRUPT;
	}
	fb_buf_fini(&value);
	if (rc == 0)
		snprintf(sink->id, sizeof(sink->id), "%08" PRIx32, id);
	return rc;
}

/* ---- commit ---- */

static int write_hidden(struct fb_sink *sink, const struct fb_gathered *partition, struct fb_buf *message)
{
	struct fb_buf path = {0};
	int rc;

	fb_buf_printf(&path, "%s/%s", sink->folder, partition->folder);
	if (path.len > 1 && path.p[path.len - 1] == '/')
		path.p[--path.len] = '\0';
	rc = path.failed ? FB_E_NO_MEMORY : fb_storage_mkdirs(&sink->storage, path.p, message);
	if (rc == 0) {
		file_name(sink, partition->folder, sink->first_seq, true, &path);
		rc = path.failed ? FB_E_NO_MEMORY : fb_storage_put(&sink->storage, path.p, &partition->text, message);
	}
	fb_buf_fini(&path);
	return rc;
}

static int commit(struct fb_sink *sink, struct fb_buf *message)
{
	int rc = 0;

	for (uint32_t i = 0; !sink->intended && rc == 0 && i < sink->gather.cnt; i++)
		rc = write_hidden(sink, &sink->gather.at[i], message);
	if (!sink->intended && rc == 0 && sink->store != NULL)
		rc = note_intent(sink);
	sink->intended = rc == 0;
	for (uint32_t i = 0; rc == 0 && i < sink->gather.cnt; i++) {
		rc = publish(sink, sink->gather.at[i].folder, sink->first_seq, message);
		if (rc == FB_E_NOT_FOUND) {
			/* Somebody took the hidden file away; its text is still here. */
			fb_buf_clear(message);
			rc = write_hidden(sink, &sink->gather.at[i], message);
			if (rc == 0)
				rc = publish(sink, sink->gather.at[i].folder, sink->first_seq, message);
		}
		if (rc == 0)
			rc = mark_committed(sink, sink->gather.at[i].folder, message);
	}
	if (rc == 0) {
		sink->arrived_seq = sink->first_seq = sink->next_seq;
		sink->intended = false;
		fb_gather_clear(&sink->gather);
	}
	return rc;
}

/* ---- gathering ---- */

static void add_row(struct fb_sink *sink, struct fb_gathered *partition)
{
	size_t before = partition->text.len;
	uint16_t cnt = 0;

	for (uint16_t i = 0; i < sink->table->field_cnt; i++)
		if (cnt < sink->written.field_cnt && sink->written.fields[cnt] == sink->table->fields[i])
			sink->file_values[cnt++] = sink->values[i];
	fb_writer_row(sink->writer, sink->file_values, &partition->text);
	fb_buf_add_char(&partition->text, '\n');
	sink->gather.bytes += partition->text.len - before;
}

/* ---- operations ---- */

static void close_filesystem(struct fb_sink *sink)
{
	/* What was gathered and not committed is in the store; hidden files of a commit that is not noted are of no use. */
	for (uint32_t i = 0; sink->folder != NULL && sink->storage.hdfs == NULL && !sink->intended && i < sink->gather.cnt;
		i++) {
		struct fb_buf hidden = {0};

		file_name(sink, sink->gather.at[i].folder, sink->first_seq, true, &hidden);
		if (!hidden.failed)
			unlink(hidden.p);
		fb_buf_fini(&hidden);
	}
	fb_gather_clear(&sink->gather);
	fb_webhdfs_close(sink->storage.hdfs);
	fb_writer_destroy(sink->writer);
	fb_gather_fini(&sink->gather);
	free(sink->written.fields);
	free(sink->folder);
	free(sink->types);
	free(sink->values);
	free(sink->file_values);
	free(sink);
}

static int open_target(struct fb_sink *sink, const struct fb_sink_conf *conf, struct fb_buf *message)
{
	const char *path = fb_table_option(sink->table, "path");
	const char *base = conf->appliance->hdfs.webhdfs;
	size_t len;

	if (path == NULL) {
		fb_buf_add_text(message, "option 'path' is missing");
		return FB_E_CONFIG;
	}
	sink->folder = strdup(path_of(path));
	if (sink->folder == NULL)
		return FB_E_NO_MEMORY;
	len = strlen(sink->folder);
	while (len > 1 && sink->folder[len - 1] == '/')
		sink->folder[--len] = '\0';
	if (strncmp(path, "hdfs://", 7) != 0)
		return fb_storage_mkdirs(&sink->storage, sink->folder, message);
	if (base == NULL || base[0] == '\0') {
		fb_buf_printf(message, "path %s needs hdfs.webhdfs in the appliance file, such as http://namenode:9870", path);
		return FB_E_CONFIG;
	}
	return fb_webhdfs_open(base, conf->appliance->hdfs.user, &sink->storage.hdfs);
}

/* The table as its files hold it: Flink leaves the partition columns out, they are in the folders. */
static int make_written(struct fb_sink *sink)
{
	const struct fb_table *table = sink->table;
	const char *name = fb_table_option(table, "partition.default-name");

	sink->default_name = name ? name : "__DEFAULT_PARTITION__";
	if (table->partition_key_cnt > 0 && fb_table_option(table, "sink.partition-commit.policy.kind") != NULL) {
		name = fb_table_option(table, "sink.partition-commit.success-file.name");
		sink->success_name = name ? name : "_SUCCESS";
	}
	sink->written = *table;
	sink->written.field_cnt = 0;
	sink->written.fields = calloc(table->field_cnt + 1u, sizeof(*sink->written.fields));
	sink->types = calloc(table->field_cnt + 1u, sizeof(*sink->types));
	sink->values = calloc(table->field_cnt + 1u, sizeof(*sink->values));
	sink->file_values = calloc(table->field_cnt + 1u, sizeof(*sink->file_values));
	if (!sink->written.fields || !sink->types || !sink->values || !sink->file_values)
		return FB_E_NO_MEMORY;
	for (uint16_t i = 0; i < table->field_cnt; i++) {
		bool is_key = false;

		for (uint16_t k = 0; k < table->partition_key_cnt; k++)
			is_key = is_key || table->partition_keys[k] == i;
		if (!is_key)
			sink->written.fields[sink->written.field_cnt++] = table->fields[i];
		sink->types[i] = table->fields[i]->type;
	}
	return fb_writer_create(&sink->written, &sink->writer);
}

static int open_filesystem(const struct fb_sink_conf *conf, uint64_t next_seq, struct fb_buf *message, struct fb_sink **ret)
{
	struct fb_sink *sink = calloc(1, sizeof(*sink));
	int rc;

	if (sink == NULL)
		return FB_E_NO_MEMORY;
	sink->table = conf->query->sink;
	sink->store = conf->store;
	sink->commit_ns = conf->commit_interval_ms * 1000000;
	sink->first_seq = sink->next_seq = sink->arrived_seq = next_seq;
	snprintf(sink->intent_key, sizeof(sink->intent_key), "sink/%" PRIu32 "/intent", conf->query_id);
	sink->intent_checked = conf->store == NULL;
	rc = make_written(sink);
	if (rc == FB_E_UNSUPPORTED)
		fb_buf_add_text(message, "formats for files are csv and json");
	if (rc == 0)
		rc = load_id(sink, conf);
	if (rc == 0)
		rc = open_target(sink, conf, message);
	if (rc != 0) {
		close_filesystem(sink);
		return rc;
	}
	*ret = sink;
	return 0;
}

static bool is_full(const struct fb_sink *sink)
{
	return sink->gather.bytes >= COMMIT_BYTES_MAX || sink->gather.cnt == FB_GATHER_MAX;
}

static int take_row(struct fb_sink *sink, const struct fb_sink_row *row, bool *ret_taken, struct fb_buf *message)
{
	int64_t used = fb_row_decode(row->bytes, row->len, sink->types, sink->table->field_cnt, sink->values);
	struct fb_gathered *partition;
	int rc;

	*ret_taken = false;
	if (used < 0) {
		fb_buf_printf(message, "row %" PRIu64 " of the store does not decode", row->seq);
		return (int)used;
	}
	/* Files take nothing back: of a row that is no more nothing is written. */
	if (row->change == FB_STORE_DELETE) {
		sink->next_seq = row->seq + 1;
		if (sink->gather.cnt == 0)
			sink->arrived_seq = sink->next_seq;
		*ret_taken = true;
		return 0;
	}
	rc = fb_gather_find(&sink->gather, sink->table, sink->values, sink->default_name, &partition);
	if (rc == FB_E_FULL)
		return 0; /* a commit comes first */
	if (rc != 0)
		return rc;
	if (sink->gather.bytes == 0) {
		sink->first_ns = fb_clock_monotonic_ns();
		sink->first_seq = row->seq;
	}
	add_row(sink, partition);
	sink->next_seq = row->seq + 1;
	*ret_taken = true;
	return partition->text.failed ? FB_E_NO_MEMORY : 0;
}

static int write_filesystem(
	struct fb_sink *sink, const struct fb_sink_row *rows, uint32_t cnt, uint32_t *ret_taken, struct fb_buf *message)
{
	uint32_t taken = 0;
	bool more = true;
	int rc = sink->intent_checked ? 0 : check_intent(sink, message);

	while (rc == 0 && more && taken < cnt && !sink->intended && sink->gather.bytes < COMMIT_BYTES_MAX) {
		/* Rows that the check has found to be there already. */
		if (rows[taken].seq >= sink->next_seq)
			rc = take_row(sink, &rows[taken], &more, message);
		taken += rc == 0 && more;
	}
	*ret_taken = taken;
	return rc;
}

static int poll_filesystem(struct fb_sink *sink, bool flush, int timeout_ms, uint64_t *ret_next_seq, struct fb_buf *message)
{
	bool due = sink->intended || fb_clock_monotonic_ns() - sink->first_ns >= sink->commit_ns;
	int rc = sink->intent_checked ? 0 : check_intent(sink, message);

	if (rc == 0 && sink->gather.cnt > 0 && (flush || due || is_full(sink)))
		rc = commit(sink, message);
	else if (rc == 0 && timeout_ms > 0)
		usleep((useconds_t)timeout_ms * 1000);
	*ret_next_seq = sink->arrived_seq;
	return rc;
}

const struct fb_sink_ops fb_sink_filesystem = {.connector = "filesystem",
	.open = open_filesystem,
	.write = write_filesystem,
	.poll = poll_filesystem,
	.close = close_filesystem};
