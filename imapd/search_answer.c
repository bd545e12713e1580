/* search_answer.c - the answer to a SEARCH or SORT: which messages, in which form */
#include "imapd/search_answer.h"

#include <stdlib.h>

#include "imapd/session.h"

enum { RETURN_SOME = RETURN_MIN | RETURN_MAX | RETURN_PARTIAL };
enum { RETURN_EVERY = RETURN_ALL | RETURN_COUNT };

static uint32_t
name_of(const struct session *s, uint32_t number, bool by_uid)
{
	return by_uid ? mailbox_message(s->box, number)->uid : number;
}

/* ---- sets ---- */

void
print_names(struct buf *to, const uint32_t *name, size_t count)
{
	for (size_t i = 0, end; i < count; i = end) {
		for (end = i + 1; end < count && name[end] == name[end - 1] + 1; end++)
			;
		if (i > 0)
			buf_byte(to, ',');
		buf_number(to, name[i]);
		if (end - i == 1)
			continue;
		buf_byte(to, ':');
		buf_number(to, name[end - 1]);
	}
}

/* count results from the first on, as the client names them */
static void
put_names(struct session *s, const struct search_answer *how, const uint32_t *number,
          size_t count)
{
	struct arena_mark mark = arena_mark(&s->mem);
	uint32_t *name = arena_alloc(&s->mem, count * sizeof(*name));
	struct buf text = BUF_EMPTY;

	for (size_t i = 0; i < count; i++)
		name[i] = name_of(s, number[i], how->by_uid);
	print_names(&text, name, count);
	out_span(&s->out, buf_view(&text));
	buf_free(&text);
	arena_release(&s->mem, mark);
}

/* ---- what of it was asked for ---- */

/*
 * Numbers that are given back one by one, ascending: that is what "$" stands for and what
 * MODSEQ is taken from, unless ALL or COUNT speak of all of them (RFC 5182 s.2.4,
 * RFC 4731 s.3.2, RFC 9394 s.3.2).
 */
static struct search_found
chosen(struct session *s, const struct search_return *wanted, const struct search_found *found)
{
	bool is_all = (wanted->items & RETURN_EVERY) || !(wanted->items & RETURN_SOME);
	uint32_t first = 1, last = (uint32_t)found->count;
	struct search_found some = { NULL, 0, 0 };

	if (found->count == 0)
		return some;
	if (!is_all && (!(wanted->items & RETURN_PARTIAL) ||
	                !partial_of(&wanted->partial, (uint32_t)found->count, &first, &last)))
		last = first - 1;
	some.number = arena_alloc(&s->mem, (last - first + 1 + 2) * sizeof(*some.number));
	for (uint32_t i = first; i <= last; i++)
		some.number[some.count++] = found->number[i - 1];
	if (!is_all && (wanted->items & RETURN_MIN))
		some.number[some.count++] = found->number[0];
	if (!is_all && (wanted->items & RETURN_MAX))
		some.number[some.count++] = found->number[found->count - 1];
	return some;
}

static int
by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

void
save_search_answer(struct session *s, const struct search_return *wanted,
                   const struct search_found *found)
{
	struct search_found some = chosen(s, wanted, found);

	session_forget_saved(s);
	if (some.count > 0)
		qsort(some.number, some.count, sizeof(*some.number), by_number);
	for (size_t i = 0; i < some.count; i++) {
		uint32_t uid = mailbox_message(s->box, some.number[i])->uid;

		ranges_add(&s->saved, &s->saved_mem, uid, uid);
	}
}

static uint64_t
highest_modseq(struct session *s, const struct search_found *some)
{
	uint64_t highest = 0;

	for (size_t i = 0; i < some->count; i++) {
		uint64_t modseq = mailbox_message(s->box, some->number[i])->modseq;

		highest = modseq > highest ? modseq : highest;
	}
	return highest;
}

/* ---- forms ---- */

/* mailbox-data =/ "SEARCH" [1*(SP nz-number) [SP search-sort-mod-seq]]
 * sort-data    =  "SORT" [1*(SP nz-number) [SP search-sort-mod-seq]]
 * search-sort-mod-seq = "(" "MODSEQ" SP mod-sequence-value ")"     RFC 7162 s.7 */
static void
put_plain(struct session *s, const struct search_answer *how, const struct search_found *found)
{
	out_printf(&s->out, "* %s", how->word);
	for (size_t i = 0; i < found->count; i++) {
		out_byte(&s->out, ' ');
		out_number(&s->out, name_of(s, found->number[i], how->by_uid));
	}
	if (how->with_modseq && found->count > 0)
		out_printf(&s->out, " (MODSEQ %llu)",
		           (unsigned long long)highest_modseq(s, found));
	out_str(&s->out, "\r\n");
}

void
put_esearch_start(struct session *s, struct span tag, bool by_uid)
{
	out_str(&s->out, "* ESEARCH (TAG \"");
	out_span(&s->out, tag);
	out_str(&s->out, by_uid ? "\") UID" : "\")");
}

/* ret-data-partial = "PARTIAL" SP "(" partial-range SP partial-results ")"
 * partial-results  = sequence-set / "NIL"                          RFC 9394 s.4 */
static void
put_partial(struct session *s, const struct search_answer *how, const struct search_found *found)
{
	const struct partial_range *p = &how->wanted->partial;
	uint32_t first, last;

	out_str(&s->out, " PARTIAL (");
	out_span(&s->out, p->text);
	out_byte(&s->out, ' ');
	if (partial_of(p, (uint32_t)found->count, &first, &last))
		put_names(s, how, found->number + first - 1, last - first + 1);
	else
		out_str(&s->out, "NIL");
	out_byte(&s->out, ')');
}

/* search-return-data = "MIN" SP nz-number / "MAX" SP nz-number / "ALL" SP sequence-set /
 *                      "COUNT" SP number                            RFC 4731 s.4
 * MIN, MAX and ALL are not there where nothing was found. */
static void
put_items(struct session *s, const struct search_answer *how, const struct search_found *found)
{
	unsigned items = how->wanted->items;

	if (found->count > 0 && (items & RETURN_MIN))
		out_printf(&s->out, " MIN %lu",
		           (unsigned long)name_of(s, found->number[0], how->by_uid));
	if (found->count > 0 && (items & RETURN_MAX))
		out_printf(&s->out, " MAX %lu",
		           (unsigned long)name_of(s, found->number[found->count - 1], how->by_uid));
	if (found->count > 0 && (items & RETURN_ALL)) {
		out_str(&s->out, " ALL ");
		put_names(s, how, found->number, found->count);
	}
	if (items & RETURN_COUNT)
		out_printf(&s->out, " COUNT %lu", (unsigned long)found->count);
	if (items & RETURN_PARTIAL)
		put_partial(s, how, found);
}

void
put_search_answer(struct session *s, const struct search_answer *how,
                  const struct search_found *found)
{
	struct search_found some = { NULL, 0, 0 };

	if (!how->wanted->is_there) {
		put_plain(s, how, found);
		return;
	}
	if (how->wanted->items == RETURN_SAVE)
		return;
	put_esearch_start(s, s->tag, how->by_uid);
	put_items(s, how, found);
	if (how->with_modseq)
		some = chosen(s, how->wanted, found);
	if (some.count > 0)
		out_printf(&s->out, " MODSEQ %llu", (unsigned long long)highest_modseq(s, &some));
	out_str(&s->out, "\r\n");
}
