/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Synthetic people records, about 130 bytes each:
 * id,name,age,gender,birthday,email,phone,address,city,country,ts. Every value is a function of the
 * seed and the record's number, so a run can be repeated to the byte and two runs with one seed
 * agree on every record that both have. Pure: no clock, no I/O. One thread per object.
 *
 * Event time: record i belongs to start + i / rate seconds; with disorder it may stand up to that
 * much before its place, never more and never before the start. So a watermark delay >= disorder
 * makes no record late.
 *
 * Malformed lines are exactly as many as asked for, at places drawn by the seed, of four kinds that
 * take turns: one field too many, a quote that is never closed, an age that is no number, a time
 * that is no time.
 */
#pragma once

#include "config/base/errcode.h"
#include "config/base/str.h"

enum fb_people_format {
	FB_PEOPLE_CSV,  /* ts as yyyy-MM-dd HH:mm:ss.SSS; no header */
	FB_PEOPLE_JSON, /* one object per line */
};

struct fb_people_conf {
	uint64_t records;
	uint64_t seed;
	int64_t start_ms;   /* since 1970; the years 1 to 9999 */
	uint64_t rate;      /* records per second of event time, >= 1 */
	uint64_t keys;      /* different cities, >= 1; beyond FB_PEOPLE_CITIES they are called
			       city-000123 */
	uint64_t malformed; /* <= records */
	uint32_t disorder_ms;
	uint32_t null_percent; /* of ages, of cities, of phones: NULL; 0–100 */
	const char *null_text; /* how CSV writes a NULL; at most FB_PEOPLE_NULL_BYTES, no comma,
				  quote or newline */
	enum fb_people_format format;
};

#define FB_PEOPLE_CITIES 100
#define FB_PEOPLE_NULL_BYTES 15
#define FB_PEOPLE_RECORD_BYTES_MAX 512 /* room that a record may need, newline included */

struct fb_people;

/* FB_E_INVALID: a field out of the ranges above. FB_E_NO_MEMORY. The null_text is copied. */
int fb_people_create(const struct fb_people_conf *conf, struct fb_people **ret) FB_MUST_CHECK;
void fb_people_destroy(struct fb_people *people);

/*
 * Writes whole records with their newlines to buf while there is room (FB_PEOPLE_RECORD_BYTES_MAX
 * for the next one); returns the bytes written, 0 at the end. *ret_records: how many (may be NULL).
 */
size_t fb_people_fill(struct fb_people *people, char *buf, size_t room, uint64_t *ret_records);
/* Records written so far. */
uint64_t fb_people_position(const struct fb_people *people);

/* The name of a city by its number in [0, keys): what the generator writes. FB_STR into `room` or
 * static. */
struct fb_str fb_people_city(uint64_t keys, uint64_t number, char room[32]);
