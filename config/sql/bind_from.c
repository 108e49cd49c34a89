/* SPDX-License-Identifier: Apache-2.0 */
/* FROM: tables, views, subqueries; the window functions over them are in bind_window.c. */
#include "config/base/nearest.h"
#include "config/sql/bind.h"

static struct fb_rel *copy_branch(
	struct fb_binder *b, const struct fb_rel *rel, struct fb_str qualifier, struct fb_place at)
{
	struct fb_rel *copy = FB_ARENA_NEW(b->arena, struct fb_rel);
	/* room for the three columns of a window */
	struct fb_rel_column *columns =
		FB_ARENA_ARRAY(b->arena, struct fb_rel_column, (size_t)rel->column_cnt + 3);

	if (copy == NULL || columns == NULL || !fb_bind_charge(b, rel->column_cnt + 1ull, at))
		return NULL;
	*copy = *rel;
	copy->next = NULL;
	copy->columns = columns;
	for (uint32_t i = 0; i < rel->column_cnt; i++) {
		columns[i] = rel->columns[i];
		columns[i].qualifier = qualifier;
	}
	return copy;
}

static struct fb_rel *copy_rel(
	struct fb_binder *b, const struct fb_rel *rel, struct fb_str qualifier, struct fb_place at)
{
	struct fb_rel *first = NULL;
	struct fb_rel **tail = &first;

	for (; rel != NULL; rel = rel->next, tail = &(*tail)->next)
		if ((*tail = copy_branch(b, rel, qualifier, at)) == NULL)
			return NULL;
	return first;
}

const char *fb_def_nearest(struct fb_binder *b, struct fb_str name)
{
	const char **names = FB_ARENA_ARRAY(b->arena, const char *, b->def_cnt);
	uint32_t cnt = 0;

	for (const struct fb_def *def = b->defs; names != NULL && def != NULL && cnt < b->def_cnt;
		def = def->next) {
		if (def->dropped)
			continue;
		names[cnt] = fb_arena_strdup(b->arena, def->name);
		if (names[cnt] != NULL)
			cnt++;
	}
	return names ? fb_nearest_name(name, names, cnt) : NULL;
}

/* The table of a hint reads the same records, so only the source is another one. */
static const struct fb_rel *apply_hint(struct fb_binder *b, const struct fb_def *def,
	const struct fb_ast_options *options, struct fb_place hint)
{
	struct fb_rel *rel;
	const struct fb_table *table;

	if (def->table == NULL) {
		fb_bind_error(b, hint, "put it behind the table inside of the view or query",
			"'%.*s' is no table: only tables have options",
			(int)FB_MIN(def->name.len, 100u), def->name.p);
		return NULL;
	}
	table = fb_bind_hint(b, def->table, options, hint);
	rel = table ? FB_ARENA_NEW(b->arena, struct fb_rel) : NULL;
	if (rel == NULL)
		return NULL;
	*rel = *def->rel;
	rel->source = table;
	return rel;
}

static bool is_dropped(const struct fb_rel *rel)
{
	bool dropped = rel->source_dropped != NULL && *rel->source_dropped;

	for (const struct fb_rel *branch = rel->united; branch != NULL; branch = branch->next)
		dropped |= is_dropped(branch);
	return dropped;
}

static const struct fb_rel *find_rel(struct fb_binder *b, const struct fb_ast_names *path,
	const struct fb_ast_options *options, struct fb_place hint)
{
	const struct fb_ast_name *name = fb_bind_path(b, path);
	const struct fb_def *def = NULL;

	if (name == NULL)
		return NULL;
	for (def = b->withs; path->cnt == 1 && def != NULL; def = def->next)
		if (fb_str_eq(def->name, name->text))
			break;
	if (path->cnt != 1 || def == NULL)
		def = fb_def_find(b, name->text);
	if (def == NULL) {
		const char *near = fb_def_nearest(b, name->text);

		fb_bind_error(b, path->place,
			near ? fb_arena_printf(b->arena, "did you mean %s?", near) : NULL,
			"there is no table or view '%.*s'", (int)FB_MIN(name->text.len, 100u),
			name->text.p);
		return NULL;
	}
	if (def->broken || def->rel == NULL)
		return NULL;
	for (const struct fb_rel *rel = def->rel; rel != NULL; rel = rel->next) {
		if (!is_dropped(rel))
			continue;
		fb_bind_error(b, path->place, NULL, "view '%.*s' reads a table that was dropped",
			(int)def->name.len, def->name.p);
		return NULL;
	}
	return hint.line == 0 ? def->rel : apply_hint(b, def, options, hint);
}

bool fb_bind_rename(struct fb_binder *b, struct fb_rel *rel, const struct fb_ast_names *names)
{
	if (names->cnt == 0)
		return true;
	if (names->cnt != rel->column_cnt) {
		fb_bind_error(b, names->place, NULL, "%u name%s for %u column%s", names->cnt,
			names->cnt == 1 ? "" : "s", rel->column_cnt,
			rel->column_cnt == 1 ? "" : "s");
		return false;
	}
	for (; rel != NULL; rel = rel->next) {
		uint32_t i = 0;

		for (const struct fb_ast_name *name = names->first; name != NULL; name = name->next)
			rel->columns[i++].name = name->text;
	}
	return true;
}

struct fb_rel *fb_bind_from(struct fb_binder *b, const struct fb_ast_from *from)
{
	struct fb_str qualifier = from->alias ? from->alias->text : (struct fb_str){0};
	const struct fb_rel *inner = NULL;
	struct fb_rel *rel;

	if (from->kind == FB_FROM_TABLE) {
		inner = find_rel(b, &from->name, &from->options, from->hint);
		if (qualifier.p == NULL) {
			const struct fb_ast_name *name = from->name.first;

			while (name->next != NULL)
				name = name->next;
			qualifier = name->text;
		}
	} else if (from->kind == FB_FROM_QUERY) {
		inner = fb_bind_query(b, from->query);
	} else {
		for (const struct fb_ast_tvf_arg *arg = from->args; arg != NULL; arg = arg->next)
			if (arg->table.cnt != 0 && inner == NULL)
				inner = find_rel(b, &arg->table, &arg->options, arg->hint);
			else if (arg->table.cnt != 0)
				return fb_bind_error(b, arg->place, NULL, "a window has one table"),
				       NULL;
		if (inner == NULL && !fb_bind_window(b, from, NULL))
			return NULL;
	}
	if (inner == NULL)
		return NULL;
	rel = copy_rel(b, inner, qualifier, from->place);
	if (rel != NULL && rel->next != NULL && from->kind == FB_FROM_TVF)
		rel = fb_bind_unite(b, rel, from->place);
	if (rel == NULL || (from->kind == FB_FROM_TVF && !fb_bind_window(b, from, rel)) ||
		!fb_bind_rename(b, rel, &from->alias_columns))
		return NULL;
	for (struct fb_rel *branch = rel; branch != NULL; branch = branch->next)
		for (uint32_t i = 0; i < branch->column_cnt; i++)
			branch->columns[i].qualifier = qualifier;
	return rel;
}
