/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files, local or in HDFS. Rows gather in memory and become a file at each commit: written under a name that begins with a
 * point (readers skip those), made durable, renamed. Readers never see half a file.
 *
 * Exactly once across a crash: what is about to be renamed is first noted in the store (meta "sink/<query id>/intent"). A start that
 * finds the note and the file knows that those rows have arrived; if it finds only the note, the rows are still in the store.
 *
 *     gather -> write hidden file -> note intent -> rename -> (delivery) cursor
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/base/calendar.h"
#include "control/sink/sinks.h"
#include "control/sink/webhdfs.h"
#include "dataplane/format/writer.h"
#include "dataplane/operator/row.h"

#define FILE_BYTES_MAX (128u << 20) /* a file ends here at the latest; Flink's default roll size */

struct fb_sink {
	const struct fb_table *table;
	struct fb_store *store;
	struct fb_webhdfs *hdfs; /* NULL: local */
	char *folder;            /* path without scheme and authority */
	char intent_key[64];
	char id[32]; /* in the names of its files, see load_id */
	struct fb_writer *writer;
	struct fb_type *types;
	struct fb_value *values;
	struct fb_buf text; /* rows [first_seq, next_seq) */
	uint64_t first_seq;
	uint64_t next_seq;
	uint64_t arrived_seq;
	int64_t commit_ns;
	int64_t first_ns; /* when the first of the waiting rows came */
	bool folder_made;
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
static void file_name(const struct fb_sink *sink, uint64_t first_seq, bool hidden, struct fb_buf *out)
{
	const char *ending = sink->table->format && strcmp(sink->table->format, "json") == 0 ? "json" : "csv";

	fb_buf_clear(out);
	fb_buf_printf(out, "%s/%spart-%s-%012" PRIu64 "%s%s", sink->folder, hidden ? "." : "", sink->id, first_seq,
		hidden ? ".inprogress." : ".", ending);
}

/* ---- local files ---- */

static int io_error(const char *what, const char *path, struct fb_buf *message)
{
	int rc = fb_err_from_errno(errno);

	fb_buf_printf(message, "cannot %s %s: %s", what, path, strerror(errno));
	return rc;
}

static int make_local_folder(const char *folder, struct fb_buf *message)
{
	char part[4096];
	size_t len = strlen(folder);

	if (len >= sizeof(part))
		return FB_E_INVALID;
	for (size_t i = 1; i <= len; i++) {
		if (folder[i] != '/' && folder[i] != '\0')
			continue;
		memcpy(part, folder, i);
		part[i] = '\0';
		if (mkdir(part, 0777) != 0 && errno != EEXIST)
			return io_error("create folder", part, message);
	}
	return 0;
}

static int write_local(const char *path, const struct fb_buf *text, struct fb_buf *message)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	size_t at = 0;
	int rc = 0;

	if (fd < 0)
		return io_error("create", path, message);
	while (rc == 0 && at < text->len) {
		ssize_t written = write(fd, text->p + at, text->len - at);

		if (written > 0)
			at += (size_t)written;
		else if (errno != EINTR)
			rc = io_error("write", path, message);
	}
	if (rc == 0 && fsync(fd) != 0)
		rc = io_error("sync", path, message);
	close(fd);
	if (rc != 0)
		unlink(path);
	return rc;
}

static int rename_local(const struct fb_sink *sink, const char *from, const char *to, struct fb_buf *message)
{
	int folder;
	int rc = 0;

	if (rename(from, to) != 0)
		return io_error("rename", from, message);
	/* The name is durable when its folder is. */
	folder = open(sink->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0 || fsync(folder) != 0)
		rc = io_error("sync", sink->folder, message);
	if (folder >= 0)
		close(folder);
	return rc;
}

/* ---- either kind ---- */

static int make_folder(struct fb_sink *sink, struct fb_buf *message)
{
	int rc = sink->folder_made ? 0
		: sink->hdfs       ? fb_webhdfs_mkdirs(sink->hdfs, sink->folder, message)
				   : make_local_folder(sink->folder, message);

	sink->folder_made = rc == 0;
	return rc;
}

static int file_exists(struct fb_sink *sink, const char *path, struct fb_buf *message)
{
	if (sink->hdfs != NULL)
		return fb_webhdfs_stat(sink->hdfs, path, message);
	return access(path, F_OK) == 0 ? 0 : errno == ENOENT ? FB_E_NOT_FOUND : io_error("look for", path, message);
}

/* ---- intent ---- */

struct intent {
	uint64_t first_seq;
	uint64_t end_seq;
};

static int note_intent(struct fb_sink *sink)
{
	struct fb_store_batch *batch = fb_store_batch_create(sink->store);
	struct intent intent = {sink->first_seq, sink->next_seq};
	int rc;

	if (batch == NULL)
		return FB_E_NO_MEMORY;
	fb_store_put_meta(batch, sink->intent_key, &intent, sizeof(intent));
	rc = fb_store_commit(batch, true);
	fb_store_batch_destroy(batch);
	return rc;
}

/* Once after a start: did the rename that was about to happen happen? */
static int check_intent(struct fb_sink *sink, struct fb_buf *message)
{
	struct fb_buf value = {0};
	struct fb_buf name = {0};
	struct fb_buf ignored = {0};
	struct intent intent = {0};
	int rc = fb_store_get_meta(sink->store, sink->intent_key, &value);

	if (rc == 0 && value.len == sizeof(intent))
		memcpy(&intent, value.p, sizeof(intent));
	fb_buf_fini(&value);
	if (rc == FB_E_NOT_FOUND)
		rc = 0;
	if (rc == 0 && intent.end_seq > sink->arrived_seq) {
		file_name(sink, intent.first_seq, false, &name);
		rc = file_exists(sink, name.p, &ignored);
		if (rc == 0)
			sink->arrived_seq = sink->next_seq = sink->first_seq = intent.end_seq;
		else if (rc == FB_E_NOT_FOUND)
			rc = 0;
		else
			fb_buf_add(message, ignored.p, ignored.len);
	}
	fb_buf_fini(&name);
	fb_buf_fini(&ignored);
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

static int commit(struct fb_sink *sink, struct fb_buf *message)
{
	struct fb_buf hidden = {0};
	struct fb_buf final = {0};
	int rc = make_folder(sink, message);

	file_name(sink, sink->first_seq, true, &hidden);
	file_name(sink, sink->first_seq, false, &final);
	if (rc == 0)
		rc = sink->hdfs ? fb_webhdfs_put(sink->hdfs, hidden.p, sink->text.p, sink->text.len, message)
				: write_local(hidden.p, &sink->text, message);
	if (rc == 0 && sink->store != NULL)
		rc = note_intent(sink);
	if (rc == 0)
		rc = sink->hdfs ? fb_webhdfs_rename(sink->hdfs, hidden.p, final.p, message)
				: rename_local(sink, hidden.p, final.p, message);
	/*
	 * "Did nothing": the answer to an earlier rename was lost, or the hidden file is gone. The final file tells: with this
	 * name it can only hold these rows.
	 */
	if (rc == FB_E_EXISTS && file_exists(sink, final.p, message) == 0) {
		fb_buf_clear(message);
		rc = 0;
	}
	if (rc == 0) {
		sink->arrived_seq = sink->first_seq = sink->next_seq;
		fb_buf_clear(&sink->text);
	}
	fb_buf_fini(&hidden);
	fb_buf_fini(&final);
	return rc;
}

/* ---- operations ---- */

static void close_filesystem(struct fb_sink *sink)
{
	struct fb_buf hidden = {0};

	/* What was gathered and not committed is in the store; a hidden file of a failed commit is of no use. */
	if (sink->folder != NULL && sink->hdfs == NULL && sink->id[0] != '\0') {
		file_name(sink, sink->first_seq, true, &hidden);
		unlink(hidden.p);
	}
	fb_buf_fini(&hidden);
	fb_webhdfs_close(sink->hdfs);
	fb_writer_destroy(sink->writer);
	fb_buf_fini(&sink->text);
	free(sink->folder);
	free(sink->types);
	free(sink->values);
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
		return make_folder(sink, message);
	if (base == NULL || base[0] == '\0') {
		fb_buf_printf(message, "path %s needs hdfs.webhdfs in the appliance file, such as http://namenode:9870", path);
		return FB_E_CONFIG;
	}
	return fb_webhdfs_open(base, conf->appliance->hdfs.user, &sink->hdfs);
}

static int open_filesystem(const struct fb_sink_conf *conf, uint64_t next_seq, struct fb_buf *message, struct fb_sink **ret)
{
	const struct fb_table *table = conf->query->sink;
	struct fb_sink *sink = calloc(1, sizeof(*sink));
	int rc;

	if (sink == NULL)
		return FB_E_NO_MEMORY;
	sink->table = table;
	sink->store = conf->store;
	sink->commit_ns = conf->commit_interval_ms * 1000000;
	sink->first_seq = sink->next_seq = sink->arrived_seq = next_seq;
	snprintf(sink->intent_key, sizeof(sink->intent_key), "sink/%" PRIu32 "/intent", conf->query_id);
	sink->intent_checked = conf->store == NULL;
	sink->types = calloc(table->field_cnt, sizeof(*sink->types));
	sink->values = calloc(table->field_cnt, sizeof(*sink->values));
	rc = sink->types && sink->values ? fb_writer_create(table, &sink->writer) : FB_E_NO_MEMORY;
	if (rc == FB_E_UNSUPPORTED)
		fb_buf_add_text(message, "formats for files are csv and json");
	for (uint32_t i = 0; rc == 0 && i < table->field_cnt; i++)
		sink->types[i] = table->fields[i]->type;
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

static int write_filesystem(
	struct fb_sink *sink, const struct fb_sink_row *rows, uint32_t cnt, uint32_t *ret_taken, struct fb_buf *message)
{
	uint32_t taken = 0;
	int rc = sink->intent_checked ? 0 : check_intent(sink, message);

	for (; rc == 0 && taken < cnt && sink->text.len < FILE_BYTES_MAX; taken++) {
		/* Rows that the check has found to be there already. */
		if (rows[taken].seq < sink->next_seq)
			continue;

		int64_t used = fb_row_decode(
			rows[taken].bytes, rows[taken].len, sink->types, sink->table->field_cnt, sink->values);

		if (used < 0) {
			fb_buf_printf(message, "row %" PRIu64 " of the store does not decode", rows[taken].seq);
			rc = (int)used;
			break;
		}
		if (sink->text.len == 0) {
			sink->first_ns = fb_clock_monotonic_ns();
			sink->first_seq = rows[taken].seq;
		}
		fb_writer_row(sink->writer, sink->values, &sink->text);
		fb_buf_add_char(&sink->text, '\n');
		sink->next_seq = rows[taken].seq + 1;
	}
	*ret_taken = taken;
	return sink->text.failed ? FB_E_NO_MEMORY : rc;
}

static int poll_filesystem(struct fb_sink *sink, bool flush, int timeout_ms, uint64_t *ret_next_seq, struct fb_buf *message)
{
	bool due = fb_clock_monotonic_ns() - sink->first_ns >= sink->commit_ns;
	int rc = sink->intent_checked ? 0 : check_intent(sink, message);

	if (rc == 0 && sink->text.len > 0 && (flush || due || sink->text.len >= FILE_BYTES_MAX))
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
