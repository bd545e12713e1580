/* grammar.h - the RFC 3501 s.9 rules that commands share */
#ifndef LINNET_GRAMMAR_H
#define LINNET_GRAMMAR_H

#include "common/base/ranges.h"
#include "imapd/cursor.h"

uint32_t    take_number(struct cursor *c);    /* number: 0 ... 4,294,967,295 */
uint32_t    take_nz_number(struct cursor *c); /* nz-number */
uint64_t    take_number64(struct cursor *c);  /* number64 (RFC 9051): up to 2^63 - 1 */
struct span take_tag(struct cursor *c);       /* tag = 1*<any ASTRING-CHAR except "+"> */
struct span take_atom(struct cursor *c);      /* atom */
struct span take_astring(struct cursor *c);   /* astring = 1*ASTRING-CHAR / string; without NUL */
struct span take_string(struct cursor *c);    /* string = quoted / literal; without NUL */
struct span take_nstring(struct cursor *c);   /* nstring: SPAN_NONE for NIL */
struct span take_literal8(struct cursor *c);  /* literal8 = "~" literal, which may hold NUL */
bool        at_string(const struct cursor *c);
struct span take_list_mailbox(struct cursor *c); /* list-mailbox = 1*list-char / string */

/*
 * mailbox = "INBOX" / astring: the canonical name (common/maildir/name.h); a name
 * that cannot be is kept for a NO [CANNOT]: name NULL and why set.
 */
struct mailbox_name {
	const char *name;
	const char *why;
	struct span raw; /* as the client wrote it */
};
struct mailbox_name take_mailbox(struct cursor *c);
/* one trailing separator allowed: CREATE */
struct mailbox_name take_mailbox_open(struct cursor *c);

/*
 * flag-list and single flags: system flags as FLAG_..., keywords as NUL-ended
 * strings in the arena.
 */
struct flag_list {
	uint32_t     flags;
	const char **keyword;
	size_t       keyword_count, keyword_room;
};
void take_flag_list(struct cursor *c, struct flag_list *list); /* "(" [flag *(SP flag)] ")" */
void take_flag(struct cursor *c, struct flag_list *list);

/*
 * sequence-set, merged while it is read.  '*' is not known to a parser: it is
 * kept as has_star with the smallest number that a "n:*" had (UINT32_MAX for a bare '*').
 */
struct seq_set {
	struct ranges fixed;
	bool          has_star;
	uint32_t      star_from;
	bool          is_saved; /* "$" (RFC 5182) */
};
struct seq_set take_sequence_set(struct cursor *c);

/* grammar_modseq.c: RFC 7162 s.7 */
uint64_t      take_modseq_or_zero(struct cursor *c); /* mod-sequence-valzer: 63 bits */
struct ranges take_known_set(struct cursor *c);      /* known-uids: a sequence-set without "*" */

/* What stands in parentheses behind an argument (RFC 4466): names, and who reads on into what. */
struct param {
	const char *name;
	void      (*take)(struct cursor *c, void *into);
};
struct param_table {
	const struct param *row;
	unsigned            count;
	const char         *unknown, *twice; /* reasons */
};
void take_params(struct cursor *c, const struct param_table *table, void *into);

#endif
