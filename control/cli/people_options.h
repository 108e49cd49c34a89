/* SPDX-License-Identifier: Apache-2.0 */
/* The options of `generate` that `send --generate` has too: one place for both. */
#pragma once

#include "control/cli/cli.h"
#include "control/cli/people.h"

struct fb_people_args {
	uint64_t records;
	uint64_t seed;
	int64_t start_ms;
	uint64_t rate;
	uint64_t keys;
	uint64_t disorder_ms;
	uint64_t malformed;
	uint64_t nulls;
	const char *null_text;
};

#define FB_PEOPLE_AT(owner, member, field) \
	(offsetof(owner, member) + offsetof(struct fb_people_args, field))

/* Rows for the option table of a command whose argument struct `owner` holds a struct
 * fb_people_args `member`. */
#define FB_PEOPLE_OPTIONS(owner, member)                                                        \
	{.name = "records",                                                                     \
		.letter = 'n',                                                                  \
		.type = FB_ARG_U64,                                                             \
		.value = "N",                                                                   \
		.preset = "1000",                                                               \
		.max = 1000000000000ull,                                                        \
		.at = FB_PEOPLE_AT(owner, member, records),                                     \
		.help = "how many records"},                                                    \
		{.name = "seed",                                                                \
			.type = FB_ARG_U64,                                                     \
			.value = "N",                                                           \
			.preset = "1",                                                          \
			.at = FB_PEOPLE_AT(owner, member, seed),                                \
			.help = "same seed, same records"},                                     \
		{.name = "start",                                                               \
			.type = FB_ARG_TIME,                                                    \
			.value = "TIME",                                                        \
			.preset = "2026-01-01 00:00:00",                                        \
			.at = FB_PEOPLE_AT(owner, member, start_ms),                            \
			.help = "event time of the first record, UTC"},                         \
		{.name = "rate",                                                                \
			.type = FB_ARG_U64,                                                     \
			.value = "N",                                                           \
			.preset = "1000",                                                       \
			.min = 1,                                                               \
			.max = 1000000000000ull,                                                \
			.at = FB_PEOPLE_AT(owner, member, rate),                                \
			.help = "records per second of event time"},                            \
		{.name = "cities",                                                              \
			.type = FB_ARG_U64,                                                     \
			.value = "N",                                                           \
			.preset = "100",                                                        \
			.min = 1,                                                               \
			.max = 1000000000000ull,                                                \
			.at = FB_PEOPLE_AT(owner, member, keys),                                \
			.help = "different cities; more than 100 are called city-000123"},      \
		{.name = "keys",                                                                \
			.type = FB_ARG_U64,                                                     \
			.value = "N",                                                           \
			.min = 1,                                                               \
			.max = 1000000000000ull,                                                \
			.at = FB_PEOPLE_AT(owner, member, keys),                                \
			.help = "another name of --cities"},                                    \
		{.name = "disorder",                                                            \
			.type = FB_ARG_U64,                                                     \
			.value = "MS",                                                          \
			.preset = "0",                                                          \
			.max = 4000000000ull,                                                   \
			.at = FB_PEOPLE_AT(owner, member, disorder_ms),                         \
			.help = "event times stand up to so many ms before their place"},       \
		{.name = "malformed",                                                           \
			.type = FB_ARG_U64,                                                     \
			.value = "N",                                                           \
			.preset = "0",                                                          \
			.at = FB_PEOPLE_AT(owner, member, malformed),                           \
			.help = "of the records, exactly N are malformed: field count, quote, " \
				"age or time"},                                                 \
		{.name = "nulls",                                                               \
			.type = FB_ARG_U64,                                                     \
			.value = "PERCENT",                                                     \
			.preset = "0",                                                          \
			.max = 100,                                                             \
			.at = FB_PEOPLE_AT(owner, member, nulls),                               \
			.help = "so many of the ages, cities and phones are NULL"},             \
	{                                                                                       \
		.name = "null-literal", .type = FB_ARG_TEXT, .value = "TEXT", .preset = "NULL", \
		.at = FB_PEOPLE_AT(owner, member, null_text),                                   \
		.help = "how CSV writes a NULL; the table needs csv.null-literal"               \
	}

/* A generator as the options say; what does not fit together is told to the user. FB_EXIT_DONE or
 * another exit. */
int fb_people_open(struct fb_cli *cli, const struct fb_people_args *args,
	enum fb_people_format format, struct fb_people **ret) FB_MUST_CHECK;
