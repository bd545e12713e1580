/* cmd_status.c - STATUS */
#include "imapd/commands.h"
#include "imapd/grammar.h"
#include "imapd/session.h"
#include "imapd/status.h"

#define FIELD(name) offsetof(struct mailbox_status, name)

static void
put_narrow(struct session *s, const char *field)
{
	uint32_t n;

	memcpy(&n, field, sizeof(n));
	out_number(&s->out, n);
}

static void
put_wide(struct session *s, const char *field)
{
	uint64_t n;

	memcpy(&n, field, sizeof(n));
	out_number(&s->out, n);
}

static void
put_object(struct session *s, const char *field)
{
	out_printf(&s->out, "(%s)", field);
}

/* The same for all mailboxes (RFC 7889 s.3.2). */
static void
put_append_limit(struct session *s, const char *field)
{
	(void)field;
	out_number(&s->out, s->login->settings->mail_max_append_size);
}

/* One row per item; put() writes the field of struct mailbox_status at offset. */
static const struct status_item {
	const char *name;
	size_t      offset;
	void      (*put)(struct session *s, const char *field);
	unsigned    what;    /* asked of mailbox_status() besides */
	unsigned    enables; /* RFC 7162 s.3.1 */
} status_items[] = {
	{ "MESSAGES",        FIELD(messages),        put_narrow,       0,                0 },
	{ "RECENT",          FIELD(recent),          put_narrow,       0,                0 },
	{ "UIDNEXT",         FIELD(uidnext),         put_narrow,       0,                0 },
	{ "UIDVALIDITY",     FIELD(uidvalidity),     put_narrow,       0,                0 },
	{ "UNSEEN",          FIELD(unseen),          put_narrow,       0,                0 },
	{ "HIGHESTMODSEQ",   FIELD(highestmodseq),   put_wide,         0, ENABLED_CONDSTORE },
	{ "DELETED",         FIELD(deleted),         put_narrow,       0,                0 },
	{ "SIZE",            FIELD(size),            put_wide,         STATUS_WITH_SIZE, 0 },
	{ "DELETED-STORAGE", FIELD(deleted_storage), put_wide, STATUS_WITH_DELETED_STORAGE, 0 },
	{ "MAILBOXID",       FIELD(id),              put_object,       0,                0 },
	{ "APPENDLIMIT",     0,                      put_append_limit, 0,                0 },
};
enum { ITEM_COUNT = sizeof(status_items) / sizeof(status_items[0]) };

static bool
add_item(struct status_items *items, struct span name)
{
	for (unsigned n = 0; n < ITEM_COUNT; n++) {
		if (!span_is_nocase(name, status_items[n].name))
			continue;
		items->items |= 1u << n;
		items->what |= status_items[n].what;
		items->enables |= status_items[n].enables;
		return true;
	}
	return false;
}

/*
 * status-att = "MESSAGES" / "UIDNEXT" / "UIDVALIDITY" / "UNSEEN" / "DELETED" / "SIZE"
 *                                                              RFC 9051 s.9
 *            / "RECENT" / "HIGHESTMODSEQ" / "MAILBOXID" / "APPENDLIMIT" / "DELETED-STORAGE"
 */
struct status_items
take_status_items(struct cursor *c)
{
	struct status_items items = { 0, 0, 0 };

	take_byte(c, '(');
	do
		if (!add_item(&items, take_atom(c)))
			cursor_fail(c, "no such status item");
	while (try_byte(c, ' '));
	take_byte(c, ')');
	return items;
}

struct status_items
status_items_of(const char *const *names, size_t count)
{
	struct status_items items = { 0, 0, 0 };

	for (size_t i = 0; i < count; i++)
		add_item(&items, span_of(names[i]));
	return items;
}

struct status_args {
	struct mailbox_name name;
	struct status_items items;
};

/* status = "STATUS" SP mailbox SP "(" status-att *(SP status-att) ")" */
void *
parse_status(struct cursor *c)
{
	struct status_args *a = arena_zero(c->mem, sizeof(*a));

	take_byte(c, ' ');
	a->name = take_mailbox(c);
	take_byte(c, ' ');
	a->items = take_status_items(c);
	return a;
}

void
put_status_of(struct session *s, const char *name, const struct mailbox_status *status,
              const struct status_items *items)
{
	const char *before = " (";

	out_str(&s->out, "* STATUS ");
	put_mailbox(s, name);
	for (unsigned n = 0; n < ITEM_COUNT; n++) {
		if (!(items->items >> n & 1))
			continue;
		out_str(&s->out, before);
		out_str(&s->out, status_items[n].name);
		out_byte(&s->out, ' ');
		status_items[n].put(s, (const char *)status + status_items[n].offset);
		before = " ";
	}
	out_str(&s->out, ")\r\n");
}

bool
put_status(struct session *s, const char *name, const struct status_items *items)
{
	struct mailbox_status status;

	if (mailbox_status(s->store, name, items->what, &status) < 0)
		return false;
	put_status_of(s, name, &status, items);
	return true;
}

void
run_status(struct session *s, const void *args, unsigned flags)
{
	const struct status_args *a = args;

	(void)flags;
	if (!name_is_usable(s, &a->name))
		return;
	if (a->items.enables)
		session_enable(s, a->items.enables);
	if (put_status(s, a->name.name, &a->items))
		reply_ok(s, NULL, "Status completed.");
	else
		reply_errno(s, "get the status of", a->name.name);
}
