/* uidlist_parse.c - dovecot-uidlist: its lines, and what is done about damaged ones */
#include <stdlib.h>
#include <string.h>

#include "common/base/number.h"
#include "common/maildir/uidlist_file.h"

void
uidlist_complain(struct uidlist *u, const char *what)
{
	u->must_rewrite = true;
	if (!u->trouble)
		u->trouble = what;
}

/* "3 V1795294406 N7 Gabc" or "1 1795294406 7" */
bool
uidlist_parse_header(struct uidlist *u, struct span line)
{
	struct buf other = BUF_EMPTY;
	struct span version, field;
	uint64_t n, validity = 0, next = 0;
	unsigned place = 0;

	span_split(&line, ' ', &version);
	if (!span_is(version, "3") && !span_is(version, "1"))
		return false;
	if (span_is(version, "1"))
		u->must_rewrite = true; /* not damaged, only old */
	while (span_split(&line, ' ', &field)) {
		bool old = span_is(version, "1");
		char letter = field.len == 0 ? '\0' :
		              old            ? "VN"[place < 2 ? place : 1] :
		                               field.at[0];
		struct span value = old ? field : span_skip(field, 1);

		place++;
		if (letter == 'V' && number_parse(value, UINT32_MAX, &n))
			validity = n;
		else if (letter == 'N' && number_parse(value, UINT32_MAX, &n))
			next = n;
		else if (letter && letter != 'V' && letter != 'N' && !old)
			buf_printf(&other, "%s%.*s", other.len ? " " : "", (int)field.len,
			           field.at);
	}
	if (other.len)
		u->header = arena_string(&u->mem, buf_view(&other));
	buf_free(&other);
	u->uidvalidity = (uint32_t)validity;
	if (next > u->next)
		u->next = (uint32_t)next;
	return validity > 0 && next > 0;
}

/*
 * Version 3: UID *(SP field) SP ":" base; version 1: UID SP base.  Cuts the strings out in place.
 */
static bool
parse_record(char *line, size_t length, struct uidlist_record *r_out)
{
	struct span s = span_make(line, length);
	uint64_t uid;
	char *base, *space;

	if (memchr(line, '\0', length) || !number_take(&s, UINT32_MAX - 1, &uid) || uid == 0)
		return false;
	if (s.len < 2 || s.at[0] != ' ')
		return false;
	space = line + (s.at - line);
	base = space[1] == ':' ? space : strstr(space, " :");
	if (base) {
		*base = '\0';
		base += 2;
	} else {
		base = space + 1;
		if (strchr(base, ' '))
			return false;
		*space = '\0';
	}
	if (!*base || strchr(base, '/') || strchr(base, ':'))
		return false;
	r_out->uid = (uint32_t)uid;
	r_out->base = base;
	r_out->ext = space < base - 2 ? space + 1 : "";
	return true;
}

/*
 * All whole lines of text; what is cut off at the end is
 * damage.  Sorted is as the caller made sure before.
 */
void
uidlist_parse_records(struct uidlist *u, char *text, size_t length)
{
	char *at = text, *end = text + length;

	while (at < end) {
		char *stop = memchr(at, '\n', (size_t)(end - at));
		struct uidlist_record r;
		size_t n;

		if (!stop) {
			uidlist_complain(u, "dovecot-uidlist: its last line was cut off");
			break;
		}
		n = (size_t)(stop - at);
		if (n > 0 && at[n - 1] == '\r') {
			n--;
			uidlist_complain(u, "dovecot-uidlist: its lines end in CRLF");
		}
		at[n] = '\0';
		if (parse_record(at, n, &r))
			uidlist_push(u, r);
		else
			uidlist_complain(u, "dovecot-uidlist: a line of it cannot be read");
		at = stop + 1;
	}
}

static int
compare_uids(const void *a, const void *b)
{
	const struct uidlist_record *x = a, *y = b;

	return x->uid < y->uid ? -1 : x->uid > y->uid;
}

void
uidlist_compact(struct uidlist *u)
{
	size_t kept = 0;

	for (size_t i = 0; i < u->count; i++)
		if (u->record[i].uid)
			u->record[kept++] = u->record[i];
	u->count = kept;
}

/* Invariant (3), for records [from, count). */
void
uidlist_bring_to_order(struct uidlist *u, size_t from)
{
	bool sorted = true;

	for (size_t i = from > 0 ? from : 1; i < u->count && sorted; i++)
		sorted = u->record[i].uid > u->record[i - 1].uid;
	if (u->count > 0 && u->record[u->count - 1].uid >= u->next)
		u->next = u->record[u->count - 1].uid + 1;
	if (sorted)
		return;
	uidlist_complain(u, "dovecot-uidlist: its UIDs are not in order");
	qsort(u->record, u->count, sizeof(*u->record), compare_uids);
	if (u->record[u->count - 1].uid >= u->next)
		u->next = u->record[u->count - 1].uid + 1;
	for (size_t i = 0, end; i < u->count; i = end) {
		for (end = i + 1; end < u->count && u->record[end].uid == u->record[i].uid; end++)
			;
		for (size_t k = i; end - i > 1 && k < end; k++)
			u->record[k].uid = 0;
	}
	uidlist_compact(u);
}
