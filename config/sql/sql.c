/* SPDX-License-Identifier: Apache-2.0 */
#include "config/sql/sql.h"

#include <stdlib.h>

#include "config/sql/bind.h"

/* Length of the UTF-8 character at p; 0: none (overlong, surrogate, cut off). RFC 3629. */
static uint32_t utf8_length(const unsigned char *p, size_t left)
{
	uint32_t len = p[0] < 0x80   ? 1
		       : p[0] < 0xc2 ? 0
		       : p[0] < 0xe0 ? 2
		       : p[0] < 0xf0 ? 3
		       : p[0] < 0xf5 ? 4
				     : 0;

	if (len == 0 || len > left)
		return 0;
	for (uint32_t i = 1; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
		(p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return len;
}

/* Names go into JSON, metrics and C strings: what cannot is refused at once. */
static bool check_text(struct fb_str text, struct fb_diags *diags)
{
	struct fb_place at = {1, 1, 1};

	if (text.len > FB_SQL_TEXT_MAX) {
		fb_diags_add(diags, FB_ERROR_SEVERITY, at, "split the file",
			"the text is longer than %u bytes", FB_SQL_TEXT_MAX);
		return false;
	}
	for (uint32_t i = 0; i < text.len;) {
		uint32_t len = utf8_length((const unsigned char *)text.p + i, text.len - i);

		if (len == 0 || text.p[i] == 0) {
			fb_diags_add(diags, FB_ERROR_SEVERITY, at, "save the file as UTF-8",
				"byte 0x%02x is no text", (unsigned char)text.p[i]);
			return false;
		}
		if (text.p[i] == '\n') {
			at.line++;
			at.column = 1;
		} else {
			at.column += len;
		}
		i += len;
	}
	return true;
}

static bool alloc_results(struct fb_binder *b)
{
	b->tables = FB_ARENA_ARRAY(b->arena, const struct fb_table *, FB_TABLES_MAX);
	b->queries = FB_ARENA_ARRAY(b->arena, const struct fb_query_plan *, FB_TABLES_MAX);
	b->explains = FB_ARENA_ARRAY(b->arena, const struct fb_query_plan *, FB_TABLES_MAX);
	b->answers = FB_ARENA_ARRAY(b->arena, struct fb_answer, FB_TABLES_MAX);
	b->plan->answers = b->answers;
	b->plan->tables = b->tables;
	b->plan->queries = b->queries;
	b->plan->explains = b->explains;
	return b->tables != NULL && b->queries != NULL && b->explains != NULL && b->answers != NULL;
}

static int make_plan(struct fb_plan *plan, bool for_run, struct fb_diags *diags)
{
	size_t errors = diags->error_cnt;
	struct fb_parse parse = {
		.arena = &plan->arena, .diags = diags, .text = fb_str_from(plan->text)};
	struct fb_binder b = {.arena = &plan->arena,
		.diags = diags,
		.plan = plan,
		.for_run = for_run};
	int err = fb_parse_run(&parse);

	if (err != 0)
		return err;
	if (!alloc_results(&b))
		return FB_E_NO_MEMORY;
	fb_bind_statements(&b, &parse.statements);
	if (plan->arena.failed)
		return FB_E_NO_MEMORY;
	if (diags->error_cnt != errors)
		return FB_E_SYNTAX;
	if (plan->query_cnt == 0 && plan->answer_cnt == 0)
		fb_diags_add(diags, FB_WARNING, (struct fb_place){0},
			"write INSERT INTO sink SELECT … FROM source",
			"the file has no INSERT: there is nothing to run");
	return 0;
}

static int plan_text(const char *file, struct fb_str text, bool for_run,
	struct fb_diags *diags, struct fb_plan **ret_plan)
{
	struct fb_plan *plan;
	int err;

	if (!check_text(text, diags))
		return FB_E_SYNTAX;
	plan = calloc(1, sizeof(*plan));
	if (plan == NULL)
		return FB_E_NO_MEMORY;
	plan->settings.checkpoint_interval_ms = 10000;
	plan->file = fb_arena_strdup(&plan->arena, fb_str_from(file ? file : "-"));
	plan->text = fb_arena_strdup(&plan->arena, text);
	err = plan->file == NULL || plan->text == NULL ? FB_E_NO_MEMORY
						       : make_plan(plan, for_run, diags);
	if (err != 0) {
		fb_plan_destroy(plan);
		return err;
	}
	*ret_plan = plan;
	return 0;
}

int fb_sql_plan(
	const char *file, struct fb_str text, struct fb_diags *diags, struct fb_plan **ret_plan)
{
	return plan_text(file, text, false, diags, ret_plan);
}

int fb_sql_plan_run(
	const char *file, struct fb_str text, struct fb_diags *diags, struct fb_plan **ret_plan)
{
	return plan_text(file, text, true, diags, ret_plan);
}

void fb_plan_destroy(struct fb_plan *plan)
{
	if (plan == NULL)
		return;
	fb_arena_fini(&plan->arena);
	free(plan);
}
