/* select_params.h - what SELECT and EXAMINE take behind the mailbox's name (RFC 4466 s.2.1) */
#ifndef LINNET_SELECT_PARAMS_H
#define LINNET_SELECT_PARAMS_H

#include "common/base/ranges.h"
#include "imapd/cursor.h"

struct session;

struct select_params {
	bool          has_condstore, has_qresync;
	uint32_t      uidvalidity; /* from here: of QRESYNC (RFC 7162 s.3.2.5) */
	uint64_t      modseq;
	bool          has_known, has_match;
	struct ranges known;
	struct ranges numbers, uids; /* pairs that the client is sure of (s.3.2.5.2) */
};

/* " (" select-param *(SP select-param) ")" where it is there. */
void take_select_params(struct cursor *c, struct select_params *p);

/* Before anything is closed or opened: false with BAD set where the session may not ask for it. */
bool select_params_allowed(struct session *s, const struct select_params *p);

/* Tell what happened to the mailbox, just opened, since the client saw it last. */
void select_resync(struct session *s, const struct select_params *p);

#endif
