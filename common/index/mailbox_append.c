/* mailbox_append.c - new messages: through tmp/ into the folder, one or several as a unit */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/die.h"
#include "common/index/mailbox_inside.h"
#include "common/index/target.h"
#include "common/maildir/delivery.h"

struct new_message {
	struct delivery    delivery;
	uint32_t           flags;
	const char *const *keyword;
	size_t             keyword_count;
	time_t             date;
};

struct append {
	struct target       target;
	const char         *name;
	struct new_message *message;
	size_t              count, room;
	int                 failed; /* errno of the first failure */
};

int
append_open(struct store *s, const char *name, struct append **append_out)
{
	struct append *a = calloc(1, sizeof(*a));
	int failed;

	if (!a)
		die("out of memory: an APPEND");
	if (target_open(s, name, &a->target) != 0) {
		failed = errno;
		free(a);
		errno = failed;
		return -1;
	}
	a->name = arena_string(&a->target.mem, span_of(name));
	*append_out = a;
	return 0;
}

static int
fail(struct append *a, int error)
{
	if (!a->failed)
		a->failed = error;
	errno = a->failed;
	return -1;
}

static void
end_last(struct append *a)
{
	struct new_message *last = a->count ? &a->message[a->count - 1] : NULL;

	if (!last || last->delivery.fd < 0)
		return;
	if (delivery_end(&last->delivery, last->date, store_sync(a->target.store) == STORE_SYNC) !=
	    0)
		fail(a, errno);
}

static const char *const *
copy_keywords(struct arena *mem, const char *const *keyword, size_t count)
{
	const char **copy = arena_array(mem, count, sizeof(*copy));

	for (size_t i = 0; i < count; i++)
		copy[i] = arena_string(mem, span_of(keyword[i]));
	return copy;
}

int
append_message(struct append *a, uint32_t flags, const char *const *keyword, size_t keyword_count,
               time_t date)
{
	struct new_message *m;

	end_last(a);
	if (a->failed)
		return fail(a, a->failed);
	a->message =
		arena_grow(&a->target.mem, a->message, a->count, &a->room, sizeof(*a->message));
	m = &a->message[a->count];
	m->flags = flags & FLAGS_SYSTEM;
	m->keyword = copy_keywords(&a->target.mem, keyword, keyword_count);
	m->keyword_count = keyword_count;
	m->date = date;
	if (delivery_open(&m->delivery, a->target.tmp, &a->target.mem) != 0)
		return fail(a, errno);
	a->count++;
	return 0;
}

int
append_write(struct append *a, const char *bytes, size_t n)
{
	if (a->failed)
		return fail(a, a->failed);
	if (a->count == 0)
		bug("append_write() before append_message()");
	return delivery_write(&a->message[a->count - 1].delivery, bytes, n) == 0 ? 0 :
	                                                                           fail(a, errno);
}

static int
prepare(struct append *a, const struct new_message *m, struct incoming *in)
{
	in->from_dir = a->target.tmp;
	in->from = m->delivery.tmp_name;
	in->base = delivery_base(&m->delivery, &a->target.mem);
	in->system = m->flags;
	in->octets = m->delivery.octets;
	in->date = DATE_UNKNOWN;
	for (size_t i = 0; i < m->keyword_count; i++) {
		int letter = target_letter(&a->target, m->keyword[i]);

		if (letter < 0)
			return -1;
		in->letters |= 1U << letter;
	}
	return 0;
}

int
append_commit(struct append *a, struct arena *mem, uint32_t *uidvalidity_out,
              struct ranges *uids_out)
{
	struct incoming *in = arena_array(&a->target.mem, a->count + 1, sizeof(*in));
	struct ranges uids = RANGES_EMPTY;

	end_last(a);
	if (a->failed)
		return fail(a, a->failed);
	if (target_lock(&a->target) != 0)
		return fail(a, errno);
	for (size_t i = 0; i < a->count; i++)
		if (prepare(a, &a->message[i], &in[i]) != 0)
			return fail(a, errno);
	if (target_deliver(&a->target, in, a->count, NULL, NULL) != 0)
		return fail(a, errno);
	for (size_t i = 0; i < a->count; i++) {
		a->message[i].delivery.tmp_name = NULL; /* no longer in tmp/ */
		ranges_add(&uids, mem, in[i].uid, in[i].uid);
	}
	*uidvalidity_out = a->target.uids.uidvalidity;
	*uids_out = uids;
	target_unlock(&a->target);
	return 0;
}

struct append *
append_close(struct append *a)
{
	if (!a)
		return NULL;
	target_unlock(&a->target);
	for (size_t i = 0; i < a->count; i++)
		delivery_cancel(&a->message[i].delivery, a->target.tmp);
	if (a->target.must_fold)
		box_index_fold(a->target.store, a->name);
	target_close(&a->target);
	free(a);
	return NULL;
}
