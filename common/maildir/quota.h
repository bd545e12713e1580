/* quota.h - how much mail a user has, how much there may be: maildirsize */
#ifndef LINNET_MAILDIR_QUOTA_H
#define LINNET_MAILDIR_QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/quota_rule.h"
#include "common/base/span.h"
#include "common/maildir/store.h"

/*
 * A user's quota is what Dovecot's quota plugin with "quota = maildir:NAME"
 * counts: the bytes on disk (,S= of the name, else the file's size) and the number
 * of all messages in all mailboxes but those with a rule "ignore".  It is kept in
 * maildirsize (quota.c), which Dovecot, maildrop and Postfix read and append to.
 *
 * Without a quota every function here is a test of one pointer.
 */
struct quota {
	const char        *name; /* "User quota": the name of the quota root (RFC 9208) */
	bool               is_enforced;
	struct quota_rule *rule;
	size_t             count;
};

/*
 * From "maildir:User quota" and rules as Dovecot writes them, in the order in which
 * they are tried.  Wrong ones are left out, the first of them is *bad_rule_out, else
 * NULL.  NULL for NULL: no quota is set.
 */
struct quota *quota_new(const char *quota, const char *const *rule, size_t rules, struct arena *mem,
                        const char **bad_rule_out);

/* The store counts from now on; quota stays with the caller, NULL: no more. */
void store_set_quota(struct store *s, const struct quota *quota);

/* NULL: there is none. */
const struct quota *store_quota(const struct store *s);

struct quota_amounts {
	uint64_t bytes, messages;
};

/*
 * What is there now: from maildirsize, or counted anew where
 * that cannot be believed.  0, or -1 with errno.
 */
int quota_use(struct store *s, struct quota_amounts *use_out);

/* What may be there, for mail that goes to mailbox (NULL: in general); 0: no limit. */
void quota_limits(const struct store *s, const char *mailbox, struct quota_amounts *limits_out);

/* Do messages of mailbox count?  False without a quota. */
bool quota_counts(const struct store *s, const char *mailbox);

/*
 * May so much come into mailbox?  -1 with EDQUOT: no.  Where it cannot be told
 * (maildirsize unreadable) it may: a quota never stops mail for being broken.
 */
int quota_allow(struct store *s, const char *mailbox, uint64_t bytes, uint64_t messages);

/* So much came (negative: left), for good; failing costs only a new count later. */
void quota_change(struct store *s, int64_t bytes, int64_t messages);

/* Nobody knows any more: the next one who asks counts anew. */
void quota_forget(struct store *s);

/* Bytes of this message file, as the quota counts them; 0 where there is none. */
uint64_t quota_size_of(int dir, const char *name);

/* All messages of the folder that is open as fd, added to *use. */
int quota_add_folder(int fd, struct quota_amounts *use);

/* For the fuzzer and the tests: maildirsize as a text.  False: it is damaged. */
struct quota_file {
	struct quota_amounts limits, use;
	size_t               lines; /* of changes */
};
bool quota_parse(struct span text, struct quota_file *file_out);

#endif
