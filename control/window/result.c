/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of a window to result rows: HAVING and the select list. */
#include <stdlib.h>
#include <string.h>

#include "control/window/assembly_private.h"

#define GROUP_COLUMNS_MAX (FB_GROUP_KEYS + FB_KEY_MAX + FB_AGG_MAX)

int fb_result_open(struct fb_assembly *assembly)
{
	const struct fb_query_plan *plan = assembly->conf.plan;
	struct fb_type types[GROUP_COLUMNS_MAX];
	uint32_t cnt;
	int rc = 0;

	assembly->select = calloc(plan->select_cnt + 1u, sizeof(*assembly->select));
	assembly->columns = calloc(plan->select_cnt + 1u, sizeof(*assembly->columns));
	if (assembly->select == NULL || assembly->columns == NULL)
		return FB_E_NO_MEMORY;
	if (plan->key_cnt > FB_KEY_MAX || plan->agg_cnt > FB_AGG_MAX)
		return FB_E_UNSUPPORTED;
	if (plan->having != NULL)
		rc = fb_program_create(plan->having, &assembly->having);
	for (uint32_t i = 0; rc == 0 && i < plan->select_cnt; i++)
		rc = fb_program_create(plan->select[i], &assembly->select[i]);
	if (rc != 0)
		return rc;
	cnt = fb_slice_group_types(plan, types, GROUP_COLUMNS_MAX);
	rc = fb_batch_init(&assembly->groups, types, cnt, NULL);
	assembly->groups_ready = rc == 0;
	return rc;
}

void fb_result_close(struct fb_assembly *assembly)
{
	fb_program_destroy(assembly->having);
	for (uint32_t i = 0; assembly->select != NULL && i < assembly->conf.plan->select_cnt; i++)
		fb_program_destroy(assembly->select[i]);
	free(assembly->select);
	free(assembly->columns);
	if (assembly->groups_ready)
		fb_batch_fini(&assembly->groups);
}

bool fb_assembly_read(struct fb_assembly *assembly, struct fb_assembly_rows *ret)
{
	const struct fb_query_plan *plan = assembly->conf.plan;
	struct fb_batch *groups = &assembly->groups;
	uint64_t failed[FB_BATCH_WORDS] = {0};
	uint64_t wrapped = 0;
	uint32_t before, kept = 0;

	while (!fb_slice_groups(assembly->slice, assembly->window.start_ms, assembly->window.end_ms,
		&assembly->cursor, groups, &wrapped))
		if (!(fb_assembly_is_session(assembly) ? fb_session_next_slice(assembly)
						       : fb_sliced_next_slice(assembly)))
			return false;
	if (assembly->having != NULL)
		fb_batch_filter(groups, fb_program_run(assembly->having, groups, failed));
	for (uint32_t i = 0; i < plan->select_cnt; i++)
		assembly->columns[i] = fb_program_run(assembly->select[i], groups, failed);
	before = groups->sel_cnt;
	for (uint32_t i = 0; i < before; i++) {
		uint16_t row = groups->sel[i];

		if (!(failed[row / 64] >> (row % 64) & 1))
			groups->sel[kept++] = row;
	}
	groups->sel_cnt = kept;
	*ret = (struct fb_assembly_rows){.columns = assembly->columns,
		.sel = groups->sel,
		.sel_cnt = kept,
		.failed = before - kept,
		.wrapped = wrapped};
	return true;
}
