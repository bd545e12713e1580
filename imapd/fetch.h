/* fetch.h - what the files of FETCH share: items, the message at hand, sections */
#ifndef LINNET_FETCH_H
#define LINNET_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "common/index/cache.h"
#include "common/mime/part.h"
#include "common/mime/source.h"
#include "imapd/cursor.h"
#include "imapd/fetch_modifiers.h"
#include "imapd/grammar.h"
#include "imapd/session.h"

/*
 * What an item costs, cheapest first: the sum of what a message's items cost, as far as the cache
 * does not answer them, says what is prepared for it.
 */
enum {
	FETCH_NAME      = 0,      /* the view of the mailbox has it */
	FETCH_SIZE      = 1 << 0, /* stored, or counted once */
	FETCH_DATE      = 1 << 1,
	FETCH_SAVEDATE  = 1 << 2,
	FETCH_ID        = 1 << 3,
	FETCH_HEADER    = 1 << 4, /* the file, its first header block */
	FETCH_STRUCTURE = 1 << 5, /* the file, all of it parsed */
	FETCH_BODY      = 1 << 6, /* the file, its octets counted */
	FETCH_FILE      = FETCH_HEADER | FETCH_STRUCTURE | FETCH_BODY
};

/* The message at hand with what was prepared; offsets are of the file, octets of CRLF form. */
struct fetch {
	struct session *s;
	uint32_t        number;
	struct message  message; /* as it was told; a copy: opening a file may move the view's */

	uint64_t       size; /* FETCH_SIZE */
	time_t         date; /* FETCH_DATE */
	time_t         savedate; /* FETCH_SAVEDATE */
	char           id[MAILBOX_ID_SIZE]; /* FETCH_ID */
	struct source *source;
	struct part   *root;    /* FETCH_STRUCTURE */
	struct span    header;  /* FETCH_HEADER, _STRUCTURE */
	uint64_t       body_at, end;
	uint64_t       header_octets, body_octets; /* FETCH_BODY, _STRUCTURE */

	/* of the command */
	struct out made;      /* text that is kept besides being sent */
	bool       is_packed; /* a file was no message but a compressed one (M24) */
};

/* The next message; what the last one held is given back, but for the memory of the command. */
void fetch_begin(struct fetch *f, struct session *s, uint32_t number);
/* Open the file; fetch_prepare() does it where it must.  -1 with errno: ENOENT, it is gone. */
int  fetch_open(struct fetch *f);
/* Open and count what cost says.  0, or -1 with errno; the rest lives in the session's arena. */
int  fetch_prepare(struct fetch *f, unsigned cost);
/* Closes the file. */
void fetch_finish(struct fetch *f);

/*
 * One row per item.  parse() reads what stands behind the name and may take
 * cost away in *cost; NULL: nothing does.  find() asks the cache; NULL, or false: cost has to
 * be paid.  check(): can it be done at all?  NULL: always.  emit() writes the item, name and
 * value; all that could fail has been done.  answer is what find() found, else SPAN_NONE.
 */
struct fetch_item {
	const char *name;
	unsigned    cost;
	bool        sees; /* sets \Seen (RFC 3501 s.6.4.5) */
	void     *(*parse)(struct cursor *c, unsigned *cost);
	bool      (*find)(struct fetch *f, const void *args, struct span *answer_out);
	void      (*emit)(struct fetch *f, const void *args, struct span answer);
	bool      (*check)(const struct fetch *f, const void *args);
};

/* An item that was asked for, and what the cache has of it for the message at hand. */
struct fetch_wanted {
	const struct fetch_item *item;
	void       *args;
	unsigned    cost;
	struct span answer;
};

struct fetch_args {
	struct seq_set set;
	struct fetch_wanted *wanted;
	size_t         count, room;
	unsigned       cost;  /* of those that the cache knows nothing of */
	bool           finds; /* it may know of others */
	bool           sees;
	bool           has_uid, has_flags, has_modseq; /* among what is wanted */
	struct fetch_modifiers modifiers;
};

/* "(" fetch-att *(SP fetch-att) ")": read over, for NOTIFY and its like, which keep the text. */
void take_fetch_attributes(struct cursor *c);

/* fetch_items.c */
extern const struct fetch_item fetch_items[];
extern const size_t fetch_item_count;
enum { ITEM_UID, ITEM_FLAGS, ITEM_MODSEQ }; /* in front, for they may be added to an answer */

enum section_text {
	SECTION_ALL,
	SECTION_HEADER,
	SECTION_FIELDS,
	SECTION_FIELDS_NOT,
	SECTION_TEXT,
	SECTION_MIME
};

/* BODY[...], its RFC 822 forms, BINARY[...] */
struct section {
	uint32_t         *part; /* numbers of the part, part_count of them */
	size_t            part_count, part_room;
	enum section_text text;
	struct span      *field;  /* as the client wrote them */
	struct span      *sorted; /* the same, for looking up */
	size_t            field_count;
	uint64_t          usual;  /* of the fields, those of fields_usual[] */
	size_t            unusual; /* how many others */
	bool              is_partial;
	uint64_t          skip, most;
	const char       *label; /* RFC822.TEXT and the like; NULL: BODY[...] */
};

/* fetch_section.c */
void *parse_section(struct cursor *c, unsigned *cost); /* behind "BODY[" */
void *parse_rfc822(struct cursor *c, unsigned *cost);
void *parse_rfc822_header(struct cursor *c, unsigned *cost);
void *parse_rfc822_text(struct cursor *c, unsigned *cost);
void *parse_binary(struct cursor *c, unsigned *cost);      /* behind "BINARY[" */
void *parse_binary_size(struct cursor *c, unsigned *cost); /* behind "BINARY.SIZE[" */
bool  section_has_field(const struct section *sec, struct span name);
void  put_section_label(struct out *o, const struct section *sec); /* BODY[1.TEXT]<0> */

/* fetch_body.c */
void emit_section(struct fetch *f, const void *args, struct span answer);
/* octets [skip, skip + most) of text that is in memory */
void put_section_text(struct fetch *f, const struct section *sec, struct span text);

/* fetch_fields.c */
int  field_usual(struct span name); /* which of the fields that are always kept; -1: none of them */
bool find_section(struct fetch *f, const void *args, struct span *answer_out);
/* What is to be kept of a header, with all that is asked for; false: that is too much. */
bool make_fields(struct fetch *f, const struct section *sec, struct span header, bool ends_blank,
                 struct buf *kept);
void collect_fields(const struct section *sec, struct span header, bool ends_blank,
                    struct buf *text);
void collect_kept_fields(const struct section *sec, struct span kept, struct out *text);

/* fetch_binary.c */
void emit_binary(struct fetch *f, const void *args, struct span answer);
void emit_binary_size(struct fetch *f, const void *args, struct span answer);
bool check_binary(const struct fetch *f, const void *args);

/* fetch_kept.c: text that is computed once and kept */
bool find_envelope(struct fetch *f, const void *args, struct span *answer_out);
bool find_body(struct fetch *f, const void *args, struct span *answer_out);
bool find_bodystructure(struct fetch *f, const void *args, struct span *answer_out);
bool find_preview(struct fetch *f, const void *args, struct span *answer_out);
void emit_envelope(struct fetch *f, const void *args, struct span answer);
void emit_body(struct fetch *f, const void *args, struct span answer);
void emit_bodystructure(struct fetch *f, const void *args, struct span answer);
void emit_preview(struct fetch *f, const void *args, struct span answer);
void *parse_preview(struct cursor *c, unsigned *cost);

/* fetch_envelope.c */
void put_envelope(struct out *o, struct span header, struct arena *mem);

/* fetch_structure.c; the tree without recursion; extended: BODYSTRUCTURE's extension data too */
void put_structure(struct out *o, const struct part *root, bool is_extended, struct arena *mem);

#endif
