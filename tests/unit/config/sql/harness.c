/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

#include <stdlib.h>

struct planned plan_text(const char *prelude, const char *sql)
{
	struct planned planned = {0};

	cr_assert_geq(asprintf(&planned.text, "%s%s", prelude, sql), 0);
	fb_diags_init(&planned.diags, "test.sql");
	planned.err =
		fb_sql_plan("test.sql", fb_str_from(planned.text), &planned.diags, &planned.plan);
	cr_assert_eq(planned.err == 0, planned.plan != NULL);
	cr_assert_eq(planned.err == 0, planned.diags.error_cnt == 0, "%s", sql);
	return planned;
}

struct planned plan_ok(const char *prelude, const char *sql)
{
	struct planned planned = plan_text(prelude, sql);

	cr_assert_eq(planned.err, 0, "%s\n%s", sql,
		planned.diags.cnt ? planned.diags.items[0].message : "");
	fb_explain_plan(planned.plan, &planned.explain);
	cr_assert_not(planned.explain.failed);
	return planned;
}

void planned_fini(struct planned *planned)
{
	fb_buf_fini(&planned->explain);
	fb_plan_destroy(planned->plan);
	fb_diags_fini(&planned->diags);
	free(planned->text);
}

const char *explain_line(const struct planned *planned, const char *label)
{
	static char line[4096];
	char start[32];
	const char *at;

	snprintf(start, sizeof(start), "\n  %-11s ", label);
	at = strstr(planned->explain.p, start);
	if (at == NULL)
		return "";
	at += strlen(start);
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
	return line;
}

const struct fb_query_plan *first_query(const struct planned *planned)
{
	cr_assert_gt(planned->plan->query_cnt + planned->plan->explain_cnt, 0);
	return planned->plan->query_cnt ? planned->plan->queries[0] : planned->plan->explains[0];
}
