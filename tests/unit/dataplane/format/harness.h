/* SPDX-License-Identifier: Apache-2.0 */
/* Tables made by hand, payloads with the padding that a decoder may read, rows as text. */
#pragma once

#include <criterion/criterion.h>

#include "config/base/buf.h"
#include "dataplane/format/csv.h"
#include "dataplane/format/writer.h"

#define FIELD_MAX 16
#define OPTION_MAX 8

struct table {
	struct fb_table table;
	struct fb_table_column columns[FIELD_MAX];
	const struct fb_table_column *fields[FIELD_MAX];
	struct fb_type types[FIELD_MAX];
	struct fb_option options[OPTION_MAX];
	uint64_t needed;
	const struct fb_layout *layout; /* of binary records; set after table_init */
	char text[256];
};

/*
 * types: "INT -STRING TIMESTAMP(3)!": minus = not needed, exclamation mark = NOT NULL. Columns are
 * f0, f1, … options: "csv.null-literal=x\ncsv.ignore-parse-errors=true"; NULL: none.
 */
void table_init(struct table *table, const char *format, const char *types, const char *options);

/* A copy of bytes at an address that is `align` modulo 64, with exactly the padding that is
 * promised, filled with `pad`. */
struct payload {
	uint8_t *data;
	uint32_t len;
	uint8_t *memory;
};

struct payload payload_make(const void *bytes, uint32_t len, uint32_t align, uint8_t pad);
void payload_free(struct payload *payload);

/*
 * Decodes payloads with a new decoder. Each row that is not rejected gives a line: values with '|'
 * between them, texts as they are, NULL as ~, every other value by its number. Checks what must
 * always hold: the sums of the counters, ascending sel, texts inside their payload or the decoder.
 */
struct decoded {
	struct fb_buf rows;
	struct fb_decode_counters counters;
};

struct decoded decode(const struct table *table, enum fb_framing framing, enum fb_isa isa,
	const struct payload *payloads, uint32_t cnt);
void decoded_free(struct decoded *decoded);

/* A decoder with its batch, for tests that go step by step. */
struct stepper {
	struct fb_decoder *decoder;
	struct fb_batch batch;
};

void stepper_init(struct stepper *stepper, const struct table *table, enum fb_framing framing,
	enum fb_isa isa);
void stepper_fini(struct stepper *stepper);

/* Instruction sets of this machine: at least the scalar one. */
uint32_t isa_cnt(void);
