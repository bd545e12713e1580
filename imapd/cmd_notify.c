/* cmd_notify.c - NOTIFY (RFC 5465): its grammar */
#include <errno.h>

#include "imapd/commands.h"
#include "imapd/fetch.h"
#include "imapd/grammar.h"
#include "imapd/notify.h"

static const struct {
	const char *name;
	unsigned    event;
} events[] = {
	{ "MessageNew",            EVENT_NEW          },
	{ "MessageExpunge",        EVENT_EXPUNGE      },
	{ "FlagChange",            EVENT_FLAGS        },
	{ "MailboxName",           EVENT_NAME         },
	{ "SubscriptionChange",    EVENT_SUBSCRIPTION },
	{ "MailboxMetadataChange", EVENT_METADATA     },
	{ "ServerMetadataChange",  EVENT_SERVER       },
};
enum { EVENTS = sizeof(events) / sizeof(events[0]) };

static const struct filter {
	const char        *name;
	enum notify_filter filter;
} filters[] = {
	{ "SELECTED-DELAYED", FILTER_SELECTED_DELAYED },
	{ "SELECTED",         FILTER_SELECTED         },
	{ "INBOXES",          FILTER_PERSONAL         },
	{ "PERSONAL",         FILTER_PERSONAL         },
	{ "SUBSCRIBED",       FILTER_SUBSCRIBED       },
	{ "SUBTREE",          FILTER_SUBTREE          },
	{ "MAILBOXES",        FILTER_MAILBOXES        },
};

static bool
is_of_selected(const struct notify_group *g)
{
	return g->filter == FILTER_SELECTED || g->filter == FILTER_SELECTED_DELAYED;
}

/* A name that cannot be is one that does not exist: it is left out (RFC 5465 s.3.1). */
static void
take_watched(struct cursor *c, struct notify_group *g)
{
	struct mailbox_name name = take_mailbox(c);

	if (!cursor_ok(c) || !name.name)
		return;
	g->name = arena_grow(c->mem, g->name, g->count, &g->room, sizeof(*g->name));
	g->name[g->count++] = name.name;
}

/*
 * one-or-more-mailbox = mailbox / many-mailboxes
 * many-mailboxes = "(" mailbox *(SP mailbox) ")"
 */
static void
take_mailboxes(struct cursor *c, struct notify_group *g)
{
	bool is_list = try_byte(c, '(');

	do
		take_watched(c, g);
	while (cursor_ok(c) && is_list && try_byte(c, ' '));
	if (is_list)
		take_byte(c, ')');
}

/*
 * filter-mailboxes = "selected" / "selected-delayed" / "inboxes" / "personal" / "subscribed" /
 *                    ("subtree" SP one-or-more-mailbox) / ("mailboxes" SP one-or-more-mailbox)
 */
static void
take_filter(struct cursor *c, struct notify_group *g)
{
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		if (!try_whole_word(c, filters[i].name))
			continue;
		g->filter = filters[i].filter;
		if (g->filter != FILTER_SUBTREE && g->filter != FILTER_MAILBOXES)
			return;
		take_byte(c, ' ');
		take_mailboxes(c, g);
		return;
	}
	cursor_fail(c, "there is no mailbox filter of this name");
}

/* MessageNew [SP "(" fetch-att *(SP fetch-att) ")"] */
static void
take_attributes(struct cursor *c, struct notify_args *a, const struct notify_group *g)
{
	const char *start;

	take_byte(c, ' ');
	start = c->at;
	take_fetch_attributes(c);
	if (cursor_ok(c) && !is_of_selected(g))
		cursor_fail(c, "FETCH items are for the selected mailbox only");
	if (cursor_ok(c))
		a->attributes = span_make(start, (size_t)(c->at - start));
}

static bool
at_attributes(const struct cursor *c)
{
	return c->end - c->at >= 2 && c->at[0] == ' ' && c->at[1] == '(';
}

static void
take_event(struct cursor *c, struct notify_args *a, struct notify_group *g)
{
	for (size_t i = 0; i < EVENTS; i++) {
		if (!try_whole_word(c, events[i].name))
			continue;
		g->events |= events[i].event;
		if (events[i].event == EVENT_NEW && at_attributes(c))
			take_attributes(c, a, g);
		return;
	}
	take_atom(c);
	a->is_unknown = true;
}

/* Which events go together: RFC 5465 s.5 and s.6.1. */
static const char *
wrong_events(const struct notify_args *a, const struct notify_group *g)
{
	bool new = g->events & EVENT_NEW, expunge = g->events & EVENT_EXPUNGE;

	if (a->is_unknown)
		return NULL;
	if (new != expunge)
		return "MessageNew and MessageExpunge go together";
	if ((g->events & EVENT_FLAGS) && !new)
		return "FlagChange needs MessageNew and MessageExpunge";
	if (is_of_selected(g) && (g->events & EVENTS_OF_FOLDERS))
		return "only events of messages are for the selected mailbox";
	return NULL;
}

/* events = ("(" event *(SP event) ")") / "NONE" */
static void
take_events(struct cursor *c, struct notify_args *a, struct notify_group *g)
{
	const char *why;

	if (try_whole_word(c, "NONE"))
		return;
	take_byte(c, '(');
	do
		take_event(c, a, g);
	while (try_byte(c, ' '));
	take_byte(c, ')');
	why = wrong_events(a, g);
	if (cursor_ok(c) && why)
		cursor_fail(c, why);
}

/* event-group = "(" filter-mailboxes SP events ")" */
static void
take_group(struct cursor *c, struct notify_args *a)
{
	struct notify_group g = { FILTER_SELECTED, 0, NULL, 0, 0 };

	take_byte(c, '(');
	take_filter(c, &g);
	take_byte(c, ' ');
	take_events(c, a, &g);
	take_byte(c, ')');
	for (size_t i = 0; i < a->count; i++)
		if (is_of_selected(&g) && is_of_selected(&a->group[i]))
			cursor_fail(c, "the selected mailbox is named twice");
	if (!cursor_ok(c))
		return;
	a->group = arena_grow(c->mem, a->group, a->count, &a->room, sizeof(*a->group));
	a->group[a->count++] = g;
}

/*
 * notify = "NOTIFY" SP (notify-set / notify-none)                                 RFC 5465 s.8
 * notify-set = "SET" [SP "STATUS"] SP event-groups ; notify-none = "NONE"
 */
void *
parse_notify(struct cursor *c)
{
	struct notify_args *a = arena_zero(c->mem, sizeof(*a));

	take_byte(c, ' ');
	a->is_none = try_whole_word(c, "NONE");
	if (a->is_none)
		return a;
	if (!try_whole_word(c, "SET"))
		cursor_fail(c, "expected SET or NONE");
	take_byte(c, ' ');
	a->status = try_whole_word(c, "STATUS");
	if (a->status)
		take_byte(c, ' ');
	do
		take_group(c, a);
	while (try_byte(c, ' '));
	return a;
}

/* unsupported-events-code = "BADEVENT" SP "(" event-name *(SP event-name) ")" */
static void
reply_bad_event(struct session *s)
{
	struct buf code = BUF_EMPTY;

	for (size_t i = 0; i < EVENTS; i++)
		buf_printf(&code, "%s%s", i > 0 ? " " : "BADEVENT (", events[i].name);
	buf_byte(&code, ')');
	reply_no(s, arena_string(&s->mem, buf_view(&code)), "Unsupported NOTIFY event.");
	buf_free(&code);
}

void
run_notify(struct session *s, const void *args, unsigned flags)
{
	const struct notify_args *a = args;
	bool held = s->holds_flags;

	(void)flags;
	if (a->is_unknown) {
		reply_bad_event(s);
		return;
	}
	if (s->box && !a->is_none) { /* as NOOP, whatever is wanted from now on: RFC 5465 s.3.1 */
		s->holds_flags = false;
		notify_report(s, true, true);
		s->holds_flags = held;
	}
	reply_ok(s, NULL, "NOTIFY completed.");
	if (a->is_none)
		notify_end(s);
	if (!a->is_none && notify_begin(s, a) < 0) {
		if (errno == EMLINK)
			reply_no(s, "NOTIFICATIONOVERFLOW", "Too many mailboxes to watch.");
		else
			reply_errno(s, "watch", "INBOX");
	}
}
