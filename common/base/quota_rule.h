/* quota_rule.h - one quota_rule as Dovecot writes it: MAILBOX:storage=1G:messages=+10%:ignore */
#ifndef LINNET_QUOTA_RULE_H
#define LINNET_QUOTA_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/arena.h"

enum quota_how {
	QUOTA_UNSAID,
	QUOTA_IS,      /* value */
	QUOTA_MORE,    /* the default and value, which may be negative */
	QUOTA_SHARE,   /* value percent of the default */
	QUOTA_MORE_SHARE /* the default and value percent of it */
};
struct quota_amount {
	enum quota_how how;
	int64_t        value;
};

struct quota_rule {
	const char *mailbox;  /* "*": the default; "?": the default where nothing else says one */
	bool        is_ignored; /* messages in mailbox do not count */
	struct quota_amount bytes, messages;
};

/*
 * quota-rule = mailbox 1*(":" limit); limit = "storage=" amount / "bytes=" amount /
 *              "messages=" amount / "ignore" / "noenforcing"
 * amount     = ["+" / "-"] number [unit / "%"]
 * unit       = "B" / "K" / "M" / "G" / "T"          storage without one is in K
 *
 * NULL, or what is wrong with it (constant text).
 */
const char *quota_rule_parse(const char *text, struct arena *mem, struct quota_rule *rule_out);

/* What the amount comes to, with this default; 0: no limit. */
uint64_t quota_amount_of(const struct quota_amount *amount, uint64_t standard);

#endif
