/*
 * maildrop.c - INBOX as POP3 sees it
 *
 * The view of the mailbox never moves, because nobody calls
 * mailbox_next_news(): mail that comes during the session, and messages that
 * others remove, change no number (D12, S13).
 *
 * RFC 1939 wants an exclusive lock.  IMAP sessions and deliveries may go on, they
 * do no harm to a fixed view; so only POP3 sessions exclude each other, with a
 * record lock on linnet.pop3.lock in the Maildir's root.  The kernel gives it
 * back when the process ends, however it ends: no session waits for a dead one.
 * The file's mtime is the time of the last login.
 */
#include "pop3d/maildrop.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/base/arena.h"
#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/index/mailbox.h"

static const char lock_name[] = "linnet.pop3.lock";
enum { PAUSE_MS = 10 };

struct entry {
	uint64_t octets;
	uint32_t uid;
	bool     has_octets, is_deleted, is_read;
};

struct maildrop {
	struct mailbox *box;
	int             lock; /* -1: there can be none, because nothing can be written */
	struct arena    mem;
	struct entry   *entry; /* message n is entry[n - 1] */
	uint32_t        count, deleted;
};

/* Nothing can be written, or the disk is full: a session that can read is worth more. */
static bool
may_go_without_lock(int error)
{
	return error == EROFS || error == EACCES || error == EPERM || error == ENOSPC ||
	       error == EDQUOT;
}

/* 0: this login may be, and is noted; or errno.  A clock that went back refuses nobody. */
static int
check_delay(int fd, uint64_t delay_seconds)
{
	struct stat st;
	time_t now = time(NULL);

	if (delay_seconds == 0)
		return 0;
	if (fstat(fd, &st) != 0)
		return errno;
	if (now >= st.st_mtime && (uint64_t)(now - st.st_mtime) < delay_seconds)
		return EALREADY;
	return futimens(fd, NULL) == 0 || may_go_without_lock(errno) ? 0 : errno;
}

/* 0 or errno.  Who comes back at once may meet his own last session, which is just ending. */
static int
lock_file(int fd)
{
	const struct timespec pause = { 0, PAUSE_MS * 1000000L };
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int64_t deadline = clock_ms() + LIMIT_MAILDROP_MS;

	while (fcntl(fd, F_SETLK, &whole) != 0) {
		if (errno != EACCES && errno != EAGAIN && errno != EINTR)
			return errno;
		if (clock_ms() >= deadline)
			return EAGAIN;
		nanosleep(&pause, NULL);
	}
	return 0;
}

static int
try_lock(int fd, const struct maildrop_how *how, bool is_new)
{
	int error = how->is_shared ? 0 : lock_file(fd);

	if (error)
		return error;
	return is_new ? 0 : check_delay(fd, how->delay_seconds);
}

/* The descriptor with the lock, or -1; errno is EAGAIN: another has it, 0: there can be none. */
static int
take_lock(int root, const struct maildrop_how *how)
{
	int mode = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
	int fd = openat(root, lock_name, mode), error;
	bool is_new = fd < 0 && errno == ENOENT;

	if (is_new)
		fd = openat(root, lock_name, mode | O_CREAT, 0600);
	if (fd < 0) {
		error = errno;
		log_warning("cannot open %s, so other POP3 sessions are not kept out: %s",
		            lock_name, strerror(error));
		errno = may_go_without_lock(error) ? 0 : error;
		return -1;
	}
	error = try_lock(fd, how, is_new);
	if (error == 0)
		return fd;
	close(fd);
	errno = error;
	return -1;
}

int
maildrop_open(struct store *s, const struct maildrop_how *how, struct maildrop **drop_out)
{
	struct arena mem = ARENA_EMPTY;
	struct maildrop *d = arena_zero(&mem, sizeof(*d));

	d->mem = mem;
	d->lock = take_lock(store_root(s), how);
	if (d->lock < 0 && errno != 0)
		goto fail;
	if (mailbox_open(s, "INBOX", MAILBOX_READ_WRITE, &d->box) < 0)
		goto fail;
	d->count = mailbox_count(d->box);
	d->entry = arena_array(&d->mem, d->count, sizeof(*d->entry));
	for (uint32_t i = 0; i < d->count; i++)
		d->entry[i].uid = mailbox_message(d->box, i + 1)->uid;
	*drop_out = d;
	return 0;

fail:
	maildrop_close(d);
	return -1;
}

void
maildrop_unlock(struct maildrop *d)
{
	if (d->lock >= 0)
		close(d->lock);
	d->lock = -1;
}

struct maildrop *
maildrop_close(struct maildrop *d)
{
	struct arena mem;
	int error = errno;

	if (!d)
		return NULL;
	mailbox_close(d->box);
	maildrop_unlock(d);
	mem = d->mem; /* d itself lives in it */
	arena_free(&mem);
	errno = error;
	return NULL;
}

struct mailbox *
maildrop_mailbox(struct maildrop *d)
{
	return d->box;
}

uint32_t
maildrop_count(const struct maildrop *d)
{
	return d->count;
}

uint32_t
maildrop_deleted(const struct maildrop *d)
{
	return d->deleted;
}

bool
maildrop_has(const struct maildrop *d, uint32_t number)
{
	return number >= 1 && number <= d->count && !d->entry[number - 1].is_deleted;
}

int
maildrop_size(struct maildrop *d, uint32_t number, uint64_t *octets_out)
{
	struct entry *e = &d->entry[number - 1];

	if (!e->has_octets) {
		if (mailbox_message_size(d->box, number, &e->octets) < 0) {
			if (errno != ENOENT)
				return -1;
			e->octets = 0;
		}
		e->has_octets = true;
	}
	*octets_out = e->octets;
	return 0;
}

int
maildrop_total(struct maildrop *d, uint64_t *octets_out)
{
	uint64_t total = 0, one;

	for (uint32_t number = 1; number <= d->count; number++) {
		if (maildrop_size(d, number, &one) < 0)
			return -1;
		if (!d->entry[number - 1].is_deleted)
			total += one;
	}
	*octets_out = total;
	return 0;
}

void
maildrop_size_is(struct maildrop *d, uint32_t number, uint64_t octets)
{
	uint64_t before;

	if (maildrop_size(d, number, &before) == 0 && before == octets)
		return;
	d->entry[number - 1].octets = octets;
	d->entry[number - 1].has_octets = true;
	mailbox_message_size_is(d->box, number, octets);
}

uint64_t
maildrop_size_known(const struct maildrop *d)
{
	uint64_t total = 0;

	for (uint32_t i = 0; i < d->count; i++)
		total += d->entry[i].octets;
	return total;
}

void
maildrop_delete(struct maildrop *d, uint32_t number)
{
	struct entry *e = &d->entry[number - 1];

	d->deleted += !e->is_deleted;
	e->is_deleted = true;
}

void
maildrop_undelete_all(struct maildrop *d)
{
	for (uint32_t i = 0; i < d->count; i++)
		d->entry[i].is_deleted = false;
	d->deleted = 0;
}

void
maildrop_mark_read(struct maildrop *d, uint32_t number)
{
	d->entry[number - 1].is_read = true;
}

static bool
is_expired(struct maildrop *d, uint32_t number, uint64_t days)
{
	time_t saved;

	if (days == 0)
		return d->entry[number - 1].is_read;
	return (mailbox_message(d->box, number)->flags & FLAG_SEEN) != 0 &&
	       mailbox_message_savedate(d->box, number, &saved) == 0 &&
	       time(NULL) - saved > (time_t)days * (24 * 60 * 60);
}

void
maildrop_expire(struct maildrop *d, uint64_t days)
{
	if (!mailbox_is_writable(d->box))
		return;
	for (uint32_t number = 1; number <= d->count; number++)
		if (is_expired(d, number, days))
			maildrop_delete(d, number);
}

int
maildrop_write_seen(struct maildrop *d)
{
	static const struct flags_change seen = { .how = FLAGS_ADD, .flags = FLAG_SEEN };
	struct ranges uids = RANGES_EMPTY;

	for (uint32_t i = 0; i < d->count; i++) {
		struct entry *e = &d->entry[i];
		bool is_news = e->is_read && !(mailbox_message(d->box, i + 1)->flags & FLAG_SEEN);

		if (is_news && !e->is_deleted)
			ranges_add(&uids, &d->mem, e->uid, e->uid);
		e->is_read = false;
	}
	if (uids.count == 0 || !mailbox_is_writable(d->box))
		return 0;
	return mailbox_flags(d->box, &uids, &seen, &d->mem, NULL);
}

/* No flag is written before: what cannot be removed stays as it was (D04). */
int
maildrop_remove_deleted(struct maildrop *d, uint32_t *removed_out)
{
	struct ranges doomed = RANGES_EMPTY;

	*removed_out = 0;
	for (uint32_t i = 0; i < d->count; i++)
		if (d->entry[i].is_deleted)
			ranges_add(&doomed, &d->mem, d->entry[i].uid, d->entry[i].uid);
	return doomed.count > 0 ? mailbox_remove(d->box, &doomed, removed_out) : 0;
}
