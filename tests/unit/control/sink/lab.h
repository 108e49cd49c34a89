/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store with result rows of one query and a delivery that carries them to its sink. Row i of the
 * query is (i, 'row i'); every third text is NULL.
 */
#pragma once

#include "config/sql/sql.h"
#include "control/sink/sink.h"

#define LAB_QUERY_ID 7

struct lab {
	char folder[64]; /* new and empty; the store is in it, and what a test writes */
	struct fb_store *store;
	struct fb_plan *plan;
	struct fb_appliance appliance;
	struct fb_sink_conf conf;
	uint64_t row_cnt;
};

/* `with`: the WITH clause of the sink; %s in it stands for the folder. */
void lab_make(struct lab *lab, const char *with);
/* by: "PARTITIONED BY (t)". */
void lab_make_partitioned(struct lab *lab, const char *by, const char *with);
void lab_remove(struct lab *lab);
/* Puts `cnt` more rows into the store. */
void lab_add_rows(struct lab *lab, uint64_t cnt);
/* Puts `cnt` more rows that correct a window: so many deletes first, then so many updates, then inserts. */
void lab_correct(struct lab *lab, uint64_t cnt, uint64_t deletes, uint64_t updates);
/* Starts the delivery and tells it of all rows. */
struct fb_delivery *lab_start(struct lab *lab);
/* Starts, waits until all rows have arrived, stops. */
void lab_deliver(struct lab *lab);
/* The cursor as the store has it; 0 if there is none. */
uint64_t lab_cursor(struct lab *lab);
void lab_set_cursor(struct lab *lab, uint64_t cursor);
/* Row i as CSV with its newline. */
void lab_expected(uint64_t row, struct fb_buf *out);
/* All visible files of folder/name in order of their names, appended to `out`; returns their number. */
uint32_t lab_read_files(struct lab *lab, const char *name, struct fb_buf *out);
/* Files whose names begin with a point. */
uint32_t lab_hidden_files(struct lab *lab, const char *name);
