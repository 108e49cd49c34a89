/* SPDX-License-Identifier: Apache-2.0 */
#include "control/cli/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "config/base/buf.h"

#define GAP "  "
#define BOLD "\033[1m"
#define PLAIN "\033[0m"

struct cell {
	char *shown;   /* NULL: null */
	json_t *value; /* owned */
};

struct fb_listing {
	struct fb_listing_column *columns;
	uint32_t column_cnt;
	struct cell *cells;
	size_t cell_cnt;
	size_t cell_cap;
	bool failed;
};

struct fb_listing *fb_listing_create(const struct fb_listing_column *columns, uint32_t column_cnt)
{
	struct fb_listing *listing = calloc(1, sizeof(*listing));

	if (listing == NULL)
		return NULL;
	listing->columns = calloc(column_cnt, sizeof(*columns));
	if (listing->columns == NULL) {
		free(listing);
		return NULL;
	}
	memcpy(listing->columns, columns, column_cnt * sizeof(*columns));
	listing->column_cnt = column_cnt;
	return listing;
}

void fb_listing_destroy(struct fb_listing *listing)
{
	if (listing == NULL)
		return;
	for (size_t i = 0; i < listing->cell_cnt; i++) {
		free(listing->cells[i].shown);
		json_decref(listing->cells[i].value);
	}
	free(listing->cells);
	free(listing->columns);
	free(listing);
}

/* Takes both; shown NULL with a value other than null means that memory ran out. */
static void add_cell(struct fb_listing *listing, char *shown, json_t *value)
{
	bool complete = value != NULL && (shown != NULL || json_is_null(value));

	if (listing != NULL && complete && listing->cell_cnt == listing->cell_cap) {
		size_t cap = listing->cell_cap ? listing->cell_cap * 2 : 64;
		struct cell *cells = realloc(listing->cells, cap * sizeof(*cells));

		if (cells != NULL) {
			listing->cells = cells;
			listing->cell_cap = cap;
		}
	}
	if (listing == NULL || !complete || listing->cell_cnt == listing->cell_cap) {
		if (listing)
			listing->failed = true;
		free(shown);
		json_decref(value);
		return;
	}
	listing->cells[listing->cell_cnt++] = (struct cell){shown, value};
}

static char *format(const char *fmt, ...) FB_PRINTF(1, 2);
static char *format(const char *fmt, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	va_end(args);
	return text;
}

char *fb_text_clean(char *text)
{
	char *to = text;

	for (const char *from = text; from && *from; from++) {
		unsigned char c = (unsigned char)from[0], next = (unsigned char)from[1];
		bool is_c1 = c == 0xc2 && next >= 0x80 && next <= 0x9f;

		*to++ = c < ' ' || c == 0x7f || is_c1 ? '?' : (char)c;
		from += is_c1;
	}
	if (to != NULL)
		*to = '\0';
	return text;
}

static char *printable(const char *text)
{
	return fb_text_clean(strdup(text));
}

void fb_listing_add_text(struct fb_listing *listing, const char *text)
{
	if (text == NULL) {
		add_cell(listing, NULL, json_null());
		return;
	}
	json_t *value = json_string(text);

	if (value == NULL) /* not UTF-8: shown, but JSON cannot carry it as it is */
		value = json_string("(not UTF-8)");
	add_cell(listing, printable(text), value);
}

void fb_listing_add_int(struct fb_listing *listing, int64_t number)
{
	add_cell(listing, format("%lld", (long long)number), json_integer(number));
}

void fb_listing_add_uint(struct fb_listing *listing, uint64_t number)
{
	/* jansson's integers are signed: counters beyond 2^63 do not happen, and are not to turn
	 * negative. */
	add_cell(listing, format("%llu", (unsigned long long)number),
		json_integer((json_int_t)FB_MIN(number, (uint64_t)INT64_MAX)));
}

void fb_listing_add_real(struct fb_listing *listing, double number, unsigned digits)
{
	if (!isfinite(number))
		add_cell(listing, NULL, json_null());
	else
		add_cell(listing, format("%.*f", (int)digits, number), json_real(number));
}

void fb_listing_add_bool(struct fb_listing *listing, bool yes)
{
	add_cell(listing, strdup(yes ? "yes" : "no"), json_boolean(yes));
}

void fb_listing_add_json(struct fb_listing *listing, json_t *value)
{
	switch (value ? json_typeof(value) : JSON_NULL) {
	case JSON_NULL:
		add_cell(listing, NULL, json_null());
		break;
	case JSON_STRING:
		add_cell(listing, printable(json_string_value(value)), json_incref(value));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		fb_listing_add_bool(listing, json_is_true(value));
		break;
	case JSON_REAL:
		add_cell(listing, format("%.6g", json_real_value(value)), json_incref(value));
		break;
	default:
		add_cell(listing,
			json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_PRESERVE_ORDER),
			json_incref(value));
	}
}

void fb_listing_add_object(struct fb_listing *listing, json_t *object)
{
	for (uint32_t i = 0; listing && i < listing->column_cnt; i++) {
		const char *key = listing->columns[i].key;
		json_t *at = object;

		while (at && *key) {
			size_t len = strcspn(key, ".");
			char piece[64];

			if (len >= sizeof(piece))
				at = NULL;
			else {
				memcpy(piece, key, len);
				piece[len] = '\0';
				at = json_object_get(at, piece);
			}
			key += len + (key[len] == '.');
		}
		fb_listing_add_json(listing, at);
	}
}

uint32_t fb_listing_rows(const struct fb_listing *listing)
{
	return listing ? (uint32_t)(listing->cell_cnt / listing->column_cnt) : 0;
}

/* ---- width on a terminal ---- */

/* One character of UTF-8; a broken byte is a character of its own. */
static uint32_t next_char(const unsigned char **p)
{
	const unsigned char *s = *p;
	uint32_t extra = s[0] >= 0xf0 && s[0] < 0xf8   ? 3
			 : s[0] >= 0xe0 && s[0] < 0xf0 ? 2
			 : s[0] >= 0xc2 && s[0] < 0xe0 ? 1
						       : 0;
	uint32_t code = extra ? s[0] & (0x3fu >> extra) : s[0];

	for (uint32_t i = 1; i <= extra; i++) {
		if ((s[i] & 0xc0) != 0x80) {
			*p += 1;
			return s[0];
		}
		code = code << 6 | (s[i] & 0x3f);
	}
	*p += 1 + extra;
	return code;
}

/* East Asian wide and fullwidth, and emoji, take two columns; combining marks none (Unicode UAX 11,
 * main blocks). */
static uint32_t char_width(uint32_t c)
{
	if ((c >= 0x300 && c <= 0x36f) || (c >= 0x200b && c <= 0x200f) ||
		(c >= 0xfe00 && c <= 0xfe0f))
		return 0;
	if ((c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) ||
		(c >= 0xac00 && c <= 0xd7a3) || (c >= 0xf900 && c <= 0xfaff) ||
		(c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
		(c >= 0xffe0 && c <= 0xffe6) || (c >= 0x1f300 && c <= 0x1faff) ||
		(c >= 0x20000 && c <= 0x3fffd))
		return 2;
	return 1;
}

uint32_t fb_text_width(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	uint32_t width = 0;

	while (*p)
		width += char_width(next_char(&p));
	return width;
}

/* ---- output ---- */

static const char *shown(const struct cell *cell)
{
	return cell->shown ? cell->shown : "-";
}

static void print_cell(const char *text, uint32_t width, enum fb_align align, bool last, FILE *out)
{
	int pad = (int)(width - fb_text_width(text));

	if (align == FB_ALIGN_RIGHT)
		fprintf(out, "%*s%s", pad, "", text);
	else if (last)
		fputs(text, out);
	else
		fprintf(out, "%s%*s", text, pad, "");
	fputs(last ? "\n" : GAP, out);
}

/* Text from the last column on, broken at blanks (or anywhere, where a word is too long) so that
 * no line is longer than `room`; what follows stands at `indent`. */
static void print_broken(const char *text, uint32_t indent, uint32_t room, FILE *out)
{
	while (fb_text_width(text) > room) {
		const unsigned char *p = (const unsigned char *)text, *cut = NULL;
		uint32_t width = 0;

		for (const unsigned char *next = p;; p = next) {
			width += char_width(next_char(&next));
			if (width > room)
				break;
			if (*p == ' ')
				cut = p;
		}
		if (*p == ' ' || cut == NULL || cut == (const unsigned char *)text)
			cut = p;
		fprintf(out, "%.*s\n%*s", (int)((const char *)cut - text), text, (int)indent, "");
		text = (const char *)cut + (*cut == ' ');
	}
	fprintf(out, "%s\n", text);
}

/* width: see fb_listing_show; 0: not bounded. */
static void print_table(
	const struct fb_listing *listing, bool color, uint32_t terminal_width, FILE *out)
{
	uint32_t last_column = listing ? listing->column_cnt - 1 : 0;
	uint32_t indent = 0, room = 0;
	uint32_t *widths = listing ? calloc(listing->column_cnt, sizeof(*widths)) : NULL;

	if (widths == NULL)
		return;
	for (uint32_t c = 0; c < listing->column_cnt; c++)
		widths[c] = fb_text_width(listing->columns[c].header);
	for (size_t i = 0; i < listing->cell_cnt; i++) {
		uint32_t *width = &widths[i % listing->column_cnt];

		*width = FB_MAX(*width, fb_text_width(shown(&listing->cells[i])));
	}
	for (uint32_t c = 0; c < last_column; c++)
		indent += widths[c] + (uint32_t)strlen(GAP);
	/* Less than a few words is not readable either. */
	if (listing->columns[last_column].align == FB_ALIGN_LEFT && terminal_width >= indent + 16)
		room = terminal_width - indent;
	if (color)
		fputs(BOLD, out);
	for (uint32_t c = 0; c < listing->column_cnt; c++)
		print_cell(listing->columns[c].header, widths[c], listing->columns[c].align,
			c + 1 == listing->column_cnt, out);
	if (color)
		fputs(PLAIN, out);
	for (size_t i = 0; i < (size_t)fb_listing_rows(listing) * listing->column_cnt; i++) {
		uint32_t c = (uint32_t)(i % listing->column_cnt);

		if (c == last_column && room > 0)
			print_broken(shown(&listing->cells[i]), indent, room, out);
		else
			print_cell(shown(&listing->cells[i]), widths[c], listing->columns[c].align,
				c == last_column, out);
	}
	free(widths);
}

void fb_listing_print(const struct fb_listing *listing, bool color, FILE *out)
{
	print_table(listing, color, 0, out);
}

void fb_listing_show(const struct fb_listing *listing, struct fb_cli *cli)
{
	print_table(listing, cli->color, cli->width, cli->out);
}

json_t *fb_listing_to_json(const struct fb_listing *listing)
{
	json_t *array = listing && !listing->failed ? json_array() : NULL;

	for (uint32_t r = 0; array && r < fb_listing_rows(listing); r++) {
		json_t *object = json_object();

		for (uint32_t c = 0; c < listing->column_cnt; c++)
			if (json_object_set(object, listing->columns[c].key,
				    listing->cells[(size_t)r * listing->column_cnt + c].value) != 0)
				goto no_memory;
		if (json_array_append_new(array, object) != 0)
			goto no_memory_array;
		continue;
	no_memory:
		json_decref(object);
	no_memory_array:
		json_decref(array);
		return NULL;
	}
	return array;
}

int fb_listing_write(const struct fb_listing *listing, struct fb_cli *cli)
{
	if (listing == NULL || listing->failed)
		return fb_cli_fail(cli, FB_EXIT_REFUSED, NULL, "out of memory");
	if (cli->output == FB_OUTPUT_TABLE) {
		fb_listing_show(listing, cli);
		return FB_EXIT_DONE;
	}
	json_t *array = fb_listing_to_json(listing);

	if (array == NULL)
		return fb_cli_fail(cli, FB_EXIT_REFUSED, NULL, "out of memory");
	fb_cli_print_json(cli, array);
	json_decref(array);
	return FB_EXIT_DONE;
}
