/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CSV by the book: one byte, one step of a state machine, every field copied. It shares nothing
 * with the decoder but the rules (semantics 1.5 and Jackson's CSV parser), and is what the decoder
 * is compared with.
 */
#pragma once

#include "config/base/buf.h"
#include "dataplane/format/decoder.h"

struct reference {
	uint8_t delimiter;
	int quote;  /* -1: off */
	int escape; /* -1: none */
	bool comments;
	bool ignore_errors;
	const char *null_literal; /* NULL: none */
	uint32_t field_cnt;
	uint64_t needed;
	uint64_t integers; /* fields that are BIGINT; the others are STRING */
	enum fb_framing framing;
};

/* Appends the rows that are not rejected as harness.h prints them; counts the others. */
void reference_decode(const struct reference *reference, const uint8_t *data, uint32_t len,
	struct fb_buf *rows, uint64_t rejected[FB_REC_CNT]);
