/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML text as a tree of nodes that know their places. libcyaml maps text to structs, but it stops
 * at its first error, takes "1x" for 1, "maybe" for true and 010 for 8 (1.3.1), and gives no places
 * to checks that come after it. So the tree is checked first, by the same settings table; libcyaml
 * then sees only text that fits its schema.
 */
#pragma once

#include <yaml.h>

#include "config/base/diag.h"
#include "config/base/str.h"

#define FB_DOCUMENT_BYTES_MAX (1u << 20)

struct fb_document {
	struct fb_str text; /* the caller's */
	struct fb_diags *diags;
	yaml_document_t yaml;
	const yaml_node_t *root; /* NULL: empty */
};

/*
 * Reads the one document of a text. FB_E_CONFIG: it is no YAML, or uses what is not taken here
 * (aliases, tags, several documents, deep nesting); said in diags. The text must outlive the
 * document.
 */
int fb_document_open(
	struct fb_document *document, struct fb_str text, struct fb_diags *diags) FB_MUST_CHECK;
void fb_document_close(struct fb_document *document);

/* Value of a key of a mapping; NULL if it is not there. *ret_key: the key's own node (may be NULL).
 */
const yaml_node_t *fb_document_get(const struct fb_document *document, const yaml_node_t *mapping,
	const char *key, const yaml_node_t **ret_key);
/* Entry of a list; NULL behind its end. */
const yaml_node_t *fb_document_entry(
	const struct fb_document *document, const yaml_node_t *list, uint32_t index);
static inline const yaml_node_t *fb_document_node(const struct fb_document *document, int id)
{
	/* The library's getter takes a document that is not const, but changes nothing. */
	return document->yaml.nodes.start + id - 1;
}

/* Where a node stands; columns in bytes. NULL: 0. */
struct fb_place fb_document_place(const struct fb_document *document, const yaml_node_t *node);

static inline struct fb_str fb_node_text(const yaml_node_t *scalar)
{
	return (struct fb_str){
		(const char *)scalar->data.scalar.value, (uint32_t)scalar->data.scalar.length};
}

static inline bool fb_node_is_plain(const yaml_node_t *scalar)
{
	return scalar->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}
