/* cmd_mailbox.c - CREATE DELETE RENAME SUBSCRIBE UNSUBSCRIBE */
#include <errno.h>

#include "imapd/commands.h"
#include "imapd/grammar.h"
#include "imapd/session.h"

/*
 * create = "CREATE" SP mailbox ; a trailing separator announces children and is
 * no part of the name (s.6.3.3)
 */
void *
parse_create(struct cursor *c)
{
	struct mailbox_name *name = arena_zero(c->mem, sizeof(*name));

	take_byte(c, ' ');
	*name = take_mailbox_open(c);
	return name;
}

/*
 * delete = "DELETE" SP mailbox
 * subscribe = "SUBSCRIBE" SP mailbox
 * unsubscribe = "UNSUBSCRIBE" SP mailbox
 */
void *
parse_mailbox(struct cursor *c)
{
	struct mailbox_name *name = arena_zero(c->mem, sizeof(*name));

	take_byte(c, ' ');
	*name = take_mailbox(c);
	return name;
}

struct rename_args {
	struct mailbox_name from, to;
};

/* rename = "RENAME" SP mailbox SP mailbox */
void *
parse_rename(struct cursor *c)
{
	struct rename_args *a = arena_zero(c->mem, sizeof(*a));

	take_byte(c, ' ');
	a->from = take_mailbox(c);
	take_byte(c, ' ');
	a->to = take_mailbox(c);
	return a;
}

void
run_create(struct session *s, const void *args, unsigned flags)
{
	const struct mailbox_name *name = args;

	(void)flags;
	if (!name_is_usable(s, name))
		return;
	if (store_create(s->store, name->name) < 0)
		reply_errno(s, "create", name->name);
	else
		reply_ok(s, NULL, "Create completed.");
}

/* Is the selected mailbox this one, or one below it? */
static bool
is_selected(const struct session *s, const char *name, bool or_below)
{
	size_t n = strlen(name);
	const char *selected = s->box ? mailbox_name(s->box) : "";

	return strncmp(selected, name, n) == 0 &&
	       (selected[n] == '\0' || (or_below && selected[n] == '.'));
}

void
run_delete(struct session *s, const void *args, unsigned flags)
{
	const struct mailbox_name *name = args;

	(void)flags;
	if (!name_is_usable(s, name))
		return;
	if (strcmp(name->name, "INBOX") == 0) {
		reply_no(s, "CANNOT", "INBOX can't be deleted.");
		return;
	}
	if (is_selected(s, name->name, false))
		session_close_box(s);
	if (store_delete(s->store, name->name) < 0)
		reply_errno(s, "delete", name->name);
	else
		reply_ok(s, NULL, "Delete completed.");
}

/*
 * A selected mailbox that gets another name is closed first: the view's folder
 * would be gone.  INBOX keeps its folder and only loses its messages.
 */
void
run_rename(struct session *s, const void *args, unsigned flags)
{
	const struct rename_args *a = args;

	(void)flags;
	if (!name_is_usable(s, &a->from) || !name_is_usable(s, &a->to))
		return;
	if (strcmp(a->from.name, "INBOX") != 0 && is_selected(s, a->from.name, true))
		session_close_box(s);
	if (store_rename(s->store, a->from.name, a->to.name) < 0)
		reply_errno(s, "rename", errno == EEXIST ? a->to.name : a->from.name);
	else
		reply_ok(s, NULL, "Rename completed.");
}

static void
subscribe(struct session *s, const char *name, bool on, const char *done)
{
	if (store_subscribe(s->store, name, on) < 0)
		reply_errno(s, on ? "subscribe" : "unsubscribe", name);
	else
		reply_ok(s, NULL, done);
}

void
run_subscribe(struct session *s, const void *args, unsigned flags)
{
	const struct mailbox_name *name = args;

	(void)flags;
	if (!name_is_usable(s, name))
		return;
	if (!store_has(s->store, name->name)) {
		errno = ENOENT;
		reply_errno(s, "subscribe", name->name);
		return;
	}
	subscribe(s, name->name, true, "Subscribe completed.");
}

void
run_unsubscribe(struct session *s, const void *args, unsigned flags)
{
	const struct mailbox_name *name = args;

	(void)flags;
	if (name_is_usable(s, name))
		subscribe(s, name->name, false, "Unsubscribe completed.");
}
