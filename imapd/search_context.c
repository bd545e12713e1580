/*
 * search_context.c - searches whose results are kept up to date: RETURN (UPDATE) of RFC 5267
 *
 * (1) results are the UIDs of messages of the view that match, as the client knows them.
 * (2) Whatever changes of a message raises its modseq, so those above the one that was seen
 *     last are all that must be looked at again.
 */
#include "imapd/search_context.h"

#include <stdlib.h>

#include "common/base/die.h"
#include "common/base/limits.h"
#include "imapd/commands.h"
#include "imapd/search_find.h"
#include "imapd/search_message.h"
#include "imapd/session.h"

struct search_context {
	struct search_context *next;
	struct arena           mem;
	struct span            tag;
	bool                   by_uid;
	struct search_request *request;
	struct ranges          results; /* (1) */
	uint64_t               modseq;  /* (2) */
	uint64_t               looked_at; /* what the mailbox's was then */
};

/* ---- opening and closing ---- */

static size_t
count_contexts(const struct session *s)
{
	size_t n = 0;

	for (const struct search_context *x = s->context; x; x = x->next)
		n++;
	return n;
}

void
search_context_refuse(struct session *s)
{
	out_str(&s->out, "* NO [NOUPDATE \"");
	out_span(&s->out, s->tag);
	out_str(&s->out, "\"] This search is not kept up to date\r\n");
}

/* The program was parsed once from the same text, so that cannot fail now. */
static void
parse_again(struct search_context *x, struct span text)
{
	struct cursor c;

	cursor_open(&c, arena_copy(&x->mem, text), &x->mem);
	x->request = parse_search(&c);
}

void
search_context_open(struct session *s, struct span text, bool by_uid,
                    const struct search_found *found)
{
	struct search_context *x;

	if (count_contexts(s) == LIMIT_SEARCH_CONTEXTS) {
		search_context_refuse(s);
		return;
	}
	x = calloc(1, sizeof(*x));
	if (!x)
		die("out of memory: a search context");
	x->tag = arena_copy(&x->mem, s->tag);
	x->by_uid = by_uid;
	parse_again(x, text);
	search_program_resolve(&x->request->program, s->box, &s->saved, &x->mem);
	for (size_t i = 0; i < found->count; i++) {
		uint32_t uid = mailbox_message(s->box, found->number[i])->uid;

		ranges_add(&x->results, &x->mem, uid, uid);
	}
	x->modseq = x->looked_at = mailbox_highestmodseq(s->box);
	x->next = s->context;
	s->context = x;
}

struct search_context *
search_context_find(struct session *s, struct span tag)
{
	for (struct search_context *x = s->context; x; x = x->next)
		if (span_equal(x->tag, tag))
			return x;
	return NULL;
}

void
search_context_close(struct session *s, struct span tag)
{
	struct search_context **at = &s->context, *x;

	while ((x = *at) && !span_equal(x->tag, tag))
		at = &x->next;
	if (!x)
		return;
	*at = x->next;
	arena_free(&x->mem);
	free(x);
}

void
search_contexts_close(struct session *s)
{
	while (s->context)
		search_context_close(s, s->context->tag);
}

/* ---- telling ---- */

/* ret-data-addto = "ADDTO" SP "(" context-position SP sequence-set ... ")", REMOVEFROM alike.
 * Position 0: wherever mailbox order has them (RFC 5267 s.4.3.3). */
static void
tell(struct session *s, const struct search_context *x, const char *what, const uint32_t *name,
     size_t count)
{
	struct buf text = BUF_EMPTY;

	if (count == 0)
		return;
	print_names(&text, name, count);
	put_esearch_start(s, x->tag, x->by_uid);
	out_printf(&s->out, " %s (0 ", what);
	out_span(&s->out, buf_view(&text));
	out_str(&s->out, ")\r\n");
	buf_free(&text);
}

struct changes {
	uint32_t *added, *removed; /* as the client names them, ascending */
	size_t    adds, add_room, removes, remove_room;
};

static void
look_at(struct session *s, struct search_context *x, struct search_message *m,
        struct changes *changes)
{
	uint32_t uid = m->message.uid, name = x->by_uid ? uid : m->number;
	bool was = ranges_has(&x->results, uid);
	bool is = search_matches(&x->request->program, m);

	if (is == was)
		return;
	if (is) {
		ranges_add(&x->results, &x->mem, uid, uid);
		changes->added = arena_grow(&s->mem, changes->added, changes->adds,
		                            &changes->add_room, sizeof(*changes->added));
		changes->added[changes->adds++] = name;
	} else {
		ranges_remove(&x->results, &x->mem, uid, uid);
		changes->removed = arena_grow(&s->mem, changes->removed, changes->removes,
		                              &changes->remove_room, sizeof(*changes->removed));
		changes->removed[changes->removes++] = name;
	}
}

static void
update(struct session *s, struct search_context *x)
{
	struct search_message m = SEARCH_MESSAGE_EMPTY;
	struct changes changes = { NULL, NULL, 0, 0, 0, 0 };
	uint64_t seen = x->modseq;

	x->looked_at = mailbox_highestmodseq(s->box);
	for (uint32_t number = 1; number <= mailbox_count(s->box); number++) {
		uint64_t modseq = mailbox_message(s->box, number)->modseq;

		if (modseq <= seen)
			continue;
		x->modseq = modseq > x->modseq ? modseq : x->modseq;
		search_message_open(&m, s->box, number);
		look_at(s, x, &m, &changes);
	}
	search_message_free(&m);
	tell(s, x, "REMOVEFROM", changes.removed, changes.removes);
	tell(s, x, "ADDTO", changes.added, changes.adds);
}

void
search_contexts_update(struct session *s)
{
	for (struct search_context *x = s->context; x; x = x->next)
		if (mailbox_highestmodseq(s->box) != x->looked_at)
			update(s, x);
}

void
search_contexts_expunged(struct session *s, uint32_t number, uint32_t uid)
{
	for (struct search_context *x = s->context; x; x = x->next) {
		if (!ranges_has(&x->results, uid))
			continue;
		tell(s, x, "REMOVEFROM", x->by_uid ? &uid : &number, 1);
		ranges_remove(&x->results, &x->mem, uid, uid);
	}
}
