/* fetch.h - what the files of FETCH share: items, the message at hand, sections */
#ifndef LINNET_FETCH_H
#define LINNET_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "common/mime/part.h"
#include "common/mime/source.h"
#include "imapd/cursor.h"
#include "imapd/session.h"

/* What an item costs, cheapest first: the sum of a command's items says what is prepared for each message. */
enum {
	FETCH_NAME      = 0,      /* the view of the mailbox has it */
	FETCH_SIZE      = 1 << 0, /* stored, or counted once */
	FETCH_DATE      = 1 << 1,
	FETCH_HEADER    = 1 << 2, /* the file, its first header block */
	FETCH_STRUCTURE = 1 << 3, /* the file, all of it parsed */
	FETCH_BODY      = 1 << 4  /* the file, its octets counted */
};

/* The message at hand with what was prepared; offsets are of the file, octets of CRLF form. */
struct fetch {
	struct session *s;
	uint32_t        number;
	struct message  message; /* as it was told; a copy, for opening a file may move the view's own */

	uint64_t       size; /* FETCH_SIZE */
	time_t         date; /* FETCH_DATE */
	struct source *source;
	struct part   *root;    /* FETCH_STRUCTURE */
	struct span    header;  /* FETCH_HEADER, _BODY, _STRUCTURE */
	uint64_t       body_at, end;
	uint64_t       header_octets, body_octets; /* header_octets from FETCH_HEADER on */
};

/*
 * Open and count what cost says.  0, or -1 with errno: ENOENT, the message is
 * gone.  fetch_finish() closes the file; the rest lives in the session's arena.
 */
int fetch_prepare(struct fetch *f, unsigned cost);
void fetch_finish(struct fetch *f);

/*
 * One row per item.  parse() reads what stands behind the name and may take
 * cost away in *cost; NULL: nothing does.  emit() writes the item, name and
 * value; all that could fail has been done by fetch_prepare().
 */
struct fetch_item {
	const char *name;
	unsigned    cost;
	bool        sees; /* sets \Seen (RFC 3501 s.6.4.5) */
	void     *(*parse)(struct cursor *c, unsigned *cost);
	void      (*emit)(struct fetch *f, const void *args);
};

enum section_text {
	SECTION_ALL,
	SECTION_HEADER,
	SECTION_FIELDS,
	SECTION_FIELDS_NOT,
	SECTION_TEXT,
	SECTION_MIME
};

/* BODY[...] and its RFC 822 forms */
struct section {
	uint32_t         *part; /* numbers of the part, part_count of them */
	size_t            part_count, part_room;
	enum section_text text;
	struct span      *field;  /* as the client wrote them */
	struct span      *sorted; /* the same, for looking up */
	size_t            field_count;
	bool              is_partial;
	uint64_t          skip, most;
	const char       *label; /* RFC822.TEXT and the like; NULL: BODY[...] */
};

/* fetch_section.c */
void *parse_section(struct cursor *c, unsigned *cost); /* behind "BODY[" */
void *parse_rfc822(struct cursor *c, unsigned *cost);
void *parse_rfc822_header(struct cursor *c, unsigned *cost);
void *parse_rfc822_text(struct cursor *c, unsigned *cost);
bool  section_has_field(const struct section *sec, struct span name);
void  put_section_label(struct out *o, const struct section *sec); /* BODY[1.TEXT]<0> */

/* fetch_body.c */
void emit_section(struct fetch *f, const void *args);

/* fetch_envelope.c */
void put_envelope(struct out *o, struct span header, struct arena *mem);
void emit_envelope(struct fetch *f, const void *args);

/* fetch_structure.c; the tree without recursion; extended: BODYSTRUCTURE's extension data too */
void put_structure(struct out *o, const struct part *root, bool is_extended, struct arena *mem);
void emit_body(struct fetch *f, const void *args);
void emit_bodystructure(struct fetch *f, const void *args);

#endif
