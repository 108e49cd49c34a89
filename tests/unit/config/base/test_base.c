/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "config/base/arena.h"
#include "config/base/buf.h"
#include "config/base/diag.h"
#include "config/base/errcode.h"
#include "config/base/isa.h"
#include "config/base/spsc.h"
#include "config/base/calendar.h"
#include "config/tables/disposition.h"

Test(err, every_code_has_its_own_text)
{
	cr_assert_str_eq(fb_strerror(FB_E_NOT_FOUND), "not found");
	cr_assert_str_eq(fb_errname(FB_E_NOT_FOUND), "NOT_FOUND");
	cr_assert_str_eq(fb_strerror(-4711), "unknown error");
	cr_assert_eq(fb_err_from_errno(ENOSPC), FB_E_FULL);
	cr_assert_eq(fb_err_from_errno(EACCES), FB_E_PERMISSION);
}

Test(time, calendar_agrees_with_the_c_library)
{
	for (int64_t day = -1000000; day <= 1000000; day += 37) {
		time_t seconds = (time_t)(day * 86400);
		struct tm tm;
		struct fb_civil civil = fb_civil_from_days(day);

		gmtime_r(&seconds, &tm);
		cr_assert_eq(civil.year, tm.tm_year + 1900, "day %ld", (long)day);
		cr_assert_eq(civil.month, tm.tm_mon + 1);
		cr_assert_eq(civil.day, tm.tm_mday);
		cr_assert_eq(fb_days_from_civil(civil.year, civil.month, civil.day), day);
	}
}

Test(time, months_and_leap_years)
{
	cr_assert_eq(fb_days_in_month(2024, 2), 29);
	cr_assert_eq(fb_days_in_month(1900, 2), 28);
	cr_assert_eq(fb_days_in_month(2000, 2), 29);
	cr_assert_eq(fb_days_in_month(2023, 12), 31);
}

Test(time, text_has_the_digits_asked_for)
{
	char text[FB_TIME_TEXT_BYTES];

	fb_time_format_us(-1, 6, text);
	cr_assert_str_eq(text, "1969-12-31 23:59:59.999999");
	fb_time_format_us(1700000000123456, 3, text);
	cr_assert_str_eq(text, "2023-11-14 22:13:20.123");
	fb_time_format_us(0, 0, text);
	cr_assert_str_eq(text, "1970-01-01 00:00:00");
}

Test(time, floor_division_rounds_down)
{
	cr_assert_eq(fb_floor_div(-1, 10), -1);
	cr_assert_eq(fb_floor_mod(-1, 10), 9);
	cr_assert_eq(fb_floor_div(-10, 10), -1);
	cr_assert_eq(fb_floor_mod(-10, 10), 0);
	cr_assert_eq(fb_floor_div(9, 10), 0);
}

Test(buf, grows_and_stays_terminated)
{
	struct fb_buf buf = {0};

	for (int i = 0; i < 1000; i++)
		fb_buf_printf(&buf, "%d,", i);
	fb_buf_add_char(&buf, '!');
	cr_assert_not(buf.failed);
	cr_assert_eq(strlen(buf.p), buf.len);
	cr_assert_eq(buf.len, 10 * 2 + 90 * 3 + 900 * 4 + 1);
	cr_assert_str_eq(buf.p + buf.len - 5, "999,!");
	fb_buf_fini(&buf);
}

Test(arena, blocks_are_zeroed_and_aligned)
{
	struct fb_arena arena = {0};

	for (size_t i = 1; i < 3000; i += 7) {
		char *p = fb_arena_alloc(&arena, i);

		cr_assert_not_null(p);
		cr_assert_eq((uintptr_t)p % 16, 0);
		for (size_t k = 0; k < i; k++)
			cr_assert_eq(p[k], 0);
		memset(p, 0xff, i);
	}
	cr_assert_not_null(fb_arena_alloc(&arena, 1 << 20));
	cr_assert_str_eq(fb_arena_printf(&arena, "%s-%d", "x", 5), "x-5");
	fb_arena_fini(&arena);
}

Test(spsc, refuses_when_full_and_keeps_order)
{
	struct fb_spsc ring;
	void *item = NULL;
	uintptr_t in = 1;
	uintptr_t out = 1;

	cr_assert_eq(fb_spsc_init(&ring, 5), 0);
	for (int round = 0; round < 100; round++) {
		while (fb_spsc_try_publish(&ring, (void *)in))
			in++;
		cr_assert_eq(fb_spsc_count(&ring), 8);
		for (int i = 0; i < 3 + round % 6 && fb_spsc_poll(&ring, &item); i++)
			cr_assert_eq((uintptr_t)item, out++);
	}
	while (fb_spsc_poll(&ring, &item))
		cr_assert_eq((uintptr_t)item, out++);
	cr_assert_eq(in, out);
	fb_spsc_fini(&ring);
}

Test(spsc, many_at_once_are_as_many_that_fit)
{
	struct fb_spsc ring;
	void *items[16];
	uintptr_t in = 1;
	uintptr_t out = 1;

	cr_assert_eq(fb_spsc_init(&ring, 8), 0);
	for (uint32_t round = 0; round < 1000; round++) {
		uint32_t cnt = round % 12;
		uint32_t room = 8 - (uint32_t)(in - out);

		for (uint32_t i = 0; i < cnt; i++)
			items[i] = (void *)(in + i);
		cr_assert_eq(fb_spsc_has_room(&ring, cnt), cnt <= room);
		cr_assert_eq(fb_spsc_publish_many(&ring, items, cnt), FB_MIN(cnt, room));
		in += FB_MIN(cnt, room);
		cnt = fb_spsc_poll_many(&ring, items, round % 7);
		cr_assert_eq(cnt, FB_MIN((uint32_t)(in - out), round % 7));
		for (uint32_t i = 0; i < cnt; i++)
			cr_assert_eq((uintptr_t)items[i], out++);
	}
	cr_assert_gt(in, 1000);
	fb_spsc_fini(&ring);
}

Test(diag, shows_line_caret_and_hint)
{
	struct fb_diags diags;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	fb_diags_init(&diags, "a.sql");
	fb_diags_add(&diags, FB_WARNING, (struct fb_place){3, 1, 0}, NULL, "third");
	fb_diags_add(&diags, FB_ERROR_SEVERITY, (struct fb_place){2, 8, 3}, "write b", "no column '%s'", "foo");
	fb_diags_print(&diags, "one\nSELECT foo\nx", out);
	fclose(out);
	cr_assert_str_eq(text,
		"a.sql:2:8: error: no column 'foo'\n"
		"    2 | SELECT foo\n"
		"      |        ^~~\n"
		"        hint: write b\n"
		"a.sql:3:1: warning: third\n"
		"    3 | x\n"
		"      | ^\n");
	cr_assert_eq(diags.error_cnt, 1);
	free(text);
	fb_diags_fini(&diags);
}

Test(isa, names_and_limits)
{
	enum fb_isa isa;

	cr_assert_eq(fb_isa_parse("auto", &isa), 0);
	cr_assert_eq(isa, fb_isa_detect());
	cr_assert_eq(fb_isa_parse("scalar", &isa), 0);
	cr_assert_eq(isa, FB_ISA_SCALAR);
	cr_assert_eq(fb_isa_parse("mmx", &isa), FB_E_INVALID);
}

Test(disposition, labels_are_unique)
{
	for (int i = 0; i < FB_REC_CNT; i++)
		for (int k = 0; k < i; k++)
			cr_assert_str_neq(fb_record_dispositions[i].label, fb_record_dispositions[k].label);
	for (int i = 0; i < FB_PKT_CNT; i++)
		for (int k = 0; k < i; k++)
			cr_assert_str_neq(fb_packet_dispositions[i].label, fb_packet_dispositions[k].label);
}
