/*
 * cmd_list.c - LIST with options of RFC 5258 and RFC 6154, and LSUB
 *
 * Patterns are held against names as the client sees them (modified UTF-7);
 * no pattern ever becomes a path.
 */
#include <errno.h>
#include <stdlib.h>

#include "common/maildir/name.h"
#include "imapd/commands.h"
#include "imapd/grammar.h"
#include "imapd/list_match.h"
#include "imapd/session.h"

enum { /* both as selection and as RETURN option, where the row says so */
	LIST_SUBSCRIBED  = 1 << 0,
	LIST_SPECIAL_USE = 1 << 1,
	LIST_CHILDREN    = 1 << 2, /* told in any case */
	LIST_REMOTE      = 1 << 3  /* there are no remote ones */
};
enum { MAY_SELECT = 1 << 0, MAY_RETURN = 1 << 1 };

static const struct list_option {
	const char *name;
	unsigned    bit, where;
} list_options[] = {
	{ "SUBSCRIBED",  LIST_SUBSCRIBED,  MAY_SELECT | MAY_RETURN },
	{ "SPECIAL-USE", LIST_SPECIAL_USE, MAY_SELECT | MAY_RETURN },
	{ "CHILDREN",    LIST_CHILDREN,    MAY_RETURN              },
	{ "REMOTE",      LIST_REMOTE,      MAY_SELECT              },
};

struct list_args {
	unsigned     select, give;
	bool         is_extended;
	struct span  reference;
	struct span *pattern;
	size_t       count, room;
};

/* "(" [option *(SP option)] ")" */
static unsigned
take_options(struct cursor *c, unsigned where)
{
	unsigned found = 0;

	take_byte(c, '(');
	if (try_byte(c, ')'))
		return 0;
	do {
		struct span name = take_atom(c);
		unsigned bit = 0;

		for (size_t i = 0; i < sizeof(list_options) / sizeof(list_options[0]); i++)
			if ((list_options[i].where & where) &&
			    span_is_nocase(name, list_options[i].name))
				bit = list_options[i].bit;
		if (bit == 0)
			cursor_fail(c, "no such LIST option");
		found |= bit;
	} while (try_byte(c, ' '));
	take_byte(c, ')');
	return found;
}

static void
take_pattern(struct cursor *c, struct list_args *a)
{
	struct span pattern = take_list_mailbox(c);

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
		a->is_extended = true;
		a->select = take_options(c, MAY_SELECT);
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
		a->give = take_options(c, MAY_RETURN);
	}
	return a;
}

/* lsub = "LSUB" SP mailbox SP list-mailbox */
void *
parse_lsub(struct cursor *c)
{
	struct list_args *a = arena_zero(c->mem, sizeof(*a));

	take_byte(c, ' ');
	a->reference = take_astring(c);
	take_byte(c, ' ');
	take_pattern(c, a);
	return a;
}

/* All patterns of a command, and what LIST is asked about each folder. */
struct matcher {
	struct list_pattern **pattern;
	size_t                count;
	bool                  utf8;
};

static struct matcher
make_matcher(struct session *s, const struct list_args *a)
{
	struct matcher m = { NULL, a->count,
		             (s->enabled & (ENABLED_UTF8 | ENABLED_IMAP4REV2)) != 0 };

	m.pattern = arena_array(&s->mem, a->count, sizeof(*m.pattern));
	for (size_t i = 0; i < a->count; i++)
		m.pattern[i] = list_pattern_make(a->reference, a->pattern[i], &s->mem);
	return m;
}

static bool
matches(const struct matcher *m, const char *name, struct arena *mem)
{
	const char *shown = name_to_client(name, m->utf8, mem);

	for (size_t i = 0; i < m->count; i++)
		if (list_pattern_matches(m->pattern[i], shown))
			return true;
	return false;
}

/* "\Sent" of namespace inbox { mailbox Sent { special_use = \Sent } }, or "". */
static const char *
special_use(const struct settings *settings, const char *name)
{
	for (size_t i = 0; i < settings->mailbox_count; i++)
		if (strcmp(settings->mailbox[i].name, name) == 0)
			return settings->mailbox[i].special_use;
	return "";
}

static void
put_folder(struct session *s, const struct list_args *a, const struct store_folder *folder,
           const char *use)
{
	unsigned wanted = a->select | a->give;
	const char *missing = a->is_extended ? "\\NonExistent " : "\\Noselect ";

	out_printf(&s->out, "* LIST (%s%s", folder->exists ? "" : missing,
	           folder->has_children ? "\\HasChildren" : "\\HasNoChildren");
	if (folder->subscribed && (wanted & LIST_SUBSCRIBED))
		out_str(&s->out, " \\Subscribed");
	if (use[0])
		out_printf(&s->out, " %s", use);
	out_str(&s->out, ") \".\" ");
	put_mailbox(s, folder->name);
	out_str(&s->out, "\r\n");
}

/* A subscription without a mailbox is listed only when asked for subscriptions. */
static bool
is_selected(const struct list_args *a, const struct store_folder *folder, const char *use)
{
	if ((a->select & LIST_SUBSCRIBED) ? !folder->subscribed :
	                                    !folder->exists && !folder->has_children)
		return false;
	return !(a->select & LIST_SPECIAL_USE) || use[0];
}

static void
list_folders(struct session *s, const struct list_args *a, const struct store_folder *folder,
             size_t count)
{
	struct matcher m = make_matcher(s, a);

	for (size_t i = 0; i < count; i++) {
		const char *use = folder[i].exists ?
		                          special_use(s->login->settings, folder[i].name) :
		                          "";
		struct arena_mark mark = arena_mark(&s->mem);

		if (is_selected(a, &folder[i], use) && matches(&m, folder[i].name, &s->mem))
			put_folder(s, a, &folder[i], use);
		arena_release(&s->mem, mark);
	}
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

void
run_list(struct session *s, const void *args, unsigned flags)
{
	const struct list_args *a = args;
	struct store_folder *folder;
	size_t count;

	(void)flags;
	reply_ok(s, NULL, "List completed.");
	if (((a->select | a->give) & LIST_SUBSCRIBED) && !can_read_subscriptions(s))
		return;
	if (asks_separator(a))
		out_str(&s->out, "* LIST (\\Noselect) \".\" \"\"\r\n");
	else if (store_list(s->store, &s->mem, &folder, &count) < 0)
		reply_errno(s, "list below", "INBOX");
	else
		list_folders(s, a, folder, count);
}

static void
put_lsub(struct session *s, const char *attribute, const char *name)
{
	out_printf(&s->out, "* LSUB (%s) \".\" ", attribute);
	put_mailbox(s, name);
	out_str(&s->out, "\r\n");
}

/* The subscribed names in the order of store_list(): sorted, INBOX first. */
struct subscriptions {
	const char **name;
	size_t       count;
};

static struct subscriptions
find_subscriptions(const struct store_folder *folder, size_t count, struct arena *mem)
{
	struct subscriptions found = { arena_array(mem, count, sizeof(*found.name)), 0 };

	for (size_t i = 0; i < count; i++)
		if (folder[i].subscribed)
			found.name[found.count++] = folder[i].name;
	return found;
}

static int
compare_names(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;
	int order = (strcmp(*y, "INBOX") == 0) - (strcmp(*x, "INBOX") == 0);

	return order ? order : strcmp(*x, *y);
}

static bool
is_subscribed(const struct subscriptions *subs, const char *name)
{
	return bsearch(&name, subs->name, subs->count, sizeof(*subs->name), compare_names) != NULL;
}

/*
 * A pattern that ends in front of the last levels of subs->name[i] gets its
 * parent as \Noselect (RFC 3501 s.6.3.9).  Names below one parent follow each
 * other, so only the first of them tells it.
 */
static void
put_parents(struct session *s, const struct matcher *m, const struct subscriptions *subs, size_t i)
{
	const char *name = subs->name[i], *before = i > 0 ? subs->name[i - 1] : "";

	for (const char *dot = strchr(name, '.'); dot; dot = strchr(dot + 1, '.')) {
		size_t length = (size_t)(dot - name);
		const char *parent;

		if (strncmp(before, name, length + 1) == 0)
			continue;
		parent = arena_string(&s->mem, span_make(name, length));
		if (!is_subscribed(subs, parent) && matches(m, parent, &s->mem))
			put_lsub(s, "\\Noselect", parent);
	}
}

void
run_lsub(struct session *s, const void *args, unsigned flags)
{
	const struct list_args *a = args;
	struct store_folder *folder;
	struct subscriptions subs;
	struct matcher m;
	size_t count;

	(void)flags;
	reply_ok(s, NULL, "Lsub completed.");
	if (!can_read_subscriptions(s))
		return;
	if (store_list(s->store, &s->mem, &folder, &count) < 0) {
		reply_errno(s, "list below", "INBOX");
		return;
	}
	subs = find_subscriptions(folder, count, &s->mem);
	m = make_matcher(s, a);
	for (size_t i = 0; i < subs.count; i++) {
		struct arena_mark mark = arena_mark(&s->mem);

		if (matches(&m, subs.name[i], &s->mem))
			put_lsub(s, "", subs.name[i]);
		else
			put_parents(s, &m, &subs, i);
		arena_release(&s->mem, mark);
	}
}
