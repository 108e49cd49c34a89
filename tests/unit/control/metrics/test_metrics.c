/* SPDX-License-Identifier: Apache-2.0 */
/* The page by hand-made ledgers: promtool accepts it, numbers stand where they belong, labels are
 * escaped. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/base/calendar.h"
#include "control/metrics/metrics.h"

static struct fb_port_view ports[2];
static struct fb_stream_view streams[1];
static struct fb_worker_view workers[2];
static struct fb_query_view queries[2];
static struct fb_pipeline_view pipelines[1];

static struct fb_buf page_of(const char *query_name)
{
	struct fb_ledger ledger = {.balanced = true};
	struct fb_buf out = {0};

	memset(ports, 0, sizeof(ports));
	ports[0].name = "p0";
	ports[0].stats.wire_packets = 12345678901234567ull;
	ports[0].net.disposition[FB_PKT_UDP_CHECKSUM] = 42;
	ports[1].name = "p1";
	streams[0] = (struct fb_stream_view){
		.table = "people", .port = "p0", .counters = {.datagrams = 9}};
	workers[0] = (struct fb_worker_view){.index = 0, .core = 1, .busy_cycles = 3000000000};
	workers[1] = (struct fb_worker_view){.index = 1, .core = 2};
	memset(queries, 0, sizeof(queries));
	queries[0].name = query_name;
	queries[0].connector = "kafka";
	queries[0].counters.disposition[FB_REC_LATE] = 17;
	queries[0].delivery =
		(struct fb_delivery_status){.cursor = 5, .end = 8, .delivered = 5, .waiting = true};
	queries[1].name = "plain";
	queries[1].connector = "print";
	pipelines[0] = (struct fb_pipeline_view){.name = "pipe",
		.watermark_ms = FB_TIME_MIN,
		.decode = {.records = 7, .decoded = 4},
		.query_cnt = 2,
		.queries = queries};
	pipelines[0].decode.rejected[FB_REC_QUOTE] = 3;
	ledger.view = (struct fb_engine_view){.name = "box",
		.tsc_hz = 1.5e9,
		.started_ms = 1000,
		.now_ms = 3500,
		.port_cnt = 2,
		.ports = ports,
		.stream_cnt = 1,
		.streams = streams,
		.worker_cnt = 2,
		.workers = workers,
		.pipeline_cnt = 1,
		.pipelines = pipelines};
	fb_metrics_write(&ledger, &out);
	cr_assert_not(out.failed);
	return out;
}

static void has_line(const struct fb_buf *page, const char *line)
{
	char want[512];

	snprintf(want, sizeof(want), "\n%s\n", line);
	cr_expect_not_null(strstr(page->p, want), "no line: %s", line);
}

Test(metrics, numbers_stand_where_they_belong)
{
	struct fb_buf page = page_of("cities");

	has_line(&page, "forebay_up_seconds 2.5");
	has_line(&page, "forebay_ledger_balanced 1");
	has_line(&page, "forebay_packets_total{port=\"p0\",class=\"malformed\",disposition=\"udp_"
			"checksum\"} 42");
	has_line(&page, "forebay_packets_total{port=\"p1\",class=\"malformed\",disposition=\"udp_"
			"checksum\"} 0");
	has_line(&page, "forebay_stream_datagrams_total{stream=\"people\",port=\"p0\"} 9");
	has_line(&page, "forebay_worker_busy_seconds_total{worker=\"0\"} 2");
	has_line(&page, "forebay_records_total{pipeline=\"pipe\",class=\"stream\",disposition="
			"\"decoded\"} 4");
	has_line(&page, "forebay_records_total{pipeline=\"pipe\",class=\"malformed\",disposition="
			"\"quote\"} 3");
	has_line(&page, "forebay_query_records_total{pipeline=\"pipe\",query=\"cities\",class="
			"\"policy\",disposition=\"late\"} 17");
	has_line(&page, "forebay_sink_pending_rows{pipeline=\"pipe\",query=\"cities\",connector="
			"\"kafka\"} 3");
	has_line(&page,
		"forebay_sink_waiting{pipeline=\"pipe\",query=\"cities\",connector=\"kafka\"} 1");
	has_line(&page, "forebay_pipeline_watermark_seconds{pipeline=\"pipe\"} NaN");
	fb_buf_fini(&page);
}

/* Backslash, quote and newline in a name, as the text format wants them. */
Test(metrics, labels_are_escaped)
{
	struct fb_buf page = page_of("a\"b\\c\nd");

	has_line(&page,
		"forebay_query_windows_total{pipeline=\"pipe\",query=\"a\\\"b\\\\c\\nd\"} 0");
	fb_buf_fini(&page);
}

/* promtool has its own parser and its own rules for names, types and help; it says nothing about a
 * good page. */
Test(metrics, promtool_has_nothing_to_say)
{
	struct fb_buf page = page_of("a\"b");
	char path[] = "/tmp/fb-metrics-XXXXXX";
	char command[128];
	char said[1024];
	int fd = mkstemp(path);
	FILE *tool;
	size_t len;

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, page.p, page.len), (ssize_t)page.len);
	close(fd);
	snprintf(command, sizeof(command), "promtool check metrics <%s 2>&1", path);
	tool = popen(command, "re");
	cr_assert_not_null(tool);
	len = fread(said, 1, sizeof(said) - 1, tool);
	said[len] = '\0';
	cr_assert_eq(pclose(tool), 0, "%s", said);
	cr_assert_str_empty(said);
	unlink(path);
	fb_buf_fini(&page);
}

Test(metrics, each_metric_is_documented_and_each_documented_one_is_there)
{
	struct fb_buf page = page_of("cities");
	char *doc = NULL;
	size_t doc_len;
	FILE *out = open_memstream(&doc, &doc_len);
	int types = 0, entries = 0;

	fb_metrics_print_doc(out);
	fclose(out);
	for (char *line = page.p; (line = strstr(line, "# TYPE ")) != NULL; line++) {
		char name[128];

		cr_assert_eq(sscanf(line, "# TYPE %127s", name), 1);
		cr_expect_not_null(strstr(doc, name), "%s is not documented", name);
		types++;
	}
	for (char *line = doc; line != NULL && *line;
		line = strchr(line, '\n'), line += line != NULL)
		entries += strncmp(line, "forebay_", 8) == 0;
	cr_assert_eq(types, entries);
	free(doc);
	fb_buf_fini(&page);
}
