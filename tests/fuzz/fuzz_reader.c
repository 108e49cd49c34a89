/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as CSV records through a reader with windows of three kinds and a plain query, and any bytes as a
 * stored slice. The first byte chooses; of records it also says how they are cut into payloads.
 * Whatever comes, the ledger holds, and a slice that was exported is the same after import.
 */
#include <stdlib.h>

#include "config/sql/sql.h"
#include "dataplane/operator/reader.h"

#define POOL_BYTES (16u * FB_PAGE_BYTES)

static const char sql[] =
	"SET 'table.local-time-zone' = 'GMT+05:30';\n"
	"CREATE TABLE s (k STRING, g BIGINT, a INT, d DOUBLE, ok BOOLEAN, dt "
	"DATE, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - "
	"INTERVAL '2' SECOND) WITH ('connector'='udp', 'port'='5000', "
	"'format'='csv', 'csv.null-literal'='~');\n"
	"EXPLAIN SELECT k, g, COUNT(*), SUM(a / g), AVG(g), MIN(k), MAX(k), "
	"MIN(d), SUM(d), MAX(dt), COUNT(DISTINCT k), COUNT(DISTINCT d) FILTER "
	"(WHERE g > 0), SUM(DISTINCT a), MAX(k) FILTER (WHERE ok) FROM TABLE(TUMBLE(TABLE s, "
	"DESCRIPTOR(ts), INTERVAL '10' SECOND)) WHERE a <> 7 OR CAST(k AS INT) > "
	"1 GROUP BY window_start, window_end, k, g, d;\n"
	"EXPLAIN SELECT CAST(k AS CHAR(4)), CAST(k AS DOUBLE), TO_TIMESTAMP(k), "
	"CAST(ts AS STRING), a % g, ok AND a > 1, "
	"TRY_CAST(k AS DECIMAL(20, 5)) * 1.5, CAST(d AS DECIMAL(10, 2)) / a, "
	"ROUND(d, 1), UPPER(k), LOWER(k), TRIM(BOTH k FROM k), SUBSTRING(k, a, 3), "
	"CHAR_LENGTH(k), CONCAT_WS(k, k, k), SPLIT_INDEX(k, ',', a), k LIKE '%a_%', "
	"k LIKE k ESCAPE '!', TO_DATE(k), TO_DATE(k, 'yyyyMMdd HH:mm'), "
	"TO_TIMESTAMP(k, 'yyyy-MM-dd HH:mm:ss.SSS'), UNIX_TIMESTAMP(k), "
	"FROM_UNIXTIME(g, 'EEE d MMM yyyy h:mm a'), DATE_FORMAT(ts, 'uuuu-DDD n'), "
	"EXTRACT(WEEK FROM dt), CEIL(ts TO MONTH), dt + INTERVAL '7' MONTH, "
	"CAST(d AS STRING), CASE WHEN a > 0 THEN g / a ELSE g END FROM s;\n"
	"EXPLAIN SELECT k, COUNT(*), MAX(k) FROM TABLE(HOP(TABLE s, DESCRIPTOR(ts), INTERVAL '1' "
	"SECOND, INTERVAL '5' SECOND)) GROUP BY window_start, window_end, k;\n"
	"EXPLAIN SELECT k, g, COUNT(*), MAX(k), COUNT(DISTINCT a) FROM TABLE(SESSION(TABLE s "
	"PARTITION BY (k, g), DESCRIPTOR(ts), INTERVAL '1' SECOND)) GROUP BY window_start, "
	"window_end, k, g;\n";

#define QUERIES 4
#define PLAIN 1

static struct fb_plan *plan;
static struct fb_slice_layout *layouts[QUERIES];
static struct fb_slice_pool *pool;
static struct fb_batch groups[QUERIES];

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static void setup(void)
{
	struct fb_type types[32];
	struct fb_diags diags;

	fb_diags_init(&diags, "fuzz.sql");
	expect(fb_sql_plan("fuzz.sql", FB_STR(sql), &diags, &plan) == 0);
	fb_diags_fini(&diags);
	expect(fb_slice_pool_create(4 * POOL_BYTES, &pool) == 0);
	for (uint32_t i = 0; i < QUERIES; i++) {
		if (i == PLAIN)
			continue;
		expect(fb_slice_layout_create(plan->explains[i], &layouts[i]) == 0);
		expect(fb_batch_init(&groups[i], types,
			       fb_slice_group_types(plan->explains[i], types, 32), NULL) == 0);
	}
}

static uint64_t read_groups(const struct fb_slice *slice, uint32_t query)
{
	uint64_t cursor = 0;
	uint64_t cnt = 0;

	while (fb_slice_groups(slice, 0, 10000, &cursor, &groups[query], NULL))
		cnt += groups[query].sel_cnt;
	return cnt;
}

static void check_slice(const struct fb_slice *slice, uint32_t query)
{
	struct fb_slice *copy = fb_slice_open(pool, layouts[query], fb_slice_start_ms(slice));
	struct fb_buf bytes = {0};

	expect(copy != NULL);
	fb_slice_export(slice, &bytes);
	expect(!bytes.failed && fb_slice_import(copy, (const uint8_t *)bytes.p, bytes.len) == 0);
	expect(fb_slice_row_cnt(copy) == fb_slice_row_cnt(slice));
	expect(fb_slice_group_cnt(copy) == fb_slice_group_cnt(slice));
	expect(read_groups(copy, query) == read_groups(slice, query));
	fb_buf_fini(&bytes);
	fb_slice_close(copy);
}

static void check_ledger(struct fb_reader *reader)
{
	const struct fb_decode_counters *decode = fb_reader_decode_counters(reader);

	for (uint32_t i = 0; i < QUERIES; i++) {
		const struct fb_query_counters *counters = fb_reader_query_counters(reader, i);
		uint64_t accepted = counters->disposition[FB_REC_ACCEPTED] + counters->extra_rows;
		uint64_t sum = 0;

		for (int d = 0; d < FB_REC_CNT; d++)
			sum += counters->disposition[d];
		expect(sum == decode->decoded);
		expect(accepted == (i != PLAIN ? counters->sealed_rows + counters->open_rows
					       : counters->rows_out + counters->rows_waiting));
	}
}

static void run_records(const uint8_t *data, size_t size, size_t piece)
{
	struct fb_reader_conf conf = {
		.source = plan->explains[0]->source,
		.queries = plan->explains,
		.layouts = (const struct fb_slice_layout *const *)layouts,
		.query_cnt = QUERIES,
		.isa = fb_isa_detect(),
		.state_bytes = POOL_BYTES,
		.output_bytes = 1 << 17,
		.watermark_ms = INT64_MIN,
	};
	struct fb_reader *reader;
	struct fb_slice *slice;
	struct fb_row_page *page;
	uint32_t query;

	expect(fb_reader_create(&conf, &reader) == 0);
	for (size_t at = 0; at < size; at += piece) {
		size_t len = FB_MIN(piece, size - at);
		uint8_t *payload = malloc(len + FB_PAYLOAD_PAD_BYTES);

		expect(payload != NULL);
		memcpy(payload, data + at, len);
		memset(payload + len, 0, FB_PAYLOAD_PAD_BYTES);
		fb_reader_feed(reader, payload, (uint32_t)len);
		fb_reader_flush(reader);
		free(payload);
		fb_reader_set_watermark(reader, fb_reader_own_watermark(reader));
		while ((slice = fb_reader_take_sealed(reader, &query)) != NULL) {
			check_slice(slice, query);
			fb_reader_return_slice(reader, query, slice);
		}
	}
	check_ledger(reader);
	fb_reader_set_watermark(reader, INT64_MAX);
	while ((slice = fb_reader_take_sealed(reader, &query)) != NULL) {
		check_slice(slice, query);
		fb_reader_return_slice(reader, query, slice);
	}
	while ((page = fb_reader_take_rows(reader, true)) != NULL)
		fb_reader_return_rows(reader, page);
	check_ledger(reader);
	fb_reader_destroy(reader);
}

static void run_import(const uint8_t *data, size_t size)
{
	struct fb_slice *into = fb_slice_open(pool, layouts[0], 0);

	expect(into != NULL);
	if (fb_slice_import(into, data, size) == 0)
		check_slice(into, 0);
	fb_slice_close(into);
	expect(fb_slice_pool_used_bytes(pool) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (plan == NULL)
		setup();
	if (size == 0)
		return 0;
	if (data[0] & 1)
		run_import(data + 1, size - 1);
	else
		run_records(data + 1, size - 1, 1 + (size_t)data[0] * 8);
	return 0;
}
