/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults at named points of a process that knows nothing of them: loaded with LD_PRELOAD, it stands between forebayd, RocksDB and
 * the C library, and does something at the n-th call that matches. FB_FAULT is a list of words
 *
 *   call=NAME      which function: see the table at the end; write is also pwrite and writev, sync is fsync and fdatasync
 *   match=TEXT     only calls whose file (or whose batch of RocksDB) has this text in it
 *   nth=N          only the N-th of those (default: each)
 *   when=before | after            the call is made (default: before)
 *   do=kill | torn | EIO | ENOSPC | slow      torn: half of the bytes are written, then it is killed; slow: 200 ms first
 *   while=FILE     only while this file is there
 *   mark=FILE      is made when it strikes
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <rocksdb/c.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

struct fault {
	char call[64], match[128], when[16], what[16], only_while[256], mark[256];
	long nth;
};

static struct fault fault;
static _Atomic long calls;

__attribute__((constructor)) static void read_fault(void)
{
	static const struct {
		const char *name;
		char *to;
		size_t bytes;
	} words[] = {
		{"call=", fault.call, sizeof(fault.call)},
		{"match=", fault.match, sizeof(fault.match)},
		{"when=", fault.when, sizeof(fault.when)},
		{"do=", fault.what, sizeof(fault.what)},
		{"while=", fault.only_while, sizeof(fault.only_while)},
		{"mark=", fault.mark, sizeof(fault.mark)},
	};
	char *text = getenv("FB_FAULT");
	char *rest = text ? strdup(text) : NULL;

	for (char *word; rest != NULL && (word = strsep(&rest, " ")) != NULL;) {
		bool known = strncmp(word, "nth=", 4) == 0 || *word == '\0';

		if (strncmp(word, "nth=", 4) == 0)
			fault.nth = strtol(word + 4, NULL, 10);
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			if (strncmp(word, words[i].name, strlen(words[i].name)) == 0) {
				snprintf(words[i].to, words[i].bytes, "%s", word + strlen(words[i].name));
				known = true;
			}
		if (!known) {
			fprintf(stderr, "fault: FB_FAULT has the unknown word %s\n", word);
			_exit(2);
		}
	}
}

/* Whether this call is the one. `bytes`: what the text is looked for in. */
static bool strikes(const char *call, const char *bytes, size_t len)
{
	if (strcmp(call, fault.call) != 0)
		return false;
	if (fault.match[0] != '\0' && (bytes == NULL || memmem(bytes, len, fault.match, strlen(fault.match)) == NULL))
		return false;
	if (fault.only_while[0] != '\0' && access(fault.only_while, F_OK) != 0)
		return false;
	if (fault.nth > 0 && atomic_fetch_add(&calls, 1) + 1 != fault.nth)
		return false;
	if (fault.mark[0] != '\0')
		close(open(fault.mark, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	return true;
}

static bool is_after(void)
{
	return strcmp(fault.when, "after") == 0;
}

/* 0: the call goes on; else the errno that it fails with. */
static int act(void)
{
	struct timespec pause = {.tv_nsec = 200000000};

	if (strcmp(fault.what, "EIO") == 0)
		return EIO;
	if (strcmp(fault.what, "ENOSPC") == 0)
		return ENOSPC;
	if (strcmp(fault.what, "slow") == 0) {
		nanosleep(&pause, NULL);
		return 0;
	}
	kill(getpid(), SIGKILL);
	pause.tv_sec = 60;
	nanosleep(&pause, NULL);
	return 0;
}

#define NEXT(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

/* The call itself, with what is to happen before or after; `failed`: how it fails. */
#define AROUND(type, struck, failed, the_call)            \
	do {                                              \
		bool here = (struck);                     \
		if (here && !is_after()) {                \
			int code = act();                 \
			if (code != 0) {                  \
				errno = code;             \
				return (failed);          \
			}                                 \
		}                                         \
		type result = (the_call);                 \
		if (here && is_after())                   \
			(void)act();                      \
		return result;                            \
	} while (0)

/* ---- files ---- */

static bool strikes_file(const char *call, int fd)
{
	char name[64];
	char path[4096];
	ssize_t len;

	if (strcmp(call, fault.call) != 0)
		return false;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	len = readlink(name, path, sizeof(path));
	return len > 0 && strikes(call, path, (size_t)len);
}

ssize_t write(int fd, const void *bytes, size_t len)
{
	bool struck = strikes_file("write", fd);

	if (struck && strcmp(fault.what, "torn") == 0) {
		(void)!NEXT(write)(fd, bytes, len / 2);
		(void)act();
	}
	AROUND(ssize_t, struck, -1, NEXT(write)(fd, bytes, len));
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
	AROUND(ssize_t, strikes_file("write", fd), -1, NEXT(pwrite)(fd, bytes, len, at));
}

ssize_t writev(int fd, const struct iovec *parts, int cnt)
{
	AROUND(ssize_t, strikes_file("write", fd), -1, NEXT(writev)(fd, parts, cnt));
}

int fsync(int fd)
{
	AROUND(int, strikes_file("sync", fd), -1, NEXT(fsync)(fd));
}

int fdatasync(int fd)
{
	AROUND(int, strikes_file("sync", fd), -1, NEXT(fdatasync)(fd));
}

int rename(const char *from, const char *to)
{
	AROUND(int, strikes("rename", to, strlen(to)), -1, NEXT(rename)(from, to));
}

/* ---- RocksDB: faults of these are kills ---- */

#define KILL_AROUND(struck, the_call)      \
	do {                               \
		bool here = (struck);      \
		if (here && !is_after())   \
			(void)act();       \
		the_call;                  \
		if (here && is_after())    \
			(void)act();       \
	} while (0)

void rocksdb_write(rocksdb_t *db, const rocksdb_writeoptions_t *options, rocksdb_writebatch_t *batch, char **error)
{
	size_t len;
	const char *bytes = rocksdb_writebatch_data(batch, &len);

	KILL_AROUND(strikes("rocksdb_write", bytes, len), NEXT(rocksdb_write)(db, options, batch, error));
}

void rocksdb_ingest_external_file_cf(rocksdb_t *db, rocksdb_column_family_handle_t *family, const char *const *files, const size_t cnt,
	const rocksdb_ingestexternalfileoptions_t *options, char **error)
{
	KILL_AROUND(strikes("rocksdb_ingest", files[0], strlen(files[0])),
		NEXT(rocksdb_ingest_external_file_cf)(db, family, files, cnt, options, error));
}

void rocksdb_sstfilewriter_finish(rocksdb_sstfilewriter_t *writer, char **error)
{
	KILL_AROUND(strikes("rocksdb_finish", NULL, 0), NEXT(rocksdb_sstfilewriter_finish)(writer, error));
}

void rocksdb_delete_file_in_range_cf(rocksdb_t *db, rocksdb_column_family_handle_t *family, const char *from, size_t from_len,
	const char *to, size_t to_len, char **error)
{
	KILL_AROUND(strikes("rocksdb_delete_files", NULL, 0),
		NEXT(rocksdb_delete_file_in_range_cf)(db, family, from, from_len, to, to_len, error));
}
