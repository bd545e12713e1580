/* grammar_lists.c - flag lists and sequence sets of RFC 3501 s.9 */
#include "common/base/limits.h"
#include "common/base/number.h"
#include "common/index/mailbox.h"
#include "imapd/grammar.h"

/*
 * flag = "\Answered" / "\Flagged" / "\Deleted" / "\Seen" / "\Draft"; \Recent is
 * the server's alone
 */
static uint32_t
take_system_flag(struct cursor *c)
{
	static const struct {
		const char *name;
		uint32_t    flag;
	} names[] = {
		{ "Answered", FLAG_ANSWERED }, { "Flagged", FLAG_FLAGGED },
		{ "Deleted", FLAG_DELETED },   { "Seen", FLAG_SEEN },
		{ "Draft", FLAG_DRAFT },
	};
	struct span name = take_atom(c);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (span_is_nocase(name, names[i].name))
			return names[i].flag;
	cursor_fail(c, span_is_nocase(name, "Recent") ? "\\Recent cannot be changed by a client"
	                                              : "no such system flag");
	return 0;
}

/*
 * More keywords than a mailbox can have are kept, so that the store may refuse
 * them; only the first ones are compared, which is enough to leave out doubles
 * of any list that can succeed and keeps the cost linear.
 */
static bool
has_keyword(const struct flag_list *list, struct span name)
{
	for (size_t i = 0; i < list->keyword_count && i < 2 * LIMIT_KEYWORDS; i++)
		if (span_is_nocase(name, list->keyword[i]))
			return true;
	return false;
}

/* flag =/ flag-keyword / flag-extension ; flag-keyword = atom ; flag-extension = "\" atom */
void
take_flag(struct cursor *c, struct flag_list *list)
{
	struct span name;

	if (try_byte(c, '\\')) {
		list->flags |= take_system_flag(c);
		return;
	}
	name = take_atom(c);
	if (name.len > LIMIT_KEYWORD)
		cursor_fail(c, "a keyword is too long");
	if (!cursor_ok(c) || has_keyword(list, name))
		return;
	list->keyword = arena_grow(c->mem, list->keyword, list->keyword_count, &list->keyword_room,
	                           sizeof(*list->keyword));
	list->keyword[list->keyword_count++] = arena_string(c->mem, name);
}

/* flag-list = "(" [flag *(SP flag)] ")" */
void
take_flag_list(struct cursor *c, struct flag_list *list)
{
	take_byte(c, '(');
	if (!cursor_ok(c) || try_byte(c, ')'))
		return;
	do
		take_flag(c, list);
	while (try_byte(c, ' '));
	take_byte(c, ')');
}

/* seq-number = nz-number / "*" ; 0 stands for "*" here */
static uint32_t
take_seq_number(struct cursor *c)
{
	struct span s = span_make(c->at, (size_t)(c->end - c->at));
	uint64_t n;

	if (try_byte(c, '*'))
		return 0;
	if (!number_take(&s, UINT32_MAX, &n) || *c->at == '0') {
		cursor_fail(c, "expected a number above zero or *");
		return 0;
	}
	c->at = s.at;
	return (uint32_t)n;
}

/* Nothing that a "*" stands for is known here: it joins from its other end upwards. */
static void
add_seq_range(struct seq_set *set, struct cursor *c, uint32_t a, uint32_t b)
{
	if (a > 0 && b > 0) {
		ranges_add(&set->fixed, c->mem, a < b ? a : b, a < b ? b : a);
		return;
	}
	a = a > b ? a : b;
	if (a == 0)
		a = UINT32_MAX;
	if (!set->has_star || a < set->star_from)
		set->star_from = a;
	set->has_star = true;
}

/* sequence-set = (seq-number / seq-range) *("," sequence-set) / "$"
 * seq-range = seq-number ":" seq-number                       RFC 3501 s.9, RFC 5182 s.3 */
struct seq_set
take_sequence_set(struct cursor *c)
{
	struct seq_set set = { RANGES_EMPTY, false, 0, false };

	if (!cursor_token(c))
		return set;
	if (try_byte(c, '$')) {
		set.is_saved = true;
		return set;
	}
	do {
		uint32_t a = take_seq_number(c);
		uint32_t b = try_byte(c, ':') ? take_seq_number(c) : a;

		if (cursor_ok(c))
			add_seq_range(&set, c, a, b);
	} while (try_byte(c, ','));
	return set;
}
