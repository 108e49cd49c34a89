/* SPDX-License-Identifier: Apache-2.0 */
/* The kernels for columns take every text of the common shape, and no other, with the value that reading it byte by byte
 * gives. */
#include "harness.h"

#include <stdlib.h>

#define ROWS 64
#define SLOT 96 /* a text, and what lies behind it */

static const fb_column_integers_fn integers[] = {
	fb_column_integers_scalar, fb_column_integers_avx2, fb_column_integers_avx512};
static const fb_column_timestamps_fn timestamps[] = {
	fb_column_timestamps_scalar, fb_column_timestamps_avx2, fb_column_timestamps_avx512};

/* 2026-02-28, whose midnight is so many days after 1970. */
#define DAY_MS (20512 * 86400000ll)

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

struct texts {
	char bytes[ROWS * SLOT + FB_PAYLOAD_PAD_BYTES];
	struct fb_str refs[ROWS];
};

/* What lies behind a text must not count, least of all if it looks like more of it. */
static void put(struct texts *texts, uint32_t row, const char *text, uint32_t len)
{
	char *at = texts->bytes + (size_t)row * SLOT;

	memset(at, "09:a"[row % 4], SLOT);
	memcpy(at, text, len);
	texts->refs[row] = (struct fb_str){at, len};
}

static bool plain_integer(struct fb_str text, uint64_t max, int64_t *ret)
{
	uint64_t value = 0;

	for (uint32_t i = 0; i < text.len; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(text.p[i] - '0');
	}
	*ret = (int64_t)value;
	return text.len >= 1 && text.len <= 16 && value <= max;
}

static bool plain_timestamp(struct fb_str text, int64_t *ret)
{
	static const char shape[] = "2026-02-28 dd:dd:dd.ddd";
	int64_t numbers[4] = {0};
	uint32_t number = 0;

	if (text.len != sizeof(shape) - 1)
		return false;
	for (uint32_t i = 0; i < text.len; i++) {
		bool digit = text.p[i] >= '0' && text.p[i] <= '9';

		if (shape[i] == 'd' ? !digit : text.p[i] != shape[i])
			return false;
		if (i > 10 && digit)
			numbers[number] = numbers[number] * 10 + (text.p[i] - '0');
		number += i > 10 && !digit;
	}
	*ret = DAY_MS + ((numbers[0] * 60 + numbers[1]) * 60 + numbers[2]) * 1000 + numbers[3];
	return numbers[0] < 24 && numbers[1] < 60 && numbers[2] < 60;
}

/* From every row on, so that texts stand at every place of a register. */
static void check_integers(const struct texts *texts, uint64_t max)
{
	for (uint32_t isa = 0; isa < isa_cnt(); isa++)
		for (uint32_t from = 0; from <= ROWS; from++) {
			int64_t values[ROWS];
			uint32_t row = integers[isa](texts->refs, from, ROWS, max, values);

			for (uint32_t i = from; i < ROWS; i++) {
				int64_t value;
				bool takes = plain_integer(texts->refs[i], max, &value);

				if (i == row) {
					cr_assert(!takes, "%s: row %u is left out: '%.*s'", fb_isa_name((enum fb_isa)isa), i,
						(int)texts->refs[i].len, texts->refs[i].p);
					break;
				}
				cr_assert(takes && values[i] == value, "%s: row %u is %ld: '%.*s'",
					fb_isa_name((enum fb_isa)isa), i, values[i], (int)texts->refs[i].len, texts->refs[i].p);
			}
		}
}

static void check_timestamps(const struct texts *texts)
{
	struct fb_date_cache dates = {.day_ms = DAY_MS};

	memcpy(&dates.head, "2026-02-", sizeof(dates.head));
	memcpy(&dates.tail, "-28 ", sizeof(dates.tail));
	for (uint32_t isa = 0; isa < isa_cnt(); isa++)
		for (uint32_t from = 0; from <= ROWS; from++) {
			int64_t values[ROWS];
			uint32_t row = timestamps[isa](texts->refs, from, ROWS, &dates, values);

			for (uint32_t i = from; i < ROWS; i++) {
				int64_t value;
				bool takes = plain_timestamp(texts->refs[i], &value);

				if (i == row) {
					cr_assert(!takes, "%s: row %u is left out: '%.*s'", fb_isa_name((enum fb_isa)isa), i,
						(int)texts->refs[i].len, texts->refs[i].p);
					break;
				}
				cr_assert(takes && values[i] == value, "%s: row %u is %ld: '%.*s'",
					fb_isa_name((enum fb_isa)isa), i, values[i], (int)texts->refs[i].len, texts->refs[i].p);
			}
		}
}

Test(column, integers_of_every_length)
{
	static const uint64_t maxes[] = {INT8_MAX, INT16_MAX, INT32_MAX, INT64_MAX};
	uint64_t state = 0x696e74;
	struct texts texts;

	for (uint32_t round = 0; round < 400; round++) {
		uint32_t len_max = round % 3 == 0 ? 3 : round % 3 == 1 ? 8 : 20;

		for (uint32_t row = 0; row < ROWS; row++) {
			char text[32];
			uint32_t len = (uint32_t)(next_random(&state) % len_max) + 1;

			for (uint32_t i = 0; i < len; i++)
				text[i] = (char)('0' + next_random(&state) % 10);
			put(&texts, row, text, len);
		}
		check_integers(&texts, maxes[round % FB_ARRAY_LEN(maxes)]);
	}
}

Test(column, one_byte_that_is_no_digit)
{
	struct texts texts;

	for (uint32_t len = 1; len <= 16; len++)
		for (uint32_t at = 0; at < len; at++)
			for (uint32_t c = 0; c < 256; c++) {
				uint32_t odd = (c + at) % ROWS;

				for (uint32_t row = 0; row < ROWS; row++) {
					char text[16];

					memset(text, '1', sizeof(text));
					if (row == odd)
						text[at] = (char)c;
					put(&texts, row, text, len);
				}
				if (c % 16 == at || c == '0' - 1 || c == '9' + 1 || c == '-' || c == 0 || c == 0xff)
					check_integers(&texts, INT64_MAX);
			}
}

Test(column, integers_at_the_limit_and_empty_texts)
{
	static const char *const words[] = {"127", "128", "00000127", "0", "", "32767", "32768", "2147483647", "2147483648",
		"9999999999999999", "99999999", "99999999999999999", "-1", "+1", " 1", "1 "};
	struct texts texts;

	for (uint32_t first = 0; first < FB_ARRAY_LEN(words); first++)
		for (uint32_t second = 0; second < FB_ARRAY_LEN(words); second++) {
			for (uint32_t row = 0; row < ROWS; row++) {
				const char *word = words[row % 3 == 0 ? first : second];

				put(&texts, row, word, (uint32_t)strlen(word));
			}
			check_integers(&texts, first % 2 ? INT8_MAX : INT32_MAX);
		}
}

Test(column, every_time_of_a_day_and_others)
{
	uint64_t state = 0x74696d65;
	struct texts texts;

	for (uint32_t round = 0; round < 600; round++) {
		for (uint32_t row = 0; row < ROWS; row++) {
			char text[64];
			uint64_t random = next_random(&state);
			uint32_t len = (uint32_t)sprintf(text, "2026-02-28 %02u:%02u:%02u.%03u",
				(uint32_t)(random % 24), (uint32_t)(random >> 8) % 60, (uint32_t)(random >> 16) % 60,
				(uint32_t)(random >> 32) % 1000);

			/* Here and there a byte is another, or the text is shorter or longer. */
			if (round % 2 && random >> 60 == 0)
				text[(random >> 40) % len] = "0123456789:.- T\n\xff"[(random >> 48) % 18];
			if (round % 2 && random >> 58 == 63)
				len += random >> 40 & 1 ? 1 : -1;
			put(&texts, row, text, len);
		}
		check_timestamps(&texts);
	}
}

Test(column, times_beyond_their_limits)
{
	static const char *const words[] = {"2026-02-28 23:59:59.999", "2026-02-28 24:00:00.000", "2026-02-28 00:60:00.000",
		"2026-02-28 00:00:60.000", "2026-02-28 29:00:00.000", "2026-02-28 19:59:59.999", "2026-02-27 00:00:00.000",
		"2026-03-28 00:00:00.000", "2026-02-28T00:00:00.000", "2026-02-28 00:00:00.00", ""};
	struct texts texts;

	for (uint32_t odd = 0; odd < FB_ARRAY_LEN(words); odd++)
		for (uint32_t at = 0; at < ROWS; at++) {
			for (uint32_t row = 0; row < ROWS; row++) {
				const char *word = words[row == at ? odd : 0];

				put(&texts, row, word, (uint32_t)strlen(word));
			}
			check_timestamps(&texts);
		}
}
