/* SPDX-License-Identifier: Apache-2.0 */
/* `layout:` of a stream: libcyaml maps no list within an entry of a list, so it is read from the
 * tree, which has the places anyway. */
#include "config/appliance/layout.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/appliance/check.h"
#include "config/base/errcode.h"
#include "config/base/nearest.h"

const char *const fb_layout_type_names[FB_LAYOUT_TYPE_CNT + 1] = {"int8", "int16", "int32", "int64",
	"uint8", "uint16", "uint32", "uint64", "float32", "float64", "text", "bytes", NULL};

static const char *const orders[] = {"little", "big", NULL};
static const char *const counted[] = {"datagrams", "records", NULL};

uint32_t fb_layout_type_bytes(enum fb_layout_type type)
{
	static const uint8_t bytes[FB_LAYOUT_TYPE_CNT] = {1, 2, 4, 8, 1, 2, 4, 8, 4, 8, 0, 0};

	return bytes[type];
}

struct loader {
	struct fb_document *document;
	struct fb_layout *layout;
	bool big_endian; /* of the record */
	char where[160];
};

static void complain(struct loader *loader, const yaml_node_t *node, const char *hint,
	const char *fmt, ...) FB_PRINTF(4, 5);
static void complain(
	struct loader *loader, const yaml_node_t *node, const char *hint, const char *fmt, ...)
{
	struct fb_diags *diags = loader->document->diags;
	char text[400];
	va_list args;

	if (diags->error_cnt >= FB_CHECK_ERRORS_MAX)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fb_diags_add(diags, FB_ERROR_SEVERITY, fb_document_place(loader->document, node), hint,
		"%s%s", loader->where, text);
}

/* ---- keys ---- */

static bool is_one_of(struct fb_str key, const char *const *keys)
{
	for (uint32_t i = 0; keys[i]; i++)
		if (fb_str_eq(key, fb_str_from(keys[i])))
			return true;
	return false;
}

static uint32_t count_words(const char *const *words)
{
	uint32_t cnt = 0;

	while (words[cnt])
		cnt++;
	return cnt;
}

/* Every key is one of `keys`, and stands there once. False: said. */
static bool check_keys(
	struct loader *loader, const yaml_node_t *node, const char *const *keys, const char *what)
{
	size_t errors = loader->document->diags->error_cnt;

	if (node->type != YAML_MAPPING_NODE) {
		complain(loader, node, what, " has to be a mapping");
		return false;
	}
	for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
		pair < node->data.mapping.pairs.top; pair++) {
		const yaml_node_t *key = fb_document_node(loader->document, pair->key);
		struct fb_str text = key->type == YAML_SCALAR_NODE ? fb_node_text(key) : FB_STR("");

		if (!is_one_of(text, keys)) {
			const char *near = fb_nearest_name(text, keys, count_words(keys));
			char hint[80];

			snprintf(hint, sizeof(hint), "did you mean %s?", near ? near : "");
			complain(loader, key, near ? hint : what, ": unknown key '%.*s'",
				(int)FB_MIN(text.len, 60u), text.p);
		}
		for (yaml_node_pair_t *before = node->data.mapping.pairs.start; before < pair;
			before++) {
			const yaml_node_t *other = fb_document_node(loader->document, before->key);

			if (other->type == YAML_SCALAR_NODE && key->type == YAML_SCALAR_NODE &&
				fb_str_eq(fb_node_text(other), text))
				complain(loader, key, NULL, ": key '%.*s' stands there twice",
					(int)FB_MIN(text.len, 60u), text.p);
		}
	}
	return loader->document->diags->error_cnt == errors;
}

static const yaml_node_t *get(
	struct loader *loader, const yaml_node_t *mapping, const char *key, bool required)
{
	const yaml_node_t *node = fb_document_get(loader->document, mapping, key, NULL);

	if (node == NULL && required)
		complain(loader, mapping, NULL, " has no %s", key);
	return node;
}

/* A whole number in [min, max]; digits only. False: said. */
static bool read_number(struct loader *loader, const yaml_node_t *node, const char *key,
	uint64_t min, uint64_t max, uint64_t *ret)
{
	struct fb_str text = node->type == YAML_SCALAR_NODE ? fb_node_text(node) : FB_STR("");
	uint64_t value = 0;
	bool good = text.len > 0 && (text.len == 1 || text.p[0] != '0') && fb_node_is_plain(node);

	for (uint32_t i = 0; i < text.len && good; i++)
		good = text.p[i] >= '0' && text.p[i] <= '9' &&
		       !__builtin_mul_overflow(value, 10, &value) &&
		       !__builtin_add_overflow(value, (uint64_t)(text.p[i] - '0'), &value);
	if (!good || value < min || value > max) {
		complain(loader, node, NULL,
			".%s has to be a number from %" PRIu64 " to %" PRIu64 ", not '%.*s'", key,
			min, max, (int)FB_MIN(text.len, 60u), text.p);
		return false;
	}
	*ret = value;
	return true;
}

static bool read_word(struct loader *loader, const yaml_node_t *node, const char *key,
	const char *const *words, uint32_t *ret)
{
	struct fb_str text = node->type == YAML_SCALAR_NODE ? fb_node_text(node) : FB_STR("");
	char hint[160];
	size_t len = (size_t)snprintf(hint, sizeof(hint), "one of");

	for (uint32_t i = 0; words[i]; i++) {
		if (fb_str_eq(text, fb_str_from(words[i]))) {
			*ret = i;
			return true;
		}
		len += (size_t)snprintf(
			hint + len, sizeof(hint) - len, "%s %s", i ? "," : "", words[i]);
	}
	complain(loader, node, hint, ".%s cannot be '%.*s'", key, (int)FB_MIN(text.len, 60u),
		text.p);
	return false;
}

/* ---- fields ---- */

static bool read_order(struct loader *loader, const yaml_node_t *mapping, bool preset, bool *ret)
{
	const yaml_node_t *node = get(loader, mapping, "byte_order", false);
	uint32_t word = preset;

	if (node != NULL && !read_word(loader, node, "byte_order", orders, &word))
		return false;
	*ret = word;
	return true;
}

/* type, offset, bytes, byte_order; the field lies within `room` bytes. */
static bool read_place(struct loader *loader, const yaml_node_t *mapping, uint32_t room,
	struct fb_layout_field *ret)
{
	const yaml_node_t *type = get(loader, mapping, "type", true);
	const yaml_node_t *offset = get(loader, mapping, "offset", true);
	const yaml_node_t *bytes = get(loader, mapping, "bytes", false);
	uint32_t word;
	uint64_t at;
	uint64_t len;

	if (type == NULL || offset == NULL ||
		!read_word(loader, type, "type", fb_layout_type_names, &word) ||
		!read_number(loader, offset, "offset", 0, room - 1, &at) ||
		!read_order(loader, mapping, loader->big_endian, &ret->big_endian))
		return false;
	len = fb_layout_type_bytes((enum fb_layout_type)word);
	if (len == 0) {
		bytes = get(loader, mapping, "bytes", true);
		if (bytes == NULL || !read_number(loader, bytes, "bytes", 1, room, &len))
			return false;
	} else if (bytes != NULL) {
		complain(loader, bytes, "only text and bytes have them",
			".bytes: a value of %s has %u", fb_layout_type_names[word], (uint32_t)len);
		return false;
	}
	if (at + len > room) {
		complain(loader, offset, NULL,
			": %" PRIu64 " bytes from %" PRIu64 " on are more than the %u there are",
			len, at, room);
		return false;
	}
	ret->type = (enum fb_layout_type)word;
	ret->offset = (uint32_t)at;
	ret->bytes = (uint32_t)len;
	ret->line = fb_document_place(loader->document, mapping).line;
	return true;
}

static bool read_field(struct loader *loader, const yaml_node_t *node)
{
	static const char *const keys[] = {"name", "type", "offset", "bytes", "byte_order", NULL};
	struct fb_layout *layout = loader->layout;
	struct fb_layout_field field = {0};
	const yaml_node_t *name;

	if (!check_keys(loader, node, keys, "name, type, offset, byte_order; bytes of a text"))
		return false;
	name = get(loader, node, "name", true);
	if (name == NULL || !read_place(loader, node, layout->record_bytes, &field))
		return false;
	if (name->type != YAML_SCALAR_NODE || name->data.scalar.length == 0 ||
		fb_check_has_control(fb_node_text(name))) {
		complain(loader, name, NULL, ".name has to be the name of a column");
		return false;
	}
	for (uint32_t i = 0; i < layout->field_cnt; i++)
		if (fb_str_eq(fb_str_from(layout->fields[i].name), fb_node_text(name))) {
			complain(loader, name, NULL, ".name: '%s' is there already, in line %u",
				layout->fields[i].name, layout->fields[i].line);
			return false;
		}
	field.name = strndup(fb_node_text(name).p, fb_node_text(name).len);
	layout->fields[layout->field_cnt++] = field;
	return field.name != NULL;
}

static bool read_fields(struct loader *loader, const yaml_node_t *list)
{
	const yaml_node_t *entry;
	bool ok = true;
	uint32_t i = 0;

	if (list->type != YAML_SEQUENCE_NODE) {
		complain(loader, list, "as in - {name: id, type: int64, offset: 0}",
			".fields has to be a list");
		return false;
	}
	loader->layout->fields = calloc(FB_LAYOUT_FIELDS_MAX, sizeof(*loader->layout->fields));
	if (loader->layout->fields == NULL)
		return false;
	for (; (entry = fb_document_entry(loader->document, list, i)) != NULL; i++) {
		size_t len = strlen(loader->where);

		if (i == FB_LAYOUT_FIELDS_MAX) {
			complain(loader, entry, NULL, ".fields has more than %u entries",
				FB_LAYOUT_FIELDS_MAX);
			return false;
		}
		snprintf(loader->where + len, sizeof(loader->where) - len, ".fields[%u]", i);
		ok = read_field(loader, entry) && ok;
		loader->where[len] = '\0';
	}
	if (i == 0)
		complain(loader, list, NULL, ".fields is empty");
	return ok && i > 0;
}

/* ---- header ---- */

/* An unsigned integer of the header. */
static bool read_part(struct loader *loader, const yaml_node_t *header, const char *name,
	const char *const *keys, struct fb_layout_field *ret, bool *ret_there)
{
	const yaml_node_t *node = get(loader, header, name, false);
	size_t len = strlen(loader->where);
	bool ok;

	*ret_there = node != NULL;
	if (node == NULL)
		return true;
	snprintf(loader->where + len, sizeof(loader->where) - len, ".%s", name);
	ok = check_keys(loader, node, keys, "offset, type") &&
	     read_place(loader, node, loader->layout->header_bytes, ret);
	if (ok && (ret->type < FB_LAYOUT_UINT8 || ret->type > FB_LAYOUT_UINT64)) {
		complain(loader, node, "uint8, uint16, uint32 or uint64", ".type cannot be %s",
			fb_layout_type_names[ret->type]);
		ok = false;
	}
	loader->where[len] = '\0';
	return ok;
}

static bool read_magic_value(struct loader *loader, const yaml_node_t *header)
{
	struct fb_layout *layout = loader->layout;
	const yaml_node_t *magic = get(loader, header, "magic", false);
	uint32_t bits = layout->magic.bytes * 8;
	const yaml_node_t *value;

	if (!layout->has_magic)
		return true;
	value = get(loader, magic, "value", true);
	return value != NULL && read_number(loader, value, "magic.value", 0,
					UINT64_MAX >> (64 - bits), &layout->magic_value);
}

static bool read_sequence_unit(struct loader *loader, const yaml_node_t *header)
{
	const yaml_node_t *sequence = get(loader, header, "sequence", false);
	const yaml_node_t *node = sequence ? get(loader, sequence, "counts", false) : NULL;
	uint32_t word = 0;

	if (node != NULL && !read_word(loader, node, "sequence.counts", counted, &word))
		return false;
	loader->layout->sequence_counts_records = word;
	return true;
}

static bool read_header(struct loader *loader, const yaml_node_t *header)
{
	static const char *const keys[] = {"bytes", "magic", "sequence", "count", NULL};
	static const char *const magic_keys[] = {"offset", "type", "byte_order", "value", NULL};
	static const char *const sequence_keys[] = {"offset", "type", "byte_order", "counts", NULL};
	static const char *const count_keys[] = {"offset", "type", "byte_order", NULL};
	struct fb_layout *layout = loader->layout;
	size_t len = strlen(loader->where);
	const yaml_node_t *bytes;
	uint64_t number;
	bool ok;

	snprintf(loader->where + len, sizeof(loader->where) - len, ".header");
	ok = check_keys(loader, header, keys, "bytes, magic, sequence, count");
	bytes = ok ? get(loader, header, "bytes", true) : NULL;
	ok = bytes != NULL &&
	     read_number(loader, bytes, "bytes", 1, FB_LAYOUT_RECORD_BYTES_MAX, &number);
	if (ok)
		layout->header_bytes = (uint32_t)number;
	ok = ok &&
	     read_part(loader, header, "magic", magic_keys, &layout->magic, &layout->has_magic) &&
	     read_part(loader, header, "sequence", sequence_keys, &layout->sequence,
		     &layout->has_sequence) &&
	     read_part(loader, header, "count", count_keys, &layout->count, &layout->has_count) &&
	     read_magic_value(loader, header) && read_sequence_unit(loader, header);
	loader->where[len] = '\0';
	return ok;
}

static bool read_layout(struct loader *loader, const yaml_node_t *node)
{
	static const char *const keys[] = {"record_bytes", "byte_order", "header", "fields", NULL};
	const yaml_node_t *record;
	const yaml_node_t *header;
	const yaml_node_t *fields;
	uint64_t number;

	if (!check_keys(loader, node, keys, "record_bytes, byte_order, header, fields"))
		return false;
	record = get(loader, node, "record_bytes", true);
	fields = get(loader, node, "fields", true);
	header = get(loader, node, "header", false);
	if (record == NULL || fields == NULL ||
		!read_number(
			loader, record, "record_bytes", 1, FB_LAYOUT_RECORD_BYTES_MAX, &number) ||
		!read_order(loader, node, false, &loader->big_endian))
		return false;
	loader->layout->record_bytes = (uint32_t)number;
	loader->layout->line = fb_document_place(loader->document, node).line;
	return (header == NULL || read_header(loader, header)) && read_fields(loader, fields);
}

int fb_layout_load(struct fb_document *document, const struct yaml_node_s *node, const char *where,
	struct fb_layout **ret)
{
	struct loader loader = {
		.document = document, .layout = calloc(1, sizeof(struct fb_layout))};
	size_t errors = document->diags->error_cnt;

	if (loader.layout == NULL)
		return FB_E_NO_MEMORY;
	snprintf(loader.where, sizeof(loader.where), "%s", where);
	if (!read_layout(&loader, node)) {
		fb_layout_destroy(loader.layout);
		return document->diags->error_cnt > errors || errors >= FB_CHECK_ERRORS_MAX
			       ? FB_E_CONFIG
			       : FB_E_NO_MEMORY;
	}
	*ret = loader.layout;
	return 0;
}

void fb_layout_destroy(struct fb_layout *layout)
{
	if (layout == NULL)
		return;
	for (uint32_t i = 0; i < layout->field_cnt; i++)
		free(layout->fields[i].name);
	free(layout->fields);
	free(layout);
}
