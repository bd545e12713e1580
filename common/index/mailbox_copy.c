/*
 * mailbox_copy.c - COPY is a hard link, MOVE a rename
 *
 * COPY  locks the target and links each file to where it is to be.
 * MOVE  locks the target and renames each file from where it is: at every moment a
 *       message is in exactly one of the two.  What fails is renamed back.
 * Where links or renames between the two cannot be (another file system, a file with all the
 * links it may have, or Landlock before Linux 5.19), they are put into the target's tmp/, as
 * copies of bytes where it must be, and let in from there; MOVE unlinks the sources last.
 *
 * Only the target's lock is ever held.  The source's uidlist is cleared afterwards,
 * under its own lock, so A to B and B to A cannot wait for each other (S07).
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/index/mailbox_inside.h"
#include "common/index/target.h"
#include "common/maildir/delivery.h"
#include "common/maildir/dir.h"
#include "common/maildir/filename.h"
#include "common/maildir/unique.h"

struct copy {
	struct mailbox  *box;
	struct target    target;
	struct incoming *in;
	uint32_t        *uid; /* of the source */
	size_t           count;
	enum { BY_LINK, BY_RENAME, THROUGH_TMP } way;
};

static struct item *
source_item(struct copy *c, size_t i)
{
	uint32_t index = box_index_of(c->box, c->uid[i]);
	struct item *it = index == UINT32_MAX ? NULL : items_at(&c->box->items, index);

	return it && !it->is_gone ? it : NULL;
}

/* A base of its own in the target, with the sizes that the source's name tells. */
static const char *
new_base(struct copy *c, const struct item *it)
{
	static const char *const size[] = { ",S=", ",W=" };
	struct buf name = BUF_EMPTY;
	const char *text;
	uint64_t n;

	unique_name(&name);
	for (size_t i = 0; i < sizeof(size) / sizeof(size[0]); i++) {
		if (!filename_size(box_name_of(c->box, it), size[i][1], &n))
			continue;
		buf_str(&name, size[i]);
		buf_number(&name, n);
	}
	text = arena_string(&c->target.mem, buf_view(&name));
	buf_free(&name);
	return text;
}

/* A copy is the same message (RFC 8474 s.5.1). */
static const char *
same_id(struct copy *c, uint32_t index)
{
	char id[MAILBOX_ID_SIZE];

	box_message_id(c->box, index, id);
	return arena_string(&c->target.mem, span_of(id));
}

static void
collect(struct copy *c, const struct ranges *uids)
{
	struct box_walk walk = BOX_WALK_START;
	uint32_t index;

	c->in = arena_array(&c->target.mem, c->box->visible + 1, sizeof(*c->in));
	c->uid = arena_array(&c->target.mem, c->box->visible + 1, sizeof(*c->uid));
	while (box_walk(c->box, uids, &walk, &index)) {
		const struct item *it = items_at(&c->box->items, index);

		if (it->is_gone)
			continue;
		c->uid[c->count] = it->shown.uid;
		c->in[c->count].base = new_base(c, it);
		c->in[c->count].guid = same_id(c, index);
		c->in[c->count].octets = it->size;
		c->in[c->count].date = it->date;
		c->count++;
	}
}

/* ---- into the target's tmp/ ---- */

static bool
cannot_link(int error)
{
	return error == EXDEV || error == EPERM || error == EMLINK || error == EOPNOTSUPP ||
	       error == ENOSYS;
}

static int
link_or_copy(struct copy *c, const struct item *it, const char *to)
{
	int from = box_dir_of(c->box, it);

	if (file_link_new(from, box_name_of(c->box, it), c->target.tmp, to) == 0)
		return 0;
	if (!cannot_link(errno))
		return -1;
	return delivery_copy(from, box_name_of(c->box, it), c->target.tmp, to,
	                     box_does_sync(c->box));
}

/* False with errno 0: the message is gone. */
static bool
put_into_tmp(struct copy *c, size_t i)
{
	for (int tries = 0; tries < BOX_TRIES; tries++) {
		const struct item *it = source_item(c, i);

		errno = 0;
		if (!it)
			return false;
		if (link_or_copy(c, it, c->in[i].base) == 0) {
			c->in[i].from_dir = c->target.tmp;
			c->in[i].from = c->in[i].base;
			return true;
		}
		if (errno != ENOENT || box_look(c->box, LOOK_ALWAYS) != 0)
			return false;
		errno = ENOENT;
	}
	return false;
}

static void
tell_step(const struct copy *c)
{
	if (c->box->step)
		c->box->step(c->box->step_context);
}

static int
put_all_into_tmp(struct copy *c)
{
	size_t kept = 0;

	c->way = THROUGH_TMP;
	for (size_t i = 0; i < c->count; i++) {
		bool there = put_into_tmp(c, i);

		tell_step(c);
		if (!there && errno)
			return -1;
		if (!there)
			continue;
		c->in[kept] = c->in[i];
		c->uid[kept++] = c->uid[i];
	}
	c->count = kept;
	return 0;
}

static void
clear_tmp(struct copy *c)
{
	int saved = errno;

	for (size_t i = 0; i < c->count; i++)
		if (!c->in[i].is_in && c->in[i].from)
			unlinkat(c->target.tmp, c->in[i].from, 0);
	errno = saved;
}

/* ---- flags ---- */

/* Letters of the target for the source's keywords; may_add: give new ones. */
static int
translate(struct copy *c, const struct item *it, bool may_add, struct incoming *in)
{
	in->system = it->flags;
	in->letters = 0;
	for (unsigned n = 0; n < c->box->keyword_count; n++) {
		const char *name = c->box->keyword[n].name;
		int letter;

		if (!(it->keywords >> n & 1))
			continue;
		letter = may_add ? target_letter(&c->target, name) :
		                   keywords_find(&c->target.keywords, name);
		if (letter < 0 && may_add)
			return -1;
		if (letter >= 0)
			in->letters |= 1U << letter;
	}
	return 0;
}

static int
translate_all(struct copy *c)
{
	for (size_t i = 0; i < c->count; i++) {
		const struct item *it = source_item(c, i);

		if (it && translate(c, it, true, &c->in[i]) != 0)
			return -1;
	}
	return 0;
}

/* ---- moving ---- */

/*
 * Another program renamed the source, or it is gone.  The target's lock is held, so nothing
 * else may be locked here.
 */
static bool
find_source_again(void *context, struct incoming *in)
{
	struct copy *c = context;
	const struct item *it = source_item(c, (size_t)(in - c->in));

	if (it && strcmp(box_name_of(c->box, it), in->from) == 0) {
		if (box_look(c->box, LOOK_NAMES) != 0)
			return false;
		it = source_item(c, (size_t)(in - c->in));
	}
	if (!it || (strcmp(box_name_of(c->box, it), in->from) == 0 &&
	            box_dir_of(c->box, it) == in->from_dir))
		return false;
	in->from_dir = box_dir_of(c->box, it);
	in->from = arena_string(&c->target.mem, span_of(box_name_of(c->box, it)));
	translate(c, it, false, in);
	return true;
}

static void
name_sources(struct copy *c)
{
	for (size_t i = 0; i < c->count; i++) {
		const struct item *it = source_item(c, i);

		c->in[i].from_dir = it ? box_dir_of(c->box, it) : c->box->cur;
		c->in[i].from =
			it ? arena_string(&c->target.mem, span_of(box_name_of(c->box, it))) : "";
	}
}

/* What leaves the source by a rename is counted there, too. */
static void
guard_sources(struct copy *c)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->in[i].is_in)
			guard_out(c->in[i].from_dir == c->box->cur ? &c->box->index.cur :
			                                             &c->box->index.new_mail);
}

/*
 * MOVE takes the source's index too, if it is free at once: with the target's lock held nobody
 * may wait for another.
 */
static int
deliver(struct copy *c)
{
	bool renames = c->way == BY_RENAME;
	int failed;

	if (target_lock(&c->target) != 0)
		return -1;
	c->target.is_linking = c->way == BY_LINK;
	if (renames)
		box_index_begin(c->box, 0);
	if (c->way != THROUGH_TMP)
		name_sources(c);
	failed = translate_all(c) == 0 &&
	                         target_deliver(&c->target, c->in, c->count,
	                                        c->way == THROUGH_TMP ? NULL :
	                                                                find_source_again,
	                                        c) == 0 ?
	                 0 :
	                 -1;
	if (renames && !failed)
		guard_sources(c);
	else if (renames)
		c->box->index.is_current = false; /* what went and came back was not counted */
	target_unlock(&c->target);
	return failed;
}

static bool
unlink_source(struct mailbox *box, const struct item *it)
{
	if (unlinkat(box_dir_of(box, it), box_name_of(box, it), 0) != 0)
		return false;
	guard_out(it->in_new ? &box->index.new_mail : &box->index.cur);
	return true;
}

/* After copying by bytes or links: the sources go, now that all copies are safe. */
static int
unlink_sources(struct copy *c)
{
	for (size_t i = 0; i < c->count; i++) {
		for (int tries = 0; tries < BOX_TRIES; tries++) {
			const struct item *it = source_item(c, i);

			if (!it || unlink_source(c->box, it))
				break;
			if (errno != ENOENT || box_look(c->box, LOOK_NAMES) != 0)
				return -1;
		}
	}
	return 0;
}

static int
end_move(struct copy *c)
{
	bool sync = box_does_sync(c->box);

	if (c->way == THROUGH_TMP && unlink_sources(c) != 0)
		return -1;
	for (size_t i = 0; i < c->count; i++) {
		uint32_t index = box_index_of(c->box, c->uid[i]);

		if (c->in[i].is_in && index != UINT32_MAX)
			box_mark_gone(c->box, index);
	}
	if (dir_sync(c->box->cur, sync) != 0)
		return -1;
	return c->box->new_mail >= 0 ? dir_sync(c->box->new_mail, sync) : 0;
}

/*
 * The list of UIDs holds the names of the first try: a name never has two UIDs.  What the
 * sources are called is not what is in tmp/.
 */
static void
name_again(struct copy *c)
{
	for (size_t i = 0; i < c->count; i++) {
		const struct item *it = source_item(c, i);

		c->in[i].from = NULL;
		if (it)
			c->in[i].base = new_base(c, it);
	}
}

static int
run_through_tmp(struct copy *c, bool move)
{
	int failed = put_all_into_tmp(c);

	if (!failed && c->count > 0)
		failed = deliver(c);
	clear_tmp(c);
	if (!failed && move) {
		box_index_begin(c->box, LIMIT_LOCK_SECONDS);
		failed = end_move(c);
	}
	return failed;
}

static int
run(struct copy *c, bool move)
{
	if (c->count == 0)
		return uidlist_refresh(&c->target.uids, c->target.folder);
	c->way = move ? BY_RENAME : BY_LINK;
	if (deliver(c) == 0)
		return move ? end_move(c) : 0;
	if (move)
		box_index_end(c->box);
	if (move ? errno != EXDEV : !cannot_link(errno))
		return -1;
	name_again(c);
	return run_through_tmp(c, move);
}

static void
pair_uids(const struct copy *c, struct arena *mem, struct copied *copied_out)
{
	struct copied copied = { c->target.uids.uidvalidity, RANGES_EMPTY, RANGES_EMPTY };

	for (size_t i = 0; i < c->count; i++) {
		if (!c->in[i].is_in)
			continue;
		ranges_add(&copied.from, mem, c->uid[i], c->uid[i]);
		ranges_add(&copied.to, mem, c->in[i].uid, c->in[i].uid);
	}
	*copied_out = copied;
}

void
mailbox_on_step(struct mailbox *box, void (*step)(void *context), void *context)
{
	box->step = step;
	box->step_context = context;
}

int
mailbox_copy(struct mailbox *box, const struct ranges *uids, const char *target, bool move,
             struct arena *mem, struct copied *copied_out)
{
	struct copy c;
	int failed, saved;

	memset(&c, 0, sizeof(c));
	c.box = box;
	if (box->is_lost || (move && !box->is_writable)) {
		errno = box->is_lost ? ESTALE : EROFS;
		return -1;
	}
	if (target_open(box->store, target, &c.target) != 0)
		return -1;
	c.target.source = box->folder_name;
	c.target.source_new = box->new_mail;
	c.target.moved_from = move ? box->name : NULL;
	c.target.step = box->step;
	c.target.step_context = box->step_context;
	collect(&c, uids);
	failed = run(&c, move);
	saved = errno;
	if (!failed)
		pair_uids(&c, mem, copied_out);
	target_close(&c.target);
	if (!failed && move && c.count > 0)
		box_forget_gone(box);
	box_index_end(box);
	if (c.target.must_fold)
		box_index_fold(box->store, target);
	errno = saved;
	return failed;
}
