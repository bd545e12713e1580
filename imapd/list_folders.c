/*
 * list_folders.c - which mailboxes answer a LIST
 *
 * Patterns are held against names as the client sees them; no pattern ever becomes a path.  The
 * store lists parents in front of their children, so one pass with the chain of parents at hand
 * knows everything about what stands below a mailbox.
 */
#include "common/base/limits.h"
#include "imapd/list.h"
#include "imapd/list_match.h"
#include "imapd/special_use.h"

/* The folders, with parents put in that only subscribed names imply. */
struct folders {
	struct store_folder *folder;
	size_t               count, room;
};

static void
add_folder(struct folders *f, const struct store_folder *folder, struct arena *mem)
{
	f->folder = arena_grow(mem, f->folder, f->count, &f->room, sizeof(*f->folder));
	f->folder[f->count++] = *folder;
}

/* The parents of name that do not stand in the list: those that its forerunner is not below. */
static void
add_parents(struct folders *f, const char *name, struct arena *mem)
{
	const char *before = f->count > 0 ? f->folder[f->count - 1].name : "";

	for (const char *dot = strchr(name, '.'); dot; dot = strchr(dot + 1, '.')) {
		size_t n = (size_t)(dot - name);
		struct store_folder parent = { .name = NULL };

		if (strncmp(before, name, n) == 0 && (before[n] == '.' || before[n] == '\0'))
			continue;
		parent.name = arena_string(mem, span_make(name, n));
		add_folder(f, &parent, mem);
	}
}

/* With the prefix "INBOX." everything stands below INBOX as the client sees it. */
static bool
inbox_is_root(const struct session *s)
{
	static const char inbox[] = "INBOX";
	const char *prefix = s->names.prefix;

	return span_starts_nocase(span_of(prefix), inbox) && strlen(prefix) == sizeof(inbox);
}

static int
find_folders(struct session *s, bool with_parents, struct folders *f)
{
	struct store_folder *stored;
	size_t count;

	if (store_list(s->store, &s->mem, &stored, &count) < 0)
		return -1;
	*f = (struct folders){ stored, count, count };
	for (size_t i = 1; i < count && inbox_is_root(s); i++)
		stored[0].has_children |= stored[i].exists;
	if (!with_parents)
		return 0;
	*f = (struct folders){ NULL, 0, 0 };
	for (size_t i = 0; i < count; i++) {
		if (!stored[i].exists)
			add_parents(f, stored[i].name, &s->mem);
		add_folder(f, &stored[i], &s->mem);
	}
	return 0;
}

/* All patterns of a command. */
struct matcher {
	struct list_pattern **pattern;
	size_t                count;
};

/* An extended LIST asks nothing with an empty pattern (RFC 5258 s.3). */
static struct matcher
make_matcher(struct session *s, const struct list_args *a)
{
	struct matcher m = { arena_array(&s->mem, a->count, sizeof(*m.pattern)), 0 };

	for (size_t i = 0; i < a->count; i++)
		if (!a->is_extended || a->pattern[i].len > 0)
			m.pattern[m.count++] = list_pattern_make(a->reference, a->pattern[i],
			                                         s->names.separator, &s->mem);
	return m;
}

static bool
matches(struct session *s, const struct matcher *m, const char *name)
{
	bool utf8 = (s->enabled & (ENABLED_UTF8 | ENABLED_IMAP4REV2)) != 0;
	struct arena_mark mark = arena_mark(&s->mem);
	const char *shown = names_to_client(&s->names, name, utf8, &s->mem);
	bool found = false;

	for (size_t i = 0; i < m->count && !found; i++)
		found = list_pattern_matches(m->pattern[i], shown);
	found = found && names_can_say(&s->names, name, &s->mem);
	arena_release(&s->mem, mark);
	return found;
}

/* What is known of one folder; the rest of it is decided by those below it. */
struct candidate {
	struct list_answer answer;
	bool               matches;
	/* below it something is selected that matches no pattern */
	bool               has_unlisted;
};

/* A subscription without a mailbox is selected only when subscriptions are asked for. */
static bool
is_selected(const struct list_args *a, const struct list_answer *answer)
{
	const struct store_folder *f = answer->folder;

	if ((a->select & LIST_SUBSCRIBED) && !f->subscribed)
		return false;
	if ((a->select & LIST_SPECIAL_USE) && !answer->use[0])
		return false;
	return (a->select & (LIST_SUBSCRIBED | LIST_SPECIAL_USE)) || f->exists || f->has_children;
}

static const char *
find_use(struct session *s, const struct list_args *a, const struct store_folder *folder)
{
	bool wanted = !a->is_extended || ((a->select | a->give) & LIST_SPECIAL_USE);
	struct arena_mark mark = arena_mark(&s->mem);
	const char *use = wanted && folder->exists ? special_use_of(s, folder->name) : "";

	if (!use[0])
		arena_release(&s->mem, mark);
	return use;
}

static bool
is_below(const struct session *s, const char *name, const char *parent)
{
	size_t n = strlen(parent);

	if (strcmp(parent, "INBOX") == 0 && inbox_is_root(s))
		return true;
	return strncmp(name, parent, n) == 0 && name[n] == '.';
}

/* Tell the parents of each selected folder. */
static void
tell_parents(const struct session *s, struct candidate *c, size_t count)
{
	struct candidate *chain[LIMIT_NAME_LEVELS + 1];
	size_t depth = 0;

	for (size_t i = 0; i < count; i++) {
		while (depth > 0 && !is_below(s, c[i].answer.folder->name,
		                              chain[depth - 1]->answer.folder->name))
			depth--;
		for (size_t k = 0; c[i].answer.is_selected && k < depth; k++) {
			chain[k]->answer.has_selected = true;
			chain[k]->has_unlisted |= !c[i].matches;
		}
		if (depth <= LIMIT_NAME_LEVELS)
			chain[depth++] = &c[i];
	}
}

int
list_find(struct session *s, const struct list_args *a, struct list_answer **answers_out,
          size_t *count_out)
{
	bool is_recursive = (a->select & LIST_RECURSIVE) != 0;
	struct matcher m = make_matcher(s, a);
	struct list_answer *answers;
	struct candidate *c;
	struct folders f;
	size_t told = 0;

	if (find_folders(s, is_recursive, &f) < 0)
		return -1;
	c = arena_array(&s->mem, f.count + 1, sizeof(*c));
	for (size_t i = 0; i < f.count; i++) {
		struct list_answer *answer = &c[i].answer;

		answer->folder = &f.folder[i];
		c[i].matches = matches(s, &m, f.folder[i].name);
		if (!c[i].matches && !is_recursive)
			continue;
		answer->use = find_use(s, a, answer->folder);
		answer->is_selected = is_selected(a, answer);
	}
	if (is_recursive)
		tell_parents(s, c, f.count);
	answers = arena_array(&s->mem, f.count + 1, sizeof(*answers));
	for (size_t i = 0; i < f.count; i++)
		if (c[i].matches && (c[i].answer.is_selected || c[i].has_unlisted))
			answers[told++] = c[i].answer;
	*answers_out = answers;
	*count_out = told;
	return 0;
}
