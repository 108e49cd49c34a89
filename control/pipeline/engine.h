/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine: ports, workers, pipelines, store and deliveries of one running appliance. The API and the metrics page are
 * views of it; it knows neither HTTP nor JSON.
 *
 * One engine thread owns the mailboxes and report rings; the functions below may be called from any control thread
 * and block until the engine thread has done what was asked.
 *
 * Life of a pipeline:
 *     apply -> running --(drain)--> drained (all windows fired, sinks emptied; results stay readable)
 *       |      ^  \--(drop)--> gone          at SIGTERM: open slices are kept in the store and taken up again
 *       \-> backfilling --(drop)--> gone     reads the raw log; at SIGTERM: goes on from there with the next start
 */
#pragma once

#include "config/appliance/appliance.h"
#include "config/sql/sql.h"
#include "control/pipeline/replay_view.h"
#include "control/pipeline/import.h"
#include "control/rawlog/keeper.h"
#include "control/sink/sink.h"
#include "control/window/assembly.h"
#include "dataplane/port/port.h"
#include "dataplane/worker/worker.h"
#include "state/store/store.h"

struct fb_engine;
struct fb_ledger;

/*
 * Opens store and ports, starts workers, restores the pipelines of the store. Nothing is received yet, so that pipelines
 * applied now see the first packet. Errors with words in diags.
 */
int fb_engine_start(const struct fb_appliance *appliance, struct fb_diags *diags, struct fb_engine **ret) FB_MUST_CHECK;
/*
 * Without an engine: makes a store anew of what the raw log of a damaged one still has (fb_store_repair). The SQL of the pipelines
 * that are given up is written beside it as PATH.NAME.sql. `report` says line by line what was done.
 */
int fb_engine_repair(const struct fb_appliance *appliance, struct fb_buf *report) FB_MUST_CHECK;
/* Starts the ports. FB_E_DEVICE. */
int fb_engine_receive(struct fb_engine *engine, struct fb_diags *diags) FB_MUST_CHECK;
/*
 * Drains: stops reception, keeps open slices in the store (a window that is not over must not be published, and after
 * a restart it goes on), gives sinks up to sink_timeout_ms to empty, writes the ledger to the store. *ret_ledger: the last
 * ledger, the caller's to free; all zero if there was no memory for it. Returns 0, or why what was open could not be kept: the
 * next start then takes up the last checkpoint and the raw log, as after a crash.
 */
int fb_engine_stop(struct fb_engine *engine, int sink_timeout_ms, struct fb_ledger *ret_ledger);

/*
 * Plans and deploys SQL text under a name (NULL: SET 'pipeline.name', else the file's). Errors of the text are in diags.
 * FB_E_SYNTAX; FB_E_EXISTS (drop it first); FB_E_NOT_FOUND (a source table that no stream feeds); FB_E_NO_MEMORY.
 * On any failure nothing has changed.
 */
int fb_engine_apply(struct fb_engine *engine, const char *name, const char *file, struct fb_str sql,
	struct fb_diags *diags, struct fb_buf *ret_name) FB_MUST_CHECK;
/*
 * The same, beginning with history: what the raw log has from an arrival time on, of all source tables, and then live without gap
 * (backfill.h). Returns when it has begun; the state is BACKFILLING until it is live.
 */
struct fb_apply_conf {
	const char *name;
	const char *file;
	struct fb_str sql;
	bool backfill;
	int64_t from_ns;      /* arrival, ns since 1970; INT64_MIN: all that the log has */
	uint64_t bytes_per_s; /* at most, of history; 0: no limit */
	bool replace;         /* the running pipeline of the name (replace.h); implies backfill */
};
/*
 * As fb_engine_apply. FB_E_UNSUPPORTED: SESSION windows have no backfill; FB_E_NOT_FOUND also: a stream
 * is not kept, or there is nothing to replace; FB_E_BUSY: that is not running, or being replaced. That the log begins later than asked
 * for is a warning in diags.
 */
int fb_engine_apply_conf(struct fb_engine *engine, const struct fb_apply_conf *conf, struct fb_diags *diags,
	struct fb_buf *ret_name) FB_MUST_CHECK;
/*
 * What people write for a time to begin at: "begin", "now", "-2h" (before now), "2026-01-31 12:00[:00[.5]]", also with T, and with Z or
 * an offset from UTC. FB_E_INVALID.
 */
int fb_engine_parse_from(const char *text, int64_t now_ns, int64_t *ret_ns) FB_MUST_CHECK;
/*
 * End of input for a pipeline: all its windows fire, sinks are emptied (at most timeout_ms). FB_E_NOT_FOUND; FB_E_BUSY: it is being
 * replaced; FB_E_TIMEOUT: it goes on, and may be asked for again.
 */
int fb_engine_drain(struct fb_engine *engine, const char *name, int timeout_ms) FB_MUST_CHECK;
/*
 * A checkpoint of one pipeline (NULL: of all that run and can have one) now, written when this returns. FB_E_NOT_FOUND;
 * FB_E_UNSUPPORTED (it reads no stream); FB_E_TIMEOUT; or why it could not be written.
 */
int fb_engine_checkpoint(struct fb_engine *engine, const char *name, int timeout_ms) FB_MUST_CHECK;
/* Stops it and removes its state and results. FB_E_NOT_FOUND; FB_E_BUSY: it is being replaced; FB_E_TIMEOUT. */
int fb_engine_drop(struct fb_engine *engine, const char *name) FB_MUST_CHECK;

/* ---- views: each call fills a copy that is the caller's ---- */

/* As they lie in the store. */
enum fb_pipeline_state { FB_PIPELINE_RUNNING, FB_PIPELINE_DRAINING, FB_PIPELINE_DRAINED, FB_PIPELINE_BACKFILLING };

struct fb_query_view {
	const char *name;
	uint32_t query_id;
	const char *sink;      /* table */
	const char *connector; /* of the sink */
	bool windowed;
	bool constant; /* rows of VALUES: there are no records behind them */
	uint64_t decoded; /* records of its source, as the decoders count them; of several inputs for each */
	struct fb_query_counters counters; /* summed over workers and, where it is a count, over restarts */
	uint64_t merged_windows;           /* windows published */
	uint64_t merged_rows;              /* records inside them */
	uint64_t pending_rows;             /* records in sealed or kept slices that wait for their window to end */
	uint64_t queued_rows;              /* plain query: rows handed over that are not in the store yet */
	uint64_t withheld_rows;            /* plain query: rows made while it was to replace another */
	uint64_t again_rows;               /* plain query: rows in the store that reading the log makes again, and has not yet */
	uint64_t moving_rows;              /* records handed over while this view was made */
	uint64_t dropped_groups;           /* groups whose HAVING or select list failed (division by zero) */
	uint64_t result_rows;              /* rows in results since the pipeline was made */
	uint32_t level_cnt;                /* of a cascade; 0: none */
	const struct fb_assembly_level *levels; /* since the start */
	struct fb_delivery_status delivery;
};

struct fb_checkpoint_view {
	uint64_t cnt;        /* written since the start */
	uint64_t failed_cnt;
	int64_t written_ms;  /* wall clock of the last one; 0: none yet */
	uint64_t bytes;      /* of slices that it wrote */
	int64_t duration_ns; /* from asking to written */
	char error[128];     /* of the last try; "" if it went well */
	/* at the start */
	uint64_t recovered_datagrams; /* read from the raw log */
	int64_t recovery_ns;
};

/* How far a backfill has come, since it was begun or taken up at the start. */
struct fb_backfill_view {
	bool active;
	const char *phase;  /* "reading"; "switching": live readers are attached; of a replacement (replace.h) also "waiting": the
			       windows that began before its history are not over; "taking over" */
	uint64_t done;      /* datagrams of the raw log behind it, those that the log does not have among them */
	uint64_t left;      /* up to where the log was a moment ago: share = done / (done + left) */
	uint64_t datagrams; /* read */
	uint64_t bytes;     /* of payload */
	uint64_t missing;   /* datagrams that retention deleted before they were read */
	double datagrams_per_s; /* since it was begun */
	double bytes_per_s;
	char error[160]; /* why it does not go on at the moment; "" if it does */
};

struct fb_pipeline_view {
	const char *name;
	const char *sql;
	enum fb_pipeline_state state;
	const char *stream; /* source table; "" if all rows are constants */
	int64_t applied_ms; /* wall clock */
	int64_t watermark_ms;       /* FB_TIME_MIN: none yet */
	uint64_t attached_datagrams; /* of its streams, since it was attached: = decode.payloads */
	struct fb_decode_counters decode; /* summed over workers and restarts */
	struct fb_backfill_view backfill;
	const char *replaces; /* whose place it is to take; "": nobody's */
	uint64_t backfilled_datagrams; /* of a backfill that is over, since the start */
	struct fb_checkpoint_view checkpoint;
	uint32_t query_cnt;
	struct fb_query_view *queries;
};

struct fb_port_view {
	const char *name;
	const char *driver;
	const char *device;
	uint16_t queue_cnt;
	uint8_t mac[6];
	struct fb_port_stats stats;
	uint64_t received_before;  /* stats.received_packets as read before the workers' numbers */
	uint32_t ring_packets;     /* what the device may count before a worker sees it: descriptors of all queues */
	struct fb_net_counters net; /* summed over queues */
};

struct fb_stream_view {
	const char *table;
	const char *port;
	uint16_t udp_port;
	struct fb_stream_counters counters;
	struct fb_keeper_stream raw;
	uint64_t tap_moving_bytes; /* tapped while this view was made */
	int64_t log_end_ms; /* wall clock of the last datagram that the run before left in its raw log; 0: none */
};

struct fb_worker_view {
	uint32_t index, core;
	uint64_t packets;
	uint64_t tap_back_offs;
	uint64_t polls, empty_polls, busy_cycles, idle_cycles, sleeps, longest_gap_cycles, report_ring_full;
};

/* Everything at one moment. */
struct fb_engine_view {
	struct fb_arena arena; /* owns what the pointers below point to */
	const char *name;
	int64_t started_ms; /* wall clock */
	int64_t now_ms;
	enum fb_isa isa;
	double tsc_hz;
	bool unclean; /* the last run did not stop in order: it was taken up at its last checkpoints */
	char store_error[256]; /* why results cannot be written at the moment; "" if they can */
	char raw_error[FB_KEEPER_ERROR_BYTES]; /* the same of the raw log */
	struct fb_rawlog_damage raw_damage;    /* met by readers since the start */
	uint32_t port_cnt, stream_cnt, worker_cnt, pipeline_cnt, replay_cnt;
	const struct fb_replay_job_view *replays;
	struct fb_port_view *ports;
	struct fb_stream_view *streams;
	struct fb_worker_view *workers;
	struct fb_pipeline_view *pipelines;
	struct fb_store_stats store;
	struct fb_import_view import;
};

int fb_engine_view(struct fb_engine *engine, struct fb_engine_view *ret) FB_MUST_CHECK;
void fb_engine_view_fini(struct fb_engine_view *view);

/*
 * Who knows the replay jobs adds them to each view: fn fills the last two (in the arena). Before anybody asks for views, and NULL
 * after the last.
 */
typedef int (*fb_engine_replays_fn)(
	void *arg, struct fb_arena *arena, const struct fb_replay_job_view **ret, uint32_t *ret_cnt);
void fb_engine_set_replays(struct fb_engine *engine, fb_engine_replays_fn fn, void *arg);

/* ---- the ledger: the equations of the design, checked ---- */

struct fb_ledger_line {
	const char *scope;   /* "port p0", "stream people", "query q/t" */
	const char *name;    /* what the left side counts */
	uint64_t left;
	uint64_t right;      /* the sum of what it was accounted to */
	uint64_t in_flight;  /* of the difference, what is known to be under way (inside a burst, a ring, an open batch) */
	bool balanced;
};

struct fb_ledger {
	struct fb_engine_view view;
	bool balanced;
	uint32_t line_cnt;
	struct fb_ledger_line *lines; /* in view.arena */
};

/* From a view (moved into the ledger). Pure: no engine needed, so that tests can feed it any numbers. */
int fb_ledger_make(struct fb_engine_view *view, struct fb_ledger *ret) FB_MUST_CHECK;
void fb_ledger_fini(struct fb_ledger *ledger);

/* The raw log, to be read, and the store; they live as long as the engine. */
struct fb_rawlog *fb_engine_rawlog(struct fb_engine *engine);
struct fb_store *fb_engine_store(struct fb_engine *engine);
/* The stream that feeds a table: by its name in the appliance file, or by the port of 'connector'='udp'. FB_E_NOT_FOUND. */
int fb_engine_stream_of(const struct fb_appliance *appliance, const struct fb_table *table, uint32_t *ret_stream) FB_MUST_CHECK;
/* Rule M8: what the table says, else SET, else what the appliance file says of the stream. */
int64_t fb_engine_idle_timeout_ms(
	const struct fb_plan *plan, const struct fb_table *table, const struct fb_stream_conf *stream);
/* Ids for queries that are no pipeline's: their rows, windows, cursors and files are under them. Durable on return. */
int fb_engine_reserve_queries(struct fb_engine *engine, uint32_t cnt, uint32_t *ret_first) FB_MUST_CHECK;
/* Everything of one of them, when its delivery is stopped. */
void fb_engine_forget_query(uint32_t query_id, struct fb_store_batch *batch);
/* What a pipeline of this file is called: `wanted`, else SET 'pipeline.name', else the file's name. Freed by the caller. */
char *fb_engine_pipeline_name(const char *wanted, const struct fb_plan *plan);

/* Result rows of a query, newest last: up to `limit` rows ending at `before_seq` (exclusive; UINT64_MAX = the end). */
typedef int (*fb_engine_row_fn)(void *arg, const struct fb_query_plan *plan, uint64_t seq, const struct fb_value *values);
int fb_engine_results(struct fb_engine *engine, const char *pipeline, const char *query, uint64_t before_seq,
	uint32_t limit, fb_engine_row_fn fn, void *arg) FB_MUST_CHECK;
/* The windows that have rows at or behind from_seq, and their revisions, in the order of their rows. FB_E_NOT_FOUND. */
int fb_engine_windows(struct fb_engine *engine, const char *pipeline, const char *query, uint64_t from_seq,
	fb_store_window_fn fn, void *arg) FB_MUST_CHECK;

/* File name and text of a pipeline, each to be freed. FB_E_NOT_FOUND, FB_E_NO_MEMORY. */
int fb_engine_pipeline_text(struct fb_engine *engine, const char *pipeline, char **ret_file, char **ret_sql) FB_MUST_CHECK;
/* Pipelines that run and have SET 'forebay.late-repair.interval'. The callback must not ask the engine. */
typedef void (*fb_engine_late_repair_fn)(void *arg, const char *pipeline, int64_t interval_ms);
void fb_engine_late_repairs(struct fb_engine *engine, fb_engine_late_repair_fn fn, void *arg);

/* Where in the raw log a pipeline began to read, of one worker. */
struct fb_published_lane {
	uint64_t core;
	uint64_t from_seq;
};

/* What a query has published, at one moment. */
struct fb_published {
	uint32_t query_id;
	uint64_t next_seq;      /* rows below are published */
	uint64_t retained_from; /* those below are not there any more */
	int64_t published_ms;   /* windows that end then or before; FB_TIME_MIN: none yet */
	uint64_t late_rows;     /* records that no window took any more */
	uint32_t lane_cnt;      /* 0: not known */
	struct fb_published_lane lanes[FB_WORKER_MAX];
};

/*
 * `like`: the rows that are to be compared with them or to correct them. FB_E_NOT_FOUND: no such pipeline or query;
 * FB_E_INVALID: it has other columns.
 */
int fb_engine_published(struct fb_engine *engine, const char *pipeline, const char *query, const struct fb_query_plan *like,
	struct fb_published *ret) FB_MUST_CHECK;

/*
 * A correction of one published window: rows are appended to the results of the query, in the order of fb_store_window, and sinks
 * take them as they take all others.
 */
struct fb_correction {
	struct fb_store_window window; /* first_seq is set */
	const struct fb_sink_row *rows; /* window.row_cnt; seq does not count */
};

/*
 * Written with what is in the batch already (the caller's own; empty on return), or neither is. Durable on return. Waits while a
 * window of the query is being written. FB_E_NOT_FOUND: the query with that id is not the pipeline's any more; FB_E_TIMEOUT; FB_E_FULL, FB_E_IO: nothing was written.
 */
int fb_engine_correct(struct fb_engine *engine, const char *pipeline, uint32_t query_id, struct fb_correction *correction,
	struct fb_store_batch *batch) FB_MUST_CHECK;
