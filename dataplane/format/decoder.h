/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Payload bytes to column batch: framing (where records begin and end) and decoding (bytes to
 * values) in one object per source table and core. Only the columns asked for are converted.
 *
 * Two phases, so that conversion runs over whole columns:
 *   add()     finds records and fields of one payload; may be called for many payloads
 *   finish()  converts the columns of all records found since the last finish into the batch
 *
 * A record that does not decode gets a disposition of config/tables/disposition.def and is not in
 * the batch; it never touches its neighbours. records == decoded + the sum of `rejected`, at any
 * time after finish().
 *
 * Flink's rules: semantics 1.5. Hot functions: no allocation, no system call.
 *
 * CSV
 *   FB_REC_ARITY     too many fields (one blank one at the end is forgiven), also where errors are
 *                    ignored; too few where all are needed and errors are not ignored
 *   FB_REC_BASE64    a binary column does not read; with ignore-parse-errors it is NULL
 *   FB_REC_QUOTE     quote not closed, text behind the closing one, nothing behind an escape
 *                    character; a record with more than 256 KiB of unescaped text
 * With csv.allow-comments: lines that begin with '#' and empty lines are no records, and blanks in
 * front of a record are passed over.
 *
 * JSON: one object, or an array of them, each of which is a record. Members are found by their
 * name, case counts; of several with one name the last counts (Flink's default parser stops at the
 * count of columns that a query reads: there the result depends on the query). What is behind the
 * object is not read; empty lines and datagrams are no records. Numbers may be texts. Objects and
 * arrays in text columns become compact text. The whole object is checked, also what is not needed.
 *   FB_REC_JSON           no object, or something wrong inside; also where errors are ignored. In
 * an array: of elements that are no objects each, and one for what follows a broken element. A
 * record with more than 256 KiB of unescaped text FB_REC_MISSING_FIELD  with
 * json.fail-on-missing-field a needed column has no member FB_REC_BASE64         a binary column
 * does not read
 *
 * Raw: one text or binary column, which is all of a line or datagram. Nothing can be wrong.
 *
 * Fixed binary records: binary.h
 *   FB_REC_HEADER         a datagram shorter than its header, with another magic, or whose count is
 *                         not that of its records: it is one malformed record
 *   FB_REC_REMAINDER      bytes behind the last whole record: one malformed record
 *   FB_REC_NUMBER         an unsigned number above the range of BIGINT
 *
 * CSV and JSON
 *   FB_REC_NUMBER, FB_REC_DATETIME   a field does not read; with ignore-parse-errors it is NULL
 *                                    instead. A DECIMAL with too many digits is NULL
 *   FB_REC_NULL_VIOLATION            NULL in a NOT NULL column
 */
#pragma once

#include "config/appliance/layout.h"
#include "config/base/isa.h"
#include "config/sql/plan.h"
#include "config/tables/disposition.h"
#include "dataplane/format/batch.h"

enum fb_framing {
	/*
	 * Every line is a record; "\r\n" too, a lone "\r" is text; the last may lack its newline.
	 * An open quote or a final escape character damages its own line only.
	 */
	FB_FRAMING_NEWLINE,
	/*
	 * The payload is one record, which may hold quoted newlines. As Flink does with a Kafka
	 * message: it ends with the first line end ("\n", "\r" or both) that is neither quoted nor
	 * escaped, and what is behind is not read. An empty payload is a record without fields:
	 * FB_REC_ARITY. In JSON newlines are white space.
	 */
	FB_FRAMING_DATAGRAM,
	/*
	 * Records of a file, whole ones: as FB_FRAMING_NEWLINE, but in CSV a line end inside quotes or
	 * behind an escape character belongs to the value (csv_extent.h).
	 */
	FB_FRAMING_FILE,
};

struct fb_decoder_conf {
	const struct fb_table *table; /* format, its options and the fields */
	const uint64_t *needed;       /* bitmap over table->fields */
	enum fb_framing framing;
	enum fb_isa isa;
	/* Of fixed binary records: then neither the table's format nor the framing count. It must
	 * outlive the decoder. NULL: none. */
	const struct fb_layout *layout;
};

struct fb_decode_counters {
	uint64_t payloads;
	uint64_t payload_bytes;
	uint64_t records; /* framed */
	uint64_t decoded;
	uint64_t null_fields;          /* fields that became NULL by ignore-parse-errors */
	uint64_t rejected[FB_REC_CNT]; /* by disposition */
	/* Of binary records whose header has a sequence. They mean what they say where one sender
	 * feeds the stream on this core. */
	uint64_t sequence_gaps;     /* steps forward: */
	uint64_t sequence_lost;     /* so many datagrams (or records) did not come */
	uint64_t sequence_late;     /* datagrams behind their place, or twice */
	uint64_t sequence_restarts; /* far away: the sender began anew */
};

struct fb_decoder;

/*
 * Control thread; the options were checked by the binder. FB_E_NO_MEMORY; FB_E_UNSUPPORTED: no
 * decoder for the table's format, a table without physical columns, or a needed column whose layout
 * does not fit (fb_layout_fits says why). The table must outlive the decoder.
 */
int fb_decoder_create(const struct fb_decoder_conf *conf, struct fb_decoder **ret) FB_MUST_CHECK;
void fb_decoder_destroy(struct fb_decoder *decoder);

/*
 * Hot. Goes through payload [*pos, len) and adds its records. False: FB_BATCH_ROWS records are
 * waiting, *pos tells how far it came: finish, use the batch, call again. True: the payload is used
 * up. `data` must stay until the batch made from it is used up, with FB_PAYLOAD_PAD_BYTES readable
 * behind it.
 */
bool fb_decoder_add(struct fb_decoder *decoder, const uint8_t *data, uint32_t len, uint32_t *pos);
/*
 * Hot. Converts what was added into `batch` (initialised for table->fields) and starts anew. Texts
 * point into the payloads, or for unescaped ones into the decoder until its next add(). A text that
 * is NULL or of a rejected row is empty.
 */
void fb_decoder_finish(struct fb_decoder *decoder, struct fb_batch *batch);
/*
 * What the payloads added since the last call had that may make more of a CSV record than its line, as far as they were
 * added. Whoever has cut a file into payloads by its line ends learns so for nothing whether he might be wrong. Hot.
 */
enum fb_decoder_seen {
	FB_SEEN_NOTHING,
	FB_SEEN_QUOTES,    /* in pairs, around whole fields, without line ends: if each payload began with a record, it ended
			      with one */
	FB_SEEN_IRREGULAR, /* other than that, or an escape character */
};
enum fb_decoder_seen fb_decoder_take_seen(struct fb_decoder *decoder);
/* As if all that came since these counters were read had not been added. Hot. */
void fb_decoder_forget(struct fb_decoder *decoder, const struct fb_decode_counters *before);
/* Records added since the last finish. */
uint32_t fb_decoder_pending(const struct fb_decoder *decoder);

const struct fb_decode_counters *fb_decoder_counters(const struct fb_decoder *decoder);

/*
 * Whether a layout has a field of a fitting type for each needed column (needed NULL: for all).
 * False: `message` says which has not, with the line of the appliance file. Control thread.
 */
#define FB_LAYOUT_MESSAGE_BYTES 320
bool fb_layout_fits(const struct fb_layout *layout, const struct fb_table *table,
	const uint64_t *needed, char message[FB_LAYOUT_MESSAGE_BYTES]);
