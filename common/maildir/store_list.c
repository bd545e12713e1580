/* store_list.c - one user's mailboxes as a tree: parents that only children imply, subscriptions */
#include <stdlib.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/maildir/dir.h"
#include "common/maildir/store_inside.h"
#include "common/maildir/subscriptions.h"

struct listing {
	struct store_folder *folder;
	size_t               count, room;
	struct arena        *mem;
};

static void
list_add(struct listing *l, const char *name, bool exists, bool subscribed)
{
	l->folder = arena_grow(l->mem, l->folder, l->count, &l->room, sizeof(*l->folder));
	l->folder[l->count++] = (struct store_folder){ name, exists, false, subscribed };
}

static bool
is_inbox_or_below(const char *name)
{
	size_t n = strlen("INBOX");

	return strncmp(name, "INBOX", n) == 0 && (name[n] == '\0' || name[n] == '.');
}

/*
 * INBOX and its children first, then by bytes with '.' below all others, so that children stand
 * right behind their parent.
 */
static int
compare_folders(const void *a, const void *b)
{
	const struct store_folder *x = a, *y = b;
	const char *p = x->name, *q = y->name;
	bool x_inbox = is_inbox_or_below(p), y_inbox = is_inbox_or_below(q);
	int c, d;

	if (x_inbox != y_inbox)
		return (int)y_inbox - (int)x_inbox;
	while (*p && *p == *q)
		p++, q++;
	c = *p == '.' ? 1 : (unsigned char)*p;
	d = *q == '.' ? 1 : (unsigned char)*q;
	return c - d;
}

static bool
is_child(const char *name, const char *parent)
{
	size_t n = strlen(parent);

	return strncmp(name, parent, n) == 0 && name[n] == '.';
}

/*
 * Adds the parents of sorted entries that stand nowhere
 * themselves: at most LIMIT_NAME_LEVELS for each.
 */
static void
add_implied(struct listing *l)
{
	size_t count = l->count;
	const char *before = "";

	for (size_t i = 0; i < count; i++) {
		const char *name = l->folder[i].name;

		for (const char *dot = strchr(name, '.'); l->folder[i].exists && dot;
		     dot = strchr(dot + 1, '.')) {
			size_t n = (size_t)(dot - name);
			struct store_folder wanted = { arena_string(l->mem, span_make(name, n)),
				                       false, false, false };

			/* seen already with the entry before: "a.b" after "a" or after "a.x" */
			if (strncmp(before, name, n) == 0 &&
			    (before[n] == '.' || before[n] == '\0'))
				continue;
			list_add(l, wanted.name, false, false);
		}
		if (l->folder[i].exists)
			before = name;
	}
}

/* Sort, and make one of what is there twice (implied and subscribed, say). */
static void
list_merge(struct listing *l)
{
	size_t kept = 0;

	if (l->count > 0)
		qsort(l->folder, l->count, sizeof(*l->folder), compare_folders);
	for (size_t i = 0; i < l->count; i++) {
		struct store_folder *f = &l->folder[i], *last = kept ? &l->folder[kept - 1] : NULL;

		if (last && strcmp(last->name, f->name) == 0) {
			last->exists |= f->exists;
			last->subscribed |= f->subscribed;
		} else {
			l->folder[kept++] = *f;
		}
	}
	l->count = kept;
}

/*
 * Children stand behind their parent, so the next entry tells, except that a
 * subscribed name without a mailbox is no child (it does not exist).
 */
static void
mark_parents(struct listing *l)
{
	const struct store_folder *stack[LIMIT_NAME_LEVELS + 1];
	size_t depth = 0;

	for (size_t i = 0; i < l->count; i++) {
		struct store_folder *f = &l->folder[i];

		while (depth > 0 && !is_child(f->name, stack[depth - 1]->name))
			depth--;
		for (size_t k = depth; f->exists && k > 0; k--)
			l->folder[stack[k - 1] - l->folder].has_children = true;
		if (depth <= LIMIT_NAME_LEVELS)
			stack[depth++] = f;
	}
}

/* Mailboxes can be named without them (N17). */
static void
read_subscriptions(struct store *s, struct arena *mem, struct subscriptions *subs)
{
	if (subscriptions_read(s->root, mem, subs) != 0)
		memset(subs, 0, sizeof(*subs));
	if (subs->is_courier)
		subscriptions_take_over(s->root, s->sync == STORE_SYNC);
}

int
store_list(struct store *s, struct arena *mem, struct store_folder **folders_out, size_t *count_out)
{
	struct listing l = { NULL, 0, 0, mem };
	struct subscriptions subs;
	const char **names;
	size_t count;

	read_subscriptions(s, mem, &subs);
	if (store_names(s, mem, &names, &count) != 0)
		return -1;
	list_add(&l, "INBOX", dir_is_there(s->root, "cur"), false);
	for (size_t i = 0; i < count; i++)
		list_add(&l, names[i], true, false);
	list_merge(&l);
	add_implied(&l);
	for (size_t i = 0; i < subs.count; i++)
		list_add(&l, subs.name[i], false, true);
	list_merge(&l);
	mark_parents(&l);
	*folders_out = l.folder;
	*count_out = l.count;
	return 0;
}
