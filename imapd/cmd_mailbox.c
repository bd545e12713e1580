/* cmd_mailbox.c - CREATE DELETE RENAME SUBSCRIBE UNSUBSCRIBE */
#include <errno.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/maildir/metadata.h"
#include "imapd/commands.h"
#include "imapd/grammar.h"
#include "imapd/notify.h"
#include "imapd/session.h"
#include "imapd/special_use.h"

struct create_args {
	struct mailbox_name name;
	struct span         use; /* "\Drafts \Sent" as they are kept; SPAN_NONE without USE */
	struct span         unknown; /* the first use that there is none of here */
};

/* use-attr = "\All" / "\Archive" / ... / use-attr-ext ; use-attr-ext = "\" atom  RFC 6154 s.6 */
static void
take_use(struct cursor *c, struct create_args *a, struct buf *uses)
{
	const char *start = c->at;
	struct span use;

	take_byte(c, '\\');
	take_atom(c);
	if (!cursor_ok(c))
		return;
	use = span_make(start, (size_t)(c->at - start));
	if (!special_use_is_known(use) && !a->unknown.at)
		a->unknown = use;
	if (uses->len > 0)
		buf_byte(uses, ' ');
	buf_span(uses, use);
}

/* create-param =/ "USE" SP "(" [use-attr *(SP use-attr)] ")"                     RFC 6154 s.6 */
static void
take_create_param(struct cursor *c, struct create_args *a)
{
	struct buf uses = BUF_EMPTY;

	if (!try_whole_word(c, "USE"))
		cursor_fail(c, "no such CREATE parameter");
	take_byte(c, ' ');
	take_byte(c, '(');
	if (!try_byte(c, ')')) {
		do
			take_use(c, a, &uses);
		while (try_byte(c, ' '));
		take_byte(c, ')');
	}
	if (uses.len > 0)
		a->use = arena_copy(c->mem, buf_view(&uses));
	buf_free(&uses);
}

/*
 * create = "CREATE" SP mailbox [SP "(" create-param *(SP create-param) ")"]      RFC 4466 s.6
 * A trailing separator announces children and is no part of the name (RFC 3501 s.6.3.3).
 */
void *
parse_create(struct cursor *c)
{
	struct create_args *a = arena_zero(c->mem, sizeof(*a));

	take_byte(c, ' ');
	a->name = take_mailbox_open(c);
	if (!try_byte(c, ' '))
		return a;
	take_byte(c, '(');
	do
		take_create_param(c, a);
	while (try_byte(c, ' '));
	take_byte(c, ')');
	return a;
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

/*
 * A client of IMAP4rev2 hears under which name the mailbox stands now where that is not the one it
 * wrote (RFC 9051 s.6.3.9.7).
 */
static void
put_oldname(struct session *s, const struct mailbox_name *name, struct span old)
{
	const char *shown;

	if (!(s->enabled & ENABLED_IMAP4REV2))
		return;
	shown = names_to_client(&s->names, name->name, true, &s->mem);
	if (span_is(name->raw, shown))
		return;
	out_printf(&s->out, "* LIST () \"%c\" ", s->names.separator);
	put_mailbox(s, name->name);
	out_str(&s->out, " (\"OLDNAME\" (");
	put_string(&s->out, old);
	out_str(&s->out, "))\r\n");
}

static int
keep_use(struct session *s, const char *name, struct span use)
{
	struct metadata_entry entry = { "/private/specialuse", use };
	int folder = store_open_folder(s->store, name), failed, saved;

	if (folder < 0)
		return -1;
	failed = metadata_change(folder, METADATA_OF_MAILBOX, &entry, 1,
	                         store_sync(s->store) == STORE_SYNC);
	saved = errno;
	close(folder);
	errno = saved;
	return failed;
}

/* With its use or not at all. */
static int
create_for(struct session *s, const char *name, struct span use)
{
	int saved;

	if (store_create(s->store, name) < 0)
		return -1;
	if (!use.at || keep_use(s, name, use) == 0)
		return 0;
	saved = errno;
	store_delete(s->store, name);
	errno = saved;
	return -1;
}

/* [MAILBOXID (...)] as RFC 8474 s.4.1 wants it. */
static void
reply_created(struct session *s, const char *name)
{
	struct mailbox_status status;
	const char *code = NULL;

	if (mailbox_status(s->store, name, 0, &status) == 0 && status.id[0])
		code = arena_printf(&s->mem, "MAILBOXID (%s)", status.id);
	reply_ok(s, code, "Create completed.");
}

void
run_create(struct session *s, const void *args, unsigned flags)
{
	const struct create_args *a = args;

	(void)flags;
	if (!name_is_usable(s, &a->name))
		return;
	if (a->unknown.at) {
		reply_no(s, "USEATTR",
		         arena_printf(&s->mem, "No mailbox can be used for %s here.",
		                      arena_string(&s->mem, a->unknown)));
		return;
	}
	if (create_for(s, a->name.name, a->use) < 0) {
		reply_errno(s, "create", a->name.name);
		return;
	}
	notify_absorb(s);
	put_oldname(s, &a->name, a->name.raw);
	reply_created(s, a->name.name);
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
	notify_absorb(s);
}

/* INBOX keeps its annotations, and its messages' new mailbox has them too (RFC 5464 s.4.1). */
static void
copy_annotations(struct session *s, const char *to)
{
	int folder = store_open_folder(s->store, to);
	struct metadata m;

	if (folder < 0)
		return;
	if (metadata_read(store_root(s->store), METADATA_OF_MAILBOX, &s->mem, &m) < 0 ||
	    (m.count > 0 && metadata_change(folder, METADATA_OF_MAILBOX, m.entry, m.count,
	                                    store_sync(s->store) == STORE_SYNC) < 0))
		log_warning("Mailbox %s: cannot copy the annotations of INBOX: %s", to,
		            strerror(errno));
	close(folder);
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
	if (store_rename(s->store, a->from.name, a->to.name) < 0) {
		reply_errno(s, "rename", errno == EEXIST ? a->to.name : a->from.name);
		return;
	}
	if (strcmp(a->from.name, "INBOX") == 0)
		copy_annotations(s, a->to.name);
	notify_absorb(s);
	put_oldname(s, &a->to, a->from.raw);
	reply_ok(s, NULL, "Rename completed.");
}

static void
subscribe(struct session *s, const char *name, bool on, const char *done)
{
	if (store_subscribe(s->store, name, on) < 0)
		reply_errno(s, on ? "subscribe" : "unsubscribe", name);
	else
		reply_ok(s, NULL, done);
	notify_absorb(s);
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
