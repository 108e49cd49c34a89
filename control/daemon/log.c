/* SPDX-License-Identifier: Apache-2.0 */
#include "control/daemon/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/base/calendar.h"

/* Syslog priorities, sd-daemon(3). */
static const struct {
	const char *name;
	int priority;
} levels[] = {
	[FB_LOG_ERROR] = {"error", 3},
	[FB_LOG_WARNING] = {"warning", 4},
	[FB_LOG_INFO] = {"info", 6},
	[FB_LOG_DEBUG] = {"debug", 7},
};

static enum fb_log_level threshold = FB_LOG_INFO;
static bool under_systemd;

void fb_log_open(enum fb_log_level level)
{
	threshold = level;
	under_systemd = getenv("JOURNAL_STREAM") != NULL;
}

bool fb_log_level_parse(const char *name, enum fb_log_level *ret_level)
{
	for (size_t i = 0; i < FB_ARRAY_LEN(levels); i++)
		if (strcmp(levels[i].name, name) == 0) {
			*ret_level = (enum fb_log_level)i;
			return true;
		}
	return false;
}

void fb_log(enum fb_log_level level, const char *fmt, ...)
{
	char text[2048];
	char when[FB_TIME_TEXT_BYTES] = "";
	struct timespec now;
	va_list args;

	if (level > threshold)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (under_systemd) {
		fprintf(stderr, "<%d>%s\n", levels[level].priority, text);
		return;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	fb_time_format_us((int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000, 3, when);
	fprintf(stderr, "%s %-7s %s\n", when, levels[level].name, text);
}

void fb_log_diags(const struct fb_diags *diags, const char *text)
{
	if (diags->cnt > 0)
		fb_diags_print(diags, text, stderr);
}
