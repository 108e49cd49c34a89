/* SPDX-License-Identifier: Apache-2.0 */
/* The kernels agree with each other, byte for byte, and the whole decoder with a parser that goes
 * byte by byte. */
#include "harness.h"
#include "reference.h"

#include <stdlib.h>

static const fb_csv_scan_fn scans[] = {fb_csv_scan_scalar, fb_csv_scan_avx2, fb_csv_scan_avx512};

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Mostly text, mostly structure, lines that look like records, or any bytes. */
static void fill_random(uint8_t *data, uint32_t len, uint64_t *state)
{
	static const char *const alphabets[] = {"abcdefgh01234567 ,\n", ",\"\n", "a,\n",
		"a\"\"\"\",,,\n\n\r", "\\\\\",\nnrt0a", "#  ,a\n\r", "1,2,3\n", "a1 ,\"\\#\n\r\t"};
	static const char *const pieces[] = {"1,a,", "22,\"b c\",", "\"x\"\"y\",", "-3,,", "\n",
		"\n", "\r\n", "a,b,c\n", "1,2,3\n", "\"", "\\", ",", "null", "\"null\",", "#", " "};
	uint32_t kind = (uint32_t)(next_random(state) % 10);
	uint32_t at = 0;

	if (kind < FB_ARRAY_LEN(alphabets)) {
		size_t cnt = strlen(alphabets[kind]);

		for (; at < len; at++)
			data[at] = (uint8_t)alphabets[kind][next_random(state) % cnt];
	}
	while (at < len) {
		const char *piece = pieces[next_random(state) % FB_ARRAY_LEN(pieces)];

		for (; kind == 8 && *piece && at < len; at++)
			data[at] = (uint8_t)*piece++;
		for (; kind == 9 && at < len; at++)
			data[at] = (uint8_t)next_random(state);
	}
}

struct plain_scan {
	struct fb_csv_scan scan;
	uint32_t *positions;
};

/* Delimiters and newlines that are not within quotes, to the end of the 64 bytes in which something
 * is irregular. */
static void scan_plainly(
	const uint8_t *data, uint32_t len, struct fb_csv_chars chars, struct plain_scan *plain)
{
	bool quoting = chars.quote != chars.delimiter;
	bool escaping = quoting && chars.escape != chars.quote;
	bool quoted = false;
	uint8_t before = '\n'; /* the structural character that counts for the next byte: '\n', 'q'
				  closed, 'x' text */
	struct fb_csv_scan *scan = &plain->scan;

	*scan = (struct fb_csv_scan){0};
	for (uint32_t i = 0; i < len; i++) {
		uint8_t c = data[i];

		if (i % 64 == 0 && scan->flags & FB_CSV_IRREGULAR)
			break;
		scan->scanned = FB_MIN((i / 64 + 1) * 64, len);
		if (escaping && c == chars.escape)
			scan->flags |= FB_CSV_IRREGULAR;
		if (quoting && c == chars.quote) {
			scan->flags |= FB_CSV_QUOTED;
			if (!quoted && before == 'x')
				scan->flags |= FB_CSV_IRREGULAR;
			before = quoted ? 'q' : 'x';
			quoted = !quoted;
			continue;
		}
		if (quoted) {
			if (c == '\n')
				scan->flags |= FB_CSV_IRREGULAR;
			continue;
		}
		if (c == chars.delimiter || c == '\n') {
			plain->positions[scan->position_cnt++] = i;
			scan->newline_cnt += c == '\n';
			before = '\n';
		} else {
			if (before == 'q')
				scan->flags |= FB_CSV_IRREGULAR;
			before = 'x';
		}
	}
	if (quoted && scan->scanned == len)
		scan->flags |= FB_CSV_IRREGULAR;
}

static void check_scans(const uint8_t *data, uint32_t len, struct fb_csv_chars chars,
	uint32_t row_max, const char *what)
{
	static uint32_t positions[FB_CSV_POSITIONS + FB_CSV_POSITION_PAD];
	static uint32_t others[FB_CSV_POSITIONS + FB_CSV_POSITION_PAD];
	static uint32_t plain_positions[FB_CSV_POSITIONS];
	struct plain_scan plain = {.positions = plain_positions};
	struct fb_csv_scan scan = scans[0](data, len, chars, row_max, positions);

	for (uint32_t isa = 1; isa < isa_cnt(); isa++) {
		struct fb_csv_scan other = scans[isa](data, len, chars, row_max, others);

		cr_assert_eq(memcmp(&scan, &other, sizeof(scan)), 0, "%s, %u bytes: %s", what, len,
			fb_isa_name(isa));
		cr_assert_eq(memcmp(positions, others, scan.position_cnt * sizeof(*positions)), 0,
			"%s, %u bytes: %s", what, len, fb_isa_name(isa));
	}
	if (row_max < len + 1)
		return;
	scan_plainly(data, len, chars, &plain);
	cr_assert_eq(scan.flags, plain.scan.flags, "%s, %u bytes: flags %u, not %u", what, len,
		scan.flags, plain.scan.flags);
	cr_assert_eq(scan.scanned, plain.scan.scanned, "%s, %u bytes", what, len);
	/* Where it is irregular the masks need not mean anything. */
	if (scan.flags & FB_CSV_IRREGULAR)
		return;
	cr_assert_eq(memcmp(&scan, &plain.scan, sizeof(scan)), 0, "%s, %u bytes", what, len);
	cr_assert_eq(memcmp(positions, plain_positions, scan.position_cnt * sizeof(*positions)), 0,
		"%s, %u bytes", what, len);
}

static const struct fb_csv_chars char_sets[] = {{',', '"', '"'}, {',', ',', ','}, {',', '"', '\\'},
	{';', '\'', '\''}, {'a', '"', '"'}, {0, 0xff, 0xff}};

Test(kernels, agree_at_every_alignment_and_length)
{
	uint64_t state = 0x616c69676e;
	uint8_t bytes[200];

	for (uint32_t len = 0; len <= sizeof(bytes); len++)
		for (uint32_t align = 0; align < 64; align++) {
			/* What lies behind the payload must not count, least of all if it looks
			 * like CSV. */
			static const uint8_t pads[] = {',', '"', '\n', 'a'};
			struct payload payload;

			fill_random(bytes, len, &state);
			payload = payload_make(bytes, len, align, pads[align % 4]);
			for (uint32_t i = 0; i < FB_ARRAY_LEN(char_sets); i++)
				check_scans(payload.data, len, char_sets[i], 512,
					"alignment and length");
			payload_free(&payload);
		}
}

/* Every byte value at every place of two blocks, alone: the masks are right for each. */
Test(kernels, find_a_single_byte_anywhere)
{
	uint8_t bytes[130];

	for (uint32_t at = 0; at < sizeof(bytes); at++)
		for (uint32_t c = 0; c < 256; c++) {
			struct payload payload;

			memset(bytes, 'x', sizeof(bytes));
			bytes[at] = (uint8_t)c;
			payload = payload_make(bytes, sizeof(bytes), at % 64, '"');
			for (uint32_t i = 0; i < FB_ARRAY_LEN(char_sets); i++)
				check_scans(payload.data, payload.len, char_sets[i], 512,
					"single byte");
			payload_free(&payload);
		}
}

/* What a quote means depends on its neighbours, which may be in the block before. */
Test(kernels, look_across_blocks)
{
	static const char *const tails[] = {"\"a\"\"b\",c\n", "\"ab\"c,d\n", "\"ab\",c\n",
		"\"ab\" ,c\n", "\"a\nb\",c\n", "a\"b,c\n", "\"\",\"\"\"\"\n\"\"", "\"ab\"\r\n",
		"\"\\\"", "\n\"a\"", "\"a\"\n\"b\"", "\"a,b;c\",\"d"};
	char text[200];

	for (int prefix = 0; prefix < 140; prefix++)
		for (size_t i = 0; i < FB_ARRAY_LEN(tails); i++) {
			struct payload payload;

			memset(text, 'x', sizeof(text));
			if (prefix > 0)
				text[prefix - 1] = ',';
			strcpy(text + prefix, tails[i]);
			payload = payload_make(text, (uint32_t)strlen(text), 0, '"');
			for (uint32_t c = 0; c < FB_ARRAY_LEN(char_sets); c++)
				check_scans(payload.data, payload.len, char_sets[c], 512, text);
			payload_free(&payload);
		}
}

Test(kernels, agree_on_random_payloads)
{
	uint64_t state = 0x72616e646f6d;
	static uint8_t bytes[6000];

	for (int i = 0; i < 20000; i++) {
		uint32_t len = (uint32_t)(next_random(&state) % (i % 16 ? 400 : sizeof(bytes)));
		uint32_t row_max = i % 3 ? 1 + (uint32_t)(next_random(&state) % 512) : 6001;
		struct payload payload;

		fill_random(bytes, len, &state);
		payload = payload_make(bytes, len, (uint32_t)(next_random(&state) % 64), '"');
		check_scans(payload.data, len, char_sets[i % FB_ARRAY_LEN(char_sets)], row_max,
			"random");
		payload_free(&payload);
	}
}

/* More positions than there is room for: all kernels stop at the same place. */
Test(kernels, stop_when_the_positions_are_full)
{
	static uint8_t bytes[40000];
	struct payload payload;

	memset(bytes, ',', sizeof(bytes));
	payload = payload_make(bytes, sizeof(bytes), 5, ',');

	static uint32_t positions[FB_CSV_POSITIONS + FB_CSV_POSITION_PAD];
	struct fb_csv_scan scan =
		fb_csv_scan_scalar(payload.data, payload.len, char_sets[0], 512, positions);

	cr_assert_leq(scan.position_cnt, FB_CSV_POSITIONS);
	cr_assert_eq(scan.position_cnt, scan.scanned);
	check_scans(payload.data, payload.len, char_sets[0], 512, "full");
	payload_free(&payload);
}

/* ---- the whole decoder ---- */

struct setting {
	struct reference reference;
	struct table table;
};

static void choose_setting(struct setting *setting, uint64_t *state)
{
	struct fb_buf types = {0};
	struct fb_buf options = {0};
	struct reference *reference = &setting->reference;
	uint32_t field_cnt = 1 + (uint32_t)(next_random(state) % 5);
	uint32_t kind = (uint32_t)(next_random(state) % 4);

	*reference = (struct reference){
		.delimiter = ',', .quote = '"', .escape = -1, .field_cnt = field_cnt};
	reference->framing = next_random(state) % 4 ? FB_FRAMING_NEWLINE : FB_FRAMING_DATAGRAM;
	for (uint32_t i = 0; i < field_cnt; i++) {
		bool needed = kind == 0 ? next_random(state) % 2 || i == field_cnt - 1 : true;
		bool integer = next_random(state) % 4 == 0;

		reference->needed |= (uint64_t)needed << i;
		reference->integers |= (uint64_t)integer << i;
		fb_buf_printf(&types, "%s%s ", needed ? "" : "-", integer ? "BIGINT" : "STRING");
	}
	if (next_random(state) % 4 == 0) {
		reference->null_literal = "null";
		fb_buf_add_text(&options, "csv.null-literal=null\n");
	}
	if (next_random(state) % 4 == 0) {
		reference->ignore_errors = true;
		fb_buf_add_text(&options, "csv.ignore-parse-errors=true\n");
	}
	if (next_random(state) % 6 == 0) {
		reference->escape = '\\';
		fb_buf_add_text(&options, "csv.escape-character=\\\n");
	}
	if (next_random(state) % 6 == 0) {
		reference->comments = true;
		fb_buf_add_text(&options, "csv.allow-comments=true\n");
	}
	if (next_random(state) % 6 == 0) {
		reference->quote = -1;
		fb_buf_add_text(&options, "csv.disable-quote-character=true\n");
	}
	if (next_random(state) % 8 == 0) {
		reference->delimiter = 'a';
		fb_buf_add_text(&options, "csv.field-delimiter=a\n");
	}
	table_init(&setting->table, "csv", types.p, options.p);
	fb_buf_fini(&types);
	fb_buf_fini(&options);
}

static void check_with_reference(
	const struct setting *setting, const struct payload *payloads, uint32_t cnt)
{
	struct fb_buf rows = {0};
	uint64_t rejected[FB_REC_CNT] = {0};

	for (uint32_t i = 0; i < cnt; i++)
		reference_decode(
			&setting->reference, payloads[i].data, payloads[i].len, &rows, rejected);
	for (uint32_t isa = 0; isa < isa_cnt(); isa++) {
		struct decoded decoded =
			decode(&setting->table, setting->reference.framing, isa, payloads, cnt);
		bool same = rows.len == decoded.rows.len &&
			    memcmp(rows.p ? rows.p : "", decoded.rows.p, rows.len) == 0;

		cr_assert(same, "%s: options %s, %u fields of %lx, <%.*s>\ngives\n%s\nnot\n%s",
			fb_isa_name(isa), setting->table.text, setting->reference.field_cnt,
			(unsigned long)setting->reference.needed, (int)payloads[0].len,
			payloads[0].data, decoded.rows.p, rows.p ? rows.p : "");
		for (uint32_t i = 0; i < FB_REC_CNT; i++)
			cr_assert_eq(decoded.counters.rejected[i], rejected[i],
				"%s: %s %lu, not %lu: options %s, <%.*s>", fb_isa_name(isa),
				fb_record_dispositions[i].label,
				(unsigned long)decoded.counters.rejected[i],
				(unsigned long)rejected[i], setting->table.text,
				(int)payloads[0].len, payloads[0].data);
		decoded_free(&decoded);
	}
	fb_buf_fini(&rows);
}

Test(decoder, is_the_reference_at_every_length)
{
	uint64_t state = 0x6c656e677468;
	uint8_t bytes[200];

	for (uint32_t len = 0; len <= sizeof(bytes); len++)
		for (uint32_t i = 0; i < 16; i++) {
			struct setting setting;
			struct payload payload;

			choose_setting(&setting, &state);
			fill_random(bytes, len, &state);
			payload = payload_make(bytes, len, (uint32_t)(next_random(&state) % 64),
				i % 2 ? '"' : '\n');
			check_with_reference(&setting, &payload, 1);
			payload_free(&payload);
		}
}

Test(decoder, is_the_reference_on_random_payloads)
{
	uint64_t state = 0x6465636f646572;
	static uint8_t bytes[9000];

	for (int i = 0; i < 8000; i++) {
		struct setting setting;
		struct payload payloads[4];
		uint32_t cnt = 1 + (uint32_t)(next_random(&state) % 4);

		choose_setting(&setting, &state);
		for (uint32_t p = 0; p < cnt; p++) {
			uint32_t len =
				(uint32_t)(next_random(&state) % (i % 16 ? 300 : sizeof(bytes)));

			fill_random(bytes, len, &state);
			payloads[p] =
				payload_make(bytes, len, (uint32_t)(next_random(&state) % 64), '"');
		}
		check_with_reference(&setting, payloads, cnt);
		for (uint32_t p = 0; p < cnt; p++)
			payload_free(&payloads[p]);
	}
}

/* ---- limits ---- */

static struct decoded decode_buf(
	const struct table *table, enum fb_framing framing, const struct fb_buf *text)
{
	struct payload payload = payload_make(text->p, (uint32_t)text->len, 0, '\n');
	struct decoded decoded = decode(table, framing, fb_isa_detect(), &payload, 1);

	payload_free(&payload);
	return decoded;
}

Test(limits, a_line_with_more_fields_than_positions)
{
	struct fb_buf text = {0};
	struct table table;
	struct decoded decoded;

	fb_buf_add_text(&text, "a,b\n");
	for (int i = 0; i < 50000; i++)
		fb_buf_add_char(&text, ',');
	fb_buf_add_text(&text, "\nc,d\n");
	table_init(&table, "csv", "STRING STRING", NULL);
	decoded = decode_buf(&table, FB_FRAMING_NEWLINE, &text);
	cr_assert_str_eq(decoded.rows.p, "a|b\nc|d\n");
	cr_assert_eq(decoded.counters.rejected[FB_REC_ARITY], 1);
	decoded_free(&decoded);
	fb_buf_fini(&text);
}

/* Text with doubled quotes is copied: the decoder's memory for it ends a batch early, and only a
 * row that alone needs more is lost. */
Test(limits, unescaped_text_of_many_rows_and_of_one)
{
	struct table table;

	table_init(&table, "csv", "STRING", NULL);
	for (uint32_t len = 100000; len <= 300000; len += 100000) {
		struct fb_buf text = {0};
		struct fb_buf rows = {0};
		struct decoded decoded;

		for (int row = 0; row < 5; row++) {
			fb_buf_add_text(&text, "\"\"\"");
			for (uint32_t i = 0; i < len; i++) {
				fb_buf_add_char(&text, 'a');
				fb_buf_add_char(&rows, 'a');
			}
			fb_buf_add_text(&text, "\"\nb\n");
			fb_buf_add_text(&rows, "\nb\n");
		}
		decoded = decode_buf(&table, FB_FRAMING_NEWLINE, &text);
		cr_assert_eq(decoded.counters.rejected[FB_REC_QUOTE], len > 256 * 1024 ? 5 : 0);
		cr_assert_eq(decoded.counters.decoded, len > 256 * 1024 ? 5 : 10);
		if (len < 256 * 1024)
			cr_assert_eq(decoded.rows.len, rows.len + 5); /* and one quote each */
		decoded_free(&decoded);
		fb_buf_fini(&text);
		fb_buf_fini(&rows);
	}
}

/* A quote that stays open must not make each line cost as much as the whole payload. */
Test(limits, open_quotes_and_bad_lines_cost_their_own_length, .timeout = 60)
{
	struct fb_buf text = {0};
	struct table table;
	struct decoded decoded;

	for (int i = 0; i < 400000; i++)
		fb_buf_add_text(&text, i % 2 ? "\"a,b\n" : i % 4 ? "a,b,c\n" : "a,b\n");
	table_init(&table, "csv", "STRING STRING", NULL);
	decoded = decode_buf(&table, FB_FRAMING_NEWLINE, &text);
	cr_assert_eq(decoded.counters.decoded, 100000);
	cr_assert_eq(decoded.counters.rejected[FB_REC_QUOTE], 200000);
	cr_assert_eq(decoded.counters.rejected[FB_REC_ARITY], 100000);
	decoded_free(&decoded);
	fb_buf_fini(&text);
}

Test(limits, what_has_no_decoder_is_refused_and_nothing_leaks)
{
	struct fb_decoder *decoder = NULL;
	struct table table;
	struct fb_decoder_conf conf = {.table = &table.table, .needed = &table.needed};

	table_init(&table, "csv", "", NULL);
	cr_assert_eq(fb_decoder_create(&conf, &decoder), FB_E_UNSUPPORTED);
	table_init(&table, "avro", "STRING", NULL);
	cr_assert_eq(fb_decoder_create(&conf, &decoder), FB_E_UNSUPPORTED);
	fb_decoder_destroy(NULL);
}
