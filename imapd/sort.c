/* sort.c - SORT and UID SORT (RFC 5256, RFC 5957), with the returns of RFC 5267 */
#include "imapd/sort.h"

#include "imapd/commands.h"
#include "imapd/grammar.h"
#include "imapd/progress.h"
#include "imapd/search_context.h"
#include "imapd/search_find.h"
#include "imapd/search_message.h"
#include "imapd/session.h"

struct sort_args {
	struct search_request request;
	struct sort_criteria  criteria;
};

static int64_t
arrival(struct search_message *m)
{
	time_t when;

	return search_message_date(m, &when) ? (int64_t)when : 0;
}

static int64_t
size(struct search_message *m)
{
	uint64_t octets;

	return search_message_size(m, &octets) ? (int64_t)octets : 0;
}

static const struct sort_row rows[] = {
	{ "ARRIVAL", arrival, 0 },
	{ "CC", NULL, SORT_CC },
	{ "DATE", sort_sent_date, 0 },
	{ "DISPLAYFROM", NULL, SORT_DISPLAYFROM },
	{ "DISPLAYTO", NULL, SORT_DISPLAYTO },
	{ "FROM", NULL, SORT_FROM },
	{ "SIZE", size, 0 },
	{ "SUBJECT", NULL, SORT_SUBJECT },
	{ "TO", NULL, SORT_TO },
};

/* sort-criterion = ["REVERSE" SP] sort-key
 * sort-key = "ARRIVAL" / "CC" / "DATE" / "FROM" / "SIZE" / "SUBJECT" / "TO" /
 *            "DISPLAYFROM" / "DISPLAYTO"                     RFC 5256 s.5, RFC 5957 s.5 */
static void
take_criterion(struct cursor *c, struct sort_criteria *criteria)
{
	struct sort_criterion one = { NULL, false };
	size_t count = sizeof(rows) / sizeof(rows[0]), i = 0;

	if (try_whole_word(c, "REVERSE")) {
		one.is_reverse = true;
		take_byte(c, ' ');
	}
	while (i < count && !try_whole_word(c, rows[i].name))
		i++;
	if (i == count) {
		cursor_fail(c, "unknown sort key");
		return;
	}
	one.row = &rows[i];
	if (criteria->count == LIMIT_SORT_KEYS)
		cursor_fail(c, "too many sort keys");
	else
		criteria->criterion[criteria->count++] = one;
}

/* sort-criteria = "(" sort-criterion *(SP sort-criterion) ")" */
struct sort_criteria
take_sort_criteria(struct cursor *c)
{
	struct sort_criteria criteria = { .count = 0 };

	take_byte(c, '(');
	do
		take_criterion(c, &criteria);
	while (try_byte(c, ' '));
	take_byte(c, ')');
	return criteria;
}

/* sort = ["UID" SP] "SORT" [search-return-opts] SP sort-criteria SP search-criteria
 * search-criteria = charset 1*(SP search-key)               RFC 5256 s.5, RFC 5267 s.5 */
void *
parse_sort(struct cursor *c)
{
	struct sort_args *a = arena_zero(c->mem, sizeof(*a));

	a->request.wanted = take_search_return(c);
	take_byte(c, ' ');
	a->criteria = take_sort_criteria(c);
	take_byte(c, ' ');
	take_search_criteria(c, &a->request);
	return a;
}

/* ---- the keys ---- */

static struct sort_column
column_of(const struct sort_criterion *by, const struct search_found *found, struct arena *mem)
{
	struct sort_column column = { .is_reverse = by->is_reverse };

	if (by->row->number)
		column.number = arena_array(mem, found->count, sizeof(*column.number));
	else
		column.text = arena_array(mem, found->count, sizeof(*column.text));
	return column;
}

/* Key i of the message at hand; the columns are ours, whatever their struct says. */
static void
fill_key(struct sort_column *column, const struct sort_criterion *by, struct search_message *m,
         size_t i, struct arena *mem)
{
	if (by->row->number)
		((int64_t *)(uintptr_t)column->number)[i] = by->row->number(m);
	else
		((struct span *)(uintptr_t)column->text)[i] =
			arena_copy(mem, sort_text(m, by->row->text));
}

void
sort_found(struct session *s, const struct sort_criteria *criteria, struct search_found *found)
{
	struct sort_column column[LIMIT_SORT_KEYS];
	struct search_message m = SEARCH_MESSAGE_EMPTY;
	uint32_t *order = arena_array(&s->mem, found->count, sizeof(*order));
	uint32_t *sorted = arena_array(&s->mem, found->count, sizeof(*sorted));
	struct progress progress;

	for (size_t k = 0; k < criteria->count; k++)
		column[k] = column_of(&criteria->criterion[k], found, &s->mem);
	progress_begin(&progress, s, found->count);
	for (size_t i = 0; i < found->count; i++) {
		search_message_open(&m, s->box, found->number[i]);
		for (size_t k = 0; k < criteria->count; k++)
			fill_key(&column[k], &criteria->criterion[k], &m, i, &s->mem);
		progress_step(&progress, COST_HEADER);
	}
	search_message_free(&m);
	sort_order(column, criteria->count, found->count, order);
	for (size_t i = 0; i < found->count; i++)
		sorted[i] = found->number[order[i]];
	found->number = sorted;
}

void
run_sort(struct session *s, const void *args, unsigned flags)
{
	const struct sort_args *a = args;
	struct search_request r = a->request;
	struct search_answer how = { "SORT", &r.wanted, (flags & BY_UID) != 0, false };
	struct search_found found;
	int error;

	if (!search_begin(s, &r))
		return;
	how.with_modseq = (r.program.uses & SEARCH_USES_MODSEQ) != 0;
	error = search_find(s, &r.program, &found);
	sort_found(s, &a->criteria, &found);
	put_search_answer(s, &how, &found);
	if (r.wanted.items & RETURN_UPDATE)
		search_context_refuse(s);
	search_end(s, &r, &found, error, "Sort completed.");
}
