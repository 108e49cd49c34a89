/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON by the book: recursive descent, one byte at a time, every text copied. It shares nothing
 * with the decoder but the rules (RFC 8259, what Jackson takes beyond it, semantics 1.5), and is
 * what the decoder is compared with.
 */
#pragma once

#include "config/base/buf.h"
#include "dataplane/format/decoder.h"

struct json_reference {
	uint32_t field_cnt; /* f0, f1, … */
	uint64_t needed;
	uint64_t integers; /* fields that are BIGINT; the others are STRING */
	bool ignore_errors;
	bool fail_on_missing;
	enum fb_framing framing;
};

/* Appends the rows that are not rejected as harness.h prints them; counts the others. */
void json_reference_decode(const struct json_reference *reference, const uint8_t *data,
	uint32_t len, struct fb_buf *rows, uint64_t rejected[FB_REC_CNT]);
