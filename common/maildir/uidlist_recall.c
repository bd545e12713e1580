/* uidlist_recall.c - a lost or damaged dovecot-uidlist is mended from what the index knows (W04) */
#include <string.h>

#include "common/maildir/uidlist_file.h"

/* The file's UIDs mean nothing: it has none, or is of a mailbox before this one. */
static void
forget_records(struct uidlist *u)
{
	u->count = u->saved = 0;
	uidlist_rebuild_table(u);
}

/*
 * A base that the file has keeps the file's UID, which is the newer word.  Where
 * both give one UID to different files, neither has it (invariant (3)).
 */
static void
add_missing(struct uidlist *u, const struct uidlist_recalled *r)
{
	const char *trouble = u->trouble;

	for (size_t i = 0; i < r->count; i++) {
		struct uidlist_record one = r->record[i];

		if (u->slots && uidlist_find(u, one.base, strlen(one.base)) < u->count)
			continue;
		one.base = arena_string(&u->mem, span_of(one.base));
		uidlist_push(u, one);
	}
	uidlist_bring_to_order(u, 0);
	uidlist_rebuild_table(u);
	u->saved = 0;
	u->must_rewrite = true;
	u->trouble = trouble;
}

void
uidlist_mend(struct uidlist *u, int dir)
{
	struct arena mem = ARENA_EMPTY;
	struct uidlist_recalled r;

	if (!u->recall || !u->recall(dir, u->recall_place, &mem, &r)) {
		arena_free(&mem);
		return;
	}
	/* above is set where the file is older than the UIDVALIDITY already shown */
	if (r.uidvalidity >= u->above && r.uidvalidity >= u->uidvalidity) {
		if (u->above || (u->uidvalidity && u->uidvalidity != r.uidvalidity))
			forget_records(u);
		u->uidvalidity = r.uidvalidity;
		u->above = 0;
		if (u->next < r.next)
			u->next = r.next;
		if (r.guid && !u->header[0])
			u->header = arena_printf(&u->mem, "G%s", r.guid);
		add_missing(u, &r);
	}
	arena_free(&mem);
}
