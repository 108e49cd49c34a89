/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as SQL text: planned and explained, or refused with a place inside the text. */
#include <stdlib.h>

#include "config/sql/sql.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fb_diags diags;
	struct fb_plan *plan = NULL;
	struct fb_buf out = {0};

	fb_diags_init(&diags, "fuzz.sql");
	if (fb_sql_plan("fuzz.sql", (struct fb_str){(const char *)data, (uint32_t)size}, &diags, &plan) == 0) {
		fb_explain_plan(plan, &out);
		if (diags.error_cnt != 0 || out.failed)
			abort();
	} else if (diags.error_cnt == 0) {
		abort(); /* refused without a word */
	}
	for (size_t i = 0; i < diags.cnt; i++)
		if (diags.items[i].place.column > size + 1 || diags.items[i].place.length > size)
			abort();
	fb_buf_fini(&out);
	fb_plan_destroy(plan);
	fb_diags_fini(&diags);
	return 0;
}
