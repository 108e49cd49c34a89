/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/base/errcode.h"
#include "dataplane/operator/row.h"
#include "tests/unit/control/sink/lab.h"

static void plan_sink(struct lab *lab, const char *by, const char *with)
{
	char options[512];
	struct fb_buf sql = {0};
	struct fb_diags diags;
	int rc;

	snprintf(options, sizeof(options), with, lab->folder);
	fb_buf_printf(&sql,
		"CREATE TABLE src (id BIGINT, t STRING) WITH ('connector'='udp', 'port'='5000', 'format'='csv');\n"
		"CREATE TABLE dst (id BIGINT, t STRING) %s WITH (%s);\n"
		"INSERT INTO dst SELECT id, t FROM src;\n",
		by, options);
	fb_diags_init(&diags, "sink.sql");
	rc = fb_sql_plan("sink.sql", (struct fb_str){sql.p, (uint32_t)sql.len}, &diags, &lab->plan);
	cr_assert_eq(rc, 0, "%s", diags.cnt ? diags.items[0].message : "");
	fb_diags_fini(&diags);
	fb_buf_fini(&sql);
}

static void open_store(struct lab *lab)
{
	char path[96];
	struct fb_store_conf conf = {.path = path};

	snprintf(path, sizeof(path), "%s/store", lab->folder);
	cr_assert_eq(fb_store_open(&conf, NULL, &lab->store), 0);
}

void lab_make(struct lab *lab, const char *with)
{
	lab_make_partitioned(lab, "", with);
}

void lab_make_partitioned(struct lab *lab, const char *by, const char *with)
{
	memset(lab, 0, sizeof(*lab));
	/* In memory where there is such a place: thousands of files are synced here, which a busy disk drags out. */
	strcpy(lab->folder, access("/dev/shm", W_OK) == 0 ? "/dev/shm/fb-sink-XXXXXX" : "/tmp/fb-sink-XXXXXX");
	cr_assert_not_null(mkdtemp(lab->folder));
	plan_sink(lab, by, with);
	open_store(lab);
	lab->conf = (struct fb_sink_conf){
		.query = lab->plan->queries[0],
		.appliance = &lab->appliance,
		.pipeline = "lab",
		.query_id = LAB_QUERY_ID,
		.commit_interval_ms = 3600000,
		.store = lab->store,
	};
}

void lab_remove(struct lab *lab)
{
	char command[128];

	fb_store_close(lab->store);
	fb_plan_destroy(lab->plan);
	snprintf(command, sizeof(command), "rm -rf '%s'", lab->folder);
	cr_assert_eq(system(command), 0);
}

void lab_add_rows(struct lab *lab, uint64_t cnt)
{
	struct fb_store_batch *batch = fb_store_batch_create(lab->store);
	struct fb_type types[2] = {
		lab->conf.query->sink->fields[0]->type, lab->conf.query->sink->fields[1]->type};
	struct fb_batch rows;
	const struct fb_column *columns[2] = {NULL, NULL};
	uint8_t bytes[128];
	char text[32];

	cr_assert_not_null(batch);
	cr_assert_eq(fb_batch_init(&rows, types, 2, NULL), 0);
	for (int i = 0; i < 2; i++)
		columns[i] = &rows.columns[i];
	rows.columns[1].has_null = true;
	for (uint64_t i = 0; i < cnt; i++, lab->row_cnt++) {
		uint32_t len = (uint32_t)snprintf(text, sizeof(text), "row %" PRIu64, lab->row_cnt);

		rows.columns[0].i64[0] = (int64_t)lab->row_cnt;
		rows.columns[1].str[0] = (struct fb_str){text, len};
		fb_column_set_valid(&rows.columns[1], 0, lab->row_cnt % 3 != 0);
		cr_assert_leq(fb_row_bytes(columns, types, 2, 0), sizeof(bytes));
		len = fb_row_encode(columns, types, 2, 0, bytes);
		fb_store_put_result(batch, LAB_QUERY_ID, lab->row_cnt, bytes, len);
	}
	cr_assert_eq(fb_store_commit(batch, false), 0);
	fb_batch_fini(&rows);
	fb_store_batch_destroy(batch);
}

void lab_correct(struct lab *lab, uint64_t cnt, uint64_t deletes, uint64_t updates)
{
	struct fb_store_batch *batch = fb_store_batch_create(lab->store);
	const struct fb_store_window window = {
		.first_seq = lab->row_cnt, .row_cnt = cnt, .revision = 2, .delete_cnt = deletes, .update_cnt = updates};

	lab_add_rows(lab, cnt);
	cr_assert_not_null(batch);
	fb_store_put_window(batch, LAB_QUERY_ID, &window);
	cr_assert_eq(fb_store_commit(batch, false), 0);
	fb_store_batch_destroy(batch);
}

struct fb_delivery *lab_start(struct lab *lab)
{
	struct fb_buf message = {0};
	struct fb_delivery *delivery = NULL;
	int rc = fb_delivery_start(&lab->conf, &message, &delivery);

	cr_assert_eq(rc, 0, "%s: %s", fb_strerror(rc), message.p ? message.p : "");
	fb_buf_fini(&message);
	fb_delivery_notify(delivery, lab->row_cnt);
	return delivery;
}

void lab_deliver(struct lab *lab)
{
	struct fb_delivery *delivery = lab_start(lab);

	cr_assert_eq(fb_delivery_drain(delivery, 20000), 0);
	fb_delivery_stop(delivery);
}

uint64_t lab_cursor(struct lab *lab)
{
	struct fb_buf value = {0};
	uint64_t cursor = 0;
	int rc = fb_store_get_meta(lab->store, "cursor/7", &value);

	cr_assert(rc == 0 || rc == FB_E_NOT_FOUND);
	if (rc == 0)
		memcpy(&cursor, value.p, sizeof(cursor));
	fb_buf_fini(&value);
	return cursor;
}

void lab_set_cursor(struct lab *lab, uint64_t cursor)
{
	struct fb_store_batch *batch = fb_store_batch_create(lab->store);

	fb_store_put_meta(batch, "cursor/7", &cursor, sizeof(cursor));
	cr_assert_eq(fb_store_commit(batch, true), 0);
	fb_store_batch_destroy(batch);
}

void lab_expected(uint64_t row, struct fb_buf *out)
{
	/* A blank is quoted, as Flink's writer does (semantics 1.5). */
	if (row % 3 == 0)
		fb_buf_printf(out, "%" PRIu64 ",\n", row);
	else
		fb_buf_printf(out, "%" PRIu64 ",\"row %" PRIu64 "\"\n", row, row);
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int is_hidden(const struct dirent *entry)
{
	return entry->d_name[0] == '.' && strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

uint32_t lab_read_files(struct lab *lab, const char *name, struct fb_buf *out)
{
	char path[512];
	struct dirent **entries;
	int cnt;

	snprintf(path, sizeof(path), "%s/%s", lab->folder, name);
	cnt = scandir(path, &entries, is_visible, alphasort);
	cr_assert_geq(cnt, 0, "%s", path);
	for (int i = 0; i < cnt; i++) {
		char buffer[4096];
		size_t got;
		FILE *file;

		snprintf(path, sizeof(path), "%s/%s/%s", lab->folder, name, entries[i]->d_name);
		file = fopen(path, "r");
		cr_assert_not_null(file);
		while ((got = fread(buffer, 1, sizeof(buffer), file)) > 0)
			fb_buf_add(out, buffer, got);
		fclose(file);
		free(entries[i]);
	}
	free(entries);
	return (uint32_t)cnt;
}

uint32_t lab_hidden_files(struct lab *lab, const char *name)
{
	char path[512];
	struct dirent **entries;
	int cnt;

	snprintf(path, sizeof(path), "%s/%s", lab->folder, name);
	cnt = scandir(path, &entries, is_hidden, alphasort);
	cr_assert_geq(cnt, 0, "%s", path);
	for (int i = 0; i < cnt; i++)
		free(entries[i]);
	free(entries);
	return (uint32_t)cnt;
}
