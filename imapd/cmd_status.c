/* cmd_status.c - STATUS */
#include "imapd/commands.h"
#include "imapd/grammar.h"
#include "imapd/session.h"

#define FIELD(type, name) offsetof(struct mailbox_status, name), sizeof(type)

/* One row per item; field is a uint32_t or uint64_t of struct mailbox_status. */
static const struct status_item {
	const char *name;
	size_t      offset, size;
	unsigned    what; /* asked of mailbox_status() besides */
} status_items[] = {
	{ "MESSAGES",    FIELD(uint32_t, messages),    0 },
	{ "RECENT",      FIELD(uint32_t, recent),      0 },
	{ "UIDNEXT",     FIELD(uint32_t, uidnext),     0 },
	{ "UIDVALIDITY", FIELD(uint32_t, uidvalidity), 0 },
	{ "UNSEEN",      FIELD(uint32_t, unseen),      0 },
	{ "DELETED",     FIELD(uint32_t, deleted),     0 },
	{ "SIZE",        FIELD(uint64_t, size),        STATUS_WITH_SIZE },
};
enum { ITEM_COUNT = sizeof(status_items) / sizeof(status_items[0]) };

struct status_args {
	struct mailbox_name name;
	unsigned            items; /* bit n: status_items[n] */
	unsigned            what;
};

/* status-att = "MESSAGES" / "RECENT" / "UIDNEXT" / "UIDVALIDITY" / "UNSEEN" */
static void
take_status_item(struct cursor *c, struct status_args *a)
{
	struct span name = take_atom(c);

	for (unsigned n = 0; n < ITEM_COUNT; n++) {
		if (!span_is_nocase(name, status_items[n].name))
			continue;
		a->items |= 1u << n;
		a->what |= status_items[n].what;
		return;
	}
	cursor_fail(c, "no such status item");
}

/* status = "STATUS" SP mailbox SP "(" status-att *(SP status-att) ")" */
void *
parse_status(struct cursor *c)
{
	struct status_args *a = arena_zero(c->mem, sizeof(*a));

	take_byte(c, ' ');
	a->name = take_mailbox(c);
	take_byte(c, ' ');
	take_byte(c, '(');
	do
		take_status_item(c, a);
	while (try_byte(c, ' '));
	take_byte(c, ')');
	return a;
}

static uint64_t
item_value(const struct mailbox_status *status, const struct status_item *item)
{
	const char *at = (const char *)status + item->offset;
	uint64_t wide;
	uint32_t narrow;

	if (item->size == sizeof(wide)) {
		memcpy(&wide, at, sizeof(wide));
		return wide;
	}
	memcpy(&narrow, at, sizeof(narrow));
	return narrow;
}

void
run_status(struct session *s, const void *args, unsigned flags)
{
	const struct status_args *a = args;
	struct mailbox_status status;
	const char *before = "";

	(void)flags;
	if (!name_is_usable(s, &a->name))
		return;
	if (mailbox_status(s->store, a->name.name, a->what, &status) < 0) {
		reply_errno(s, "get the status of", a->name.name);
		return;
	}
	out_str(&s->out, "* STATUS ");
	put_mailbox(s, a->name.name);
	out_str(&s->out, " (");
	for (unsigned n = 0; n < ITEM_COUNT; n++) {
		if (!(a->items >> n & 1))
			continue;
		out_printf(&s->out, "%s%s ", before, status_items[n].name);
		out_number(&s->out, item_value(&status, &status_items[n]));
		before = " ";
	}
	out_str(&s->out, ")\r\n");
	reply_ok(s, NULL, "Status completed.");
}
