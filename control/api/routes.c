/* SPDX-License-Identifier: Apache-2.0 */
#include "control/api/routes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/base/calendar.h"
#include "config/base/nearest.h"
#include "control/api/log.h"
#include "control/api/replay.h"
#include "control/api/view_json.h"
#include "control/metrics/metrics.h"

#define DRAIN_TIMEOUT_MS 30000
#define ROWS_DEFAULT 20
#define ROWS_MAX 100000

void fb_api_answer_fini(struct fb_api_answer *answer)
{
	json_decref(answer->json);
	fb_buf_fini(&answer->text);
}

void fb_api_error(
	struct fb_api_answer *answer, int status, int code, const char *hint, const char *fmt, ...)
{
	struct fb_buf message = {0};
	char text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fb_buf_add_text(&message, text);
	json_decref(answer->json);
	answer->status = status;
	answer->json = json_pack(
		"{s:s, s:s}", "error", fb_errname(code), "message", message.p ? message.p : "");
	if (hint != NULL)
		json_object_set_new(answer->json, "hint", json_string(hint));
	fb_buf_fini(&message);
}

static int http_status(int code)
{
	switch (code) {
	case FB_E_NOT_FOUND:
		return 404;
	case FB_E_EXISTS:
	case FB_E_BUSY:
		return 409;
	case FB_E_SYNTAX:
	case FB_E_CONFIG:
	case FB_E_UNSUPPORTED:
	case FB_E_INVALID:
		return 422;
	case FB_E_TIMEOUT:
		return 504;
	case FB_E_FULL:
	case FB_E_NO_MEMORY:
		return 507;
	default:
		return 500;
	}
}

static void fail(struct fb_api_answer *answer, int code, const char *what)
{
	fb_api_error(answer, http_status(code), code, NULL, "%s: %s", what, fb_strerror(code));
}

static uint64_t number_parameter(
	const struct fb_api_request *request, const char *key, uint64_t missing)
{
	const char *text = request->parameter(request->parameter_arg, key);
	char *end;
	uint64_t value;

	if (text == NULL || *text == '\0')
		return missing;
	value = strtoull(text, &end, 10);
	return *end == '\0' ? value : missing;
}

/* ---- views ---- */

typedef json_t *(*view_fn)(const struct fb_engine_view *view);

static void answer_view(struct fb_api_request *request, struct fb_api_answer *answer, view_fn make)
{
	struct fb_engine_view view;
	int rc = fb_engine_view(request->engine, &view);

	if (rc != 0) {
		fail(answer, rc, "no view of the engine");
		return;
	}
	answer->json = make(&view);
	fb_engine_view_fini(&view);
}

static void get_status(struct fb_api_request *request, struct fb_api_answer *answer)
{
	answer_view(request, answer, fb_json_status);
}

static void get_ports(struct fb_api_request *request, struct fb_api_answer *answer)
{
	answer_view(request, answer, fb_json_ports);
}

static void get_pipelines(struct fb_api_request *request, struct fb_api_answer *answer)
{
	answer_view(request, answer, fb_json_pipelines);
}

static void no_pipeline(struct fb_api_answer *answer, const char *name)
{
	fb_api_error(answer, 404, FB_E_NOT_FOUND, "`forebay status` lists the pipelines",
		"there is no pipeline '%s'", name);
}

static void get_pipeline(struct fb_api_request *request, struct fb_api_answer *answer)
{
	struct fb_engine_view view;
	int rc = fb_engine_view(request->engine, &view);

	if (rc != 0) {
		fail(answer, rc, "no view of the engine");
		return;
	}
	answer->json = fb_json_pipeline(&view, request->name);
	if (answer->json == NULL)
		no_pipeline(answer, request->name);
	fb_engine_view_fini(&view);
}

static int make_ledger(struct fb_api_request *request, struct fb_ledger *ledger)
{
	struct fb_engine_view view;
	int rc = fb_engine_view(request->engine, &view);

	if (rc != 0)
		return rc;
	rc = fb_ledger_make(&view, ledger);
	if (rc != 0)
		fb_engine_view_fini(&view);
	return rc;
}

static void get_ledger(struct fb_api_request *request, struct fb_api_answer *answer)
{
	struct fb_ledger ledger;
	int rc = make_ledger(request, &ledger);

	if (rc != 0) {
		fail(answer, rc, "no ledger");
		return;
	}
	answer->json = fb_json_ledger(&ledger);
	fb_ledger_fini(&ledger);
}

static void get_metrics(struct fb_api_request *request, struct fb_api_answer *answer)
{
	struct fb_ledger ledger;
	int rc = make_ledger(request, &ledger);

	if (rc != 0) {
		fail(answer, rc, "no metrics");
		return;
	}
	fb_metrics_write(&ledger, &answer->text);
	answer->content_type = "text/plain; version=0.0.4; charset=utf-8";
	fb_ledger_fini(&ledger);
}

static void get_health(struct fb_api_request *request, struct fb_api_answer *answer)
{
	fb_buf_add_text(&answer->text, "ok\n");
	answer->content_type = "text/plain; charset=utf-8";
}

static void get_version(struct fb_api_request *request, struct fb_api_answer *answer)
{
	answer->json = json_pack(
		"{s:s, s:s}", "version", FB_VERSION, "kernels", fb_isa_name(fb_isa_detect()));
}

static void get_settings(struct fb_api_request *request, struct fb_api_answer *answer)
{
	answer->json = fb_json_settings(request->appliance);
}

/* ---- results ---- */

struct rows {
	json_t *columns;
	json_t *rows;
	uint64_t first_seq;
	uint64_t next_seq;
};

static int add_row(
	void *arg, const struct fb_query_plan *plan, uint64_t seq, const struct fb_value *values)
{
	struct rows *rows = arg;
	json_t *row = json_array();

	if (rows->next_seq == 0)
		rows->first_seq = seq;
	for (uint32_t i = 0; i < plan->select_cnt; i++) {
		struct fb_type type = plan->sink->fields[i]->type;

		if (json_array_size(rows->rows) == 0)
			json_array_append_new(
				rows->columns, json_pack("{s:s, s:b}", "name",
						       plan->sink->fields[i]->name, "number",
						       fb_type_is_integer(type) ||
							       fb_type_phys(type) == FB_PHYS_F64));
		json_array_append_new(row, fb_json_value(type, &values[i]));
	}
	json_array_append_new(rows->rows, row);
	rows->next_seq = seq + 1;
	return 0;
}

struct page_windows {
	json_t *windows;
	uint64_t next_seq; /* of the page */
};

static int add_window(void *arg, const struct fb_store_window *window)
{
	struct page_windows *page = arg;

	if (window->first_seq >= page->next_seq)
		return 1;
	json_array_append_new(page->windows,
		json_pack("{s:I, s:I, s:o, s:o, s:I, s:I, s:I}", "first_seq", (json_int_t)window->first_seq, "rows",
			(json_int_t)window->row_cnt, "start", fb_json_time(window->start_ms), "end",
			fb_json_time(window->end_ms), "revision", (json_int_t)window->revision, "deletes",
			(json_int_t)window->delete_cnt, "updates", (json_int_t)window->update_cnt));
	return 0;
}

/* Without a pipeline: the first there is. */
static char *only_pipeline(struct fb_engine *engine)
{
	struct fb_engine_view view;
	char *name = NULL;

	if (fb_engine_view(engine, &view) != 0)
		return NULL;
	if (view.pipeline_cnt > 0)
		name = strdup(view.pipelines[0].name);
	fb_engine_view_fini(&view);
	return name;
}

/* ?pipeline=&query=&limit=&before=: up to `limit` rows below row `before`, oldest first. */
static void get_windows(struct fb_api_request *request, struct fb_api_answer *answer)
{
	const char *wanted = request->parameter(request->parameter_arg, "pipeline");
	const char *query = request->parameter(request->parameter_arg, "query");
	uint64_t limit =
		FB_MIN(number_parameter(request, "limit", ROWS_DEFAULT), (uint64_t)ROWS_MAX);
	uint64_t before = number_parameter(request, "before", UINT64_MAX);
	struct rows rows = {.columns = json_array(), .rows = json_array()};
	struct page_windows page = {.windows = json_array()};
	char *name = wanted && *wanted ? strdup(wanted) : only_pipeline(request->engine);
	int rc = FB_E_NOT_FOUND;

	query = query && *query ? query : NULL;
	if (name != NULL)
		rc = fb_engine_results(request->engine, name, query, before, (uint32_t)limit, add_row, &rows);
	page.next_seq = rows.next_seq;
	if (rc == 0 && rows.next_seq > 0)
		rc = fb_engine_windows(request->engine, name, query, rows.first_seq, add_window, &page);
	if (rc == FB_E_NOT_FOUND)
		fb_api_error(answer, 404, rc, "`forebay status` lists pipelines and queries",
			name ? "there is no pipeline '%s'%s%s" : "there is no pipeline yet%s%s%s",
			name ? name : "", query ? " with query " : "", query ? query : "");
	else if (rc != 0)
		fail(answer, rc, "results cannot be read");
	else
		answer->json = json_pack("{s:s, s:I, s:I, s:O, s:O, s:O}", "pipeline", name, "first_seq",
			(json_int_t)rows.first_seq, "next_seq", (json_int_t)rows.next_seq,
			"columns", rows.columns, "rows", rows.rows, "windows", page.windows);
	json_decref(rows.columns);
	json_decref(rows.rows);
	json_decref(page.windows);
	free(name);
}

/* ---- changes ---- */

static void apply_sql(
	struct fb_api_request *request, struct fb_api_answer *answer, const struct fb_apply_conf *conf)
{
	struct fb_diags diags;
	struct fb_buf full_name = {0};
	int rc;

	fb_diags_init(&diags, conf->file);
	rc = fb_engine_apply_conf(request->engine, conf, &diags, &full_name);
	if (rc == 0) {
		answer->status = 201;
		answer->json = json_pack("{s:s}", "name", full_name.p);
	} else {
		const char *first = diags.cnt > 0 && diags.items[0].message ? diags.items[0].message
									    : fb_strerror(rc);

		fb_api_error(answer, http_status(rc), rc, NULL, "%s", first);
	}
	json_object_set_new(answer->json, "diagnostics", fb_json_diagnostics(&diags));
	fb_buf_fini(&full_name);
	fb_diags_fini(&diags);
}

/* from: where history begins, as people write it (engine.h); bytes_per_second: at most, of history; replace. */
static bool read_history(json_t *body, struct fb_api_answer *answer, struct fb_apply_conf *conf)
{
	json_t *from = json_object_get(body, "from");
	json_t *rate = json_object_get(body, "bytes_per_second");
	const char *text = json_string_value(from);

	if (from != NULL && !json_is_null(from)) {
		if (text == NULL || fb_engine_parse_from(text, fb_clock_realtime_ns(), &conf->from_ns) != 0) {
			fb_api_error(answer, 422, FB_E_INVALID,
				"write begin, -2h (before now), or a time as 2026-01-31 12:00:00 (UTC) or "
				"2026-01-31T12:00:00+01:00",
				"'%s' is no time to begin from", text ? text : "from");
			return false;
		}
		conf->backfill = true;
	}
	conf->replace = json_is_true(json_object_get(body, "replace"));
	if (conf->replace && !conf->backfill) {
		conf->backfill = true;
		conf->from_ns = INT64_MIN;
	}
	if (rate != NULL && (!json_is_integer(rate) || json_integer_value(rate) < 0)) {
		fb_api_error(answer, 422, FB_E_INVALID, NULL, "'bytes_per_second' is no count of bytes");
		return false;
	}
	conf->bytes_per_s = (uint64_t)json_integer_value(rate);
	return true;
}

static void post_pipelines(struct fb_api_request *request, struct fb_api_answer *answer)
{
	json_error_t error;
	json_t *body = json_loadb(request->body ? request->body : "", request->body_len, 0, &error);
	json_t *sql = json_object_get(body, "sql");
	const char *name = json_string_value(json_object_get(body, "name"));
	const char *file = json_string_value(json_object_get(body, "file"));
	struct fb_apply_conf conf = {.name = name, .file = file ? file : "pipeline.sql"};

	if (body == NULL) {
		fb_api_error(answer, 400, FB_E_SYNTAX, NULL,
			"the body is no JSON: %s (line %d, column %d)", error.text, error.line,
			error.column);
	} else if (!json_is_string(sql)) {
		fb_api_error(answer, 400, FB_E_INVALID,
			"send {\"sql\": \"…\", \"file\": \"a.sql\", \"name\": \"a\"}",
			"the body has no text 'sql'");
	} else if (read_history(body, answer, &conf)) {
		conf.sql = (struct fb_str){json_string_value(sql), (uint32_t)json_string_length(sql)};
		apply_sql(request, answer, &conf);
	}
	json_decref(body);
}

static void being_replaced(struct fb_api_answer *answer, const char *name)
{
	fb_api_error(answer, 409, FB_E_BUSY, "drop NAME~new first, or wait until it has taken over",
		"'%s' is being replaced, or is being dropped", name);
}

static void post_drain(struct fb_api_request *request, struct fb_api_answer *answer)
{
	uint64_t timeout_ms = FB_MIN(
		number_parameter(request, "timeout_ms", DRAIN_TIMEOUT_MS), (uint64_t)3600000);
	int rc = fb_engine_drain(request->engine, request->name, (int)timeout_ms);

	if (rc == FB_E_NOT_FOUND)
		no_pipeline(answer, request->name);
	else if (rc == FB_E_BUSY)
		being_replaced(answer, request->name);
	else if (rc == FB_E_TIMEOUT)
		fb_api_error(answer, 504, rc,
			"rows that a sink has not taken stay in the store and are delivered when "
			"it returns",
			"'%s' was not drained within %llu ms", request->name,
			(unsigned long long)timeout_ms);
	else if (rc != 0)
		fail(answer, rc, "the pipeline cannot be drained");
	else
		answer->json = json_pack("{s:s, s:s}", "name", request->name, "state", "drained");
}

/* Without a name: of all pipelines that run. */
static void post_checkpoint(struct fb_api_request *request, struct fb_api_answer *answer)
{
	uint64_t timeout_ms = FB_MIN(
		number_parameter(request, "timeout_ms", DRAIN_TIMEOUT_MS), (uint64_t)3600000);
	const char *name = request->name[0] != '\0' ? request->name : NULL;
	int rc = fb_engine_checkpoint(request->engine, name, (int)timeout_ms);

	if (rc == FB_E_NOT_FOUND)
		fb_api_error(answer, 404, rc, "forebay status shows which pipelines run",
			"no pipeline '%s' is running", request->name);
	else if (rc == FB_E_UNSUPPORTED)
		fb_api_error(answer, 409, rc,
			NULL,
			"pipeline '%s' has no checkpoints: it reads no stream",
			request->name);
	else if (rc == FB_E_TIMEOUT)
		fb_api_error(answer, 504, rc, NULL, "no checkpoint was written within %llu ms",
			(unsigned long long)timeout_ms);
	else if (rc != 0)
		fail(answer, rc, "the checkpoint cannot be written");
	else
		get_pipelines(request, answer);
}

static void get_import(struct fb_api_request *request, struct fb_api_answer *answer)
{
	answer_view(request, answer, fb_json_import);
}

/* path, and stream, rate (packets a second), speed (times the capture's own) */
static void post_import(struct fb_api_request *request, struct fb_api_answer *answer)
{
	const char *speed = request->parameter(request->parameter_arg, "speed");
	struct fb_import_conf conf = {
		.path = request->parameter(request->parameter_arg, "path"),
		.stream = request->parameter(request->parameter_arg, "stream"),
		.packets_per_s = number_parameter(request, "rate", 0),
		.speed = speed ? strtod(speed, NULL) : 0,
	};
	struct fb_buf message = {0};
	int rc;

	if (conf.path == NULL || conf.path[0] == '\0' || !(conf.speed >= 0)) {
		fb_api_error(answer, 422, FB_E_INVALID, NULL, "give ?path=FILE of a capture, and a speed of 0 or more");
		return;
	}
	rc = fb_engine_import(request->engine, &conf, &message);
	if (rc != 0)
		fb_api_error(answer, http_status(rc), rc,
			rc == FB_E_PERMISSION ? "the appliance reads it itself: it must be allowed to" : NULL, "%s",
			message.p ? message.p : fb_strerror(rc));
	else
		get_import(request, answer);
	fb_buf_fini(&message);
}

static void delete_import(struct fb_api_request *request, struct fb_api_answer *answer)
{
	fb_engine_import_cancel(request->engine);
	get_import(request, answer);
}

static void delete_pipeline(struct fb_api_request *request, struct fb_api_answer *answer)
{
	int rc = fb_engine_drop(request->engine, request->name);

	if (rc == FB_E_NOT_FOUND)
		no_pipeline(answer, request->name);
	else if (rc == FB_E_BUSY)
		being_replaced(answer, request->name);
	else if (rc != 0)
		fail(answer, rc, "the pipeline cannot be dropped");
	else
		answer->json = json_pack("{s:s, s:s}", "name", request->name, "state", "dropped");
}

/* ---- the table ---- */

/* '*' stands for a name. */
static const struct {
	const char *method;
	const char *path;
	void (*handle)(struct fb_api_request *request, struct fb_api_answer *answer);
} routes[] = {
	{"GET", "/v1/status", get_status},
	{"GET", "/v1/ports", get_ports},
	{"GET", "/v1/pipelines", get_pipelines},
	{"POST", "/v1/pipelines", post_pipelines},
	{"GET", "/v1/pipelines/*", get_pipeline},
	{"DELETE", "/v1/pipelines/*", delete_pipeline},
	{"POST", "/v1/pipelines/*/drain", post_drain},
	{"POST", "/v1/pipelines/*/checkpoint", post_checkpoint},
	{"POST", "/v1/pipelines/*/repair", fb_api_post_repair},
	{"POST", "/v1/checkpoint", post_checkpoint},
	{"GET", "/v1/replays", fb_api_get_replays},
	{"POST", "/v1/replays", fb_api_post_replay},
	{"GET", "/v1/replays/*", fb_api_get_replay},
	{"DELETE", "/v1/replays/*", fb_api_delete_replay},
	{"GET", "/v1/replays/*/rows", fb_api_get_replay_rows},
	{"GET", "/v1/replays/*/differences", fb_api_get_replay_differences},
	{"POST", "/v1/replays/*/resume", fb_api_resume_replay},
	{"GET", "/v1/import", get_import},
	{"POST", "/v1/import", post_import},
	{"DELETE", "/v1/import", delete_import},
	{"GET", "/v1/windows", get_windows},
	{"GET", "/v1/log", fb_api_log_streams},
	{"GET", "/v1/log/*", fb_api_log_stream},
	{"GET", "/v1/log/*/datagrams", fb_api_log_datagrams},
	{"GET", "/v1/ledger", get_ledger},
	{"GET", "/v1/settings", get_settings},
	{"GET", "/v1/version", get_version},
	{"GET", "/metrics", get_metrics},
	{"GET", "/healthz", get_health},
};

/* The variable part, as a copy; NULL: no match. Without a variable part an empty copy. */
static char *match(const char *pattern, const char *path)
{
	const char *star = strchr(pattern, '*');
	size_t before = star ? (size_t)(star - pattern) : strlen(pattern);
	size_t after = star ? strlen(star + 1) : 0;
	size_t len = strlen(path);

	if (star == NULL)
		return strcmp(pattern, path) == 0 ? strdup("") : NULL;
	if (len <= before + after || strncmp(pattern, path, before) != 0 ||
		strcmp(star + 1, path + len - after) != 0 ||
		memchr(path + before, '/', len - before - after) != NULL)
		return NULL;
	return strndup(path + before, len - before - after);
}

static void unknown_path(const struct fb_api_request *request, struct fb_api_answer *answer)
{
	const char *paths[FB_ARRAY_LEN(routes)];
	const char *nearest;
	char hint[128];

	for (size_t i = 0; i < FB_ARRAY_LEN(routes); i++)
		paths[i] = routes[i].path;
	nearest = fb_nearest_name(fb_str_from(request->path), paths, FB_ARRAY_LEN(routes));
	snprintf(hint, sizeof(hint), "did you mean %s?", nearest ? nearest : "/v1/status");
	fb_api_error(answer, 404, FB_E_NOT_FOUND, hint, "there is no %s", request->path);
}

void fb_api_route(struct fb_api_request *request, struct fb_api_answer *answer)
{
	*answer = (struct fb_api_answer){.status = 200};
	for (size_t i = 0; i < FB_ARRAY_LEN(routes); i++) {
		char *name = match(routes[i].path, request->path);

		if (name == NULL)
			continue;
		if (strcmp(routes[i].method, request->method) != 0 ||
			(request->read_only && strcmp(request->method, "GET") != 0)) {
			size_t used = strlen(answer->allow);

			if (!request->read_only || strcmp(routes[i].method, "GET") == 0)
				snprintf(answer->allow + used, sizeof(answer->allow) - used, "%s%s",
					used ? ", " : "", routes[i].method);
			free(name);
			answer->status = 405;
			continue;
		}
		request->name = name;
		answer->status = 200;
		answer->allow[0] = '\0';
		routes[i].handle(request, answer);
		free(name);
		return;
	}
	if (answer->status == 405)
		fb_api_error(answer, 405, FB_E_INVALID,
			request->read_only ? "over TCP the API is read-only; changes go through "
					     "the Unix socket"
					   : NULL,
			"%s is not for %s", request->method, request->path);
	else
		unknown_path(request, answer);
}
