/* cmd_quota.c - GETQUOTA GETQUOTAROOT SETQUOTA (RFC 9208) */
#include "common/maildir/quota.h"

#include <errno.h>

#include "common/base/log.h"
#include "imapd/commands.h"
#include "imapd/grammar.h"
#include "imapd/session.h"

/* One row per resource: its amount in struct quota_amounts, and the octets of one unit. */
static const struct resource {
	const char *name;
	size_t      offset;
	uint64_t    unit;
} resources[] = {
	{ "STORAGE", offsetof(struct quota_amounts, bytes),    1024 },
	{ "MESSAGE", offsetof(struct quota_amounts, messages), 1    },
};
enum { RESOURCES = sizeof(resources) / sizeof(resources[0]) };

/* getquota = "GETQUOTA" SP quota-root-name ; quota-root-name = astring             RFC 9208 s.5 */
void *
parse_getquota(struct cursor *c)
{
	struct span *root = arena_zero(c->mem, sizeof(*root));

	take_byte(c, ' ');
	*root = take_astring(c);
	return root;
}

/*
 * setquota = "SETQUOTA" SP quota-root-name SP setquota-list                        RFC 9208 s.5
 * setquota-list = "(" [setquota-resource *(SP setquota-resource)] ")"
 * setquota-resource = resource-name SP resource-limit ; resource-limit = number64
 */
void *
parse_setquota(struct cursor *c)
{
	struct span *root = parse_getquota(c);

	take_byte(c, ' ');
	take_byte(c, '(');
	if (try_byte(c, ')'))
		return root;
	do {
		take_atom(c);
		take_byte(c, ' ');
		take_number64(c);
	} while (try_byte(c, ' '));
	take_byte(c, ')');
	return root;
}

static uint64_t
amount(const struct quota_amounts *amounts, const struct resource *resource)
{
	uint64_t n;

	memcpy(&n, (const char *)amounts + resource->offset, sizeof(n));
	return n;
}

/*
 * quota-response = "QUOTA" SP quota-root-name SP quota-list                        RFC 9208 s.5
 * quota-list = "(" quota-resource *(SP quota-resource) ")"
 * What has no limit is left out; where nothing has, the list is empty as it was in RFC 2087.
 */
static bool
put_quota(struct session *s, const struct quota *quota)
{
	struct quota_amounts use, limits;
	const char *space = "";

	if (quota_use(s->store, &use) < 0) {
		reply_errno(s, "count the quota of", "INBOX");
		return false;
	}
	quota_limits(s->store, NULL, &limits);
	out_str(&s->out, "* QUOTA ");
	put_string(&s->out, span_of(quota->name));
	out_str(&s->out, " (");
	for (size_t i = 0; i < RESOURCES; i++) {
		const struct resource *r = &resources[i];

		if (amount(&limits, r) == 0)
			continue;
		out_printf(&s->out, "%s%s %llu %llu", space, r->name,
		           (unsigned long long)((amount(&use, r) + r->unit - 1) / r->unit),
		           (unsigned long long)(amount(&limits, r) / r->unit));
		space = " ";
	}
	out_str(&s->out, ")\r\n");
	return true;
}

void
run_getquota(struct session *s, const void *args, unsigned flags)
{
	const struct quota *quota = store_quota(s->store);
	const struct span *root = args;

	(void)flags;
	reply_ok(s, NULL, "Getquota completed.");
	if (quota && span_is(*root, quota->name))
		put_quota(s, quota);
	else
		reply_no(s, "NONEXISTENT", "There is no such quota root.");
}

/* The mailbox need not exist: who creates it wants to know before. */
void
run_getquotaroot(struct session *s, const void *args, unsigned flags)
{
	const struct quota *quota = store_quota(s->store);
	const struct mailbox_name *name = args;

	(void)flags;
	if (!name_is_usable(s, name))
		return;
	reply_ok(s, NULL, "Getquotaroot completed.");
	if (quota && !quota_counts(s->store, name->name))
		quota = NULL;
	out_str(&s->out, "* QUOTAROOT ");
	put_mailbox(s, name->name);
	if (quota) {
		out_byte(&s->out, ' ');
		put_string(&s->out, span_of(quota->name));
	}
	out_str(&s->out, "\r\n");
	if (quota)
		put_quota(s, quota);
}

/* There are no users here who may (QUOTASET is not offered). */
void
run_setquota(struct session *s, const void *args, unsigned flags)
{
	(void)args, (void)flags;
	reply_no(s, "NOPERM", "Permission denied.");
}
