/* SPDX-License-Identifier: Apache-2.0 */
#include "control/cli/progress.h"

#include <unistd.h>

#include "config/base/calendar.h"

#define BAR 30

const char *fb_grouped(uint64_t number, char room[27])
{
	char *p = room + 26;

	*p = '\0';
	for (unsigned digit = 0; digit == 0 || number; digit++, number /= 10) {
		if (digit && digit % 3 == 0)
			*--p = ',';
		*--p = (char)('0' + number % 10);
	}
	return p;
}

void fb_progress_start(
	struct fb_progress *progress, FILE *out, const char *what, const char *unit, uint64_t total)
{
	int64_t now = fb_clock_monotonic_ns();

	*progress = (struct fb_progress){
		.out = out,
		.what = what,
		.unit = unit,
		.total = total,
		.started_ns = now,
		.last_ns = now,
		.next_ns = now + 200000000,
		.terminal = isatty(fileno(out)) == 1,
	};
	if (!progress->terminal)
		progress->next_ns = now + 1000000000;
}

/* From how fast it went since it was first looked at: a job may have been at work before. */
static void put_left(struct fb_progress *progress, double share, int64_t now_ns)
{
	double gone = share - progress->first_share;
	double seconds;

	if (share < 0 || gone < 0.01 || share >= 1)
		return;
	seconds = (double)(now_ns - progress->first_ns) / 1e9 * (1 - share) / gone;
	if (seconds < 100)
		fprintf(progress->out, ", %.0f s left", seconds);
	else
		fprintf(progress->out, ", %.0f min left", seconds / 60);
}

static void draw_bar(const struct fb_progress *progress, double share)
{
	int full = (int)(share * BAR);

	fputs("\r  [", progress->out);
	for (int i = 0; i < BAR; i++)
		fputc(i < full ? '#' : '.', progress->out);
	fprintf(progress->out, "] %3.0f %%  ", share * 100);
}

void fb_progress_update(struct fb_progress *progress, uint64_t done, double share, int64_t now_ns)
{
	char a[27], b[27];
	double seconds, rate;

	if (now_ns < progress->next_ns)
		return;
	seconds = (double)(now_ns - progress->last_ns) / 1e9;
	rate = (double)(done - progress->last) / (seconds > 0 ? seconds : 1);
	/* Over about four looks: a disk gives in bursts. */
	if (progress->rate > 0)
		rate = (3 * progress->rate + rate) / 4;
	progress->rate = rate;
	if (share < 0)
		share = progress->total ? (double)done / (double)progress->total : -1;
	if (share > 1)
		share = 1;
	if (progress->first_ns == 0) {
		progress->first_ns = now_ns;
		progress->first_share = FB_MAX(share, 0);
	}
	if (progress->terminal && share >= 0)
		draw_bar(progress, share);
	else
		fputs(progress->terminal ? "\r  " : "", progress->out);
	fprintf(progress->out, "%s %s %s, %s/s", progress->what, fb_grouped(done, a),
		progress->unit, fb_grouped((uint64_t)rate, b));
	if (!progress->terminal && share >= 0)
		fprintf(progress->out, ", %.0f %%", share * 100);
	put_left(progress, share, now_ns);
	fputs(progress->terminal ? "\033[K" : "\n", progress->out);
	fflush(progress->out);
	progress->drawn = progress->terminal;
	progress->last = done;
	progress->last_ns = now_ns;
	progress->next_ns = now_ns + (progress->terminal ? 200000000 : 1000000000);
}

void fb_progress_end(struct fb_progress *progress)
{
	if (progress->drawn)
		fputs("\r\033[K", progress->out);
	fflush(progress->out);
	progress->drawn = false;
}
