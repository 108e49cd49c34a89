/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that come at the same time: each API request has a thread of its own. */
#include <criterion/criterion.h>
#include <pthread.h>

#include "tests/unit/control/pipeline/lab.h"

#define ROUNDS 20
#define CALLERS 4

#define PLAIN                                                                             \
	"CREATE TABLE people (id INT, city STRING) WITH ('connector'='udp', 'port'='5000', " \
	"'format'='csv');"                                                                \
	"CREATE TABLE o (id INT) WITH ('connector'='blackhole');"                         \
	"INSERT INTO o SELECT id FROM people;"

static struct lab lab;

static void setup(void)
{
	lab_make(&lab, 1);
}

static void cleanup(void)
{
	lab_remove(&lab);
}

struct caller {
	struct fb_engine *engine;
	pthread_barrier_t *together;
	int (*command)(struct fb_engine *engine);
	int rc;
};

static void *call(void *arg)
{
	struct caller *caller = arg;

	pthread_barrier_wait(caller->together);
	caller->rc = caller->command(caller->engine);
	return NULL;
}

/* How many of them were told `rc`. */
static uint32_t count(const struct caller callers[CALLERS], int rc)
{
	uint32_t cnt = 0;

	for (uint32_t i = 0; i < CALLERS; i++)
		cnt += callers[i].rc == rc;
	return cnt;
}

static void call_all(struct fb_engine *engine, struct caller callers[CALLERS], int (*const commands[CALLERS])(struct fb_engine *))
{
	pthread_barrier_t together;
	pthread_t threads[CALLERS];

	pthread_barrier_init(&together, NULL, CALLERS);
	for (uint32_t i = 0; i < CALLERS; i++) {
		callers[i] = (struct caller){engine, &together, commands[i], 0};
		LAB_CHECK(pthread_create(&threads[i], NULL, call, &callers[i]) == 0, "no thread");
	}
	for (uint32_t i = 0; i < CALLERS; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&together);
}

static int apply(struct fb_engine *engine)
{
	char message[512];

	return lab_try_apply(engine, "p", PLAIN, message);
}

static int drop(struct fb_engine *engine)
{
	return fb_engine_drop(engine, "p");
}

static int drain(struct fb_engine *engine)
{
	return fb_engine_drain(engine, "p", 5000);
}

static void run_at_once(struct lab *of, struct fb_engine *engine, void *arg)
{
	static int (*const applies[CALLERS])(struct fb_engine *) = {apply, apply, apply, apply};
	static int (*const drops[CALLERS])(struct fb_engine *) = {drop, drop, drop, drop};
	static int (*const both[CALLERS])(struct fb_engine *) = {drain, drop, drain, drop};
	struct caller callers[CALLERS];

	(void)of;
	(void)arg;
	lab_receive(engine);
	for (uint32_t i = 0; i < ROUNDS; i++) {
		call_all(engine, callers, applies);
		LAB_CHECK(count(callers, 0) == 1 && count(callers, FB_E_EXISTS) == CALLERS - 1, "%u applied", count(callers, 0));
		call_all(engine, callers, i % 2 ? drops : both);
		for (uint32_t k = 0; k < CALLERS; k++)
			LAB_CHECK(callers[k].rc == 0 || callers[k].rc == FB_E_NOT_FOUND, "%s", fb_strerror(callers[k].rc));
		LAB_CHECK(fb_engine_drop(engine, "p") == FB_E_NOT_FOUND, "it is still there");
	}
}

Test(commands, at_once_are_one_after_the_other, .init = setup, .fini = cleanup)
{
	lab_run(&lab, run_at_once, NULL);
}
