/* cmd_list.c - LIST with the options of RFC 5258, 5819 and 6154, and LSUB */
#include <errno.h>

#include "common/base/limits.h"
#include "imapd/commands.h"
#include "imapd/grammar.h"
#include "imapd/list.h"

enum { MAY_SELECT = 1 << 0, MAY_RETURN = 1 << 1 };

static const struct list_option {
	const char *name;
	unsigned    bit, where;
} list_options[] = {
	{ "SUBSCRIBED",     LIST_SUBSCRIBED,  MAY_SELECT | MAY_RETURN },
	{ "SPECIAL-USE",    LIST_SPECIAL_USE, MAY_SELECT | MAY_RETURN },
	{ "CHILDREN",       LIST_CHILDREN,    MAY_RETURN              },
	{ "STATUS",         LIST_STATUS,      MAY_RETURN              },
	{ "REMOTE",         LIST_REMOTE,      MAY_SELECT              },
	{ "RECURSIVEMATCH", LIST_RECURSIVE,   MAY_SELECT              },
};

static unsigned
take_option(struct cursor *c, unsigned where, struct status_items *status)
{
	struct span name = take_atom(c);

	for (size_t i = 0; i < sizeof(list_options) / sizeof(list_options[0]); i++) {
		if (!(list_options[i].where & where) || !span_is_nocase(name, list_options[i].name))
			continue;
		if (list_options[i].bit == LIST_STATUS) {
			take_byte(c, ' ');
			*status = take_status_items(c);
		}
		return list_options[i].bit;
	}
	cursor_fail(c, "no such LIST option");
	return 0;
}

/* "(" [option *(SP option)] ")" */
static unsigned
take_options(struct cursor *c, unsigned where, struct status_items *status)
{
	unsigned found = 0;

	take_byte(c, '(');
	if (try_byte(c, ')'))
		return 0;
	do
		found |= take_option(c, where, status);
	while (try_byte(c, ' '));
	take_byte(c, ')');
	return found;
}

/*
 * list-select-opts = "(" [(*(list-select-opt SP) list-select-base-opt *(SP list-select-opt)) /
 *                    (list-select-independent-opt *(SP list-select-independent-opt))] ")"
 */
static void
take_selection(struct cursor *c, struct list_args *a)
{
	a->is_extended = true;
	a->select = take_options(c, MAY_SELECT, &a->status);
	if ((a->select & LIST_RECURSIVE) && !(a->select & (LIST_SUBSCRIBED | LIST_SPECIAL_USE)))
		cursor_fail(c, "RECURSIVEMATCH needs another selection option");
}

static void
take_pattern(struct cursor *c, struct list_args *a)
{
	struct span pattern = take_list_mailbox(c);

	if (a->count == LIMIT_LIST_PATTERNS)
		cursor_fail(c, "too many mailbox patterns");
	if (!cursor_ok(c))
		return;
	a->pattern = arena_grow(c->mem, a->pattern, a->count, &a->room, sizeof(*a->pattern));
	a->pattern[a->count++] = pattern;
}

/* mbox-or-pat = list-mailbox / patterns ; patterns = "(" list-mailbox *(SP list-mailbox) ")" */
static void
take_patterns(struct cursor *c, struct list_args *a)
{
	if (!try_byte(c, '(')) {
		take_pattern(c, a);
		return;
	}
	a->is_extended = true;
	do
		take_pattern(c, a);
	while (try_byte(c, ' '));
	take_byte(c, ')');
}

/*
 * list = "LIST" [SP list-select-opts] SP mailbox SP mbox-or-pat [SP list-return-opts]
 *                                                                  RFC 5258 s.6
 * The mailbox is a reference: text that is put in front of the pattern.
 */
void *
parse_list(struct cursor *c)
{
	struct list_args *a = arena_zero(c->mem, sizeof(*a));

	take_byte(c, ' ');
	if (at_byte(c, '(')) {
		take_selection(c, a);
		take_byte(c, ' ');
	}
	a->reference = take_astring(c);
	take_byte(c, ' ');
	take_patterns(c, a);
	if (try_byte(c, ' ')) {
		a->is_extended = true;
		if (!try_whole_word(c, "RETURN"))
			cursor_fail(c, "expected RETURN");
		take_byte(c, ' ');
		a->give = take_options(c, MAY_RETURN, &a->status);
	}
	return a;
}

/*
 * lsub = "LSUB" SP mailbox SP list-mailbox
 *
 * A subscribed mailbox that the pattern ends in front of shows its parent (RFC 3501 s.6.3.9),
 * which is what RECURSIVEMATCH does.
 */
void *
parse_lsub(struct cursor *c)
{
	struct list_args *a = arena_zero(c->mem, sizeof(*a));

	a->is_extended = true;
	a->select = LIST_SUBSCRIBED | LIST_RECURSIVE;
	take_byte(c, ' ');
	a->reference = take_astring(c);
	take_byte(c, ' ');
	take_pattern(c, a);
	return a;
}

static void
put_flag(struct session *s, const char **space, const char *flag)
{
	out_str(&s->out, *space);
	out_str(&s->out, flag);
	*space = " ";
}

static void
put_attributes(struct session *s, const struct list_args *a, const struct list_answer *answer)
{
	const struct store_folder *f = answer->folder;
	bool is_new = a->is_extended || (s->enabled & ENABLED_IMAP4REV2);
	bool children = !a->is_extended || (a->give & LIST_CHILDREN);
	const char *space = "";

	if (!f->exists)
		put_flag(s, &space, is_new ? "\\NonExistent" : "\\Noselect");
	if (f->has_children && (children || !f->exists))
		put_flag(s, &space, "\\HasChildren");
	else if (children)
		put_flag(s, &space, "\\HasNoChildren");
	if (f->subscribed && ((a->select | a->give) & LIST_SUBSCRIBED))
		put_flag(s, &space, "\\Subscribed");
	if (answer->use[0])
		put_flag(s, &space, answer->use);
}

/* childinfo-extended-item = "CHILDINFO" SP "(" option-quoted *(SP option-quoted) ")" */
static void
put_childinfo(struct session *s, unsigned select)
{
	const char *space = "";

	out_str(&s->out, " (\"CHILDINFO\" (");
	for (size_t i = 0; i < sizeof(list_options) / sizeof(list_options[0]); i++) {
		if (!(select & list_options[i].bit & (LIST_SUBSCRIBED | LIST_SPECIAL_USE)))
			continue;
		out_printf(&s->out, "%s\"%s\"", space, list_options[i].name);
		space = " ";
	}
	out_str(&s->out, "))");
}

static void
put_name(struct session *s, const char *name)
{
	out_str(&s->out, ") \"");
	out_byte(&s->out, s->names.separator);
	out_str(&s->out, "\" ");
	put_mailbox(s, name);
}

static void
put_answer(struct session *s, const struct list_args *a, const struct list_answer *answer)
{
	out_str(&s->out, "* LIST (");
	put_attributes(s, a, answer);
	put_name(s, answer->folder->name);
	if (answer->has_selected)
		put_childinfo(s, a->select);
	out_str(&s->out, "\r\n");
	/* a mailbox that has vanished since has none (RFC 5819 s.2) */
	if ((a->give & LIST_STATUS) && answer->is_selected && answer->folder->exists)
		put_status(s, answer->folder->name, &a->status);
}

void
put_list_folder(struct session *s, const struct store_folder *folder, const char *old_name)
{
	static const struct list_args all = { .is_extended = true,
		                              .give = LIST_SUBSCRIBED | LIST_CHILDREN };
	static const struct list_args gone = { .is_extended = true, .give = LIST_SUBSCRIBED };
	bool is_there = folder->exists || folder->has_children;
	struct list_answer answer = { .folder = folder, .use = "" };

	out_str(&s->out, "* LIST (");
	put_attributes(s, is_there ? &all : &gone, &answer);
	put_name(s, folder->name);
	if (old_name) {
		out_str(&s->out, " (\"OLDNAME\" (");
		put_mailbox(s, old_name);
		out_str(&s->out, "))");
	}
	out_str(&s->out, "\r\n");
}

/* An empty pattern asks for the separator only (RFC 3501 s.6.3.8). */
static bool
asks_separator(const struct list_args *a)
{
	return !a->is_extended && a->pattern[0].len == 0;
}

/* An answer without any would make a mail program forget all folders. */
static bool
can_read_subscriptions(struct session *s)
{
	bool is_too_large;

	if (store_check_subscriptions(s->store) == 0)
		return true;
	is_too_large = errno == EFBIG;
	reply_errno(s, "read the file subscriptions of", "INBOX");
	if (is_too_large)
		reply_no(s, "LIMIT", "The list of subscriptions is too large.");
	return false;
}

static void
list(struct session *s, const struct list_args *a,
     void (*put)(struct session *s, const struct list_args *a, const struct list_answer *answer))
{
	struct list_answer *answer;
	size_t count;

	if (((a->select | a->give) & LIST_SUBSCRIBED) && !can_read_subscriptions(s))
		return;
	if (list_find(s, a, &answer, &count) < 0) {
		reply_errno(s, "list below", "INBOX");
		return;
	}
	for (size_t i = 0; i < count; i++) {
		struct arena_mark mark = arena_mark(&s->mem);

		put(s, a, &answer[i]);
		arena_release(&s->mem, mark);
	}
}

void
run_list(struct session *s, const void *args, unsigned flags)
{
	const struct list_args *a = args;

	(void)flags;
	reply_ok(s, NULL, "List completed.");
	if (a->status.enables)
		session_enable(s, a->status.enables);
	if (asks_separator(a))
		out_printf(&s->out, "* LIST (\\Noselect) \"%c\" \"\"\r\n", s->names.separator);
	else
		list(s, a, put_answer);
}

static void
put_lsub(struct session *s, const struct list_args *a, const struct list_answer *answer)
{
	(void)a;
	out_printf(&s->out, "* LSUB (%s", answer->is_selected ? "" : "\\Noselect");
	put_name(s, answer->folder->name);
	out_str(&s->out, "\r\n");
}

void
run_lsub(struct session *s, const void *args, unsigned flags)
{
	(void)flags;
	reply_ok(s, NULL, "Lsub completed.");
	list(s, args, put_lsub);
}
