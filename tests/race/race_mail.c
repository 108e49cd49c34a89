/* SPDX-License-Identifier: Apache-2.0 */
/* Mailbox and report ring, both at once as between control plane and core: each mail is answered by
 * a report. */
#include "dataplane/worker/mail.h"
#include "dataplane/worker/mail_ring.h"
#include "tests/race/race.h"

#define MAILS 100000

struct post {
	struct fb_mail_ring mail, reports;
	FB_CACHE_ALIGNED uint64_t wrong; /* the core's count */
	FB_CACHE_ALIGNED uint64_t wrong_reports;
};

/* What a mail points to is the receiver's: it is read and freed there. */
static void *core(void *arg)
{
	struct post *post = arg;

	for (uint64_t seq = 0; seq < MAILS;) {
		struct fb_mail mail;
		struct fb_report report;
		uint64_t *letter;

		if (!fb_mail_ring_take(&post->mail, &mail)) {
			sched_yield();
			continue;
		}
		letter = (uint64_t *)mail.reader;
		post->wrong += mail.slot != (uint32_t)race_word(seq, 0);
		post->wrong += mail.query != (uint32_t)race_word(seq, 1);
		post->wrong += mail.stream != (uint32_t)race_word(seq, 2);
		post->wrong += (uint64_t)mail.slice != race_word(seq, 3);
		post->wrong += (uint64_t)mail.rows != race_word(seq, 4);
		post->wrong += *letter != race_word(seq, 5);
		*letter = race_word(seq, 6);
		report = (struct fb_report){
			.kind = FB_REPORT_WATERMARK,
			.slot = mail.slot,
			.watermark_ms = (int64_t)race_word(seq, 7),
			.reader = mail.reader,
			.rows = mail.rows,
		};
		while (!fb_mail_ring_put(&post->reports, &report))
			sched_yield();
		seq++;
	}
	return NULL;
}

static void take_reports(struct post *post, uint64_t *seq)
{
	struct fb_report report;

	while (fb_mail_ring_take(&post->reports, &report)) {
		uint64_t *letter = (uint64_t *)report.reader;

		post->wrong_reports += report.kind != FB_REPORT_WATERMARK;
		post->wrong_reports += report.slot != (uint32_t)race_word(*seq, 0);
		post->wrong_reports += (uint64_t)report.rows != race_word(*seq, 4);
		post->wrong_reports += (uint64_t)report.watermark_ms != race_word(*seq, 7);
		post->wrong_reports += *letter != race_word(*seq, 6);
		free(letter);
		++*seq;
	}
}

static void hammer(uint32_t cap)
{
	struct post *post = aligned_alloc(64, (sizeof(*post) + 63) / 64 * 64);
	uint64_t answered = 0;
	pthread_t thread;

	cr_assert_not_null(post);
	memset(post, 0, sizeof(*post));
	cr_assert_eq(fb_mail_ring_init(&post->mail, cap, sizeof(struct fb_mail)), 0);
	cr_assert_eq(fb_mail_ring_init(&post->reports, cap, sizeof(struct fb_report)), 0);
	thread = race_start(core, post);
	for (uint64_t seq = 0; seq < MAILS; seq++) {
		uint64_t *letter = malloc(sizeof(*letter));
		struct fb_mail mail = {
			.kind = FB_MAIL_READER_ADD,
			.slot = (uint32_t)race_word(seq, 0),
			.query = (uint32_t)race_word(seq, 1),
			.stream = (uint32_t)race_word(seq, 2),
			.reader = (struct fb_reader *)letter,
			.slice = (struct fb_slice *)race_word(seq, 3),
			.rows = (struct fb_row_page *)race_word(seq, 4),
		};

		*letter = race_word(seq, 5);
		while (!fb_mail_ring_put(&post->mail, &mail)) {
			take_reports(post, &answered);
			sched_yield();
		}
		memset(&mail, 0xee, sizeof(mail)); /* it has been copied */
	}
	while (answered < MAILS) {
		take_reports(post, &answered);
		sched_yield();
	}
	race_join(thread);
	cr_assert_eq(post->wrong, 0);
	cr_assert_eq(post->wrong_reports, 0);
	cr_assert_eq(answered, MAILS);
	fb_mail_ring_fini(&post->mail);
	fb_mail_ring_fini(&post->reports);
	free(post);
}

TestSuite(mail, .timeout = 100);

Test(mail, rings_of_one)
{
	hammer(1);
}

Test(mail, rings_of_four)
{
	hammer(4);
}

Test(mail, rings_as_a_worker_has_them)
{
	hammer(4096);
}
