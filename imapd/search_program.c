/*
 * search_program.c - parsing and evaluating SEARCH programs
 *
 * A program is a tree of keys.  Nothing a client repeats makes it deep: NOT only
 * turns a bit, and a chain of ORs, which programs write by the dozen for "any of
 * these senders", becomes one OR with many children whichever way it leans.
 * What is left to nest are parentheses and NOT OR, counted by cursor_enter().
 */
#include "imapd/search_program.h"

#include "common/base/limits.h"
#include "imapd/search_match.h"

static struct search_key *take_key(struct cursor *c, struct search_program *program);

static void
count_key(struct cursor *c, struct search_program *program)
{
	if (++program->count > LIMIT_SEARCH_KEYS)
		cursor_fail(c, "too many search keys");
}

static struct search_key *
new_key(struct cursor *c, struct search_program *program, const struct search_row *row)
{
	struct search_key *key = arena_zero(c->mem, sizeof(*key));

	count_key(c, program);
	key->row = row;
	key->program = program;
	key->cost = row->cost;
	key->before = program->last;
	program->last = key;
	return key;
}

/* Sorted by cost; keys of the same cost stay in the client's order. */
static void
add_child(struct search_key *parent, struct search_key *child)
{
	struct search_key **at = &parent->first;

	while (*at && (*at)->cost <= child->cost)
		at = &(*at)->next;
	child->next = *at;
	*at = child;
	parent->cost += child->cost;
}

/* 1*(SP search-key), or search-key *(SP search-key) behind "(" */
static void
take_keys(struct cursor *c, struct search_program *program, struct search_key *and)
{
	do
		add_child(and, take_key(c, program));
	while (try_byte(c, ' '));
}

/* "(" search-key *(SP search-key) ")" */
static struct search_key *
take_list(struct cursor *c, struct search_program *program)
{
	struct search_key *key = new_key(c, program, &search_and_row);

	take_byte(c, '(');
	if (!cursor_enter(c))
		return key;
	take_keys(c, program, key);
	cursor_leave(c);
	take_byte(c, ')');
	return key;
}

/* "OR" SP search-key SP search-key ; each OR in place of an operand wants one operand more */
static struct search_key *
take_or(struct cursor *c, struct search_program *program)
{
	struct search_key *key = new_key(c, program, &search_or_row);
	size_t wanted = 2;

	if (!cursor_enter(c))
		return key;
	while (wanted > 0 && cursor_ok(c)) {
		take_byte(c, ' ');
		if (try_whole_word(c, "OR")) {
			count_key(c, program);
			wanted++;
			continue;
		}
		add_child(key, take_key(c, program));
		wanted--;
	}
	cursor_leave(c);
	return key;
}

static bool
at_set(const struct cursor *c)
{
	return c->at < c->end && (ascii_is_digit(*c->at) || *c->at == '*' || *c->at == '$');
}

static struct search_key *
take_set_key(struct cursor *c, struct search_program *program)
{
	struct search_key *key = new_key(c, program, &search_set_row);

	key->row->take(c, key);
	return key;
}

static struct search_key *
take_named_key(struct cursor *c, struct search_program *program)
{
	struct search_key *key;
	size_t i = 0;

	while (i < search_key_count && !try_whole_word(c, search_keys[i].name))
		i++;
	if (i == search_key_count) {
		cursor_fail(c, "unknown search key");
		return new_key(c, program, &search_and_row);
	}
	key = new_key(c, program, &search_keys[i]);
	key->is_not = key->row->is_not;
	if (key->row->take)
		key->row->take(c, key);
	return key;
}

/* search-key = "NOT" SP search-key / "OR" ... / "(" ... ")" / sequence-set / a key of the table */
static struct search_key *
take_key(struct cursor *c, struct search_program *program)
{
	struct search_key *key;
	bool is_not = false;

	while (try_whole_word(c, "NOT")) {
		count_key(c, program);
		take_byte(c, ' ');
		is_not = !is_not;
	}
	if (at_byte(c, '('))
		key = take_list(c, program);
	else if (at_set(c))
		key = take_set_key(c, program);
	else if (try_whole_word(c, "OR"))
		key = take_or(c, program);
	else
		key = take_named_key(c, program);
	key->is_not ^= is_not;
	return key;
}

void
take_search_program(struct cursor *c, struct search_program *program)
{
	program->last = NULL;
	program->root = new_key(c, program, &search_and_row);
	program->count = 0; /* the client did not write this one */
	take_byte(c, ' ');
	take_keys(c, program, program->root);
}

struct search_flags
search_program_flags(const struct search_program *program)
{
	struct search_flags flags = { 0, 0, true };

	for (const struct search_key *key = program->root->first; key; key = key->next) {
		if (key->row->match != match_flags || key->is_not) {
			flags.is_all = false;
			continue;
		}
		flags.has |= key->row->has;
		flags.lacks |= key->row->lacks;
	}
	return flags;
}

/* Deep as the parentheses are. */
static bool
is_match(const struct search_key *key, struct search_message *m)
{
	bool is_or = key->row == &search_or_row;
	bool result;

	if (key->row->match) {
		result = key->row->match(m, key);
	} else {
		const struct search_key *child = key->first;

		while (child && is_match(child, m) != is_or)
			child = child->next;
		result = is_or == (child != NULL);
	}
	return result != key->is_not;
}

bool
search_matches(const struct search_program *program, struct search_message *m)
{
	return is_match(program->root, m) && !m->is_gone;
}
