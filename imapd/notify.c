/* notify.c - NOTIFY (RFC 5465): telling what happened to mailboxes that are not selected */
#include "imapd/notify.h"

#include <errno.h>
#include <stdlib.h>

#include "common/base/die.h"
#include "common/base/log.h"
#include "imapd/grammar.h"
#include "imapd/list.h"
#include "imapd/notify_inside.h"

static bool
is_selected(const struct session *s, const char *name)
{
	return s->box && strcmp(mailbox_name(s->box), name) == 0;
}

/* ---- messages of other mailboxes ---- */

static bool
uses_modseqs(const struct session *s)
{
	return (s->enabled & (ENABLED_CONDSTORE | ENABLED_QRESYNC)) != 0;
}

static struct status_items
items_for(unsigned events, bool with_modseq)
{
	const char *names[5];
	size_t count = 0;

	names[count++] = "UIDVALIDITY";
	if (events & (EVENT_NEW | EVENT_EXPUNGE)) {
		names[count++] = "MESSAGES";
		names[count++] = "UIDNEXT";
	}
	if (events & EVENT_FLAGS)
		names[count++] = "UNSEEN";
	if (with_modseq)
		names[count++] = "HIGHESTMODSEQ";
	return status_items_of(names, count);
}

/* Which of the wanted events lie between two states of a mailbox. */
static unsigned
events_between(const struct session *s, const struct mailbox_status *a,
               const struct mailbox_status *b)
{
	unsigned found = 0;

	if (a->uidvalidity != b->uidvalidity)
		return EVENTS_OF_MESSAGES;
	if (a->messages != b->messages || a->uidnext != b->uidnext)
		found |= EVENT_NEW | EVENT_EXPUNGE;
	if (a->unseen != b->unseen || (uses_modseqs(s) && a->highestmodseq != b->highestmodseq))
		found |= EVENT_FLAGS;
	return found;
}

static void
tell_messages(struct session *s, struct notify_box *b)
{
	struct mailbox_status now;
	unsigned found;

	b->has_news = false;
	if (!(b->events & EVENTS_OF_MESSAGES) || mailbox_status(s->store, b->name, 0, &now) < 0)
		return; /* that it is gone is told otherwise */
	found = events_between(s, &b->told, &now) & b->events;
	b->told = now;
	if (found && !is_selected(s, b->name)) {
		struct status_items items = items_for(found, uses_modseqs(s));

		put_status_of(s, b->name, &now, &items);
	}
}

static struct notify_box *
find_box(const struct session *s, const char *name)
{
	struct notify_state *st = s->notify ? s->notify->state : NULL;

	for (size_t i = 0; st && i < st->boxes; i++)
		if ((st->box[i].events & EVENTS_OF_MESSAGES) && strcmp(st->box[i].name, name) == 0)
			return &st->box[i];
	return NULL;
}

/* Where somebody else's mail came between, nothing is taken as told. */
void
notify_own_mail(struct session *s, const char *mailbox, const struct ranges *uids)
{
	struct notify_box *b = find_box(s, mailbox);
	struct mailbox_status now;

	if (s->notify && is_selected(s, mailbox))
		s->notify->own = *uids;
	if (!b || uids->count == 0 || mailbox_status(s->store, mailbox, 0, &now) < 0)
		return;
	if (now.uidvalidity == b->told.uidvalidity &&
	    now.messages == b->told.messages + ranges_total(uids) &&
	    now.uidnext == uids->range[uids->count - 1].last + 1)
		b->told = now;
}

/* New mail is somebody else's, and still to be told; with the other numbers it counts as it is. */
void
notify_leave(struct session *s)
{
	struct notify_box *b = find_box(s, mailbox_name(s->box));
	struct news n = { .kind = NEWS_NONE };
	bool has_new = false;

	if (!b || mailbox_sync(s->box) < 0)
		return;
	while (n.kind != NEWS_LOST && mailbox_next_news(s->box, true, &n))
		has_new |= n.kind == NEWS_EXISTS;
	if (mailbox_status(s->store, b->name, 0, &b->told) < 0)
		return;
	b->told.messages = mailbox_count(s->box);
	b->told.uidnext = has_new ? 0 : mailbox_uidnext(s->box);
	b->has_news = true;
}

/* ---- annotations ---- */

/* metadata-resp = "METADATA" SP mailbox SP entry-list: names of what is new, changed or gone. */
static void
put_changed(struct session *s, const char *name, const struct metadata *before,
            const struct metadata *now)
{
	const char *start = arena_printf(&s->mem, "* METADATA %s", name ? "" : "\"\"");
	bool is_begun = false;

	for (size_t i = 0; i < before->count + now->count; i++) {
		bool is_old = i < before->count;
		const char *entry = (is_old ? before : now)
		                            ->entry[is_old ? i : i - before->count].name;
		struct span was = metadata_find(before, entry), is = metadata_find(now, entry);

		if (is_old ? is.at && span_equal(was, is) : was.at != NULL)
			continue;
		if (!is_begun)
			out_str(&s->out, start);
		if (!is_begun && name)
			put_mailbox(s, name);
		is_begun = true;
		out_byte(&s->out, ' ');
		put_astring(&s->out, span_of(entry));
	}
	if (is_begun)
		out_str(&s->out, "\r\n");
}

static void
tell_entries(struct session *s, const struct notify_state *before, const struct notify_state *now)
{
	for (size_t i = 0; i < now->boxes; i++)
		for (size_t k = 0; k < before->boxes; k++)
			if (strcmp(now->box[i].name, before->box[k].name) == 0)
				put_changed(s, now->box[i].name, &before->box[k].entries,
				            &now->box[i].entries);
}

static bool
wants_server(const struct notify *n)
{
	for (size_t i = 0; i < n->count; i++)
		if (n->group[i].events & EVENT_SERVER)
			return true;
	return false;
}

/* ---- folders ---- */

/* A folder moved along with a parent that was renamed itself: not told (RFC 5465 s.5.4). */
static bool
went_along(const struct notify_state *st, const struct notify_renamed *r)
{
	for (size_t i = 0; i < st->renames; i++) {
		const struct notify_renamed *p = &st->renamed[i];
		size_t from = strlen(p->from), to = p->to ? strlen(p->to) : 0;

		if (p->to && strncmp(r->from, p->from, from) == 0 && r->from[from] == '.' &&
		    strncmp(r->to, p->to, to) == 0 && strcmp(r->to + to, r->from + from) == 0)
			return true;
	}
	return false;
}

static const struct notify_renamed *
find_rename(const struct notify_state *st, const char *name)
{
	for (size_t i = 0; i < st->renames; i++) {
		const struct notify_renamed *r = &st->renamed[i];

		if (r->to && (strcmp(r->to, name) == 0 || strcmp(r->from, name) == 0))
			return r;
	}
	return NULL;
}

/* The folder as it is now; one that is not there any more is told as that. */
static void
tell_folder(struct session *s, const struct notify_state *now, const char *name,
            const char *old_name)
{
	const struct store_folder *f = notify_find_folder(now, name);
	struct store_folder gone = { .name = name };

	if (!f)
		f = &gone;
	if (notify_events_of(s->notify, f) & EVENT_NAME)
		put_list_folder(s, f, old_name);
}

/* One that came or went concerns its parent too, and one that was renamed only itself. */
static void
tell_name(struct session *s, const struct notify_state *before, const struct notify_state *now,
          const char *name, bool is_new)
{
	const struct notify_renamed *r = find_rename(before, name);
	const char *dot = strrchr(name, '.');

	if (r && went_along(before, r))
		return;
	if (r && notify_find_folder(now, r->to)) {
		if (is_new)
			tell_folder(s, now, name, r->from);
		return;
	}
	tell_folder(s, now, name, NULL);
	if (dot)
		tell_folder(s, now, arena_string(&s->mem, span_make(name, (size_t)(dot - name))),
		            NULL);
}

static void
tell_subscription(struct session *s, const struct notify_state *now, const char *name)
{
	const struct store_folder *f = notify_find_folder(now, name);
	struct store_folder gone = { .name = name }, covered = f ? *f : gone;

	covered.subscribed = true; /* it is now, or has just been */
	if (notify_events_of(s->notify, &covered) & EVENT_SUBSCRIPTION)
		put_list_folder(s, f ? f : &gone, NULL);
}

static bool
exists(const struct store_folder *f)
{
	return f && f->exists;
}

static bool
is_subscribed(const struct store_folder *f)
{
	return f && f->subscribed;
}

/* Both lists are in one order, but a folder may stand in one of them only. */
static void
tell_folders(struct session *s, const struct notify_state *before, const struct notify_state *now)
{
	for (int pass = 0; pass < 2; pass++) {
		const struct notify_state *st = pass ? now : before, *other = pass ? before : now;

		for (size_t i = 0; i < st->folders; i++) {
			const struct store_folder *f = &st->folder[i];
			const struct store_folder *o = notify_find_folder(other, f->name);

			if (exists(f) && !exists(o))
				tell_name(s, before, now, f->name, pass == 1);
			if (is_subscribed(f) && !is_subscribed(o))
				tell_subscription(s, now, f->name);
		}
	}
}

/* ---- */

static void
overflow(struct session *s)
{
	out_str(&s->out, "* OK [NOTIFICATIONOVERFLOW] Too many mailboxes to watch.\r\n");
	notify_end(s);
}

/* Take up what is there now; what has changed since is told if tell. */
static bool
renew(struct session *s, bool tell)
{
	struct notify *n = s->notify;
	struct notify_state *now;

	if (notify_state_make(s, n, n->state, &now) < 0) {
		if (errno == EMLINK)
			overflow(s);
		else
			log_error("NOTIFY: cannot look at the mailboxes: %s", strerror(errno));
		return false;
	}
	now->looks = n->state->looks;
	if (tell) {
		tell_folders(s, n->state, now);
		tell_entries(s, n->state, now);
	}
	if (tell && wants_server(n))
		put_changed(s, NULL, &n->state->server, &now->server);
	notify_state_free(n->state);
	n->state = now;
	return true;
}

void
notify_tell(struct session *s)
{
	struct notify_state *st = s->notify->state;
	struct arena_mark mark = arena_mark(&s->mem);
	bool changed;

	notify_state_drain(st);
	if (st->looks > 0) {
		st->looks--;
		st->folders_changed = true;
	}
	changed = st->folders_changed || st->server_changed;
	for (size_t i = 0; i < st->boxes; i++)
		changed |= st->box[i].has_entries_news;
	if (!changed || renew(s, true)) {
		st = s->notify->state;
		for (size_t i = 0; i < st->boxes; i++)
			if (st->box[i].has_news)
				tell_messages(s, &st->box[i]);
	}
	arena_release(&s->mem, mark);
}

void
notify_absorb(struct session *s)
{
	if (s->notify)
		renew(s, false);
}

int
notify_watch(const struct notify *n)
{
	return n->state->watch;
}

int
notify_wait_ms(const struct notify *n)
{
	enum { SOON_MS = 300, POLL_MS = 5000 };

	return n->state->looks > 0 ? SOON_MS : n->state->watch < 0 ? POLL_MS : -1;
}

/* ---- begin and end ---- */

static void
copy_groups(struct notify *n, const struct notify_args *a)
{
	n->group = arena_array(&n->asked, a->count, sizeof(*n->group));
	for (size_t i = 0; i < a->count; i++) {
		const struct notify_group *g = &a->group[i];
		struct notify_group *own = &n->group[n->count];

		if (g->filter == FILTER_SELECTED || g->filter == FILTER_SELECTED_DELAYED) {
			n->selected = g->events;
			n->is_delayed = g->filter == FILTER_SELECTED_DELAYED;
			continue;
		}
		*own = *g;
		own->name = arena_array(&n->asked, g->count, sizeof(*own->name));
		for (size_t k = 0; k < g->count; k++)
			own->name[k] = arena_string(&n->asked, span_of(g->name[k]));
		n->count++;
	}
	if (a->attributes.at)
		n->attributes = arena_string(&n->asked, a->attributes);
}

static struct notify *
forget(struct notify *n)
{
	if (!n)
		return NULL;
	n->state = notify_state_free(n->state);
	arena_free(&n->asked);
	free(n);
	return NULL;
}

static struct notify *
new_notify(void)
{
	struct notify *n = calloc(1, sizeof(*n));

	if (!n)
		die("out of memory: NOTIFY");
	return n;
}

/* NOTIFY SET STATUS: where each of them stands (RFC 5465 s.3.1). */
static void
put_all(struct session *s)
{
	const struct notify_state *st = s->notify->state;

	for (size_t i = 0; i < st->boxes; i++) {
		unsigned events = st->box[i].events & EVENTS_OF_MESSAGES;
		struct status_items items =
			items_for(events, uses_modseqs(s) || (events & EVENT_FLAGS));

		if (events && !is_selected(s, st->box[i].name))
			put_status_of(s, st->box[i].name, &st->box[i].told, &items);
	}
}

int
notify_begin(struct session *s, const struct notify_args *args)
{
	struct notify *n = new_notify();

	copy_groups(n, args);
	if (notify_state_make(s, n, NULL, &n->state) < 0) {
		int failed = errno;

		forget(n);
		errno = failed;
		return -1;
	}
	forget(s->notify);
	s->notify = n;
	s->holds_flags = !(n->selected & EVENT_FLAGS);
	if (args->status)
		put_all(s);
	return 0;
}

/* NOTIFY NONE is not "as before": nothing of the selected mailbox either (RFC 5465 s.3.1). */
void
notify_end(struct session *s)
{
	struct notify_args none = { .is_none = true };

	forget(s->notify);
	s->notify = NULL;
	if (notify_begin(s, &none) < 0)
		log_error("NOTIFY NONE: %s", strerror(errno));
}
