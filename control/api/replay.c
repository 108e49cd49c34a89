/* SPDX-License-Identifier: Apache-2.0 */
#include "control/api/replay.h"

#include <stdlib.h>
#include <string.h>

#include "config/base/calendar.h"
#include "config/base/time_text.h"
#include "config/tables/disposition.h"
#include "control/api/view_json.h"

#define PAGE_DEFAULT 1000
#define PAGE_MAX 100000

static void set_u64(json_t *object, const char *key, uint64_t value)
{
	json_object_set_new(object, key, json_integer((json_int_t)value));
}

static void set_text(json_t *object, const char *key, const char *text)
{
	json_object_set_new(object, key, json_string(text));
}

/* ---- jobs as JSON ---- */

static json_t *dispositions(const uint64_t *counts)
{
	json_t *object = json_object();

	for (int i = 0; i < FB_REC_CNT; i++)
		if (counts[i] > 0)
			set_u64(object, fb_record_dispositions[i].label, counts[i]);
	return object;
}

static json_t *verification(const struct fb_replay_query_view *query)
{
	json_t *object = json_object();

	set_u64(object, "windows", query->compared_windows);
	set_u64(object, "different_windows", query->different_windows);
	set_u64(object, "missing_rows", query->missing_rows);
	set_u64(object, "extra_rows", query->extra_rows);
	set_u64(object, "changed_rows", query->changed_rows);
	set_u64(object, "unpublished_windows", query->unpublished_windows);
	set_u64(object, "expired_windows", query->expired_windows);
	set_u64(object, "corrected_rows", query->corrected_rows);
	set_u64(object, "differences", query->missing_rows + query->extra_rows + query->changed_rows);
	return object;
}

static json_t *query_json(const struct fb_replay_query_view *query)
{
	json_t *object = json_object();

	set_text(object, "name", query->name);
	json_object_set_new(object, "windowed", json_boolean(query->windowed));
	json_object_set_new(object, "finished", json_boolean(query->finished));
	set_u64(object, "rows", query->stored_rows);
	if (query->finished) {
		json_object_set_new(object, "dispositions", dispositions(query->counters.disposition));
		set_u64(object, "windows", query->windows);
		set_u64(object, "result_rows", query->result_rows);
		set_u64(object, "dropped_groups", query->dropped_groups);
	}
	if (query->delivers)
		json_object_set_new(object, "delivery",
			json_pack("{s:I, s:I, s:b, s:s}", "delivered", (json_int_t)query->delivery.delivered, "pending",
				(json_int_t)(query->delivery.end - FB_MIN(query->delivery.cursor, query->delivery.end)), "waiting",
				query->delivery.waiting, "message", query->delivery.message));
	if (query->verified)
		json_object_set_new(object, "verification", verification(query));
	return object;
}

json_t *fb_json_replay(const struct fb_replay_job_view *job)
{
	static const char *const states[] = {
		[FB_REPLAY_RUNNING] = "running",
		[FB_REPLAY_DELIVERING] = "delivering",
		[FB_REPLAY_DONE] = "done",
		[FB_REPLAY_FAILED] = "failed",
		[FB_REPLAY_CANCELLED] = "cancelled",
	};
	json_t *object = json_object();
	json_t *queries = json_array();

	set_u64(object, "id", job->id);
	set_text(object, "name", job->name);
	set_text(object, "state", states[job->state]);
	set_text(object, "error", job->error);
	set_text(object, "as", job->batch ? "batch" : "stream");
	set_text(object, "into", job->into);
	set_text(object, "against", job->against);
	json_object_set_new(object, "repair", json_boolean(job->repair));
	json_object_set_new(object, "verify", json_boolean(job->verifies));
	json_object_set_new(object, "publish_corrections", json_boolean(job->publishes));
	json_object_set_new(object, "from", fb_json_time(job->from_ms));
	json_object_set_new(object, "to", job->to_ms == FB_TIME_MAX ? json_null() : fb_json_time(job->to_ms));
	json_object_set_new(object, "created", fb_json_time(job->created_ms));
	json_object_set_new(object, "ended", fb_json_time(job->ended_ms ? job->ended_ms : FB_TIME_MIN));
	json_object_set_new(object, "seconds", json_real((double)job->run_ns / 1e9));
	json_object_set_new(object, "share", json_real(job->share));
	set_u64(object, "threads", job->threads);
	set_u64(object, "io_mb", job->read_mb_s);
	set_u64(object, "cpu", job->cpu_percent);
	set_u64(object, "bytes", job->bytes);
	set_u64(object, "total_bytes", job->total_bytes);
	set_u64(object, "records", job->records);
	set_u64(object, "missing_datagrams", job->missing_datagrams);
	set_u64(object, "damaged_datagrams", job->damaged_datagrams);
	json_object_set_new(object, "malformed", dispositions(job->decode.rejected));
	for (uint32_t i = 0; i < job->query_cnt; i++)
		json_array_append_new(queries, query_json(&job->queries[i]));
	json_object_set_new(object, "queries", queries);
	return object;
}

/* ---- which one ---- */

static void fail(struct fb_api_answer *answer, const struct fb_api_request *request, int rc)
{
	if (rc == FB_E_NOT_FOUND)
		fb_api_error(answer, 404, rc, "`forebay replay list` shows them", "there is no replay %s", request->name);
	else if (rc == FB_E_TIMEOUT)
		fb_api_error(answer, 504, rc, "it ends as soon as it can", "replay %s has not ended yet", request->name);
	else
		fb_api_error(answer, rc == FB_E_NO_MEMORY ? 507 : 500, rc, NULL, "replay %s: %s", request->name, fb_strerror(rc));
}

/* 0: it is no number, so there is no such job. */
static uint64_t id_of(const struct fb_api_request *request)
{
	char *end;
	uint64_t id = strtoull(request->name, &end, 10);

	return *end == '\0' && request->name[0] >= '0' && request->name[0] <= '9' ? id : 0;
}

static json_t *jobs_json(struct fb_api_request *request, uint64_t id, int *ret_rc)
{
	const struct fb_replay_job_view *jobs = NULL;
	struct fb_arena arena = {0};
	uint32_t cnt = 0;
	json_t *array = json_array();

	*ret_rc = fb_recompute_view(request->recompute, id, &arena, &jobs, &cnt);
	for (uint32_t i = 0; *ret_rc == 0 && i < cnt; i++)
		json_array_append_new(array, fb_json_replay(&jobs[i]));
	fb_arena_fini(&arena);
	return array;
}

void fb_api_get_replays(struct fb_api_request *request, struct fb_api_answer *answer)
{
	int rc;

	answer->json = jobs_json(request, 0, &rc);
	if (rc != 0)
		fb_api_error(answer, 507, rc, NULL, "no list of replays: %s", fb_strerror(rc));
}

void fb_api_get_replay(struct fb_api_request *request, struct fb_api_answer *answer)
{
	uint64_t id = id_of(request);
	int rc = FB_E_NOT_FOUND;
	json_t *array = id ? jobs_json(request, id, &rc) : NULL;

	if (rc == 0 && json_array_size(array) == 0)
		rc = FB_E_NOT_FOUND;
	if (rc == 0)
		answer->json = json_incref(json_array_get(array, 0));
	else
		fail(answer, request, rc);
	json_decref(array);
}

void fb_api_delete_replay(struct fb_api_request *request, struct fb_api_answer *answer)
{
	uint64_t id = id_of(request);
	int rc = id ? fb_recompute_cancel(request->recompute, id) : FB_E_NOT_FOUND;

	if (rc != 0) {
		fail(answer, request, rc);
		return;
	}
	/* What is left of it says which it was. */
	answer->json = jobs_json(request, id, &rc);
	if (json_array_size(answer->json) == 1) {
		json_t *job = json_incref(json_array_get(answer->json, 0));

		json_decref(answer->json);
		answer->json = job;
	} else {
		json_decref(answer->json);
		answer->json = json_pack("{s:I, s:s}", "id", (json_int_t)id, "state", "forgotten");
	}
}

void fb_api_resume_replay(struct fb_api_request *request, struct fb_api_answer *answer)
{
	uint64_t id = id_of(request);
	int rc = id ? fb_recompute_resume(request->recompute, id) : FB_E_NOT_FOUND;

	if (rc == FB_E_INVALID)
		fb_api_error(answer, 409, rc, "`forebay replay list` shows the states", "replay %s has not failed", request->name);
	else if (rc == FB_E_BUSY)
		fb_api_error(answer, 409, rc, "wait, or cancel one", "as many replays as may be are at work, or another one corrects the same pipeline");
	else if (rc != 0)
		fail(answer, request, rc);
	else
		fb_api_get_replay(request, answer);
}

/* ---- create ---- */

static int read_time(json_t *json, int64_t missing, int64_t *ret_ms)
{
	int64_t us;

	*ret_ms = missing;
	if (json == NULL || json_is_null(json))
		return 0;
	if (json_is_integer(json)) {
		*ret_ms = json_integer_value(json);
		return 0;
	}
	if (!json_is_string(json) || !fb_time_from_text(fb_str_from(json_string_value(json)), &us))
		return FB_E_INVALID;
	*ret_ms = us / 1000;
	return 0;
}

static uint32_t read_number(json_t *body, const char *key)
{
	json_int_t value = json_integer_value(json_object_get(body, key));

	return (uint32_t)FB_MAX(FB_MIN(value, (json_int_t)1000000), (json_int_t)0);
}

static bool read_mode(json_t *body, enum fb_recompute_mode *ret)
{
	static const char *const names[] = {
		[FB_RECOMPUTE_FILE] = "file", [FB_RECOMPUTE_STREAM] = "stream", [FB_RECOMPUTE_BATCH] = "batch"};
	const char *text = json_string_value(json_object_get(body, "as"));

	*ret = FB_RECOMPUTE_FILE;
	for (size_t i = 0; text != NULL && i < FB_ARRAY_LEN(names); i++)
		if (strcmp(names[i], text) == 0) {
			*ret = (enum fb_recompute_mode)i;
			return true;
		}
	return text == NULL;
}

static const char *text_or_null(json_t *body, const char *key)
{
	const char *text = json_string_value(json_object_get(body, key));

	return text != NULL && text[0] != '\0' ? text : NULL;
}

/* What both kinds of job take. False: it was answered. */
static bool read_common(json_t *body, struct fb_recompute_spec *spec, struct fb_api_answer *answer)
{
	const char *wrong = read_time(json_object_get(body, "from"), FB_TIME_MIN, &spec->from_ms) ? "from"
			    : read_time(json_object_get(body, "to"), FB_TIME_MAX, &spec->to_ms)   ? "to"
												      : NULL;

	if (wrong != NULL) {
		fb_api_error(answer, 400, FB_E_INVALID, "write \"2026-01-01 08:00:00\", or milliseconds since 1970",
			"'%s' is no time", wrong);
		return false;
	}
	spec->threads = FB_MIN(read_number(body, "threads"), (uint32_t)FB_RECOMPUTE_THREADS_MAX);
	spec->read_mb_s = read_number(body, "io_mb");
	spec->cpu_percent = FB_MIN(read_number(body, "cpu"), 100u);
	return true;
}

static int http_status(int rc)
{
	switch (rc) {
	case FB_E_NOT_FOUND:
	case FB_E_SYNTAX:
	case FB_E_CONFIG:
	case FB_E_UNSUPPORTED:
	case FB_E_INVALID:
		return 422;
	case FB_E_BUSY:
		return 409;
	case FB_E_FULL:
	case FB_E_NO_MEMORY:
		return 507;
	default:
		return 500;
	}
}

static void create(struct fb_api_request *request, struct fb_api_answer *answer, const struct fb_recompute_spec *spec)
{
	struct fb_diags diags;
	uint64_t id = 0;
	int rc;

	fb_diags_init(&diags, spec->file ? spec->file : "");
	rc = fb_recompute_create(request->recompute, spec, &diags, &id);
	if (rc == 0) {
		answer->status = id ? 201 : 200;
		answer->json = json_pack("{s:o}", "id", id ? json_integer((json_int_t)id) : json_null());
	} else {
		const char *first = fb_strerror(rc);

		for (size_t i = diags.cnt; i-- > 0;)
			if (diags.items[i].severity == FB_ERROR_SEVERITY && diags.items[i].message != NULL)
				first = diags.items[i].message;
		fb_api_error(answer, http_status(rc), rc, NULL, "%s", first);
	}
	json_object_set_new(answer->json, "diagnostics", fb_json_diagnostics(&diags));
	fb_diags_fini(&diags);
}

/* NULL: it was answered. An empty body is an empty object. */
static json_t *read_body(struct fb_api_request *request, struct fb_api_answer *answer)
{
	json_error_t error;
	json_t *body = request->body_len ? json_loadb(request->body, request->body_len, 0, &error) : json_object();

	if (body == NULL)
		fb_api_error(answer, 400, FB_E_SYNTAX, NULL, "the body is no JSON: %s (line %d, column %d)", error.text,
			error.line, error.column);
	return body;
}

void fb_api_post_replay(struct fb_api_request *request, struct fb_api_answer *answer)
{
	json_t *body = read_body(request, answer);
	json_t *sql = json_object_get(body, "sql");
	struct fb_recompute_spec spec = {0};

	if (body == NULL)
		return;
	if (!json_is_string(sql)) {
		fb_api_error(answer, 400, FB_E_INVALID, "send {\"sql\": \"…\", \"file\": \"a.sql\"}", "the body has no text 'sql'");
	} else if (!read_mode(body, &spec.mode)) {
		fb_api_error(answer, 400, FB_E_INVALID, "file, stream or batch", "'as' is none of its words");
	} else if (read_common(body, &spec, answer)) {
		spec.sql = (struct fb_str){json_string_value(sql), (uint32_t)json_string_length(sql)};
		spec.file = text_or_null(body, "file");
		spec.file = spec.file ? spec.file : "replay.sql";
		spec.into = text_or_null(body, "into");
		spec.against = text_or_null(body, "against");
		spec.publish = json_is_true(json_object_get(body, "publish_corrections"));
		spec.verify = json_is_true(json_object_get(body, "verify")) || spec.publish || spec.against != NULL;
		create(request, answer, &spec);
	}
	json_decref(body);
}

void fb_api_post_repair(struct fb_api_request *request, struct fb_api_answer *answer)
{
	json_t *body = read_body(request, answer);
	struct fb_recompute_spec spec = {.repair = true, .against = request->name};

	if (body == NULL)
		return;
	if (read_common(body, &spec, answer))
		create(request, answer, &spec);
	json_decref(body);
}

/* ---- pages ---- */

static uint64_t number(const struct fb_api_request *request, const char *key, uint64_t missing)
{
	const char *text = request->parameter(request->parameter_arg, key);
	char *end;
	uint64_t value;

	if (text == NULL || *text == '\0')
		return missing;
	value = strtoull(text, &end, 10);
	return *end == '\0' ? value : missing;
}

struct page {
	json_t *columns;
	json_t *rows;
	uint64_t next_seq;
	bool has_bounds; /* the query selects both bounds of its windows */
};

static bool selects(const struct fb_query_plan *plan, uint16_t input)
{
	for (uint16_t i = 0; i < plan->select_cnt; i++)
		if (plan->select[i]->op == FB_OP_INPUT && plan->select[i]->input == input)
			return true;
	return false;
}

static json_t *row_json(const struct fb_query_plan *plan, const struct fb_value *values)
{
	json_t *row = json_array();

	if (values == NULL) {
		json_decref(row);
		return json_null();
	}
	for (uint16_t i = 0; i < plan->select_cnt; i++)
		json_array_append_new(row, fb_json_value(plan->select[i]->type, &values[i]));
	return row;
}

static void add_columns(struct page *page, const struct fb_query_plan *plan)
{
	for (uint16_t i = 0; i < plan->select_cnt; i++) {
		struct fb_type type = plan->select[i]->type;

		json_array_append_new(page->columns,
			json_pack("{s:s, s:b}", "name", plan->select_names[i], "number",
				fb_type_is_integer(type) || fb_type_phys(type) == FB_PHYS_F64));
	}
}

static int add_row(void *arg, const struct fb_query_plan *plan, uint64_t seq, const struct fb_value *values)
{
	struct page *page = arg;

	if (values == NULL) {
		add_columns(page, plan);
		page->next_seq = seq;
		return 0;
	}
	json_array_append_new(page->rows, row_json(plan, values));
	page->next_seq = seq + 1;
	return 0;
}

static int add_difference(void *arg, const struct fb_query_plan *plan, const struct fb_recompute_difference *difference)
{
	struct page *page = arg;

	if (difference == NULL) {
		add_columns(page, plan);
		page->has_bounds = selects(plan, FB_GROUP_WINDOW_START) && selects(plan, FB_GROUP_WINDOW_END);
		return 0;
	}
	json_array_append_new(page->rows,
		json_pack("{s:s, s:o, s:o, s:o, s:o}", "difference", difference->kind, "window_start",
			fb_json_time(difference->start_ms), "window_end", fb_json_time(difference->end_ms), "published",
			row_json(plan, difference->published), "recomputed", row_json(plan, difference->recomputed)));
	page->next_seq = difference->seq + 1;
	return 0;
}

/* The query by its name; the first without one. FB_E_NOT_FOUND. */
static int find_query(struct fb_api_request *request, uint64_t id, uint32_t *ret_query)
{
	const char *wanted = request->parameter(request->parameter_arg, "query");
	const struct fb_replay_job_view *jobs = NULL;
	struct fb_arena arena = {0};
	uint32_t cnt = 0;
	int rc = id ? fb_recompute_view(request->recompute, id, &arena, &jobs, &cnt) : FB_E_NOT_FOUND;

	if (rc == 0)
		rc = FB_E_NOT_FOUND;
	for (uint32_t i = 0; cnt == 1 && i < jobs[0].query_cnt && rc != 0; i++)
		if (wanted == NULL || *wanted == '\0' || strcmp(jobs[0].queries[i].name, wanted) == 0) {
			*ret_query = i;
			rc = 0;
		}
	fb_arena_fini(&arena);
	return rc;
}

static void get_page(struct fb_api_request *request, struct fb_api_answer *answer, bool differences)
{
	uint64_t id = id_of(request);
	struct fb_recompute_page page = {
		.from = number(request, "from", 0),
		.limit = (uint32_t)FB_MIN(number(request, "limit", PAGE_DEFAULT), (uint64_t)PAGE_MAX),
	};
	struct page json = {.columns = json_array(), .rows = json_array(), .next_seq = page.from};
	int rc = find_query(request, id, &page.query);

	if (rc == 0)
		rc = differences ? fb_recompute_differences(request->recompute, id, &page, add_difference, &json)
				 : fb_recompute_rows(request->recompute, id, &page, add_row, &json);
	if (rc == FB_E_NOT_FOUND)
		fb_api_error(answer, 404, rc, "`forebay replay list` shows them",
			"there is no replay %s with such a query whose %s are kept", request->name,
			differences ? "differences" : "rows");
	else if (rc != 0)
		fail(answer, request, rc);
	else
		answer->json = json_pack("{s:I, s:I, s:O, s:O}", "first_seq", (json_int_t)page.from, "next_seq",
			(json_int_t)json.next_seq, "columns", json.columns, "rows", json.rows);
	if (answer->status == 200 && differences)
		json_object_set_new(answer->json, "rows_have_bounds", json_boolean(json.has_bounds));
	json_decref(json.columns);
	json_decref(json.rows);
}

void fb_api_get_replay_rows(struct fb_api_request *request, struct fb_api_answer *answer)
{
	get_page(request, answer, false);
}

void fb_api_get_replay_differences(struct fb_api_request *request, struct fb_api_answer *answer)
{
	get_page(request, answer, true);
}
