/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An engine over capture files: records are written as UDP packets into pcap files that net_pcap
 * plays. EAL starts once per process, so each run of an engine is a child process; what it finds
 * out it writes to files.
 */
#pragma once

#include <stdio.h>
#include <unistd.h>

#include "control/pipeline/engine.h"

#define LAB_CAPTURES 8

struct lab {
	char folder[64];
	FILE *captures[LAB_CAPTURES];
	uint32_t capture_cnt;
};

void lab_make(struct lab *lab, uint32_t capture_cnt);
void lab_remove(struct lab *lab);
/* Empties a capture: the next run plays what is added from now on. */
void lab_clear(struct lab *lab);
/* One datagram with this text to UDP port `port`. */
void lab_datagram(struct lab *lab, uint32_t capture, uint16_t port, const char *text);
void lab_bytes(
	struct lab *lab, uint32_t capture, uint16_t port, const void *bytes, size_t len);

/* In a child: runs `body` with an engine that has not begun to receive; its assertions fail the
 * test. */
typedef void (*lab_body)(struct lab *lab, struct fb_engine *engine, void *arg);
void lab_run(struct lab *lab, lab_body body, void *arg);

/* Criterion's assertions belong to its own process: in a body this says what failed, and ends. */
#define LAB_CHECK(condition, ...)                                                  \
	do {                                                                       \
		if (!(condition))                                                  \
			lab_fail(__FILE__, __LINE__, #condition "  " __VA_ARGS__); \
	} while (0)
_Noreturn void lab_fail(const char *file, int line, const char *fmt, ...) FB_PRINTF(3, 4);

/* In a body. */
void lab_apply(struct fb_engine *engine, const char *name, const char *sql);
/* FB_E_ code; the words go to message. */
int lab_try_apply(struct fb_engine *engine, const char *name, const char *sql, char message[512]);
void lab_receive(struct fb_engine *engine);
/* Waits until pipeline 0 has framed so many records, and checks that the ledger balances on the
 * way. */
void lab_wait_records(struct fb_engine *engine, uint64_t records);
void lab_check_ledger(struct fb_engine *engine);
/* Result rows of a query as CSV lines, sorted, appended to the file `name` of the folder. */
void lab_save_rows(struct lab *lab, struct fb_engine *engine, const char *pipeline,
	const char *query, const char *name);

/* The file's text, sorted by line; "" if there is none. In the parent. The caller's to free. */
char *lab_sorted(struct lab *lab, const char *name);
