/* SPDX-License-Identifier: Apache-2.0 */
#include "control/replay/datagen.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "config/base/buf.h"
#include "config/base/calendar.h"
#include "config/sql/datagen.h"
#include "dataplane/format/writer.h"

#define PIECE_BYTES 65536
#define PAUSES_PER_S 20 /* at most; rows of the time between come at once */

struct fb_datagen {
	struct fb_table table; /* as CSV */
	struct fb_option null_literal;
	struct fb_datagen_field *fields;
	struct fb_value *values;
	char **texts; /* of text columns: what their values point into */
	struct fb_writer *writer;
	int64_t row_cnt;
	int64_t rows_per_s;
	uint64_t random[4];
	int read_fd, write_fd;
	char path[32];
	pthread_t thread;
	bool started;
	_Atomic bool stop;
};

/* ---- chance ---- */

/* xoshiro256** of Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2018. */
static uint64_t next_random(struct fb_datagen *datagen)
{
	uint64_t *s = datagen->random;
	uint64_t product = s[1] * 5;
	uint64_t result = (product << 7 | product >> 57) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = s[3] << 45 | s[3] >> 19;
	return result;
}

/* 0 … 1, without 1. */
static double share(struct fb_datagen *datagen)
{
	return (double)(next_random(datagen) >> 11) * 0x1p-53;
}

/* From least to most, both included. */
static int64_t between(struct fb_datagen *datagen, int64_t least, int64_t most)
{
	uint64_t range = (uint64_t)most - (uint64_t)least;

	if (range == UINT64_MAX)
		return (int64_t)next_random(datagen);
	return (int64_t)((uint64_t)least + (uint64_t)((fb_u128)next_random(datagen) * (range + 1) >> 64));
}

static fb_i128 between_i128(struct fb_datagen *datagen, fb_i128 least, fb_i128 most)
{
	fb_u128 range = (fb_u128)most - (fb_u128)least;
	fb_u128 number = (fb_u128)next_random(datagen) << 64 | next_random(datagen);

	return least + (fb_i128)(range == ~(fb_u128)0 ? number : number % (range + 1));
}

/* ---- values ---- */

static void put_text(struct fb_datagen *datagen, uint16_t i)
{
	const struct fb_datagen_field *field = &datagen->fields[i];
	bool is_text = field->type.kind == FB_T_CHAR || field->type.kind == FB_T_VARCHAR;
	uint32_t len = field->var_len ? (uint32_t)between(datagen, 1, field->length) : field->length;

	for (uint32_t at = 0; at < len; at++) {
		uint64_t random = next_random(datagen);

		datagen->texts[i][at] = is_text ? "0123456789abcdef"[random >> 60] : (char)(random >> 56);
	}
	datagen->values[i].str = (struct fb_str){datagen->texts[i], len};
}

static void put_sequence(struct fb_datagen *datagen, uint16_t i, int64_t row)
{
	const struct fb_datagen_field *field = &datagen->fields[i];
	struct fb_value *value = &datagen->values[i];
	int64_t number = field->min + row;

	switch (fb_type_phys(field->type)) {
	case FB_PHYS_STR:
		value->str = (struct fb_str){datagen->texts[i], (uint32_t)snprintf(datagen->texts[i], 24, "%lld", (long long)number)};
		break;
	case FB_PHYS_F64:
		value->f64 = field->type.kind == FB_T_FLOAT ? (double)(float)number : (double)number;
		break;
	default:
		value->i64 = number;
	}
}

static double random_double(struct fb_datagen *datagen, const struct fb_datagen_field *field)
{
	double part = share(datagen);
	/* The range itself may be more than a double holds. */
	double value = field->min_f64 * (1 - part) + field->max_f64 * part;

	value = field->type.kind == FB_T_FLOAT ? (double)(float)value : value;
	return fmin(fmax(value, field->min_f64), field->max_f64);
}

/* The wall clock, UTC. */
static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void put_random(struct fb_datagen *datagen, uint16_t i)
{
	const struct fb_datagen_field *field = &datagen->fields[i];
	struct fb_value *value = &datagen->values[i];

	switch (field->type.kind) {
	case FB_T_BOOLEAN:
		value->i64 = (int64_t)(next_random(datagen) >> 63);
		break;
	case FB_T_CHAR:
	case FB_T_VARCHAR:
	case FB_T_BINARY:
	case FB_T_VARBINARY:
		put_text(datagen, i);
		break;
	case FB_T_FLOAT:
	case FB_T_DOUBLE:
		value->f64 = random_double(datagen, field);
		break;
	case FB_T_DECIMAL:
		value->i128 = between_i128(datagen, field->min_i128, field->max_i128);
		break;
	case FB_T_DATE: /* always today's */
		value->i64 = fb_floor_div(now_ms(), 86400000);
		break;
	case FB_T_TIMESTAMP:
	case FB_T_TIMESTAMP_LTZ:
		value->i64 = (now_ms() - between(datagen, 0, field->max_past_ms)) * (fb_type_ticks_per_s(field->type) / 1000);
		break;
	default:
		value->i64 = between(datagen, field->min, field->max);
	}
}

static void make_row(struct fb_datagen *datagen, int64_t row, struct fb_buf *out)
{
	for (uint16_t i = 0; i < datagen->table.field_cnt; i++) {
		datagen->values[i].is_null = datagen->fields[i].null_rate > 0 && share(datagen) < datagen->fields[i].null_rate;
		if (datagen->fields[i].sequence)
			put_sequence(datagen, i, row);
		else
			put_random(datagen, i);
	}
	fb_writer_row(datagen->writer, datagen->values, out);
	fb_buf_add_char(out, '\n');
}

/* ---- the thread ---- */

/* False: nobody reads any more, or it is to stop. */
static bool write_all(struct fb_datagen *datagen, struct fb_buf *out)
{
	size_t done = 0;

	while (done < out->len && !atomic_load(&datagen->stop)) {
		ssize_t put = write(datagen->write_fd, out->p + done, out->len - done);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return false;
		done += (size_t)put;
	}
	fb_buf_clear(out);
	return !atomic_load(&datagen->stop);
}

/* Until the rows so far are due. */
static void pause_until_due(const struct fb_datagen *datagen, int64_t started_ns, int64_t rows)
{
	int64_t due_ns = started_ns + (int64_t)((double)rows / (double)datagen->rows_per_s * 1e9);
	int64_t early_ns = due_ns - fb_clock_monotonic_ns();
	struct timespec pause = {early_ns / 1000000000, early_ns % 1000000000};

	if (early_ns > 0)
		nanosleep(&pause, NULL);
}

static void *generate(void *arg)
{
	struct fb_datagen *datagen = arg;
	int64_t started_ns = fb_clock_monotonic_ns();
	int64_t at_once = FB_MAX(datagen->rows_per_s / PAUSES_PER_S, (int64_t)1);
	struct fb_buf out = {0};
	bool read = true;

	for (int64_t row = 0; read && row < datagen->row_cnt; row++) {
		make_row(datagen, row, &out);
		if ((row + 1) % at_once == 0) {
			read = write_all(datagen, &out);
			pause_until_due(datagen, started_ns, row + 1);
		} else if (out.len >= PIECE_BYTES) {
			read = write_all(datagen, &out);
		}
	}
	if (read)
		write_all(datagen, &out);
	close(datagen->write_fd);
	fb_buf_fini(&out);
	return NULL;
}

/* ---- making it ---- */

static int read_fields(struct fb_datagen *datagen, const struct fb_table *table)
{
	datagen->fields = calloc(table->field_cnt, sizeof(*datagen->fields));
	datagen->values = calloc(table->field_cnt, sizeof(*datagen->values));
	datagen->texts = calloc(table->field_cnt, sizeof(*datagen->texts));
	if (datagen->fields == NULL || datagen->values == NULL || datagen->texts == NULL)
		return FB_E_NO_MEMORY;
	for (uint16_t i = 0; i < table->field_cnt; i++) {
		if (fb_datagen_read(table, i, &datagen->fields[i], NULL) != NULL)
			return FB_E_INVALID;
		if (fb_type_phys(table->fields[i]->type) != FB_PHYS_STR)
			continue;
		datagen->texts[i] = malloc(FB_MAX(datagen->fields[i].length, 24u));
		if (datagen->texts[i] == NULL)
			return FB_E_NO_MEMORY;
	}
	return 0;
}

static int open_pipe(struct fb_datagen *datagen)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return fb_err_from_errno(errno);
	datagen->read_fd = ends[0];
	datagen->write_fd = ends[1];
	/* Whoever opens this has an end of his own. */
	snprintf(datagen->path, sizeof(datagen->path), "/proc/self/fd/%d", ends[0]);
	return 0;
}

/* A write after the last reader has gone is an error of write, not the end of the program. */
static int start(struct fb_datagen *datagen)
{
	sigset_t broken_pipe, before;
	int rc;

	sigemptyset(&broken_pipe);
	sigaddset(&broken_pipe, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &broken_pipe, &before);
	rc = pthread_create(&datagen->thread, NULL, generate, datagen);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	datagen->started = rc == 0;
	return rc == 0 ? 0 : FB_E_NO_MEMORY;
}

int fb_datagen_open(const struct fb_table *table, struct fb_datagen **ret)
{
	struct fb_datagen *datagen = calloc(1, sizeof(*datagen));
	int rc;

	if (datagen == NULL)
		return FB_E_NO_MEMORY;
	datagen->read_fd = datagen->write_fd = -1;
	/* No generated text is this one. */
	datagen->null_literal = (struct fb_option){.key = "csv.null-literal", .value = "\\N"};
	datagen->table = *table;
	datagen->table.format = "csv";
	datagen->table.options = &datagen->null_literal;
	datagen->table.option_cnt = 1;
	datagen->row_cnt = fb_datagen_row_cnt(table);
	datagen->rows_per_s = fb_datagen_rows_per_second(table);
	if (getrandom(datagen->random, sizeof(datagen->random), 0) != sizeof(datagen->random))
		datagen->random[0] = (uint64_t)fb_clock_monotonic_ns();
	rc = read_fields(datagen, table);
	if (rc == 0)
		rc = fb_writer_create(&datagen->table, &datagen->writer);
	if (rc == 0)
		rc = open_pipe(datagen);
	if (rc == 0)
		rc = start(datagen);
	if (rc != 0) {
		if (datagen->write_fd >= 0)
			close(datagen->write_fd);
		fb_datagen_close(datagen);
		return rc;
	}
	*ret = datagen;
	return 0;
}

const struct fb_table *fb_datagen_table(const struct fb_datagen *datagen)
{
	return &datagen->table;
}

const char *fb_datagen_path(const struct fb_datagen *datagen)
{
	return datagen->path;
}

void fb_datagen_close(struct fb_datagen *datagen)
{
	if (datagen == NULL)
		return;
	atomic_store(&datagen->stop, true);
	if (datagen->read_fd >= 0)
		close(datagen->read_fd);
	if (datagen->started)
		pthread_join(datagen->thread, NULL);
	for (uint16_t i = 0; datagen->texts != NULL && i < datagen->table.field_cnt; i++)
		free(datagen->texts[i]);
	free(datagen->texts);
	free(datagen->values);
	free(datagen->fields);
	fb_writer_destroy(datagen->writer);
	free(datagen);
}
