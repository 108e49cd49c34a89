/* SPDX-License-Identifier: Apache-2.0 */
#include "control/metrics/metrics.h"

#include <math.h>

#include "config/base/calendar.h"
#include "config/tables/disposition.h"

enum kind { COUNTER, GAUGE };
enum scope { APPLIANCE, PORT, STREAM, WORKER, PIPELINE, QUERY, SINK, REPLAY, SCOPE_CNT };

static const char *const kind_names[] = {[COUNTER] = "counter", [GAUGE] = "gauge"};
static const char *const scope_labels[] = {
	[APPLIANCE] = "",
	[PORT] = "port",
	[STREAM] = "stream, port",
	[WORKER] = "worker",
	[PIPELINE] = "pipeline",
	[QUERY] = "pipeline, query",
	[SINK] = "pipeline, query, connector",
	[REPLAY] = "replay",
};

/* Counters that have one line per disposition. */
static const struct {
	const char *name;
	const char *labels;
	const char *help;
} by_disposition[] = {
	{"forebay_packets_total", "port, class, disposition", "Packets by what became of them."},
	{"forebay_records_total", "pipeline, class, disposition",
		"Records framed, by what decoding made of them."},
	{"forebay_query_records_total", "pipeline, query, class, disposition",
		"Decoded records, by what became of them in the query."},
	{"forebay_raw_datagrams_total", "stream, class, disposition",
		"Datagrams of kept streams, by what the raw log made of them."},
};

static double fb_metrics_watermark(int64_t ms)
{
	return ms == FB_TIME_MIN || ms == FB_TIME_MAX ? NAN : (double)ms / 1e3;
}

static uint32_t fb_metrics_replays(const struct fb_engine_view *view, bool failed)
{
	uint32_t cnt = 0;

	for (uint32_t i = 0; i < view->replay_cnt; i++)
		cnt += failed ? view->replays[i].state == FB_REPLAY_FAILED
			      : view->replays[i].state == FB_REPLAY_RUNNING || view->replays[i].state == FB_REPLAY_DELIVERING;
	return cnt;
}

static uint64_t fb_metrics_different(const struct fb_replay_job_view *job)
{
	uint64_t rows = 0;

	for (uint32_t i = 0; i < job->query_cnt; i++)
		rows += job->queries[i].missing_rows + job->queries[i].extra_rows + job->queries[i].changed_rows;
	return rows;
}

static uint64_t fb_metrics_corrected(const struct fb_replay_job_view *job)
{
	uint64_t rows = 0;

	for (uint32_t i = 0; i < job->query_cnt; i++)
		rows += job->queries[i].corrected_rows;
	return rows;
}

/* ---- text ---- */

static void add_head(struct fb_buf *out, const char *name, const char *kind, const char *help)
{
	fb_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind);
}

/* Backslash, quote and newline are escaped: text format 0.0.4. */
static void add_label(struct fb_buf *out, bool first, const char *name, const char *value)
{
	fb_buf_printf(out, "%s%s=\"", first ? "{" : ",", name);
	for (const char *p = value; *p != '\0'; p++) {
		if (*p == '\n') {
			fb_buf_add_text(out, "\\n");
			continue;
		}
		if (*p == '\\' || *p == '"')
			fb_buf_add_char(out, '\\');
		fb_buf_add_char(out, *p);
	}
	fb_buf_add_char(out, '"');
}

/* Counts stay whole numbers to 2^53, which at 100 M a second is three years. */
static void add_value(struct fb_buf *out, double value)
{
	if (isnan(value))
		fb_buf_add_text(out, " NaN\n");
	else
		fb_buf_printf(out, " %.16g\n", value);
}

static void add_count(struct fb_buf *out, const struct fb_disposition *disposition, uint64_t count)
{
	add_label(out, false, "class", fb_disposition_class_name(disposition->class));
	add_label(out, false, "disposition", disposition->label);
	fb_buf_printf(out, "} %llu\n", (unsigned long long)count);
}

/* ---- one block per row of metric.def ---- */

#define METRIC_APPLIANCE(id, value) \
	fb_buf_add_text(out, #id);  \
	add_value(out, value);

#define METRIC_PORT(id, value)                                     \
	for (uint32_t i = 0; i < view->port_cnt; i++) {            \
		const struct fb_port_view *port = &view->ports[i]; \
		fb_buf_add_text(out, #id);                         \
		add_label(out, true, "port", port->name);          \
		fb_buf_add_char(out, '}');                         \
		add_value(out, value);                             \
	}

#define METRIC_STREAM(id, value)                                         \
	for (uint32_t i = 0; i < view->stream_cnt; i++) {                \
		const struct fb_stream_view *stream = &view->streams[i]; \
		fb_buf_add_text(out, #id);                               \
		add_label(out, true, "stream", stream->table);           \
		add_label(out, false, "port", stream->port);             \
		fb_buf_add_char(out, '}');                               \
		add_value(out, value);                                   \
	}

#define METRIC_WORKER(id, value)                                             \
	for (uint32_t i = 0; i < view->worker_cnt; i++) {                    \
		const struct fb_worker_view *worker = &view->workers[i];     \
		fb_buf_printf(out, "%s{worker=\"%u\"}", #id, worker->index); \
		add_value(out, value);                                       \
	}

#define METRIC_PIPELINE(id, value)                                             \
	for (uint32_t i = 0; i < view->pipeline_cnt; i++) {                    \
		const struct fb_pipeline_view *pipeline = &view->pipelines[i]; \
		fb_buf_add_text(out, #id);                                     \
		add_label(out, true, "pipeline", pipeline->name);              \
		fb_buf_add_char(out, '}');                                     \
		add_value(out, value);                                         \
	}

#define METRIC_OF_QUERY(id, value, with_connector)                                              \
	for (uint32_t i = 0; i < view->pipeline_cnt; i++)                                       \
		for (uint32_t q = 0; q < view->pipelines[i].query_cnt; q++) {                   \
			const struct fb_query_view *query = &view->pipelines[i].queries[q];     \
			const struct fb_delivery_status *delivery FB_UNUSED = &query->delivery; \
			fb_buf_add_text(out, #id);                                              \
			add_label(out, true, "pipeline", view->pipelines[i].name);              \
			add_label(out, false, "query", query->name);                            \
			if (with_connector)                                                     \
				add_label(out, false, "connector", query->connector);           \
			fb_buf_add_char(out, '}');                                              \
			add_value(out, value);                                                  \
		}
#define METRIC_QUERY(id, value) METRIC_OF_QUERY(id, value, false)
#define METRIC_SINK(id, value) METRIC_OF_QUERY(id, value, true)

#define METRIC_REPLAY(metric, value)                                                                        \
	for (uint32_t i = 0; i < view->replay_cnt; i++) {                                                 \
		const struct fb_replay_job_view *job = &view->replays[i];                                 \
		fb_buf_printf(out, "%s{replay=\"%llu\"}", #metric, (unsigned long long)job->id);              \
		add_value(out, value);                                                                    \
	}

static void write_table(const struct fb_ledger *ledger, struct fb_buf *out)
{
	const struct fb_engine_view *view = &ledger->view;

#define FB_METRIC(scope, name, kind, value, help)     \
	add_head(out, #name, kind_names[kind], help); \
	METRIC_##scope(name, value)
#include "config/tables/metric.def"
}

static void write_dispositions(const struct fb_engine_view *view, struct fb_buf *out)
{
	add_head(out, by_disposition[0].name, "counter", by_disposition[0].help);
	for (uint32_t i = 0; i < view->port_cnt; i++)
		for (int d = 0; d < FB_PKT_CNT; d++) {
			fb_buf_add_text(out, by_disposition[0].name);
			add_label(out, true, "port", view->ports[i].name);
			add_count(
				out, &fb_packet_dispositions[d], view->ports[i].net.disposition[d]);
		}
	add_head(out, by_disposition[1].name, "counter", by_disposition[1].help);
	for (uint32_t i = 0; i < view->pipeline_cnt; i++) {
		const struct fb_decode_counters *decode = &view->pipelines[i].decode;
		const struct fb_disposition decoded = {
			.label = "decoded", .class = FB_CLASS_STREAM};

		fb_buf_add_text(out, by_disposition[1].name);
		add_label(out, true, "pipeline", view->pipelines[i].name);
		add_count(out, &decoded, decode->decoded);
		for (int d = 0; d < FB_REC_CNT; d++) {
			if (fb_record_dispositions[d].class != FB_CLASS_MALFORMED ||
				d == FB_REC_EXPRESSION)
				continue;
			fb_buf_add_text(out, by_disposition[1].name);
			add_label(out, true, "pipeline", view->pipelines[i].name);
			add_count(out, &fb_record_dispositions[d], decode->rejected[d]);
		}
	}
	add_head(out, by_disposition[2].name, "counter", by_disposition[2].help);
	for (uint32_t i = 0; i < view->pipeline_cnt; i++)
		for (uint32_t q = 0; q < view->pipelines[i].query_cnt; q++)
			for (int d = 0; d < FB_REC_CNT; d++) {
				const struct fb_query_view *query = &view->pipelines[i].queries[q];

				if (fb_record_dispositions[d].class == FB_CLASS_MALFORMED &&
					d != FB_REC_EXPRESSION)
					continue;
				fb_buf_add_text(out, by_disposition[2].name);
				add_label(out, true, "pipeline", view->pipelines[i].name);
				add_label(out, false, "query", query->name);
				add_count(out, &fb_record_dispositions[d],
					query->counters.disposition[d]);
			}
}

static void write_raw_dispositions(const struct fb_engine_view *view, struct fb_buf *out)
{
	add_head(out, by_disposition[3].name, "counter", by_disposition[3].help);
	for (uint32_t i = 0; i < view->stream_cnt; i++)
		for (int d = 0; view->streams[i].raw.kept && d < FB_RAW_CNT; d++) {
			fb_buf_add_text(out, by_disposition[3].name);
			add_label(out, true, "stream", view->streams[i].table);
			add_count(out, &fb_raw_dispositions[d], view->streams[i].raw.datagrams[d]);
		}
}

void fb_metrics_write(const struct fb_ledger *ledger, struct fb_buf *out)
{
	add_head(out, "forebay_build_info", "gauge", "Version and kernels, as labels; always 1.");
	fb_buf_add_text(out, "forebay_build_info");
	add_label(out, true, "version", FB_VERSION);
	add_label(out, false, "kernels", fb_isa_name(ledger->view.isa));
	add_label(out, false, "name", ledger->view.name);
	fb_buf_add_text(out, "} 1\n");
	write_table(ledger, out);
	write_dispositions(&ledger->view, out);
	write_raw_dispositions(&ledger->view, out);
}

void fb_metrics_print_doc(FILE *out)
{
	static const struct {
		const char *name;
		enum scope scope;
		enum kind kind;
		const char *help;
	} metrics[] = {
#define FB_METRIC(scope_, name_, kind_, value, help_) \
	{.name = #name_, .scope = (scope_), .kind = (kind_), .help = (help_)},
#include "config/tables/metric.def"
	};

	fprintf(out, "%-44s %-8s %s\n    %s\n", "forebay_build_info", "gauge",
		"version, kernels, name", "Version and kernels, as labels; always 1.");
	for (size_t i = 0; i < FB_ARRAY_LEN(metrics); i++)
		fprintf(out, "%-44s %-8s %s\n    %s\n", metrics[i].name,
			kind_names[metrics[i].kind], scope_labels[metrics[i].scope],
			metrics[i].help);
	for (size_t i = 0; i < FB_ARRAY_LEN(by_disposition); i++)
		fprintf(out, "%-44s %-8s %s\n    %s\n", by_disposition[i].name, "counter",
			by_disposition[i].labels, by_disposition[i].help);
}
