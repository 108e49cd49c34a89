/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>

#include "control/cli/people.h"

static const struct fb_people_conf base = {
	.records = 20000, .seed = 7, .start_ms = 1767225600000, .rate = 500, .keys = 100};

/* All bytes of a run, written in pieces of `room`. */
static char *generate(const struct fb_people_conf *conf, size_t room, size_t *ret_len)
{
	struct fb_people *people;
	char *text = malloc(conf->records * 300 + FB_PEOPLE_RECORD_BYTES_MAX + room);
	uint64_t records, total = 0;
	size_t len = 0, got;

	cr_assert_eq(fb_people_create(conf, &people), 0);
	while ((got = fb_people_fill(people, text + len, room, &records)) > 0) {
		len += got;
		total += records;
	}
	cr_assert_eq(total, conf->records);
	cr_assert_eq(fb_people_position(people), conf->records);
	fb_people_destroy(people);
	text[len] = '\0';
	*ret_len = len;
	return text;
}

static uint32_t count_char(const char *p, size_t len, char c)
{
	uint32_t cnt = 0;

	for (size_t i = 0; i < len; i++)
		cnt += p[i] == c;
	return cnt;
}

/* Milliseconds since the start's midnight; -1 if it is no time of that day. */
static int64_t time_of(const char *line, size_t len)
{
	int hour, minute, second, ms, used = 0;
	char text[24] = "";

	if (len < 23)
		return -1;
	memcpy(text, line + len - 23, 23);
	if (sscanf(text, "2026-01-01 %2d:%2d:%2d.%3d%n", &hour, &minute, &second, &ms, &used) !=
			4 ||
		used != 23)
		return -1;
	return ((hour * 60 + minute) * 60 + second) * 1000 + ms;
}

/* The n-th field of a line of plain CSV. */
static struct fb_str field(const char *line, size_t len, uint32_t n)
{
	const char *end = line + len, *comma;

	for (; n; n--)
		line = (const char *)memchr(line, ',', (size_t)(end - line)) + 1;
	comma = memchr(line, ',', (size_t)(end - line));
	return (struct fb_str){line, (uint32_t)((comma ? comma : end) - line)};
}

Test(people, same_seed_same_bytes_whatever_the_pieces)
{
	struct fb_people_conf conf = base, other = base;
	size_t a_len, b_len, c_len;
	char *a, *b, *c;

	conf.malformed = 100;
	conf.disorder_ms = 1000;
	conf.null_percent = 10;
	conf.null_text = "\\N";
	a = generate(&conf, 1 << 20, &a_len);
	b = generate(&conf, FB_PEOPLE_RECORD_BYTES_MAX, &b_len);
	cr_assert_eq(a_len, b_len);
	cr_assert_arr_eq(a, b, a_len);
	other = conf;
	other.seed = 8;
	c = generate(&other, 1 << 20, &c_len);
	cr_assert(c_len != a_len || memcmp(a, c, a_len) != 0, "the seed does nothing");
	free(a);
	free(b);
	free(c);
}

/* A shorter run is the beginning of a longer one: a test can grow without changing what it had. */
Test(people, records_do_not_depend_on_how_many_follow)
{
	struct fb_people_conf conf = base;
	size_t all, some;
	char *long_text = generate(&conf, 4096, &all), *short_text;

	conf.records = 1234;
	short_text = generate(&conf, 4096, &some);
	cr_assert_lt(some, all);
	cr_assert_arr_eq(long_text, short_text, some);
	free(long_text);
	free(short_text);
}

Test(people, well_formed_and_about_130_bytes)
{
	struct fb_people_conf conf = base;
	size_t len, n = 0;
	char *text = generate(&conf, 65536, &len);
	int64_t before = 0;

	conf.records = base.records;
	cr_assert_geq(len / conf.records, 120);
	cr_assert_leq(len / conf.records, 140);
	for (char *line = text; *line; n++) {
		size_t line_len = strcspn(line, "\n");
		struct fb_str age = field(line, line_len, 2), city = field(line, line_len, 8);
		int64_t time = time_of(line, line_len);

		cr_assert_eq(count_char(line, line_len, ','), 10);
		cr_assert_eq(count_char(line, line_len, '"'), 0);
		cr_assert_eq((size_t)strtoull(line, NULL, 10), n + 1);
		cr_assert(age.len >= 1 && age.len <= 2 && atoi(age.p) >= 1 && atoi(age.p) <= 99);
		cr_assert_gt(city.len, 2);
		/* 500 a second: 2 ms apart, in order */
		cr_assert_eq(time, (int64_t)n * 2);
		cr_assert_geq(time, before);
		before = time;
		line += line_len + 1;
	}
	cr_assert_eq(n, conf.records);
	free(text);
}

Test(people, exactly_so_many_malformed_of_each_kind)
{
	static const uint64_t counts[] = {0, 1, 4, 137, 20000};

	for (size_t c = 0; c < FB_ARRAY_LEN(counts); c++) {
		struct fb_people_conf conf = base;
		uint64_t commas = 0, quotes = 0, ages = 0, times = 0, lines = 0;
		size_t len;
		char *text;

		conf.malformed = counts[c];
		text = generate(&conf, 65536, &len);
		for (char *line = text; *line; lines++) {
			size_t line_len = strcspn(line, "\n");
			bool extra = count_char(line, line_len, ',') != 10;
			bool quote = count_char(line, line_len, '"') % 2 == 1;
			struct fb_str age = field(line, line_len, 2);

			commas += extra;
			quotes += quote;
			ages += age.p[0] < '0' || age.p[0] > '9';
			times += !extra && time_of(line, line_len) < 0;
			line += line_len + 1;
		}
		cr_expect_eq(lines, conf.records);
		cr_expect_eq(commas + quotes + ages + times, counts[c]);
		cr_expect(commas - times <= 1 && commas - ages <= 1 && commas - quotes <= 1,
			"the kinds take turns");
		free(text);
	}
}

Test(people, disorder_is_bounded_and_there)
{
	struct fb_people_conf conf = base;
	int64_t latest = 0, worst = 0;
	uint64_t n = 0, back = 0;
	size_t len;
	char *text;

	conf.disorder_ms = 1500;
	text = generate(&conf, 65536, &len);
	for (char *line = text; *line; n++) {
		size_t line_len = strcspn(line, "\n");
		int64_t time = time_of(line, line_len);

		cr_assert_geq(time, 0, "before the start");
		cr_assert_leq(time, (int64_t)n * 2);
		cr_assert_geq(time, (int64_t)n * 2 - 1500);
		back += time < latest;
		latest = FB_MAX(latest, time);
		worst = FB_MAX(worst, latest - time);
		line += line_len + 1;
	}
	cr_assert_leq(worst, 1500);
	cr_assert_geq(worst, 1400, "the bound is not used");
	cr_assert_gt(back, n / 2);
	free(text);
}

Test(people, keys)
{
	static const uint64_t keys[] = {1, 100, 101, 5000};

	for (size_t k = 0; k < FB_ARRAY_LEN(keys); k++) {
		struct fb_people_conf conf = base;
		uint8_t *seen = calloc(keys[k], 1);
		uint64_t different = 0;
		size_t len;
		char *text;

		conf.keys = keys[k];
		conf.records = 60000;
		text = generate(&conf, 65536, &len);
		for (char *line = text; *line;) {
			size_t line_len = strcspn(line, "\n");
			struct fb_str city = field(line, line_len, 8);
			uint64_t number = 0;
			char room[32];

			if (keys[k] <= FB_PEOPLE_CITIES) {
				while (number < keys[k] &&
					!fb_str_eq(city, fb_people_city(keys[k], number, room)))
					number++;
			} else {
				cr_assert_eq(memcmp(city.p, "city-", 5), 0);
				cr_assert_eq(city.len, 11);
				number = strtoull(city.p + 5, NULL, 10);
				cr_assert(fb_str_eq(city, fb_people_city(keys[k], number, room)));
			}
			cr_assert_lt(number, keys[k]);
			different += !seen[number];
			seen[number] = 1;
			line += line_len + 1;
		}
		cr_expect_geq(different, keys[k] * 99 / 100);
		free(seen);
		free(text);
	}
}

Test(people, nulls)
{
	struct fb_people_conf conf = base;
	uint64_t ages = 0, cities = 0;
	size_t len;
	char *text;

	conf.null_percent = 25;
	conf.null_text = "NULL";
	text = generate(&conf, 65536, &len);
	for (char *line = text; *line;) {
		size_t line_len = strcspn(line, "\n");

		ages += fb_str_eq(field(line, line_len, 2), FB_STR("NULL"));
		cities += fb_str_eq(field(line, line_len, 8), FB_STR("NULL"));
		cr_assert_eq(count_char(line, line_len, ','), 10);
		line += line_len + 1;
	}
	/* five standard deviations around a quarter of 20,000 */
	cr_assert(ages > 4690 && ages < 5310, "%lu", ages);
	cr_assert(cities > 4690 && cities < 5310, "%lu", cities);
	free(text);
}

Test(people, json_lines)
{
	struct fb_people_conf conf = base;
	uint64_t bad = 0, lines = 0;
	size_t len;
	char *text;

	conf.format = FB_PEOPLE_JSON;
	conf.records = 2000;
	conf.malformed = 40;
	conf.null_percent = 10;
	text = generate(&conf, 65536, &len);
	for (char *line = text; *line; lines++) {
		size_t line_len = strcspn(line, "\n");
		json_t *json = json_loadb(line, line_len, 0, NULL);
		json_t *age = json_object_get(json, "age");
		const char *ts = json_string_value(json_object_get(json, "ts"));

		if (json == NULL || json_is_string(age) || time_of(ts, strlen(ts)) < 0)
			bad++;
		else
			cr_assert_eq(json_object_size(json), 11);
		json_decref(json);
		line += line_len + 1;
	}
	cr_assert_eq(lines, 2000);
	cr_assert_eq(bad, 40);
	free(text);
}

Test(people, what_cannot_be_made)
{
	struct fb_people_conf conf;
	struct fb_people *people;

#define REFUSED(...)                                                                        \
	do {                                                                                \
		conf = base;                                                                \
		__VA_ARGS__;                                                                \
		cr_expect_eq(fb_people_create(&conf, &people), FB_E_INVALID, #__VA_ARGS__); \
	} while (0)
	REFUSED(conf.rate = 0);
	REFUSED(conf.keys = 0);
	REFUSED(conf.malformed = conf.records + 1);
	REFUSED(conf.null_percent = 101);
	REFUSED(conf.null_text = "a,b");
	REFUSED(conf.null_text = "0123456789abcdef");
	REFUSED(conf.start_ms = INT64_MIN);
	REFUSED(conf.start_ms = INT64_MAX);
	REFUSED(conf.records = UINT64_MAX);
	REFUSED(conf.start_ms = 253402300799999; conf.rate = 1);
}

/* The first and last years that have four digits, with every long thing at once: nothing grows over
 * its room. */
Test(people, extremes_fit)
{
	struct fb_people_conf conf = {.records = 1000,
		.seed = UINT64_MAX,
		.start_ms = -62135596800000,
		.rate = UINT64_MAX,
		.keys = UINT64_MAX,
		.malformed = 500,
		.disorder_ms = UINT32_MAX,
		.null_percent = 50,
		.null_text = "123456789012345",
		.format = FB_PEOPLE_CSV};
	size_t len;

	free(generate(&conf, FB_PEOPLE_RECORD_BYTES_MAX, &len));
	conf.format = FB_PEOPLE_JSON;
	free(generate(&conf, FB_PEOPLE_RECORD_BYTES_MAX, &len));
	conf.start_ms = 253402300799000;
	conf.rate = 1000000;
	free(generate(&conf, FB_PEOPLE_RECORD_BYTES_MAX, &len));
}
