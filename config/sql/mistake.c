/* SPDX-License-Identifier: Apache-2.0 */
#include "config/sql/mistake.h"

#include <string.h>
#include <strings.h>

#include "config/base/macro.h"

struct advice {
	const char *word;
	const char *hint;
};

static const char *find(const struct advice *list, size_t cnt, struct fb_str word)
{
	for (size_t i = 0; i < cnt; i++)
		if (strlen(list[i].word) == word.len && strncasecmp(list[i].word, word.p, word.len) == 0)
			return list[i].hint;
	return NULL;
}

/* Statements of Flink that a pipeline file has no use for. */
static const struct advice statements[] = {
	{"ADD", "remove it: nothing is loaded"},
	{"ANALYZE", "remove it: plans do not depend on statistics"},
	{"CALL", "there are no procedures"},
	{"COMPILE", "it comes with release 2"},
	{"GRANT", "whoever may read the socket of the appliance may do all"},
	{"LOAD", "remove it: nothing is loaded"},
	{"MERGE", "results are only added: INSERT INTO"},
	{"REMOVE", "remove it: nothing is loaded"},
	{"STOP", "forebay drop ends a pipeline"},
	{"TRUNCATE", "results are only added: empty the sink itself"},
	{"UNLOAD", "remove it: nothing is loaded"},
};

static const struct advice functions[] = {
	{"CHARINDEX", "write text LIKE '%part%', if it is only asked whether it is there"},
	{"CONVERT", "write CAST(x AS type)"},
	{"DATEDIFF", "TIMESTAMPDIFF comes with release 2"},
	{"DATE_TRUNC", "write FLOOR(ts TO HOUR)"},
	{"GETDATE", "write CURRENT_TIMESTAMP"},
	{"ISNULL", "write x IS NULL, or COALESCE(x, y)"},
	{"LEN", "write CHAR_LENGTH(x)"},
	{"LENGTH", "write CHAR_LENGTH(x)"},
	{"MEAN", "write AVG(x)"},
	{"NVL", "write COALESCE(x, y)"},
	{"STRFTIME", "write DATE_FORMAT(ts, 'yyyy-MM-dd HH:mm:ss')"},
	{"STR_TO_DATE", "write TO_DATE(text, 'yyyy-MM-dd')"},
	{"SUBSTR_INDEX", "write SPLIT_INDEX(text, ',', 0)"},
	{"TO_CHAR", "write DATE_FORMAT(ts, 'yyyy-MM-dd'), or CAST(x AS STRING)"},
	{"TO_NUMBER", "write CAST(x AS DECIMAL(38, 10))"},
	{"TO_STRING", "write CAST(x AS STRING)"},
	{"UCASE", "write UPPER(x)"},
	{"LCASE", "write LOWER(x)"},
};

/* The last byte in front of `at` that is no blank; *ret_start: none is a statement's, so one begins here. */
static char byte_before(struct fb_str all, uint32_t at, bool *ret_start)
{
	while (at > 0 && strchr(" \t\r\n", all.p[at - 1]) != NULL)
		at--;
	*ret_start = at == 0 || all.p[at - 1] == ';';
	return at > 0 ? all.p[at - 1] : '\0';
}

/* The word in front of `at` is SET. */
static bool is_behind_set(struct fb_str all, uint32_t at)
{
	while (at > 0 && strchr(" \t\r\n", all.p[at - 1]) != NULL)
		at--;
	return at >= 3 && strncasecmp(all.p + at - 3, "SET", 3) == 0 && (at == 3 || strchr(" \t\r\n;", all.p[at - 4]) != NULL);
}

static bool ends_list(struct fb_str word)
{
	static const char *const words[] = {")", ";", "FROM", "WHERE", "GROUP", "HAVING"};

	for (size_t i = 0; i < FB_ARRAY_LEN(words); i++)
		if (strlen(words[i]) == word.len && strncasecmp(words[i], word.p, word.len) == 0)
			return true;
	return false;
}

const char *fb_mistake_syntax(struct fb_str all, uint32_t at, struct fb_str word, bool wants_text)
{
	bool starts;
	char before = byte_before(all, at, &starts);

	if (is_behind_set(all, at))
		return "write SET 'key' = 'value'";
	if (starts)
		return find(statements, FB_ARRAY_LEN(statements), word);
	if (before == '=' && word.len == 1 && word.p[0] == '=')
		return "one = compares";
	if (before == ',' && ends_list(word))
		return "the comma in front of it is one too many";
	if (wants_text)
		return "keys and values are texts: 'connector' = 'kafka'";
	return NULL;
}

const char *fb_mistake_function(struct fb_str name)
{
	return find(functions, FB_ARRAY_LEN(functions), name);
}
