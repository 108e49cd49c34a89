/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked for, checked: a plan, its queries by source, and streams that the raw log has. */
#include <stdlib.h>
#include <string.h>

#include "config/base/calendar.h"
#include "config/base/nearest.h"
#include "control/recompute/job.h"

static const struct fb_place no_place;

/* ---- which queries ---- */

static const struct fb_table *find_sink(const struct fb_job *job, struct fb_diags *diags)
{
	const struct fb_plan *plan = job->plan;
	const char *into = job->definition.into;
	const char *names[64];
	struct fb_buf hint = {0};
	uint32_t cnt = 0;
	const char *near;

	for (uint16_t i = 0; i < plan->table_cnt; i++) {
		if (strcmp(plan->tables[i]->name, into) == 0)
			return plan->tables[i];
		if (cnt < FB_ARRAY_LEN(names))
			names[cnt++] = plan->tables[i]->name;
	}
	near = fb_nearest_name(fb_str_from(into), names, cnt);
	if (near != NULL)
		fb_buf_printf(&hint, "did you mean '%s'?", near);
	else
		fb_buf_add_text(&hint, "name a table that the file declares with CREATE TABLE");
	fb_diags_add(diags, FB_ERROR_SEVERITY, no_place, hint.p, "--into: the file declares no table '%s'", into);
	fb_buf_fini(&hint);
	return NULL;
}

static bool is_alike(struct fb_type a, struct fb_type b)
{
	return a.kind == b.kind && a.precision == b.precision && a.scale == b.scale;
}

/* The rows of a query go to another table of the file, which takes them column by column. */
static int redirect(struct fb_job_query *query, const struct fb_query_plan *plan, const struct fb_table *sink,
	struct fb_diags *diags)
{
	bool fits = sink->field_cnt == plan->select_cnt;

	if (fb_sink_find(sink->connector) == NULL) {
		fb_diags_add(diags, FB_ERROR_SEVERITY, sink->place, "kafka, filesystem, print and blackhole are",
			"--into: '%s' is no sink: its connector is '%s'", sink->name, sink->connector);
		return FB_E_UNSUPPORTED;
	}
	for (uint16_t i = 0; fits && i < plan->select_cnt; i++)
		fits = is_alike(sink->fields[i]->type, plan->sink ? plan->sink->fields[i]->type : plan->select[i]->type);
	if (!fits) {
		fb_diags_add(diags, FB_ERROR_SEVERITY, sink->place, "its columns must be of the query's types, in their order",
			"--into: table '%s' does not take the rows of '%s'", sink->name, plan->name);
		return FB_E_INVALID;
	}
	query->redirected = *plan;
	query->redirected.sink = sink;
	return 0;
}

static bool is_wanted(const struct fb_query_plan *plan, const struct fb_table *sink, bool redirected)
{
	return sink == NULL || redirected || plan->sink == sink;
}

static int add_query(struct fb_job *job, const struct fb_query_plan *plan, const struct fb_table *sink, bool redirected,
	struct fb_diags *diags)
{
	struct fb_job_query *query = &job->queries[job->query_cnt];
	int rc = 0;

	query->job = job;
	query->plan = plan;
	if (plan->source == NULL) {
		fb_diags_add(diags, FB_ERROR_SEVERITY, plan->place, "take it out of the file, or run it with `forebay run`",
			"'%s' reads no stream: there is nothing to replay", plan->name);
		return FB_E_UNSUPPORTED;
	}
	if (fb_query_first_level(plan)->branch_cnt > 0) {
		fb_diags_add(diags, FB_ERROR_SEVERITY, plan->place,
			"export the payloads of the streams with `forebay log export`, and run the file over them",
			"'%s' is a window over a UNION ALL: from the raw log that is planned, not yet here", plan->name);
		return FB_E_UNSUPPORTED;
	}
	if (job->definition.verify && plan->window.kind == FB_WINDOW_NONE) {
		fb_diags_add(diags, FB_ERROR_SEVERITY, plan->place, "verification compares windows",
			"'%s' has no window: what it has published cannot be compared", plan->name);
		return FB_E_UNSUPPORTED;
	}
	if (redirected)
		rc = redirect(query, plan, sink, diags);
	if (rc == 0 && redirected)
		query->plan = &query->redirected;
	query->types = calloc(plan->select_cnt + 1u, sizeof(*query->types));
	if (rc == 0 && query->types == NULL)
		rc = FB_E_NO_MEMORY;
	for (uint16_t i = 0; rc == 0 && i < plan->select_cnt; i++)
		query->types[i] = plan->select[i]->type;
	query->rows.query_id = job->definition.first_query_id + 2 * job->query_cnt;
	query->differences.query_id = query->rows.query_id + 1;
	query->now.done_ms = query->kept.done_ms = FB_TIME_MIN;
	job->query_cnt++;
	return rc;
}

static int choose_queries(struct fb_job *job, struct fb_diags *diags)
{
	const struct fb_plan *plan = job->plan;
	const struct fb_table *sink = NULL;
	bool redirected = false;
	int rc = 0;

	if (job->definition.into[0] != '\0') {
		sink = find_sink(job, diags);
		if (sink == NULL)
			return FB_E_NOT_FOUND;
		redirected = true;
		for (uint16_t i = 0; i < plan->query_cnt; i++)
			redirected &= plan->queries[i]->sink != sink;
	}
	if (redirected && plan->query_cnt > 1) {
		fb_diags_add(diags, FB_ERROR_SEVERITY, sink->place, NULL,
			"--into: nothing is inserted into '%s', and the file has %u queries: which one is meant?", sink->name,
			plan->query_cnt);
		return FB_E_INVALID;
	}
	job->queries = calloc(plan->query_cnt + 1u, sizeof(*job->queries));
	if (job->queries == NULL)
		return FB_E_NO_MEMORY;
	for (uint16_t i = 0; rc == 0 && i < plan->query_cnt; i++)
		if (is_wanted(plan->queries[i], sink, redirected))
			rc = add_query(job, plan->queries[i], sink, redirected, diags);
	if (rc == 0 && job->query_cnt == 0) {
		fb_diags_add(diags, FB_ERROR_SEVERITY, no_place, NULL, "the file has no query");
		rc = FB_E_SYNTAX;
	}
	return rc;
}

/* ---- by source ---- */

static void report_stream(const struct fb_job *job, const struct fb_table *table, struct fb_diags *diags)
{
	const struct fb_appliance *appliance = job->recompute->appliance;
	struct fb_buf hint = {0};

	fb_buf_add_text(&hint, "streams that are kept:");
	for (uint32_t i = 0; i < appliance->streams_count; i++)
		if (fb_stream_is_kept(&appliance->streams[i]))
			fb_buf_printf(&hint, " %s (UDP %u)", appliance->streams[i].table, appliance->streams[i].udp_port);
	fb_diags_add(diags, FB_ERROR_SEVERITY, table->place, hint.p,
		"the source table '%s' is no stream of this appliance", table->name);
	fb_buf_fini(&hint);
}

static int open_pass(struct fb_job *job, struct fb_job_pass *pass, const struct fb_query_plan *plan, struct fb_diags *diags)
{
	const struct fb_appliance *appliance = job->recompute->appliance;
	const struct fb_layout *layout;
	int rc;

	pass->source = plan->source;
	pass->plans = calloc(job->query_cnt, sizeof(*pass->plans));
	pass->queries = calloc(job->query_cnt, sizeof(*pass->queries));
	if (pass->plans == NULL || pass->queries == NULL)
		return FB_E_NO_MEMORY;
	if (fb_engine_stream_of(appliance, plan->source, &pass->stream) != 0) {
		report_stream(job, plan->source, diags);
		return FB_E_NOT_FOUND;
	}
	layout = appliance->streams[pass->stream].layout;
	if (layout != NULL) {
		char message[FB_LAYOUT_MESSAGE_BYTES];
		const struct fb_query_plan *first = fb_query_first_level(plan);

		if (!fb_layout_fits(layout, first->source, first->fields_needed, message)) {
			fb_diags_add(diags, FB_ERROR_SEVERITY, first->source->place, NULL, "source table '%s': %s",
				first->source->name, message);
			return FB_E_CONFIG;
		}
	}
	rc = fb_rawlog_stream_id(
		fb_engine_rawlog(job->recompute->engine), appliance->streams[pass->stream].table, false, &pass->log_stream);
	if (rc == FB_E_NOT_FOUND)
		fb_diags_add(diags, FB_ERROR_SEVERITY, plan->source->place,
			"give it retention_age_s or retention_mb in the appliance file; what came before that is lost",
			"stream '%s' is not kept: there is nothing to replay", appliance->streams[pass->stream].table);
	return rc;
}

static int assign_pass(struct fb_job *job, struct fb_job_query *query, struct fb_diags *diags)
{
	struct fb_job_pass *pass = NULL;

	for (uint32_t i = 0; i < job->pass_cnt; i++)
		if (job->passes[i].source == query->plan->source)
			pass = &job->passes[i];
	if (pass == NULL) {
		int rc;

		pass = &job->passes[job->pass_cnt++];
		rc = open_pass(job, pass, query->plan, diags);
		if (rc != 0)
			return rc;
	}
	query->pass = (uint32_t)(pass - job->passes);
	pass->plans[pass->query_cnt] = query->plan;
	pass->queries[pass->query_cnt++] = query;
	return 0;
}

int fb_job_plan(struct fb_job *job, struct fb_diags *diags)
{
	const struct fb_job_definition *definition = &job->definition;
	int rc = fb_sql_plan_run(definition->file, fb_str_from(definition->sql), diags, &job->plan);

	if (rc != 0) {
		job->plan = NULL;
		return rc;
	}
	rc = choose_queries(job, diags);
	job->passes = calloc(job->query_cnt + 1u, sizeof(*job->passes));
	if (rc == 0 && job->passes == NULL)
		rc = FB_E_NO_MEMORY;
	for (uint32_t i = 0; rc == 0 && i < job->query_cnt; i++)
		rc = assign_pass(job, &job->queries[i], diags);
	job->batch = definition->mode == FB_RECOMPUTE_BATCH ||
		(definition->mode == FB_RECOMPUTE_FILE && job->plan->settings.batch_mode);
	job->keeps_rows = !definition->verify || definition->into[0] != '\0';
	job->resumable = true;
	for (uint32_t i = 0; i < job->pass_cnt; i++)
		job->resumable &= fb_replay_can_resume(job->passes[i].plans, job->passes[i].query_cnt);
	return rc;
}

/* ---- when it is created ---- */

static void add_time(struct fb_buf *out, int64_t ms)
{
	char text[FB_TIME_TEXT_BYTES];

	fb_time_format_us(FB_MAX(FB_MIN(ms, FB_TIME_MAX / 1000), FB_TIME_MIN / 1000) * 1000, 3, text);
	fb_buf_add_text(out, text);
}

/* What a window of the range could have come from. */
static int check_log(struct fb_job *job, const struct fb_job_pass *pass, struct fb_diags *diags)
{
	const char *table = job->recompute->appliance->streams[pass->stream].table;
	struct fb_rawlog_span all;
	int rc = fb_rawlog_total(
		fb_engine_rawlog(job->recompute->engine), pass->log_stream, FB_RAWLOG_ALL_CORES, &all);

	if (rc == FB_E_NOT_FOUND || (rc == 0 && all.datagram_cnt == 0)) {
		fb_diags_add(diags, FB_ERROR_SEVERITY, pass->source->place, "forebay log list",
			"the raw log has nothing of stream '%s' yet", table);
		return FB_E_NOT_FOUND;
	}
	return rc;
}

int fb_job_find_published(struct fb_job_query *query)
{
	const struct fb_job *job = query->job;
	const char *against = job->definition.against;
	int rc = fb_engine_published(job->recompute->engine, against, query->plan->name, query->plan, &query->published);

	/* A SELECT alone, or another sink's name: it is clear what is meant where there is one. */
	if (rc == FB_E_NOT_FOUND && job->query_cnt == 1)
		rc = fb_engine_published(job->recompute->engine, against, NULL, query->plan, &query->published);
	return rc;
}

static int check_published(struct fb_job_query *query, struct fb_diags *diags)
{
	const char *against = query->job->definition.against;
	int rc = fb_job_find_published(query);

	if (rc == FB_E_NOT_FOUND)
		fb_diags_add(diags, FB_ERROR_SEVERITY, no_place, "`forebay status` lists them; --against NAME names the pipeline",
			"there is no pipeline '%s' with a query '%s' to compare with", against, query->plan->name);
	else if (rc == FB_E_INVALID)
		fb_diags_add(diags, FB_ERROR_SEVERITY, query->plan->place, NULL,
			"'%s' has other columns than what pipeline '%s' has published", query->plan->name, against);
	return rc;
}

int fb_job_check(struct fb_job *job, struct fb_diags *diags)
{
	const struct fb_job_definition *definition = &job->definition;
	int rc = 0;

	if (definition->from_ms >= definition->to_ms) {
		struct fb_buf from = {0}, to = {0};

		add_time(&from, definition->from_ms);
		add_time(&to, definition->to_ms);
		fb_diags_add(diags, FB_ERROR_SEVERITY, no_place, "--to must be later than --from",
			"the range from %s to %s is empty", from.p, to.p);
		fb_buf_fini(&from);
		fb_buf_fini(&to);
		return FB_E_INVALID;
	}
	for (uint32_t i = 0; rc == 0 && i < job->pass_cnt; i++)
		rc = check_log(job, &job->passes[i], diags);
	for (uint32_t i = 0; rc == 0 && definition->verify && i < job->query_cnt; i++)
		rc = check_published(&job->queries[i], diags);
	return rc;
}
