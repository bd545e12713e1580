/* fetch.c - the grammar of FETCH and UID FETCH */
#include "common/base/limits.h"
#include "imapd/commands.h"
#include "imapd/fetch.h"
#include "imapd/fetch_modifiers.h"
#include "imapd/grammar.h"

/* RFC 3501 s.6.4.5 */
static const struct macro {
	const char *name, *items;
} macros[] = {
	{ "ALL", "FLAGS INTERNALDATE RFC822.SIZE ENVELOPE" },
	{ "FAST", "FLAGS INTERNALDATE RFC822.SIZE" },
	{ "FULL", "FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY" },
};

static void
want(struct fetch_args *a, const struct fetch_item *item, void *args, unsigned cost,
     struct arena *mem)
{
	a->wanted = arena_grow(mem, a->wanted, a->count, &a->room, sizeof(*a->wanted));
	a->wanted[a->count++] = (struct fetch_wanted){ item, args, cost, SPAN_NONE };
	a->sees |= item->sees;
	if (item->find)
		a->finds = true;
	else
		a->cost |= cost;
}

static bool
wants(const struct fetch_args *a, const struct fetch_item *item)
{
	for (size_t i = 0; i < a->count; i++)
		if (a->wanted[i].item == item)
			return true;
	return false;
}

static bool
try_item(struct cursor *c, const struct fetch_item *item)
{
	bool has_section = item->name[strlen(item->name) - 1] == '[';

	return has_section ? try_word(c, item->name) : try_whole_word(c, item->name);
}

static void
take_fetch_att(struct cursor *c, struct fetch_args *a)
{
	for (size_t i = 0; cursor_token(c) && i < fetch_item_count; i++) {
		const struct fetch_item *item = &fetch_items[i];
		unsigned cost = item->cost;
		void *args = NULL;

		if (!try_item(c, item))
			continue;
		if (item->parse)
			args = item->parse(c, &cost);
		else if (wants(a, item))
			return;
		want(a, item, args, cost, c->mem);
		return;
	}
	cursor_fail(c, "there is no FETCH item of this name");
}

static void
take_fetch_atts(struct cursor *c, struct fetch_args *a)
{
	do
		take_fetch_att(c, a);
	while (try_byte(c, ' '));
}

void
take_fetch_attributes(struct cursor *c)
{
	struct fetch_args *a = arena_zero(c->mem, sizeof(*a));

	take_byte(c, '(');
	take_fetch_atts(c, a);
	take_byte(c, ')');
}

static bool
try_macro(struct cursor *c, struct fetch_args *a)
{
	for (size_t i = 0; i < sizeof(macros) / sizeof(macros[0]); i++) {
		struct cursor inner;

		if (!try_whole_word(c, macros[i].name))
			continue;
		cursor_open(&inner, span_of(macros[i].items), c->mem);
		take_fetch_atts(&inner, a);
		return true;
	}
	return false;
}

/* ("ALL" / "FULL" / "FAST" / fetch-att / "(" fetch-att *(SP fetch-att) ")") */
static void
take_what(struct cursor *c, struct fetch_args *a)
{
	if (try_macro(c, a))
		return;
	if (!try_byte(c, '(')) {
		take_fetch_att(c, a);
		return;
	}
	take_fetch_atts(c, a);
	take_byte(c, ')');
}

/* fetch = "FETCH" SP sequence-set SP ("ALL" / "FULL" / "FAST" /
 *         fetch-att / "(" fetch-att *(SP fetch-att) ")") [fetch-modifiers]
 *                                                     RFC 3501 s.9, RFC 4466 s.3 */
void *
parse_fetch(struct cursor *c)
{
	struct fetch_args *a = arena_zero(c->mem, sizeof(*a));

	take_byte(c, ' ');
	a->set = take_sequence_set(c);
	take_byte(c, ' ');
	take_what(c, a);
	take_fetch_modifiers(c, &a->modifiers);
	a->has_modseq = wants(a, &fetch_items[ITEM_MODSEQ]);
	if (a->modifiers.has_since && !a->has_modseq) {
		want(a, &fetch_items[ITEM_MODSEQ], NULL, 0, c->mem);
		a->has_modseq = true;
	}
	a->has_uid = wants(a, &fetch_items[ITEM_UID]);
	a->has_flags = wants(a, &fetch_items[ITEM_FLAGS]);
	return a;
}
