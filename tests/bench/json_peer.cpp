/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/json_peer.h"

#include <chrono>
#include <cstring>
#include <string>
#include <simdjson.h>

using namespace simdjson;

struct fb_simdjson {
	ondemand::parser parser;
	char date[10] = {0};
	int64_t day_ms = 0;
};

static int64_t digits(const char *p, int cnt)
{
	int64_t value = 0;

	for (int i = 0; i < cnt; i++)
		value = value * 10 + (p[i] - '0');
	return value;
}

/* As cheap as it gets, so that the comparison is about JSON: no checks, and a date is read once. */
static int64_t timestamp(fb_simdjson *parser, std::string_view text)
{
	if (memcmp(parser->date, text.data(), sizeof(parser->date)) != 0) {
		std::chrono::year_month_day date{std::chrono::year{(int)digits(text.data(), 4)},
			std::chrono::month{(unsigned)digits(text.data() + 5, 2)},
			std::chrono::day{(unsigned)digits(text.data() + 8, 2)}};

		memcpy(parser->date, text.data(), sizeof(parser->date));
		parser->day_ms = (int64_t)std::chrono::sys_days{date}.time_since_epoch().count() * 86400000;
	}
	return parser->day_ms + digits(text.data() + 11, 2) * 3600000 + digits(text.data() + 14, 2) * 60000 +
	       digits(text.data() + 17, 2) * 1000 + digits(text.data() + 20, 3);
}

extern "C" struct fb_simdjson *fb_simdjson_create(void)
{
	auto *parser = new fb_simdjson;

#ifdef SIMDJSON_THREADS_ENABLED
	parser->parser.threaded = false;
#endif
	return parser;
}

extern "C" void fb_simdjson_destroy(struct fb_simdjson *parser)
{
	delete parser;
}

extern "C" int fb_simdjson_datagram(
	struct fb_simdjson *parser, const uint8_t *data, uint32_t len, struct fb_simdjson_row *rows, int cap)
{
	ondemand::document_stream stream;
	int cnt = 0;

	if (parser->parser.iterate_many((const char *)data, len, 4096).get(stream))
		return -1;
	for (auto document : stream) {
		std::string_view city;
		std::string_view ts;
		int64_t age;

		if (cnt == cap || document.find_field("age").get(age) || document.find_field("city").get(city) ||
			document.find_field("ts").get(ts) || ts.size() != 23)
			return -1;
		rows[cnt++] = {age, city.data(), (uint32_t)city.size(), timestamp(parser, ts)};
	}
	return cnt;
}

extern "C" const char *fb_simdjson_kernel(void)
{
	static const std::string name = get_active_implementation()->name();

	return name.c_str();
}
