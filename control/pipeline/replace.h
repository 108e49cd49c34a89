/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replacing a running pipeline by another definition of it, at an exact position of each lane of the raw log.
 *
 *   catching up   The new one runs beside the old one, as "NAME~new", and reads the raw log (backfill.h). It publishes nothing: a
 *                 window that is complete at the old one's watermark is the old one's, and is thrown away here. Rows of plain
 *                 queries are thrown away, too.
 *   taking over   When it has come near the end of the log the old one's readers are ended (at Y_w on worker w), what is complete is
 *                 published, and the new one reads each lane up to Y_w.
 *   swap          One commit: the new one is NAME and publishes from here on; the old one is "NAME~old", takes nothing more, and
 *                 is forgotten as soon as its sinks have all of its rows.
 *   then          the new one reads on and goes over to live as any backfill does.
 *
 * Guarantee: a window is published by the old one if it was complete at the old one's watermark at Y, else by the new one, so once; a row
 * of a plain query is the old one's if its record came before Y, else the new one's. Windows of the new one are whole if the log
 * has all of the stream, or begin after what the log has lost: until then it is not taken over (records that were late by more than the
 * watermark's delay when the log begins are not looked for).
 *
 * A crash before the swap: the old one runs on, and the new one goes on catching up; after it: the new one runs. Dropping "NAME~new"
 * leaves the old one as it is. With the engine's lock unless said otherwise.
 */
#pragma once

#include "control/pipeline/backfill.h"

/* Whether `pipeline` may take the place of the one of this name; says why not. FB_E_NOT_FOUND, FB_E_EXISTS, FB_E_BUSY, FB_E_UNSUPPORTED. */
int fb_replace_check(struct fb_engine *engine, const struct pipeline *pipeline, struct fb_diags *diags) FB_MUST_CHECK;
/* What stands behind the name while it catches up; room for FB_REPLACE_NAME_BYTES. */
#define FB_REPLACE_NAME_BYTES 160
void fb_replace_name(const char *name, char full[FB_REPLACE_NAME_BYTES]);
/* The other way: whose place one of this name is to take, the caller's to free; NULL: nobody's. */
char *fb_replace_target(const char *full);
/* Somebody is about to take its place, or it is taking another's this moment. */
bool fb_replace_is_under_way(struct fb_engine *engine, const struct pipeline *pipeline);
/* Of a query that publishes nothing yet: the watermark up to which windows are the old one's. */
int64_t fb_replace_watermark(struct fb_engine *engine, const struct query_run *query);
/* Without the lock. 1: it has the name; 0: not yet; or why not. */
int fb_replace_try(struct backfill *backfill) FB_MUST_CHECK;
/* Forgets replaced ones whose sinks have all. Engine thread. */
void fb_replace_sweep(struct fb_engine *engine);
