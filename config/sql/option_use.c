/* SPDX-License-Identifier: Apache-2.0 */
/* What the options of a table mean where it is used: as source, as sink, and when the pipeline is
 * started. */
#include "config/base/errcode.h"
#include "config/sql/options.h"
#include "config/sql/sql.h"

/* What is judged: an option, a format, the connector. */
struct subject {
	enum fb_option_status status;
	struct fb_place place;
	const char *kind; /* "option" */
	const char *name;
	const char *hint;
};

typedef bool (*judge_fn)(void *arg, const struct subject *subject);

static bool judge_format(
	const struct fb_option *written, enum fb_table_role role, judge_fn judge, void *arg)
{
	const struct fb_connector_row *format = fb_format_row(written->value);
	struct subject subject = {
		format->role[role], written->place, "format", written->value, NULL};

	return judge(arg, &subject);
}

/* Everything that the table has in this role, in the order written. */
static bool judge_table(
	const struct fb_table *table, enum fb_table_role role, judge_fn judge, void *arg)
{
	bool ok = true;

	for (uint16_t i = 0; i < table->option_cnt; i++) {
		const struct fb_option *written = &table->options[i];
		const struct fb_option_row *option = fb_option_row(table, written->key);

		if (strcmp(written->key, "connector") == 0) {
			struct subject subject = {fb_connector_row(table->connector)->role[role],
				written->place, "connector", written->value, NULL};

			ok = judge(arg, &subject) && ok;
			continue;
		}
		if (option == NULL || fb_option_is_preset(option, written->value))
			continue;

		struct subject subject = {
			option->role[role], written->place, "option", written->key, option->text};

		ok = judge(arg, &subject) && ok;
		if (fb_option_is_format(option))
			ok = judge_format(written, role, judge, arg) && ok;
	}
	return ok;
}

/* ---- while planning ---- */

struct planning {
	struct fb_binder *b;
	const char *as;
	bool later; /* said of this table; the start says all of it */
};

static bool judge_use(void *arg, const struct subject *subject)
{
	struct planning *planning = arg;
	struct fb_binder *b = planning->b;
	const char *what = fb_arena_printf(
		b->arena, "%s '%s' of %s", subject->kind, subject->name, planning->as);

	switch (subject->status) {
	case FB_STATUS_PLANNED:
		fb_bind_planned(b, subject->place, subject->hint, "%s", what ? what : "");
		return false;
	case FB_STATUS_RELEASE2:
		fb_bind_error(b, subject->place, subject->hint, "%s comes with release 2", what);
		return false;
	case FB_STATUS_NO_EFFECT:
		fb_bind_warn(b, subject->place, subject->hint, "%s has no effect", what);
		return true;
	case FB_STATUS_LATER:
		if (planning->later)
			return true;
		planning->later = true;
		fb_bind_warn(b, subject->place,
			"the file is right; starting it here will be refused",
			"%s is planned, not yet here", what);
		return true;
	default:
		return true;
	}
}

bool fb_options_check_role(struct fb_binder *b, const struct fb_table *table,
	enum fb_table_role role, struct fb_place at)
{
	const char *as = role == FB_ROLE_SOURCE ? "a source" : "a sink";
	struct planning planning = {.b = b, .as = as};
	const struct fb_option *topic = fb_option_written(table, "topic");
	bool ok;

	if (fb_connector_row(table->connector)->role[role] == FB_STATUS_NO) {
		fb_bind_error(b, at, NULL, "table '%s' cannot be %s: connector '%s' is only %s",
			table->name, as, table->connector,
			role == FB_ROLE_SOURCE ? "a sink" : "a source");
		return false;
	}
	ok = judge_table(table, role, judge_use, &planning);
	if (role == FB_ROLE_SOURCE && table->partition_key_cnt != 0) {
		fb_bind_planned(b, at, "leave PARTITIONED BY out and read one folder",
			"reading table '%s', which is partitioned,", table->name);
		ok = false;
	}
	if (role == FB_ROLE_SINK && strcmp(table->connector, "kafka") == 0 &&
		(topic == NULL || strchr(topic->value, ';') != NULL)) {
		fb_bind_error(
			b, topic ? topic->place : at, NULL, "a Kafka sink writes to one 'topic'");
		ok = false;
	}
	return ok;
}

/* ---- when it is started ---- */

struct starting {
	struct fb_diags *diags;
	bool files;
	const struct fb_table *table;
	const char *as;
};

static bool judge_start(void *arg, const struct subject *subject)
{
	struct starting *starting = arg;

	if (subject->status == FB_STATUS_FILES && !starting->files) {
		fb_diags_add(starting->diags, FB_ERROR_SEVERITY, subject->place,
			"forebay run reads files",
			"%s '%s' cannot be used on the appliance: %s '%s' is for files",
			starting->as, starting->table->name, subject->kind, subject->name);
		return false;
	}
	if (subject->status != FB_STATUS_LATER)
		return true;
	fb_diags_add(starting->diags, FB_ERROR_SEVERITY, subject->place, subject->hint,
		"%s '%s' cannot be used here yet: %s '%s' is planned", starting->as,
		starting->table->name, subject->kind, subject->name);
	return false;
}

static bool check_start(
	const struct fb_table *table, enum fb_table_role role, bool files, struct fb_diags *diags)
{
	struct starting starting = {
		diags, files, table, role == FB_ROLE_SOURCE ? "source" : "sink"};

	return table == NULL || judge_table(table, role, judge_start, &starting);
}

/* What is known of files is not known of datagrams. */
static bool check_metadata(const struct fb_query_plan *input, struct fb_diags *diags)
{
	const struct fb_table *source = input->source;

	if (source == NULL)
		return true;
	for (uint16_t i = source->field_cnt; i < fb_table_input_cnt(source); i++)
		if (fb_query_needs_field(input, i)) {
			fb_diags_add(diags, FB_ERROR_SEVERITY, source->place, "forebay run reads files",
				"source '%s' cannot be used on the appliance: column '%s' is metadata of a file", source->name,
				source->fields[i]->name);
			return false;
		}
	return true;
}

int fb_sql_check_start(const struct fb_plan *plan, bool files, struct fb_diags *diags)
{
	bool ok = true;

	for (uint16_t i = 0; i < plan->query_cnt; i++) {
		for (uint32_t k = 0; k < fb_query_input_cnt(plan->queries[i]); k++) {
			const struct fb_query_plan *input = fb_query_input(plan->queries[i], k);

			ok = check_start(input->source, FB_ROLE_SOURCE, files, diags) && ok;
			ok = (files || check_metadata(input, diags)) && ok;
		}
		ok = check_start(plan->queries[i]->sink, FB_ROLE_SINK, files, diags) && ok;
	}
	return ok ? 0 : FB_E_UNSUPPORTED;
}
