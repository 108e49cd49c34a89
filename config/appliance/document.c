/* SPDX-License-Identifier: Apache-2.0 */
#include "config/appliance/document.h"

#include "config/base/errcode.h"

#include <stdlib.h>

/* libyaml takes time in the square of the open brackets (0.2.5: 1.3 s for 40,000); a file of ours
 * has three. */
#define NESTING_MAX 64

/* Bytes of the character at p; broken ones are one. */
static uint32_t char_bytes(const char *p, const char *end)
{
	uint32_t n = 1;

	while (p + n < end && ((unsigned char)p[n] & 0xc0) == 0x80)
		n++;
	return n;
}

/* libyaml counts columns in characters; places count bytes. */
static struct fb_place place_of(
	const struct fb_document *document, const yaml_mark_t *mark, uint32_t length)
{
	const char *p = document->text.p, *end = p + document->text.len;
	const char *start;

	for (size_t line = 0; line < mark->line && p < end; line++) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));

		p = newline ? newline + 1 : end;
	}
	start = p;
	for (size_t i = 0; i < mark->column && p < end && *p != '\n'; i++)
		p += char_bytes(p, end);
	return (struct fb_place){(uint32_t)mark->line + 1, (uint32_t)(p - start) + 1, length};
}

struct fb_place fb_document_place(const struct fb_document *document, const yaml_node_t *node)
{
	const yaml_mark_t *start = node ? &node->start_mark : NULL,
			  *end = node ? &node->end_mark : NULL;

	if (node == NULL)
		return (struct fb_place){0};
	/* A list or mapping is pointed at, not underlined. */
	return place_of(document, start,
		node->type == YAML_SCALAR_NODE && start->line == end->line
			? (uint32_t)(end->index - start->index)
			: 1);
}

static int syntax_error(struct fb_document *document, const yaml_parser_t *parser)
{
	struct fb_place place = {0};

	if (parser->error == YAML_MEMORY_ERROR)
		return FB_E_NO_MEMORY;
	if (parser->error == YAML_READER_ERROR) {
		yaml_mark_t mark = {.line = 0, .column = 0};

		/* problem_offset counts bytes. */
		for (size_t i = 0; i < parser->problem_offset && i < document->text.len; i++)
			mark.line += document->text.p[i] == '\n';
		place = (struct fb_place){(uint32_t)mark.line + 1, 0, 0};
		fb_diags_add(document->diags, FB_ERROR_SEVERITY, place,
			"the file has to be UTF-8 text", "not readable: %s", parser->problem);
		return FB_E_CONFIG;
	}
	place = place_of(document, &parser->problem_mark, 1);
	fb_diags_add(document->diags, FB_ERROR_SEVERITY, place,
		"YAML is indented with blanks, not tabs; a text with ': ' or ' #' in it needs "
		"quotes",
		"no YAML: %s%s%s", parser->context ? parser->context : "",
		parser->context ? ", " : "", parser->problem ? parser->problem : "unknown error");
	return FB_E_CONFIG;
}

static int refuse(
	struct fb_document *document, struct fb_place place, const char *hint, const char *what)
{
	fb_diags_add(document->diags, FB_ERROR_SEVERITY, place, hint, "%s", what);
	return FB_E_CONFIG;
}

static int check_nesting(struct fb_document *document)
{
	uint32_t depth = 0, line = 1;

	for (uint32_t i = 0; i < document->text.len; i++) {
		char c = document->text.p[i];

		line += c == '\n';
		if (c == '[' || c == '{')
			depth++;
		else if ((c == ']' || c == '}') && depth)
			depth--;
		if (depth > NESTING_MAX)
			return refuse(document, (struct fb_place){line, 0, 0}, NULL,
				"more than 64 brackets open");
	}
	return 0;
}

static bool first_use(int id, uint8_t *used)
{
	return used[id - 1]++ == 0;
}

/* An alias makes one node the child of two; a tag is what the parser would not have chosen itself.
 */
static int check_node(struct fb_document *document, const yaml_node_t *node, uint8_t *used)
{
	static const char *const usual[] = {[YAML_SCALAR_NODE] = YAML_STR_TAG,
		[YAML_SEQUENCE_NODE] = YAML_SEQ_TAG,
		[YAML_MAPPING_NODE] = YAML_MAP_TAG};
	bool once = true;

	if (strcmp((const char *)node->tag, usual[node->type]) != 0)
		return refuse(document, fb_document_place(document, node), "leave the tag out",
			"tags (!…) are not taken here");
	if (node->type == YAML_SEQUENCE_NODE)
		for (yaml_node_item_t *item = node->data.sequence.items.start;
			item < node->data.sequence.items.top; item++)
			once &= first_use(*item, used);
	if (node->type == YAML_MAPPING_NODE) {
		for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
			pair < node->data.mapping.pairs.top; pair++) {
			once &= first_use(pair->key, used);
			once &= first_use(pair->value, used);
		}
	}
	if (!once)
		return refuse(document, fb_document_place(document, node),
			"write the value out at each place", "aliases (*name) are not taken here");
	return 0;
}

static int check_nodes(struct fb_document *document)
{
	size_t cnt = (size_t)(document->yaml.nodes.top - document->yaml.nodes.start);
	uint8_t *used = calloc(cnt + 1, 1);
	int rc = used ? 0 : FB_E_NO_MEMORY;

	if (used && cnt)
		used[0] = 1; /* the root: an alias to it would make a ring */
	for (size_t i = 0; i < cnt && rc == 0; i++)
		rc = check_node(document, &document->yaml.nodes.start[i], used);
	free(used);
	return rc;
}

static int check_only_document(struct fb_document *document, yaml_parser_t *parser)
{
	yaml_document_t second;
	const yaml_node_t *root;
	int rc = 0;

	if (!yaml_parser_load(parser, &second))
		return syntax_error(document, parser);
	root = yaml_document_get_root_node(&second);
	if (root)
		rc = refuse(document, fb_document_place(document, root),
			"an appliance has one file with one document",
			"a second document (behind ---)");
	yaml_document_delete(&second);
	return rc;
}

int fb_document_open(struct fb_document *document, struct fb_str text, struct fb_diags *diags)
{
	yaml_parser_t parser;
	int rc;

	*document = (struct fb_document){.text = text, .diags = diags};
	if (text.len > FB_DOCUMENT_BYTES_MAX)
		return refuse(document, (struct fb_place){0}, NULL,
			"longer than 1 MiB: this is no appliance file");
	rc = check_nesting(document);
	if (rc != 0)
		return rc;
	if (!yaml_parser_initialize(&parser))
		return FB_E_NO_MEMORY;
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text.p, text.len);
	if (!yaml_parser_load(&parser, &document->yaml)) {
		rc = syntax_error(document, &parser);
		yaml_parser_delete(&parser);
		/* What a failed load leaves is the parser's and is gone. */
		document->yaml = (yaml_document_t){0};
		return rc;
	}
	document->root = yaml_document_get_root_node(&document->yaml);
	rc = check_nodes(document);
	if (rc == 0 && document->root)
		rc = check_only_document(document, &parser);
	yaml_parser_delete(&parser);
	if (rc != 0)
		fb_document_close(document);
	return rc;
}

void fb_document_close(struct fb_document *document)
{
	if (document->yaml.nodes.start)
		yaml_document_delete(&document->yaml);
	document->yaml = (yaml_document_t){0};
	document->root = NULL;
}

const yaml_node_t *fb_document_get(const struct fb_document *document, const yaml_node_t *mapping,
	const char *key, const yaml_node_t **ret_key)
{
	if (mapping == NULL || mapping->type != YAML_MAPPING_NODE)
		return NULL;
	for (yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
		pair < mapping->data.mapping.pairs.top; pair++) {
		const yaml_node_t *node = fb_document_node(document, pair->key);

		if (node->type == YAML_SCALAR_NODE &&
			fb_str_eq(fb_node_text(node), fb_str_from(key))) {
			if (ret_key)
				*ret_key = node;
			return fb_document_node(document, pair->value);
		}
	}
	return NULL;
}

const yaml_node_t *fb_document_entry(
	const struct fb_document *document, const yaml_node_t *list, uint32_t index)
{
	if (list == NULL || list->type != YAML_SEQUENCE_NODE ||
		index >= (size_t)(list->data.sequence.items.top - list->data.sequence.items.start))
		return NULL;
	return fb_document_node(document, list->data.sequence.items.start[index]);
}
