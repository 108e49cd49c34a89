/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of CSV that span lines, however the file is cut and whoever has the pieces. The answer to compare with is what the
 * file was written from.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

#include "config/sql/sql.h"
#include "control/replay/replay.h"
#include "dataplane/operator/row.h"

#define TABLE(options)                                                                                                       \
	"SET 'table.local-time-zone' = 'UTC'; CREATE TABLE s (id BIGINT, a STRING, b STRING, ts AS TO_TIMESTAMP_LTZ(id, 3), " \
	"WATERMARK FOR ts AS ts) WITH ('connector'='filesystem', 'path'='/none', 'format'='csv'" options ");\n"

struct record {
	int64_t id;
	char *text; /* of a */
};

struct file {
	char path[64];
	struct record *records; /* without those that are malformed */
	uint32_t cnt, cap;
	uint64_t bad;
	uint32_t random;
	struct fb_buf bytes;
};

static uint32_t below(struct file *file, uint32_t bound)
{
	file->random = file->random * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)file->random * bound >> 32);
}

static void put_record(struct file *file, int64_t id, const char *written, const char *meant)
{
	fb_buf_printf(&file->bytes, "%lld,%s,end\n", (long long)id, written);
	if (meant == NULL) {
		file->bad++;
		return;
	}
	if (file->cnt == file->cap) {
		file->cap = FB_MAX(file->cap * 2, 1024u);
		file->records = realloc(file->records, file->cap * sizeof(*file->records));
	}
	file->records[file->cnt++] = (struct record){id, strdup(meant)};
}

/* A quoted value begins with 'q': what a stray quote finds as its closing one is never closed as it should be. */
static void put_spanning(struct file *file, int64_t id, uint32_t len)
{
	static const char *const pieces[][2] = {{"\n", "\n"}, {"\r\n", "\r\n"}, {"\"\"", "\""}, {",", ","}, {"\n77,x,end\n", "\n77,x,end\n"}};
	struct fb_buf written = {0};
	struct fb_buf meant = {0};

	fb_buf_add_text(&written, "\"q");
	fb_buf_add_text(&meant, "q");
	while (len-- > 0) {
		uint32_t piece = below(file, 20);

		fb_buf_add_text(&written, piece < 5 ? pieces[piece][0] : "w");
		fb_buf_add_text(&meant, piece < 5 ? pieces[piece][1] : "w");
	}
	fb_buf_add_char(&written, '"');
	fb_buf_add_char(&written, '\0');
	fb_buf_add_char(&meant, '\0');
	put_record(file, id, written.p, meant.p);
	fb_buf_fini(&written);
	fb_buf_fini(&meant);
}

enum kinds { PLAIN = 1, QUOTED = 2, ANYTHING = 100 };

/* kinds: how much of it there is, of a hundred. */
static void make_file(struct file *file, size_t bytes, uint32_t kinds, uint32_t seed, const char *header)
{
	*file = (struct file){.path = "/tmp/fb-cut.XXXXXX", .random = seed};
	int fd = mkstemp(file->path);

	cr_assert_geq(fd, 0);
	fb_buf_add_text(&file->bytes, header);
	for (int64_t id = 1; file->bytes.len < bytes; id++) {
		switch (below(file, 100) < kinds ? below(file, 7) : 100) {
		case 0:
			put_record(file, id, "\"q\"", "q");
			break;
		case 1:
			put_record(file, id, "5\" pipe", "5\" pipe");
			break;
		case 2:
			put_spanning(file, id, below(file, 20));
			break;
		case 3:
			put_spanning(file, id, below(file, 200) == 0 ? 40000 : 300);
			break;
		case 4:
			put_record(file, id, "\"q\"x", NULL);
			break;
		case 5:
			put_record(file, id, "\"never closed", NULL);
			break;
		default:
			put_record(file, id, "plain", "plain");
		}
	}
	cr_assert_eq(write(fd, file->bytes.p, file->bytes.len), (ssize_t)file->bytes.len);
	close(fd);
}

static void remove_file(struct file *file)
{
	unlink(file->path);
	for (uint32_t i = 0; i < file->cnt; i++)
		free(file->records[i].text);
	free(file->records);
	fb_buf_fini(&file->bytes);
}

/* ---- runs ---- */

struct taken {
	const struct file *file;
	uint32_t at;     /* rows so far */
	int64_t counted; /* by windows */
	bool windows;
};

static int take(void *arg, const struct fb_replay_rows *rows)
{
	const uint8_t *bytes = rows->bytes;
	size_t len = rows->len;
	uint64_t row_cnt = rows->row_cnt;
	static const struct fb_type plain[] = {{.kind = FB_T_BIGINT}, {.kind = FB_T_VARCHAR}};
	static const struct fb_type counts[] = {{.kind = FB_T_BIGINT}};
	struct taken *taken = arg;
	struct fb_value values[2];

	for (size_t at = 0; at < len && row_cnt > 0; row_cnt--) {
		int64_t used = fb_row_decode(bytes + at, len - at, taken->windows ? counts : plain, taken->windows ? 1 : 2, values);

		cr_assert_gt(used, 0);
		at += (size_t)used;
		if (taken->windows) {
			taken->counted += values[0].i64;
			continue;
		}
		cr_assert_lt(taken->at, taken->file->cnt);

		const struct record *want = &taken->file->records[taken->at++];

		cr_assert_eq(values[0].i64, want->id, "record %lld instead of %lld", (long long)values[0].i64, (long long)want->id);
		cr_assert(fb_str_eq(values[1].str, fb_str_from(want->text)), "text of record %lld: <%.*s>", (long long)want->id,
			(int)values[1].str.len, values[1].str.p);
	}
	return 0;
}

static struct fb_plan *plan_of(const char *sql)
{
	struct fb_diags diags;
	struct fb_plan *plan = NULL;

	fb_diags_init(&diags, "test.sql");
	cr_assert_eq(fb_sql_plan_run("test.sql", fb_str_from(sql), &diags, &plan), 0, "%s", diags.cnt ? diags.items[0].message : "");
	fb_diags_fini(&diags);
	return plan;
}

static void check(const struct file *file, const char *sql, bool windows, uint32_t threads, uint32_t block_bytes)
{
	struct fb_plan *plan = plan_of(sql);
	struct taken taken = {.file = file, .windows = windows};
	struct fb_buf message = {0};
	struct fb_replay_numbers numbers;
	struct fb_replay_conf conf = {.source = plan->queries[0]->source,
		.queries = plan->queries,
		.query_cnt = 1,
		.path = file->path,
		.threads = threads,
		.block_bytes = block_bytes,
		.state_bytes = 64 << 20,
		.isa = fb_isa_detect(),
		.rows = take,
		.arg = &taken};
	uint64_t bad = 0;

	cr_assert_eq(fb_replay_run(&conf, &message, &numbers), 0, "%s", message.p);
	for (int d = 0; d < FB_REC_CNT; d++)
		bad += numbers.decode.rejected[d];
	cr_assert_eq(bad, file->bad, "%u threads, blocks of %u: %lu malformed, expected %lu", threads, block_bytes, (unsigned long)bad,
		(unsigned long)file->bad);
	cr_assert_eq(windows ? (uint64_t)taken.counted : taken.at, file->cnt, "%u threads, blocks of %u", threads, block_bytes);
	cr_assert_eq(numbers.input_bytes, file->bytes.len);
	cr_assert(fb_replay_balanced(&numbers, NULL));
	fb_replay_numbers_fini(&numbers);
	fb_plan_destroy(plan);
}

static void check_all(const struct file *file, const char *options)
{
	static const uint32_t blocks[] = {300, 1000, 5000, 65536, 0};
	struct fb_buf plain = {0};
	struct fb_buf windowed = {0};

	fb_buf_printf(&plain, TABLE("%s") "SELECT id, a FROM s;", options);
	fb_buf_printf(&windowed,
		TABLE("%s") "SELECT COUNT(*) FROM TABLE(TUMBLE(TABLE s, DESCRIPTOR(ts), INTERVAL '1' SECOND)) "
			    "GROUP BY window_start, window_end;",
		options);
	for (size_t i = 0; i < FB_ARRAY_LEN(blocks); i++)
		for (uint32_t threads = 1; threads <= 3; threads++) {
			check(file, plain.p, false, threads, blocks[i]);
			check(file, windowed.p, true, threads, blocks[i]);
		}
	fb_buf_fini(&plain);
	fb_buf_fini(&windowed);
}

/* Above 1 MiB files are mapped, and cut on trust; below they are read record by record. */
Test(cut, mapped)
{
	static const uint32_t kinds[] = {0, 1, 20, ANYTHING};

	for (size_t i = 0; i < FB_ARRAY_LEN(kinds); i++) {
		struct file file;

		make_file(&file, 3 << 20, kinds[i], 7 + (uint32_t)i, "");
		check_all(&file, "");
		remove_file(&file);
	}
}

Test(cut, read)
{
	for (uint32_t kinds = 1; kinds <= ANYTHING; kinds += 33) {
		struct file file;

		make_file(&file, 400 << 10, kinds, kinds, "");
		check_all(&file, "");
		remove_file(&file);
	}
}

Test(cut, a_header_may_span_lines_too)
{
	for (size_t bytes = 400 << 10; bytes < 3 << 20; bytes += 2 << 20) {
		struct file file;

		make_file(&file, bytes, 30, 3, "id,\"the\nname, in\n\nfour lines\",b\n");
		check_all(&file, ", 'csv.ignore-first-line'='true'");
		remove_file(&file);
	}
}

Test(cut, a_mark_of_the_encoding_hides_no_quote)
{
	struct file file;

	make_file(&file, 2 << 20, 10, 4, "\xef\xbb\xbf");
	/* The first record is "\xef\xbb\xbf""1,plain,end" or another; its number reads without the mark. */
	check_all(&file, "");
	remove_file(&file);
}
