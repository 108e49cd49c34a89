/* SPDX-License-Identifier: Apache-2.0 */
#include "config/sql/bind.h"

#include <stdarg.h>
#include <stdio.h>

/* ---- words to the user ---- */

static void say(struct fb_binder *b, enum fb_severity severity, struct fb_place at,
	const char *hint, const char *what, const char *fmt, va_list args)
{
	char message[512];

	if (b->diags->error_cnt >= FB_SQL_ERRORS_MAX)
		return;
	vsnprintf(message, sizeof(message), fmt, args);
	fb_diags_add(b->diags, severity, at, hint, "%s%s", message, what);
	if (b->diags->error_cnt >= FB_SQL_ERRORS_MAX)
		fb_diags_add(b->diags, FB_NOTE, at, NULL, "too many errors, the rest is not read");
}

void fb_bind_error(struct fb_binder *b, struct fb_place at, const char *hint, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(b, FB_ERROR_SEVERITY, at, hint, "", fmt, args);
	va_end(args);
}

void fb_bind_warn(struct fb_binder *b, struct fb_place at, const char *hint, const char *fmt, ...)
{
	va_list args;

	char message[512];

	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	for (size_t i = 0; i < b->diags->cnt; i++) {
		const struct fb_diag *said = &b->diags->items[i];

		if (said->severity == FB_WARNING && said->place.line == at.line &&
			said->place.column == at.column && strcmp(said->message, message) == 0)
			return;
	}
	if (b->diags->error_cnt < FB_SQL_ERRORS_MAX)
		fb_diags_add(b->diags, FB_WARNING, at, hint, "%s", message);
}

void fb_bind_planned(
	struct fb_binder *b, struct fb_place at, const char *hint, const char *what, ...)
{
	va_list args;

	va_start(args, what);
	say(b, FB_ERROR_SEVERITY, at, hint, " is planned, not yet here", what, args);
	va_end(args);
}

bool fb_bind_charge(struct fb_binder *b, uint64_t units, struct fb_place at)
{
	b->size += units;
	if (b->size <= FB_PLAN_SIZE_MAX)
		return true;
	if (!b->size_reported)
		fb_bind_error(b, at, "split the file",
			"the file asks for too much: more than %d parts in its plan",
			FB_PLAN_SIZE_MAX);
	b->size_reported = true;
	return false;
}

/* ---- names ---- */

const struct fb_ast_name *fb_bind_path(struct fb_binder *b, const struct fb_ast_names *path)
{
	static const char *const built_in[] = {"default_catalog", "default_database"};
	const struct fb_ast_name *name = path->first;
	size_t skip = path->cnt < 3 ? 3 - path->cnt : 0;

	for (size_t i = skip; name != NULL && name->next != NULL; i++, name = name->next) {
		if (i >= FB_ARRAY_LEN(built_in) ||
			!fb_str_eq(name->text, fb_str_from(built_in[i]))) {
			fb_bind_error(b, path->place, "write the name alone",
				"there is one catalog and one database: "
				"default_catalog.default_database");
			return NULL;
		}
	}
	return name;
}

static struct fb_def *find_kind(struct fb_binder *b, struct fb_str name, bool temporary)
{
	for (struct fb_def *def = b->defs; def != NULL; def = def->next)
		if (!def->dropped && def->temporary == temporary && fb_str_eq(def->name, name))
			return def;
	return NULL;
}

struct fb_def *fb_def_find(struct fb_binder *b, struct fb_str name)
{
	struct fb_def *temporary = find_kind(b, name, true);

	return temporary ? temporary : find_kind(b, name, false);
}

struct fb_def *fb_def_add(
	struct fb_binder *b, struct fb_str name, bool temporary, struct fb_place at)
{
	struct fb_def *def;

	if (find_kind(b, name, temporary) != NULL) {
		fb_bind_error(b, at, "write IF NOT EXISTS, or drop it first",
			"'%.*s' is there already", (int)FB_MIN(name.len, 100u), name.p);
		return NULL;
	}
	if (b->def_cnt == FB_TABLES_MAX) {
		fb_bind_error(b, at, NULL, "more than %d tables and views", FB_TABLES_MAX);
		return NULL;
	}
	def = FB_ARENA_NEW(b->arena, struct fb_def);
	if (def == NULL)
		return NULL;
	def->name = name;
	def->temporary = temporary;
	def->next = b->defs;
	b->defs = def;
	b->def_cnt++;
	return def;
}

bool fb_bind_answer(struct fb_binder *b, const char *statement, const char *text,
	const struct fb_query_plan *query, struct fb_place place)
{
	if (b->plan->answer_cnt == FB_TABLES_MAX) {
		fb_bind_error(b, place, NULL, "more than %d statements that ask", FB_TABLES_MAX);
		return false;
	}
	b->answers[b->plan->answer_cnt++] = (struct fb_answer){
		.statement = statement, .text = text, .query = query, .place = place};
	return true;
}

/* ---- statements ---- */

/* A view is bound once, here; a query that reads it goes on from there. */
static void create_view(struct fb_binder *b, const struct fb_ast_statement *statement)
{
	const struct fb_ast_name *name = fb_bind_path(b, &statement->name);
	struct fb_def *def;
	struct fb_rel *rel;

	if (name == NULL ||
		(statement->if_exists && find_kind(b, name->text, statement->temporary)))
		return;
	rel = fb_bind_query(b, statement->query);
	if (rel != NULL && !fb_bind_rename(b, rel, &statement->columns))
		rel = NULL;
	def = fb_def_add(b, name->text, statement->temporary, statement->name.place);
	if (def == NULL)
		return;
	def->is_view = true;
	def->rel = rel;
	def->broken = rel == NULL;
}

static void drop(struct fb_binder *b, const struct fb_ast_statement *statement)
{
	const struct fb_ast_name *name = fb_bind_path(b, &statement->name);
	bool view = statement->kind == FB_STMT_DROP_VIEW;
	const char *kind = view ? "view" : "table";
	const char *temporary = statement->temporary ? "temporary " : "";
	struct fb_def *def = name == NULL           ? NULL
			     : statement->temporary ? find_kind(b, name->text, true)
						    : fb_def_find(b, name->text);

	if (name == NULL)
		return;
	if (def == NULL) {
		if (!statement->if_exists)
			fb_bind_error(b, statement->name.place, "write IF EXISTS",
				"there is no %s%s '%.*s'", temporary, kind,
				(int)FB_MIN(name->text.len, 100u), name->text.p);
		return;
	}
	if (def->temporary && !statement->temporary) {
		fb_bind_error(b, statement->name.place,
			def->is_view ? "write DROP TEMPORARY VIEW" : "write DROP TEMPORARY TABLE",
			"'%.*s' is temporary", (int)FB_MIN(name->text.len, 100u), name->text.p);
		return;
	}
	if (def->is_view != view) {
		fb_bind_error(b, statement->name.place,
			view ? "write DROP TABLE" : "write DROP VIEW", "'%.*s' is no %s",
			(int)FB_MIN(name->text.len, 100u), name->text.p, kind);
		return;
	}
	def->dropped = true;
}

static void bind_statement(struct fb_binder *b, const struct fb_ast_statement *statement)
{
	switch (statement->kind) {
	case FB_STMT_SET:
		fb_bind_set(b, statement);
		break;
	case FB_STMT_RESET:
		fb_bind_reset(b, statement);
		break;
	case FB_STMT_CREATE_TABLE:
		fb_bind_create_table(b, statement);
		break;
	case FB_STMT_CREATE_VIEW:
		create_view(b, statement);
		break;
	case FB_STMT_DROP_TABLE:
	case FB_STMT_DROP_VIEW:
		drop(b, statement);
		break;
	case FB_STMT_SHOW_TABLES:
	case FB_STMT_SHOW_VIEWS:
	case FB_STMT_SHOW_CREATE_TABLE:
	case FB_STMT_DESCRIBE:
		fb_bind_show(b, statement);
		break;
	default:
		fb_bind_insert(b, statement);
		break;
	}
}

void fb_bind_statements(struct fb_binder *b, const struct fb_ast_statements *statements)
{
	for (const struct fb_ast_statement *at = statements->first; at != NULL; at = at->next) {
		if (b->diags->error_cnt >= FB_SQL_ERRORS_MAX || b->arena->failed)
			return;
		bind_statement(b, at);
	}
}
