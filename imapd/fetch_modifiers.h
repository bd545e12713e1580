/* fetch_modifiers.h - what FETCH takes behind its items (RFC 4466 s.2.4) */
#ifndef LINNET_FETCH_MODIFIERS_H
#define LINNET_FETCH_MODIFIERS_H

#include "common/base/ranges.h"
#include "imapd/cursor.h"
#include "imapd/grammar.h"
#include "imapd/search_return.h"

struct session;

struct fetch_modifiers {
	bool     has_since; /* CHANGEDSINCE (RFC 7162 s.3.1.4.1): MODSEQ is fetched besides */
	uint64_t since;
	bool     has_vanished; /* VANISHED (RFC 7162 s.3.2.6) */
	bool     has_partial;  /* PARTIAL (RFC 9394 s.3.2): of what the others leave */
	struct partial_range partial;
};

/* " (" fetch-modifier *(SP fetch-modifier) ")" where it is there. */
void take_fetch_modifiers(struct cursor *c, struct fetch_modifiers *m);

/*
 * Leave in *uids those that the modifiers want, and tell what was removed of
 * set.  False: the reply is set (VANISHED where it may not stand).
 */
bool fetch_modifiers_run(struct session *s, const struct fetch_modifiers *m,
                         const struct seq_set *set, bool by_uid, struct ranges *uids);

#endif
