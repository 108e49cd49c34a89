/* SPDX-License-Identifier: Apache-2.0 */
#include "dataplane/format/option.h"

#include <strings.h>

bool fb_option_is_true(const struct fb_table *table, const char *key)
{
	const char *value = fb_table_option(table, key);

	return value != NULL && strcasecmp(value, "true") == 0;
}

uint8_t fb_option_char(const struct fb_table *table, const char *key, uint8_t missing)
{
	const char *value = fb_table_option(table, key);

	if (value == NULL || value[0] == '\0')
		return missing;
	return strcmp(value, "\\t") == 0 ? '\t' : (uint8_t)value[0];
}
