/*
 * recall.c - the UIDs that the index still knows when dovecot-uidlist is lost or damaged
 *
 * A base has the same UID for ever (invariant 1 of the store), so also an index that is
 * behind tells the truth.  What the journal says has left is not recalled: a file
 * that comes back from a backup is a new message (W03).
 */
#include "common/index/recall.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "common/index/journal.h"
#include "common/index/map.h"
#include "common/maildir/filename.h"

struct recall {
	struct uidlist_recalled *out;
	struct arena            *mem;
	size_t                   room;
};

/* UIDs only grow; one that is known has its base already. */
static void
add(struct recall *r, uint32_t uid, struct span base)
{
	struct uidlist_recalled *out = r->out;

	if (base.len == 0 || (out->count > 0 && out->record[out->count - 1].uid >= uid))
		return;
	out->record = arena_grow(r->mem, out->record, out->count, &r->room, sizeof(*out->record));
	out->record[out->count++] =
		(struct uidlist_record){ uid, arena_string(r->mem, base), "" };
}

static bool
hear_flags(void *context, const struct journal_flags *f, uint64_t modseq)
{
	(void)context;
	(void)f;
	(void)modseq;
	return true;
}

static bool
hear_size(void *context, const struct journal_size *s)
{
	(void)context;
	(void)s;
	return true;
}

static bool
hear_item(void *context, const struct journal_item *i, uint64_t modseq)
{
	(void)modseq;
	add(context, i->uid, span_make(i->name, filename_base_length(i->name)));
	return true;
}

static bool
hear_gone(void *context, uint32_t first, uint32_t last, uint64_t modseq)
{
	const struct recall *r = context;

	(void)modseq;
	for (size_t i = uidlist_place(r->out->record, r->out->count, first); i < r->out->count;
	     i++) {
		if (r->out->record[i].uid > last)
			break;
		r->out->record[i].base = "";
	}
	return true;
}

static bool
add_map(struct recall *r, struct map *m)
{
	if (!names_load(&m->names))
		return false;
	for (uint32_t i = 0; i < m->items.count; i++) {
		const struct item *it = items_at(&m->items, i);

		if (!it->is_gone)
			add(r, it->shown.uid,
			    span_make(names_base(&m->names, it), it->base_length));
	}
	return !items_are_damaged(&m->items);
}

static void
leave_out_gone(struct uidlist_recalled *out)
{
	size_t kept = 0;

	for (size_t i = 0; i < out->count; i++)
		if (out->record[i].base[0])
			out->record[kept++] = out->record[i];
	out->count = kept;
}

/* What stands in the folder itself came along with it, from a backup for instance (W04). */
static bool
is_of(const struct journal_state *s, int folder, int place)
{
	struct stat st;

	return place == folder || (fstatat(folder, "cur", &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	                           st.st_ino == s->ino_of_cur);
}

/* MAILBOXID, which goes into the first line of the uidlist: nothing but what an id is made of. */
static const char *
id_of(const struct journal_state *s, struct arena *mem)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	                              "0123456789-_";
	size_t length = strnlen(s->id, sizeof(s->id));

	if (length == 0 || length == sizeof(s->id) || strspn(s->id, letters) != length)
		return NULL;
	return arena_string(mem, span_make(s->id, length));
}

bool
index_recall(int folder, int place, struct arena *mem, struct uidlist_recalled *out)
{
	struct recall r = { out, mem, 0 };
	const struct journal_reader reader = {
		&r, hear_flags, hear_gone, hear_item, hear_size
	};
	struct journal j;
	struct map m;
	bool good;

	*out = (struct uidlist_recalled){ 0, 0, NULL, 0, NULL };
	if (map_read(place, &m) != 0)
		return false;
	if (journal_open(place, &j) != 0) {
		map_free(&m);
		return false;
	}
	good = j.state.generation == m.generation && is_of(&j.state, folder, place) &&
	       add_map(&r, &m) && journal_read(&j, &reader) == 0;
	out->uidvalidity = j.state.uidvalidity;
	out->next = j.state.uidnext;
	out->guid = id_of(&j.state, mem);
	leave_out_gone(out);
	journal_close(&j);
	map_free(&m);
	return good && out->uidvalidity > 0;
}
