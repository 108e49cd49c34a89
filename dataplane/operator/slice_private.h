/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of slices.
 *
 *   layout.c        from a plan: words of a key, words of an entry
 *   pool.c          pages
 *   table_kernel.c  hot: key lookup for a batch, one build per instruction set
 *   table.c         hot: insertion, split, long texts
 *   key.c           hot: key words and hashes of a batch
 *   key_kernel.c    hot: those of texts, one build per instruction set
 *   state.c         hot: aggregates of a batch
 *   state_text.c    hot: MIN and MAX of texts
 *   distinct.c      hot: the values that DISTINCT aggregates have seen
 *   slice.c         hot: opening, closing, walking
 *   scatter.c       groups one by one into slices of their own choice
 *   combine.c       entry into entry, slice into slice
 *   groups.c        groups as result columns
 *   exchange.c      bytes for the store
 *
 * An entry is 8-byte words: hash, key words, record count, then the words of the states that the
 * aggregates need. A reference is an offset from the pool's base in units of 8 bytes, so that 32
 * bits reach 32 GiB; page = reference / FB_PAGE_UNITS.
 *
 * A text takes two words (after Neumann and Freitag, "Umbra", CIDR 2020): length and first four
 * bytes; then the next eight bytes if it has at most 12, else the reference of all its bytes.
 *
 * A DISTINCT aggregate has a set: a table of the same kind in the same pool, of all groups of the
 * slice together. Its keys are (reference of the group's entry, value), it has no states, and what
 * is new in it counts. So its lookups are batched and prefetched as those of groups are.
 */
#pragma once

#include "config/base/calendar.h"
#include "config/base/errcode.h"
#include "config/base/isa.h"
#include "config/tables/disposition.h"
#include "dataplane/operator/slice.h"

#define FB_PAGE_UNITS (FB_PAGE_BYTES / 8)
#define FB_KEY_WORDS_MAX (2 * FB_KEY_MAX + 1)
#define FB_TEXT_INLINE_MAX 12

/* ---- layout ---- */

struct fb_key_part {
	struct fb_type type;
	enum fb_phys phys;
	uint16_t word; /* first of its words, counted from the key's */
	bool padded; /* its texts have FB_PAYLOAD_PAD_BYTES behind them: a plain field of the record
		      */
};

/* A column that states read: an argument or the condition of a FILTER. */
struct fb_arg {
	const struct fb_expr *arg;
};

#define FB_NO_COLUMN UINT8_MAX
#define FB_NO_SET UINT8_MAX
#define FB_NO_STATE UINT8_MAX
#define FB_STATE_MAX (FB_AGG_MAX + 1) /* with the event time */

/*
 * What the aggregates over one argument, under one FILTER, need to know. Words are of the entry; 0
 * (there is the hash): not needed.
 */
struct fb_state {
	struct fb_type type; /* the argument's */
	enum fb_phys phys;
	uint8_t arg;    /* number of its column; FB_NO_COLUMN: COUNT(*) */
	uint8_t filter; /* number of a BOOLEAN column: only where it is TRUE; or FB_NO_COLUMN */
	uint8_t set;    /* DISTINCT: only values that are new in this set; or FB_NO_SET */
	uint16_t count; /* values seen; 0 where each record has one: then the record count serves */
	bool counts;    /* it keeps that word; else another state does, whose argument is NULL where this one's is */
	uint16_t sum;   /* of DECIMAL two words, and a third above where it may need them */
	uint16_t single; /* sum of FLOAT, rounded after every step as Flink's is; `sum` is AVG's */
	uint16_t min;    /* texts and DECIMAL take two words */
	uint16_t max;
	bool wide; /* the sum of DECIMAL has the third word */
};

struct fb_slice_layout {
	const struct fb_query_plan *plan;
	uint16_t key_cnt;
	uint16_t key_words;
	uint16_t null_word; /* of the key words; UINT16_MAX: no key can be NULL */
	uint16_t rows_word; /* of the entry */
	uint16_t entry_words;
	uint8_t arg_cnt; /* columns that fb_state_update takes */
	uint8_t state_cnt;
	uint8_t set_cnt;
	uint8_t time_state; /* least and greatest event time; FB_NO_STATE: not kept */
	uint16_t session_word; /* three words of a fragment (session.c); 0: no sessions */
	bool has_text_state;
	struct fb_key_part keys[FB_KEY_MAX];
	struct fb_arg args[FB_ARG_MAX];
	struct fb_state states[FB_STATE_MAX];
	uint8_t state_of_agg[FB_AGG_MAX]; /* COUNT(*) of all records: FB_NO_STATE */
	uint8_t state_of_set[FB_DISTINCT_MAX];
	struct fb_slice_layout *sets[FB_DISTINCT_MAX];
	uint64_t *init; /* what a new entry has from rows_word on */
};

#define FB_ENTRY_KEY_WORD 1

/* ---- pool ---- */

struct fb_page_info {
	uint32_t next; /* page number in a list; UINT32_MAX ends it */
	uint16_t used; /* entry and text pages: units in use; segments: entries */
	uint8_t depth; /* segments: local depth */
};

struct fb_slice_pool {
	uint64_t *base;
	uint32_t page_cnt;
	uint32_t free_cnt;
	uint32_t free_head;
	void *mapping;
	uint64_t mapped_bytes;
	struct fb_page_info *pages;
};

#define FB_NO_PAGE UINT32_MAX

static inline uint64_t *fb_ref(const struct fb_slice_pool *pool, uint32_t ref)
{
	return pool->base + ref;
}

/* FB_NO_PAGE: used up. Hot. */
uint32_t fb_page_get(struct fb_slice_pool *pool);

/* ---- table ---- */

#define FB_SEGMENT_BUCKETS (FB_PAGE_BYTES / 64)
#define FB_SEGMENT_SLOTS (FB_SEGMENT_BUCKETS * 8)
#define FB_SEGMENT_FULL (FB_SEGMENT_SLOTS * 13 / 20) /* load 0.65: then it splits */
#define FB_INLINE_DEPTH 4
#define FB_DIRECTORY_PAGE_DEPTH 12 /* references in a page */
#define FB_DEPTH_MAX 18

struct fb_bucket {
	_Alignas(64) uint32_t tags[8]; /* 0: free */
	uint32_t refs[8];
};

struct fb_slice {
	struct fb_slice_pool *pool;
	const struct fb_slice_layout *layout;
	int64_t start_ms;
	int64_t first_end_ms; /* of the first window that gets these rows (window.h) */
	uint32_t generation;  /* sessions: of several slices of one bucket */
	bool watched;         /* handed over, but its core still looks into it */
	bool returned;        /* and has it back already */
	bool remembered;      /* sessions of an earlier run, of any buckets up to its own */
	uint64_t row_cnt;
	uint64_t group_cnt;
	uint32_t depth; /* of the directory */
	uint32_t first_entry_page;
	uint32_t entry_page; /* the one being filled */
	uint32_t text_page;
	uint32_t pages_head; /* all other pages, for closing */
	uint32_t directory_inline[1 << FB_INLINE_DEPTH];
	uint32_t directory_pages[1 << (FB_DEPTH_MAX - FB_DIRECTORY_PAGE_DEPTH)];
	struct fb_slice *sets[FB_DISTINCT_MAX]; /* NULL: no value yet */
};

static inline uint32_t fb_directory_get(const struct fb_slice *slice, uint32_t index)
{
	if (slice->depth <= FB_INLINE_DEPTH)
		return slice->directory_inline[index];

	const uint32_t *page = (const uint32_t *)fb_ref(slice->pool,
		slice->directory_pages[index >> FB_DIRECTORY_PAGE_DEPTH] * FB_PAGE_UNITS);

	return page[index & ((1u << FB_DIRECTORY_PAGE_DEPTH) - 1)];
}

static inline uint32_t fb_segment_page(const struct fb_slice *slice, uint64_t hash)
{
	/* Two shifts: one by 64 - 0 would be undefined. */
	return fb_directory_get(slice, (uint32_t)(hash >> 1 >> (63 - slice->depth)));
}

static inline struct fb_bucket *fb_segment_buckets(const struct fb_slice *slice, uint32_t page)
{
	return (struct fb_bucket *)fb_ref(slice->pool, page * FB_PAGE_UNITS);
}

static inline uint32_t fb_hash_tag(uint64_t hash)
{
	return (uint32_t)hash | 1;
}

/* Bits that neither the directory (from the top) nor the tag (from the bottom) uses much. */
static inline uint32_t fb_hash_bucket(uint64_t hash)
{
	return (uint32_t)(hash >> 32) % FB_SEGMENT_BUCKETS;
}

/* Room for an entry, behind those that there are. NULL: no page left. Hot. */
static inline uint64_t *fb_entry_new(struct fb_slice *slice, uint32_t *ret_ref)
{
	struct fb_slice_pool *pool = slice->pool;
	uint32_t words = slice->layout->entry_words;
	struct fb_page_info *info = &pool->pages[slice->entry_page];

	if (FB_UNLIKELY(info->used + words > FB_PAGE_UNITS)) {
		uint32_t page = fb_page_get(pool);

		if (page == FB_NO_PAGE)
			return NULL;
		info->next = page;
		slice->entry_page = page;
		info = &pool->pages[page];
	}
	*ret_ref = slice->entry_page * FB_PAGE_UNITS + info->used;
	info->used = (uint16_t)(info->used + words);
	/* Entries lie one after another, but their page was last used long ago: some ahead are
	 * fetched for writing. */
	__builtin_prefetch(fb_ref(pool, *ret_ref) + 4 * words, 1);
	return fb_ref(pool, *ret_ref);
}

/* One key to be found: its words, and where the bytes of long texts are. */
struct fb_key_view {
	const uint64_t *words;
	const char *const *texts; /* per key part; only for texts longer than FB_TEXT_INLINE_MAX */
};

enum fb_insert_result { FB_INSERT_OK, FB_INSERT_FULL, FB_INSERT_TOO_LONG };

/* Finds or inserts; a new entry has its states initialised. Hot. */
enum fb_insert_result fb_table_insert(
	struct fb_slice *slice, uint64_t hash, const struct fb_key_view *key, uint64_t **ret_entry);
/* The entry of the key, or NULL. Hot. */
uint64_t *fb_table_get(const struct fb_slice *slice, uint64_t hash, const struct fb_key_view *key);
bool fb_table_key_equals(
	const struct fb_slice *slice, const uint64_t *entry, const struct fb_key_view *key);
/* Copies bytes into the slice's text pages; 0: no page left. Hot. */
uint32_t fb_table_put_text(struct fb_slice *slice, const char *bytes, uint32_t len);
/* Whether `cnt` texts of these lengths can be put now, one after another. Hot. */
bool fb_table_has_room(const struct fb_slice *slice, const uint32_t *lens, uint32_t cnt);

/* ---- keys and hashes of a batch ---- */

struct fb_key_batch;
typedef void (*fb_table_find_fn)(
	struct fb_slice *slice, const uint16_t *sel, uint32_t sel_cnt, struct fb_key_batch *keys);
typedef uint32_t (*fb_key_texts_fn)(
	const struct fb_str *texts, uint32_t row, uint32_t row_cnt, uint64_t *first, uint64_t *second);

struct fb_key_batch {
	uint64_t words[FB_KEY_WORDS_MAX][FB_BATCH_ROWS];
	uint64_t hashes[FB_BATCH_ROWS];
	const char *texts[FB_KEY_MAX][FB_BATCH_ROWS]; /* filled for texts longer than FB_TEXT_INLINE_MAX */
	uint64_t *entries[FB_BATCH_ROWS];             /* found; NULL: refused */
	uint8_t refused[FB_BATCH_ROWS];               /* 0 or the disposition */
	bool any_refused;                             /* of the rows since fb_key_batch_begin */
	uint8_t made[FB_BATCH_ROWS];                  /* the last lookup inserted it */
	/* The kernels: whoever makes the batch calls fb_key_batch_choose. */
	fb_table_find_fn find;
	fb_key_texts_fn words_of_texts;
	/* of the sets */
	int64_t groups[FB_BATCH_ROWS];                    /* references of the groups' entries */
	uint64_t *values[FB_DISTINCT_MAX][FB_BATCH_ROWS]; /* entries of the sets */
	uint8_t is_first[FB_DISTINCT_MAX][FB_BATCH_ROWS]; /* the row's value counts */
};

/* All rows up to the last selected one are: selections ascend. */
static inline bool fb_sel_is_dense(const uint16_t *sel, uint32_t sel_cnt)
{
	return sel_cnt > 0 && sel[sel_cnt - 1] == sel_cnt - 1;
}

/* The kernels of an instruction set. */
void fb_key_batch_choose(struct fb_key_batch *keys, enum fb_isa isa);

static inline void fb_key_refuse(struct fb_key_batch *keys, uint32_t row, uint8_t disposition)
{
	keys->refused[row] = disposition;
	keys->any_refused = true;
}

/* Rows that go into a slice now; none is refused yet. Hot. */
static inline void fb_key_batch_begin(struct fb_key_batch *keys)
{
	if (FB_UNLIKELY(keys->any_refused))
		memset(keys->refused, 0, sizeof(keys->refused));
	keys->any_refused = false;
}

/* Hot. Key words and hashes of the selected rows; columns[i] is of keys[i]. */
void fb_key_batch_fill(const struct fb_slice_layout *layout, const struct fb_column *const *columns,
	const uint16_t *sel, uint32_t sel_cnt, struct fb_key_batch *keys);
/* Of key words alone, for merge and import. texts as in fb_key_view. */
uint64_t fb_key_hash(const struct fb_slice_layout *layout, const struct fb_key_view *key);
/* Process-wide, set once at start: keys come from strangers. */
extern uint64_t fb_key_seed[2];

/*
 * Hot. Each fills the two words of the padded texts from `row` on, as long as they have at most FB_TEXT_INLINE_MAX bytes,
 * and returns the first that has more, or row_cnt.
 */
uint32_t fb_key_texts_scalar(
	const struct fb_str *texts, uint32_t row, uint32_t row_cnt, uint64_t *first, uint64_t *second);
uint32_t fb_key_texts_avx2(
	const struct fb_str *texts, uint32_t row, uint32_t row_cnt, uint64_t *first, uint64_t *second);
uint32_t fb_key_texts_avx512(
	const struct fb_str *texts, uint32_t row, uint32_t row_cnt, uint64_t *first, uint64_t *second);

/* Hot. Each fills keys->entries for the selected rows. */
void fb_table_find_scalar(
	struct fb_slice *slice, const uint16_t *sel, uint32_t sel_cnt, struct fb_key_batch *keys);
void fb_table_find_avx2(
	struct fb_slice *slice, const uint16_t *sel, uint32_t sel_cnt, struct fb_key_batch *keys);
void fb_table_find_avx512(
	struct fb_slice *slice, const uint16_t *sel, uint32_t sel_cnt, struct fb_key_batch *keys);
/* The part of fb_table_find that is the same for every kernel. Hot. */
void fb_table_find_slow(struct fb_slice *slice, uint32_t row, struct fb_key_batch *keys);

/* ---- states of a batch ---- */

/*
 * Hot. Adds the selected rows to their entries; rows whose text or DISTINCT states find no room are
 * refused (keys->refused) and left out of all states. columns[i] is of args[i]. With DISTINCT it
 * uses up the rows' key words and hashes. Returns the rows added; *overflows counts sums that
 * wrapped.
 */
uint32_t fb_state_update(struct fb_slice *slice, const struct fb_column *const *columns,
	const uint16_t *sel, uint32_t sel_cnt, struct fb_key_batch *keys, uint64_t *overflows);
static inline void fb_state_init(const struct fb_slice_layout *layout, uint64_t *entry)
{
	uint64_t *to = entry + layout->rows_word;

	/* A dozen words: a call would cost more. */
	for (uint32_t i = 0; i < layout->entry_words - (uint32_t)layout->rows_word; i++)
		to[i] = layout->init[i];
}
/* Writes what layout->init is made of; control thread. */
void fb_state_first(const struct fb_slice_layout *layout, uint64_t *entry);

/* Whether the row has a value for the state. */
static inline bool fb_state_takes(
	const struct fb_state *state, const struct fb_column *const *columns, uint32_t row)
{
	return (state->filter == FB_NO_COLUMN || (fb_column_is_valid(columns[state->filter], row) &&
							 columns[state->filter]->i64[row] != 0)) &&
	       (state->arg == FB_NO_COLUMN || fb_column_is_valid(columns[state->arg], row));
}

/* How many values the state has seen. */
static inline uint64_t fb_state_seen(
	const struct fb_slice_layout *layout, const struct fb_state *state, const uint64_t *entry)
{
	return entry[state->count ? state->count : layout->rows_word];
}

/*
 * Hot. MIN and MAX of texts, row by row; counts records and texts too, so that it can tell which is
 * the first. Rows without room are refused.
 */
void fb_state_update_texts(struct fb_slice *slice, const struct fb_column *const *columns,
	const uint16_t *sel, uint32_t sel_cnt, struct fb_key_batch *keys);
/* False: no room. `first`: the entry has no text yet. */
bool fb_state_merge_texts(struct fb_slice *into, const struct fb_state *state, uint64_t *entry,
	const struct fb_slice *from, const uint64_t *other, bool first);

/*
 * Hot. Looks the rows' values up in the sets and says in keys->is_first which of them count. A row
 * that finds no room is refused. After all rows are accepted or refused, settle takes what refused
 * rows have put into sets out again.
 */
void fb_distinct_update(struct fb_slice *slice, const struct fb_column *const *columns,
	const uint16_t *sel, uint32_t sel_cnt, struct fb_key_batch *keys);
void fb_distinct_settle(
	struct fb_slice *slice, const uint16_t *sel, uint32_t sel_cnt, struct fb_key_batch *keys);
/* The words of an entry of a set: owner, value. Owner 0: a value taken out again. */
#define FB_SET_OWNER_WORD FB_ENTRY_KEY_WORD
#define FB_SET_VALUE_WORD (FB_ENTRY_KEY_WORD + 1)

/* ---- entry into entry; control plane ---- */

/* Adds the states of an entry of `from`, but for those of sets. False: no room for a text. */
bool fb_state_merge(
	struct fb_slice *into, uint64_t *entry, const struct fb_slice *from, const uint64_t *other);
/* Adds a value to a set of the group; text: its bytes where it is a long one. False: no room. */
bool fb_distinct_add(struct fb_slice *into, uint32_t set, uint64_t *entry, const uint64_t *value,
	const char *text);

/*
 * Numbers of entries in order of first sight, as other slices and processes can know them.
 * init: FB_E_NO_MEMORY.
 */
struct fb_numbering {
	const struct fb_slice *slice;
	uint32_t *first; /* per page of the pool: number of the first entry in it */
};

int fb_numbering_init(struct fb_numbering *numbering, const struct fb_slice *slice) FB_MUST_CHECK;
uint32_t fb_numbering_get(const struct fb_numbering *numbering, uint64_t ref);
void fb_numbering_fini(struct fb_numbering *numbering);

/* ---- walking ---- */

struct fb_entry_cursor {
	uint32_t page; /* 0: at the beginning */
	uint32_t unit;
};

/* The next entry in order of first sight; NULL at the end. */
const uint64_t *fb_slice_entry(const struct fb_slice *slice, struct fb_entry_cursor *at);
/* In the first page of entries they begin behind the slice's head, on a line of their own. */
#define FB_SLICE_HEAD_UNITS ((sizeof(struct fb_slice) + 63) / 64 * 8)

/* Event times of the group's records, of a layout that keeps them (fb_slice_layout_create_timed).
 */
static inline int64_t fb_entry_time_min(const struct fb_slice_layout *layout, const uint64_t *entry)
{
	return (int64_t)entry[layout->states[layout->time_state].min];
}

static inline int64_t fb_entry_time_max(const struct fb_slice_layout *layout, const uint64_t *entry)
{
	return (int64_t)entry[layout->states[layout->time_state].max];
}

/* ---- sessions ---- */

/* The earliest record that the core knows of in the fragment's session. */
static inline int64_t fb_entry_session_start(
	const struct fb_slice_layout *layout, const uint64_t *entry)
{
	/* Its core may set it while the control plane merges or exports, which has no use for it
	 * (session.c). */
	return (int64_t)__atomic_load_n(&entry[layout->session_word], __ATOMIC_RELAXED);
}

static inline void fb_entry_set_session_start(
	const struct fb_slice_layout *layout, uint64_t *entry, int64_t start_ms)
{
	__atomic_store_n(&entry[layout->session_word], (uint64_t)start_ms, __ATOMIC_RELAXED);
}

/* Sessions that it touches, and that ended here or before, had fired when the fragment came. */
static inline int64_t fb_entry_session_block(
	const struct fb_slice_layout *layout, const uint64_t *entry)
{
	return (int64_t)entry[layout->session_word + 1];
}

/* The watermark when it came; FB_TIME_MIN: its first record was ahead of that. */
static inline int64_t fb_entry_session_born(
	const struct fb_slice_layout *layout, const uint64_t *entry)
{
	return (int64_t)entry[layout->session_word + 2];
}

/* ---- numbers in words ---- */

static inline double fb_word_double(uint64_t word)
{
	double value;

	memcpy(&value, &word, sizeof(value));
	return value;
}

static inline uint64_t fb_double_word(double value)
{
	uint64_t word;

	memcpy(&word, &value, sizeof(word));
	return word;
}

/* NaN is the greatest (semantics 1.3) and -0.0 below 0.0, so that order does not matter. */
static inline bool fb_double_less(double a, double b)
{
	return a < b || (b != b && a == a) ||
	       (a == 0 && b == 0 && !!__builtin_signbit(a) > !!__builtin_signbit(b));
}

static inline fb_i128 fb_words_i128(const uint64_t *words)
{
	return (fb_i128)((unsigned __int128)words[1] << 64 | words[0]);
}

#define FB_I128_MAX ((fb_i128)(~(unsigned __int128)0 >> 1))

static inline void fb_put_i128(uint64_t *words, fb_i128 value)
{
	words[0] = (uint64_t)value;
	words[1] = (uint64_t)((unsigned __int128)value >> 64);
}

/* ---- texts ---- */

static inline struct fb_str fb_text_get(const struct fb_slice_pool *pool, const uint64_t *words)
{
	uint32_t len = (uint32_t)words[0];

	if (len <= FB_TEXT_INLINE_MAX)
		return (struct fb_str){(const char *)words + 4, len};
	return (struct fb_str){(const char *)fb_ref(pool, (uint32_t)words[1]), len};
}

/* Words of a text of at most FB_TEXT_INLINE_MAX bytes; bytes behind it count as zero. */
static inline void fb_text_words(const char *p, uint32_t len, uint64_t words[2])
{
	char copy[16] = {0};

	memcpy(copy + 4, p, FB_MIN(len, (uint32_t)FB_TEXT_INLINE_MAX));
	memcpy(copy, &len, sizeof(len));
	memcpy(words, copy, sizeof(copy));
}

/*
 * Adds to a sum of DECIMAL: two words that cannot overflow, or (`wide`) three: then `high` is the
 * third of what is added, -1 or 0 for a value. So the sum is exact in any order, however far it
 * goes beyond 38 digits on its way.
 */
static inline void fb_sum_add(uint64_t *sum, fb_i128 value, int64_t high, bool wide)
{
	unsigned __int128 before = (unsigned __int128)fb_words_i128(sum);
	unsigned __int128 after = before + (unsigned __int128)value;

	fb_put_i128(sum, (fb_i128)after);
	if (wide)
		sum[2] += (uint64_t)high + (after < before);
}
