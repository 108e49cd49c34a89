/* SPDX-License-Identifier: Apache-2.0 */
#include "control/cli/people.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/base/calendar.h"
#include "control/cli/people_words.h"

#define START_MIN_MS (-62135596800000LL) /* 0001-01-01 */
#define START_MAX_MS 253402300799999LL   /* 9999-12-31 23:59:59.999 */
#define SECONDS_KEPT 256                 /* texts of seconds; power of two */
#define DAYS_OF_YEAR 336                 /* 12 months of 28 days: every one exists in every year */

/* A text that is copied as a whole, whatever its length: one or two vector moves instead of a call.
 */
struct word {
	char text[31];
	uint8_t len;
};

struct second {
	int64_t second; /* since 1970; INT64_MIN = empty */
	char text[24];  /* "yyyy-MM-dd HH:mm:ss." */
};

struct fb_people {
	struct fb_people_conf conf;
	char null_text[FB_PEOPLE_NULL_BYTES + 1];
	uint64_t at;        /* number of the next record */
	uint64_t malformed; /* lines still to be spoilt */
	uint32_t kind;      /* of the next spoilt line */
	int64_t time_ms;    /* of record `at` before disorder */
	uint64_t time_rest; /* of the division by rate, in 1/rate ms */
	int32_t year;       /* of the start: births are counted back from it */
	struct word first[64], first_lower[64], last[64], last_lower[64], streets[32], domains[4];
	struct word cities[FB_PEOPLE_CITIES], countries[FB_PEOPLE_CITIES];
	struct word month_days[DAYS_OF_YEAR]; /* "-MM-dd" */
	struct word ages[128];
	struct word years[128]; /* of birth, by age */
	struct second seconds[SECONDS_KEPT];
	char digits[1000][4];
};

enum malformed_kind { EXTRA_FIELD, OPEN_QUOTE, BAD_AGE, BAD_TIME, KINDS, NONE = KINDS };

/* ---- randomness: splitmix64 (Steele, Lea, Flood, OOPSLA 2014) over seed and number ---- */

static inline uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

/* The draw-th value of a record. */
static inline uint64_t draw(const struct fb_people *people, uint64_t number, uint64_t which)
{
	return mix(mix(people->conf.seed + which * 0xd1342543de82ef95ull) +
		   (number + 1) * 0x9e3779b97f4a7c15ull);
}

/* [0, bound) from 64 random bits, without division. */
static inline uint64_t below(uint64_t random, uint64_t bound)
{
	return (uint64_t)((unsigned __int128)random * bound >> 64);
}

/* ---- writing ---- */

static inline char *put(char *p, const struct word *word)
{
	memcpy(p, word->text, 31);
	return p + word->len;
}

static inline char *put_text(char *p, const char *text, size_t len)
{
	memcpy(p, text, len);
	return p + len;
}

#define PUT(p, literal) put_text((p), (literal), sizeof(literal) - 1)

/* At least min_digits, in groups of three from a table. */
static char *put_number(
	const struct fb_people *people, char *p, uint64_t value, uint32_t min_digits)
{
	char room[24];
	char *at = room + sizeof(room);
	uint32_t len;

	while (value >= 1000) {
		at -= 3;
		memcpy(at, people->digits[value % 1000], 3);
		value /= 1000;
	}
	at -= 3;
	memcpy(at, people->digits[value], 3);
	len = (uint32_t)(room + sizeof(room) - at);
	while (len > FB_MAX(min_digits, 1u) && *at == '0') {
		at++;
		len--;
	}
	while (len < min_digits) {
		*p++ = '0';
		min_digits--;
	}
	memcpy(p, at, len);
	return p + len;
}

static char *put_time(struct fb_people *people, char *p, int64_t ms)
{
	int64_t second = fb_floor_div(ms, 1000);
	struct second *kept = &people->seconds[(uint64_t)second % SECONDS_KEPT];

	if (kept->second != second) {
		char text[FB_TIME_TEXT_BYTES];

		fb_time_format_us(second * 1000000, 1, text);
		memcpy(kept->text, text, 20); /* with the point, without the digit */
		kept->second = second;
	}
	memcpy(p, kept->text, 20);
	memcpy(p + 20, people->digits[ms - second * 1000], 3);
	return p + 23;
}

static char *put_city(const struct fb_people *people, char *p, uint64_t number)
{
	if (people->conf.keys <= FB_PEOPLE_CITIES)
		return put(p, &people->cities[number]);
	return put_number(people, PUT(p, "city-"), number, 6);
}

struct fb_str fb_people_city(uint64_t keys, uint64_t number, char room[32])
{
	if (keys <= FB_PEOPLE_CITIES)
		return fb_str_from(fb_people_places[number % FB_PEOPLE_CITIES].city);
	return (struct fb_str){
		room, (uint32_t)snprintf(room, 32, "city-%06llu", (unsigned long long)number)};
}

/* What a record says, drawn but not written. */
struct person {
	uint64_t number;
	uint64_t city;
	uint64_t phone;
	int64_t time_ms;
	uint32_t first, last, street, house, domain, age, month_day;
	bool male, null_age, null_city, null_phone;
};

static void draw_person(const struct fb_people *people, struct person *person)
{
	const struct fb_people_conf *conf = &people->conf;
	uint64_t number = people->at;
	uint64_t a = draw(people, number, 1), b = draw(people, number, 2);

	*person = (struct person){
		.number = number + 1,
		.city = below(draw(people, number, 3), conf->keys),
		.phone = b % 10000000,
		.time_ms = people->time_ms,
		.first = a & 63,
		.last = a >> 6 & 63,
		.street = a >> 12 & 31,
		.domain = a >> 17 & 3,
		.male = a >> 19 & 1,
		.house = 1 + (uint32_t)((a >> 20 & 0xffff) * 199 >> 16),
		.age = 1 + (uint32_t)((a >> 36 & 0xffff) * 99 >> 16),
		.month_day = (uint32_t)((b >> 48) * DAYS_OF_YEAR >> 16),
	};
	if (conf->disorder_ms) {
		person->time_ms -=
			(int64_t)below(draw(people, number, 4), (uint64_t)conf->disorder_ms + 1);
		person->time_ms = FB_MAX(person->time_ms, conf->start_ms);
	}
	if (conf->null_percent) {
		person->null_age = below(draw(people, number, 5), 100) < conf->null_percent;
		person->null_city = below(draw(people, number, 6), 100) < conf->null_percent;
		person->null_phone = below(draw(people, number, 7), 100) < conf->null_percent;
	}
}

static inline char *put_null(const struct fb_people *people, char *p)
{
	return put_text(p, people->null_text, strlen(people->null_text));
}

static char *put_email(const struct fb_people *people, char *p, const struct person *person)
{
	p = put(p, &people->first_lower[person->first]);
	*p++ = '.';
	p = put(p, &people->last_lower[person->last]);
	return put(p, &people->domains[person->domain]);
}

static char *put_name(const struct fb_people *people, char *p, const struct person *person)
{
	p = put(p, &people->first[person->first]);
	*p++ = ' ';
	return put(p, &people->last[person->last]);
}

static char *put_phone(const struct fb_people *people, char *p, const struct person *person)
{
	return put_number(people, PUT(p, "+1-555-"), person->phone, 7);
}

static char *put_address(const struct fb_people *people, char *p, const struct person *person)
{
	p = put_number(people, p, person->house, 1);
	*p++ = ' ';
	return put(p, &people->streets[person->street]);
}

static char *put_birthday(const struct fb_people *people, char *p, const struct person *person)
{
	p = put(p, &people->years[person->age]);
	return put(p, &people->month_days[person->month_day]);
}

static char *put_csv(
	struct fb_people *people, char *p, const struct person *person, enum malformed_kind bad)
{
	p = put_number(people, p, person->number, 1);
	*p++ = ',';
	if (bad == OPEN_QUOTE)
		*p++ = '"';
	p = put_name(people, p, person);
	*p++ = ',';
	if (bad == BAD_AGE)
		p = PUT(p, "old");
	else
		p = person->null_age ? put_null(people, p) : put(p, &people->ages[person->age]);
	*p++ = ',';
	*p++ = person->male ? 'm' : 'f';
	*p++ = ',';
	p = put_birthday(people, p, person);
	*p++ = ',';
	p = put_email(people, p, person);
	*p++ = ',';
	p = person->null_phone ? put_null(people, p) : put_phone(people, p, person);
	*p++ = ',';
	p = put_address(people, p, person);
	*p++ = ',';
	p = person->null_city ? put_null(people, p) : put_city(people, p, person->city);
	*p++ = ',';
	p = put(p, &people->countries[person->city % FB_PEOPLE_CITIES]);
	*p++ = ',';
	p = bad == BAD_TIME ? PUT(p, "yesterday at noon") : put_time(people, p, person->time_ms);
	if (bad == EXTRA_FIELD)
		p = PUT(p, ",one too many");
	*p++ = '\n';
	return p;
}

/* Nothing that we write needs an escape in JSON. */
static char *put_json(
	struct fb_people *people, char *p, const struct person *person, enum malformed_kind bad)
{
	p = put_number(people, PUT(p, "{\"id\":"), person->number, 1);
	p = put_name(people, PUT(p, ",\"name\":\""), person);
	p = PUT(p, "\",\"age\":");
	if (bad == BAD_AGE)
		p = PUT(p, "\"old\"");
	else
		p = person->null_age ? PUT(p, "null") : put(p, &people->ages[person->age]);
	p = PUT(p, ",\"gender\":\"");
	*p++ = person->male ? 'm' : 'f';
	p = put_birthday(people, PUT(p, "\",\"birthday\":\""), person);
	p = put_email(people, PUT(p, "\",\"email\":\""), person);
	p = PUT(p, "\",\"phone\":");
	if (person->null_phone) {
		p = PUT(p, "null");
	} else {
		*p++ = '"';
		p = put_phone(people, p, person);
		*p++ = '"';
	}
	p = put_address(people, PUT(p, ",\"address\":\""), person);
	p = PUT(p, "\",\"city\":");
	if (person->null_city) {
		p = PUT(p, "null");
	} else {
		*p++ = '"';
		p = put_city(people, p, person->city);
		*p++ = '"';
	}
	p = put(PUT(p, ",\"country\":\""), &people->countries[person->city % FB_PEOPLE_CITIES]);
	p = PUT(p, "\",\"ts\":\"");
	p = bad == BAD_TIME ? PUT(p, "yesterday at noon") : put_time(people, p, person->time_ms);
	if (bad != OPEN_QUOTE) /* else the text and the object stay open */
		p = bad == EXTRA_FIELD ? PUT(p, "\",}") : PUT(p, "\"}");
	*p++ = '\n';
	return p;
}

/* Selection sampling (Knuth, TAOCP 2, 3.4.2, algorithm S): exactly `malformed` of the records, each
 * set equally likely. */
static enum malformed_kind spoil(struct fb_people *people)
{
	uint64_t left = people->conf.records - people->at;

	if (people->malformed == 0 || below(draw(people, people->at, 8), left) >= people->malformed)
		return NONE;
	people->malformed--;
	return (enum malformed_kind)(people->kind++ % KINDS);
}

static void advance_time(struct fb_people *people)
{
	uint64_t rate = people->conf.rate;

	people->at++;
	people->time_rest += 1000;
	people->time_ms += (int64_t)(people->time_rest / rate);
	people->time_rest %= rate;
}

size_t fb_people_fill(struct fb_people *people, char *buf, size_t room, uint64_t *ret_records)
{
	uint64_t from = people->at;
	char *p = buf;

	while (people->at < people->conf.records &&
		room - (size_t)(p - buf) >= FB_PEOPLE_RECORD_BYTES_MAX) {
		enum malformed_kind bad = spoil(people);
		struct person person;

		draw_person(people, &person);
		if (people->conf.format == FB_PEOPLE_CSV)
			p = put_csv(people, p, &person, bad);
		else
			p = put_json(people, p, &person, bad);
		advance_time(people);
	}
	if (ret_records)
		*ret_records = people->at - from;
	return (size_t)(p - buf);
}

uint64_t fb_people_position(const struct fb_people *people)
{
	return people->at;
}

/* ---- tables ---- */

static void set_word(struct word *word, const char *text, bool lower)
{
	word->len = (uint8_t)strlen(text);
	for (uint32_t i = 0; i < word->len; i++)
		word->text[i] = lower ? (char)tolower((unsigned char)text[i]) : text[i];
}

static void make_words(struct fb_people *people)
{
	char text[64];

	for (uint32_t i = 0; i < 64; i++) {
		set_word(&people->first[i], fb_people_first_names[i], false);
		set_word(&people->first_lower[i], fb_people_first_names[i], true);
		set_word(&people->last[i], fb_people_last_names[i], false);
		set_word(&people->last_lower[i], fb_people_last_names[i], true);
	}
	for (uint32_t i = 0; i < FB_ARRAY_LEN(people->streets); i++)
		set_word(&people->streets[i], fb_people_streets[i], false);
	for (uint32_t i = 0; i < FB_ARRAY_LEN(people->domains); i++)
		set_word(&people->domains[i], fb_people_domains[i], false);
	for (uint32_t i = 0; i < FB_PEOPLE_CITIES; i++) {
		set_word(&people->cities[i], fb_people_places[i].city, false);
		set_word(&people->countries[i], fb_people_places[i].country, false);
	}
	for (uint32_t i = 0; i < DAYS_OF_YEAR; i++) {
		snprintf(text, sizeof(text), "-%02u-%02u", 1 + i / 28, 1 + i % 28);
		set_word(&people->month_days[i], text, false);
	}
	for (uint32_t age = 0; age < FB_ARRAY_LEN(people->ages); age++) {
		snprintf(text, sizeof(text), "%u", age);
		set_word(&people->ages[age], text, false);
		snprintf(text, sizeof(text), "%04d", FB_MAX(people->year - (int32_t)age, 1));
		set_word(&people->years[age], text, false);
	}
	for (uint32_t i = 0; i < 1000; i++)
		snprintf(people->digits[i], sizeof(people->digits[i]), "%03u", i % 1000);
	for (uint32_t i = 0; i < SECONDS_KEPT; i++)
		people->seconds[i].second = INT64_MIN;
}

static bool conf_is_valid(const struct fb_people_conf *conf)
{
	/* The last record's time must still have four digits of year. */
	uint64_t span_ms;

	if (conf->rate == 0 || conf->keys == 0 || conf->malformed > conf->records ||
		conf->null_percent > 100 || conf->start_ms < START_MIN_MS ||
		conf->start_ms > START_MAX_MS)
		return false;
	if (__builtin_mul_overflow(conf->records, 1000, &span_ms))
		return false;
	if (span_ms / conf->rate > (uint64_t)(START_MAX_MS - conf->start_ms))
		return false;
	return conf->null_text == NULL || (strlen(conf->null_text) <= FB_PEOPLE_NULL_BYTES &&
						  strpbrk(conf->null_text, ",\"\r\n") == NULL);
}

int fb_people_create(const struct fb_people_conf *conf, struct fb_people **ret)
{
	struct fb_people *people;

	if (!conf_is_valid(conf))
		return FB_E_INVALID;
	people = calloc(1, sizeof(*people));
	if (people == NULL)
		return FB_E_NO_MEMORY;
	people->conf = *conf;
	people->malformed = conf->malformed;
	people->time_ms = conf->start_ms;
	people->year = fb_civil_from_days(fb_floor_div(conf->start_ms, FB_MS_PER_DAY)).year;
	if (conf->null_text)
		memcpy(people->null_text, conf->null_text, strlen(conf->null_text));
	make_words(people);
	*ret = people;
	return 0;
}

void fb_people_destroy(struct fb_people *people)
{
	free(people);
}
