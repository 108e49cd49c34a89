/* SPDX-License-Identifier: Apache-2.0 */
/* Watermark and window of a query in words: which windows there are, when they fire, what is late. */
#include "config/base/buf.h"
#include "config/sql/explain.h"

void fb_explain_label(struct fb_buf *out, const char *text)
{
	fb_buf_printf(out, "  %-11s ", text);
}

void fb_explain_duration(struct fb_buf *out, int64_t ms)
{
	if (ms % 86400000 == 0 && ms != 0)
		fb_buf_printf(
			out, "%lld day%s", (long long)(ms / 86400000), ms == 86400000 ? "" : "s");
	else if (ms % 3600000 == 0 && ms != 0)
		fb_buf_printf(out, "%lld h", (long long)(ms / 3600000));
	else if (ms % 60000 == 0 && ms != 0)
		fb_buf_printf(out, "%lld min", (long long)(ms / 60000));
	else if (ms % 1000 == 0)
		fb_buf_printf(out, "%lld s", (long long)(ms / 1000));
	else
		fb_buf_printf(out, "%lld ms", (long long)ms);
}

void fb_explain_watermark(const struct fb_query_plan *query, struct fb_buf *out)
{
	const struct fb_table *source = query->source;

	fb_explain_label(out, "watermark");
	if (query->upstream != NULL) {
		fb_buf_add_text(out, "that of the level before, behind its rows (W13)\n");
		return;
	}
	fb_buf_printf(out, "highest %s seen", source->columns[source->rowtime].name);
	if (source->watermark_delay_ms != 0) {
		fb_buf_add_text(out, " minus ");
		fb_explain_duration(out, source->watermark_delay_ms);
	}
	fb_buf_add_text(out, ", after each record; of several queues the lowest counts (M1, M3)\n");
	if (fb_table_option(source, "scan.watermark.idle-timeout") != NULL) {
		fb_explain_label(out, "idle");
		fb_buf_printf(out,
			"a queue silent for %s does not hold the watermark back (M8)\n",
			fb_table_option(source, "scan.watermark.idle-timeout"));
	}
}

/* ---- windows ---- */

const char *fb_explain_unit(const struct fb_window *window)
{
	switch (window->kind) {
	case FB_WINDOW_SESSION:
		return "fragment";
	case FB_WINDOW_TUMBLE:
		return "open window";
	default:
		return "open slice";
	}
}

static void add_shape(const struct fb_window *window, struct fb_buf *out)
{
	switch (window->kind) {
	case FB_WINDOW_HOP:
		fb_buf_add_text(out, "HOP of ");
		fb_explain_duration(out, window->size_ms);
		fb_buf_add_text(out, " every ");
		fb_explain_duration(out, window->step_ms);
		break;
	case FB_WINDOW_CUMULATE:
		fb_buf_add_text(out, "CUMULATE ");
		fb_explain_duration(out, window->size_ms);
		fb_buf_add_text(out, " in steps of ");
		fb_explain_duration(out, window->step_ms);
		break;
	case FB_WINDOW_SESSION:
		fb_buf_add_text(out, "SESSION with gaps above ");
		fb_explain_duration(out, window->size_ms);
		break;
	default:
		fb_buf_add_text(out, "TUMBLE ");
		fb_explain_duration(out, window->size_ms);
		break;
	}
}

static void add_zone(const struct fb_query_plan *query, struct fb_buf *out)
{
	int64_t minutes = query->time_shift_ms / 60000;
	int64_t size = minutes < 0 ? -minutes : minutes;

	if (query->time->type.kind == FB_T_TIMESTAMP_LTZ)
		fb_buf_printf(out, " of UTC%c%02lld:%02lld", minutes < 0 ? '-' : '+',
			(long long)(size / 60), (long long)(size % 60));
}

static void add_late(const struct fb_window *window, struct fb_buf *out)
{
	fb_explain_label(out, "late");
	switch (window->kind) {
	case FB_WINDOW_TUMBLE:
		fb_buf_add_text(out,
			"a record whose window has fired is dropped and counted as late (M5);\n");
		break;
	case FB_WINDOW_SESSION:
		fb_buf_add_text(out,
			"a record that joins a session of its key that has not fired is kept, however "
			"old it is;\n");
		fb_explain_label(out, "");
		fb_buf_add_text(out,
			"one that joins none, and whose time plus gap the watermark has reached, is "
			"dropped\n");
		fb_explain_label(out, "");
		fb_buf_add_text(out, "and counted as late (M6);\n");
		break;
	default:
		fb_buf_add_text(out,
			"a record counts for those of its windows that have not fired; when all have "
			"fired it\n");
		fb_explain_label(out, "");
		fb_buf_add_text(out, "is dropped and counted as late (M5);\n");
		break;
	}
	fb_explain_label(out, "");
	fb_buf_add_text(out, "one without event time is dropped and counted as null_time (W14)\n");
}

static void add_slices(const struct fb_window *window, struct fb_buf *out)
{
	fb_explain_label(out, "slices");
	fb_buf_add_text(out, "of ");
	fb_explain_duration(out, window->step_ms);
	if (window->kind == FB_WINDOW_SESSION)
		fb_buf_add_text(out, ": fragments of sessions, joined when their time is over");
	else
		fb_buf_printf(out, ", %s%lld per window",
			window->kind == FB_WINDOW_CUMULATE && window->size_ms != window->step_ms
				? "1 to "
				: "",
			(long long)(window->size_ms / window->step_ms));
	fb_buf_add_text(out, "; a record updates 1\n");
}

static void add_window(const struct fb_query_plan *query, const struct fb_window *window,
	const char *const *names, struct fb_buf *out)
{
	fb_explain_label(out, "window");
	add_shape(window, out);
	fb_buf_add_text(out, " over ");
	fb_explain_expr(query->time, names, out);
	if (window->kind != FB_WINDOW_SESSION) {
		fb_buf_add_text(out, ", from 1970-01-01 00:00");
		if (window->offset_ms != 0) {
			fb_buf_add_text(out, " plus ");
			fb_explain_duration(out, window->offset_ms);
		}
		add_zone(query, out);
		fb_buf_add_text(out, " (W1)\n");
	} else {
		add_zone(query, out);
		fb_buf_add_text(out, " (W9)\n");
	}
}

void fb_explain_assigner(
	const struct fb_query_plan *query, const char *const *names, struct fb_buf *out)
{
	const struct fb_window *window = &query->assigner;
	long long most = (long long)(window->size_ms / window->step_ms);

	add_window(query, window, names, out);
	fb_explain_label(out, "rows");
	if (window->kind == FB_WINDOW_TUMBLE)
		fb_buf_add_text(out, "each record with its window, at once: none is late;\n");
	else
		fb_buf_printf(out, "each record once for each of its %s%lld windows, at once: none is late;\n",
			window->kind == FB_WINDOW_CUMULATE && most > 1 ? "1 to " : "", most);
	fb_explain_label(out, "");
	fb_buf_add_text(out, "one without event time is dropped and counted as null_time (W14)\n");
	if (query->window_filter == NULL)
		return;
	fb_explain_label(out, "row filter");
	fb_explain_expr(query->window_filter, names, out);
	fb_buf_add_char(out, '\n');
}

void fb_explain_window(
	const struct fb_query_plan *query, const char *const *names, struct fb_buf *out)
{
	const struct fb_window *window = &query->window;

	add_window(query, window, names, out);
	fb_explain_label(out, "fires");
	if (window->kind == FB_WINDOW_CUMULATE)
		fb_buf_add_text(out,
			"every step once, when the watermark reaches window_end - 1 ms (M4); a key of "
			"one step is in all later ones (W7)\n");
	else if (window->kind == FB_WINDOW_SESSION)
		fb_buf_add_text(out,
			"once, when the watermark reaches window_end - 1 ms (M4); it is published at "
			"most a gap later\n");
	else
		fb_buf_add_text(out, "once, when the watermark reaches window_end - 1 ms (M4)\n");
	/* Rows of a window come before the watermark that it fired at: none is late. */
	if (query->upstream == NULL)
		add_late(window, out);
	add_slices(window, out);
}
