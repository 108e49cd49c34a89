/* SPDX-License-Identifier: Apache-2.0 */
#include "control/cli/run_tables.h"

#include <string.h>

void fb_run_tables_list(const struct fb_query_plan *query, struct fb_run_tables *ret)
{
	*ret = (struct fb_run_tables){0};
	for (uint32_t i = 0; i < fb_query_input_cnt(query); i++) {
		const struct fb_table *source = fb_query_input(query, i)->source;
		uint32_t k = 0;

		while (k < ret->cnt && ret->at[k].source != source)
			k++;
		if (k == ret->cnt)
			ret->at[ret->cnt++].source = source;
	}
}

bool fb_run_tables_same(const struct fb_query_plan *a, const struct fb_query_plan *b)
{
	struct fb_run_tables of_a, of_b;
	bool same;

	fb_run_tables_list(a, &of_a);
	fb_run_tables_list(b, &of_b);
	same = of_a.cnt == of_b.cnt;
	for (uint32_t i = 0; same && i < of_a.cnt; i++)
		same = of_a.at[i].source == of_b.at[i].source;
	return same;
}

void fb_run_tables_name(const struct fb_replay_table *tables, uint32_t cnt, struct fb_buf *out)
{
	for (uint32_t i = 0; i < cnt; i++)
		fb_buf_printf(out, "%s%s", i ? ", " : "", tables[i].source->name);
}

int fb_run_tables_open(struct fb_run_tables *tables)
{
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < tables->cnt; i++) {
		struct fb_replay_table *table = &tables->at[i];

		if (strcmp(table->source->connector, "datagen") != 0)
			continue;
		rc = fb_datagen_open(table->source, &tables->generated[i]);
		if (rc == 0) {
			table->read_as = fb_datagen_table(tables->generated[i]);
			table->path = fb_datagen_path(tables->generated[i]);
		}
	}
	return rc;
}

void fb_run_tables_close(struct fb_run_tables *tables)
{
	for (uint32_t i = 0; i < tables->cnt; i++)
		fb_datagen_close(tables->generated[i]);
}

const char *fb_run_tables_metadata(const struct fb_table *table, const struct fb_query_plan *query)
{
	for (uint32_t k = 0; k < fb_query_input_cnt(query); k++) {
		const struct fb_query_plan *input = fb_query_input(query, k);

		for (uint16_t i = table->field_cnt; input->source == table && i < fb_table_input_cnt(table); i++)
			if (fb_query_needs_field(input, i))
				return table->fields[i]->metadata_key;
	}
	return NULL;
}
