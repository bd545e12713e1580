/* fetch_mailbox.h - a session with a mailbox in memory for the tests of FETCH */
#ifndef LINNET_TEST_FETCH_MAILBOX_H
#define LINNET_TEST_FETCH_MAILBOX_H

#include "imapd/session.h"

/*
 * Stands in for common/index: of mailbox.h only what FETCH asks is there.  UIDs
 * are 10, 20, 30 ...
 */
struct fetch_sample {
	const char *text; /* NULL: the file is gone */
	size_t      len;  /* 0: up to the NUL */
	uint64_t    stored_size; /* 0: the right one */
	uint32_t    flags;
};

void fetch_session_open(struct session *s, const struct fetch_sample *sample, size_t count,
                        bool is_writable);
void fetch_session_close(struct session *s);

unsigned fetch_session_opened(const struct session *s);  /* files opened so far */
unsigned fetch_session_changes(const struct session *s); /* calls of mailbox_flags() */

/*
 * The untagged answers of "FETCH" or "UID FETCH" with arguments (which begin with
 * a space); the reply is in s.
 */
void fetch_session_run(struct session *s, const char *arguments, bool by_uid, struct buf *answer);

/* fetch_grammar.c: arguments (which begin with a space); why FETCH refuses them, or NULL. */
struct fetch_grammar {
	const char *arguments, *why;
};
void fetch_grammar_check(const struct fetch_grammar *rows, size_t count);

#endif
