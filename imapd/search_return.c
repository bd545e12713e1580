/* search_return.c - what a SEARCH or SORT is asked to give back: RETURN (...) */
#include "imapd/search_return.h"

#include "imapd/grammar.h"

static const struct {
	const char *name;
	unsigned    item;
} options[] = {
	{ "MIN", RETURN_MIN },         { "MAX", RETURN_MAX },       { "ALL", RETURN_ALL },
	{ "COUNT", RETURN_COUNT },     { "SAVE", RETURN_SAVE },     { "UPDATE", RETURN_UPDATE },
	{ "CONTEXT", RETURN_CONTEXT }, { "PARTIAL", RETURN_PARTIAL },
};

/* partial-range       = partial-range-first / partial-range-last
 * partial-range-first = nz-number ":" nz-number
 * partial-range-last  = MINUS nz-number ":" MINUS nz-number  RFC 9394 s.4
 * "500:400" is the same as "400:500" (RFC 5267 s.5). */
struct partial_range
take_partial_range(struct cursor *c)
{
	struct partial_range p = { .text = span_make(c->at, 0) };
	uint32_t a, b;

	p.from_end = try_byte(c, '-');
	a = take_nz_number(c);
	if (!try_byte(c, ':'))
		cursor_fail(c, "expected a range such as 1:100 or -1:-100");
	if (cursor_ok(c) && p.from_end != try_byte(c, '-'))
		cursor_fail(c, "both ends of a range count from the same side");
	b = take_nz_number(c);
	p.first = a < b ? a : b;
	p.last = a < b ? b : a;
	p.text.len = (size_t)(c->at - p.text.at);
	return p;
}

/* search-return-opt = "MIN" / "MAX" / "ALL" / "COUNT" / "SAVE" / "UPDATE" / "CONTEXT" /
 *                     "PARTIAL" SP partial-range */
static void
take_option(struct cursor *c, struct search_return *r)
{
	size_t i = 0, count = sizeof(options) / sizeof(options[0]);

	while (i < count && !try_whole_word(c, options[i].name))
		i++;
	if (i == count) {
		cursor_fail(c, "unknown return option");
		return;
	}
	if (options[i].item == RETURN_PARTIAL) {
		if (r->items & RETURN_PARTIAL)
			cursor_fail(c, "PARTIAL can be asked for once");
		take_byte(c, ' ');
		r->partial = take_partial_range(c);
	}
	r->items |= options[i].item;
}

/* search-return-opts = SP "RETURN" SP "(" [search-return-opt *(SP search-return-opt)] ")" */
struct search_return
take_search_return(struct cursor *c)
{
	struct search_return r = { .is_there = false };
	const char *start = c->at;

	if (!try_byte(c, ' ') || !try_whole_word(c, "RETURN")) {
		c->at = start;
		return r;
	}
	r.is_there = true;
	take_byte(c, ' ');
	take_byte(c, '(');
	if (!cursor_ok(c))
		return r;
	if (try_byte(c, ')')) {
		r.items = RETURN_ALL;
		return r;
	}
	do {
		if (!cursor_token(c))
			break;
		take_option(c, &r);
	} while (try_byte(c, ' '));
	take_byte(c, ')');
	if ((r.items & RETURN_PARTIAL) && (r.items & RETURN_ALL))
		cursor_fail(c, "PARTIAL and ALL exclude each other");
	return r;
}

bool
partial_of(const struct partial_range *p, uint32_t count, uint32_t *first_out, uint32_t *last_out)
{
	uint32_t last = p->last < count ? p->last : count;

	if (p->first > count)
		return false;
	*first_out = p->from_end ? count - last + 1 : p->first;
	*last_out = p->from_end ? count - p->first + 1 : last;
	return true;
}
