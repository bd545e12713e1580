/*
 * guard.c - while we change a directory: did anybody else?
 *
 * (1) A foreign change is counted.  The kernel queues an event before it lets go
 *     of the directory's lock.  After our last change one more call that needs this lock, and
 *     changes nothing, waits for whoever holds it; all events are in the queue then.
 * (2) A foreign change after that is seen by its time.  The kernel's own times are
 *     ticks of the coarse clock, or finer ones that only grow.  guard_settle() sets an mtime of
 *     the fine clock that is no tick, so no later change can leave the same one,
 *     not even within the same tick, and nobody has to wait for the next.
 * (3) The mtime only goes forward: mutt compares with "later than".
 * (4) Where whole seconds are kept, or the file system is shared with other
 *     hosts whose changes inotify does not see, nothing is certain.
 */
#include "common/index/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

enum {
	GUARD_OUT = IN_MOVED_FROM | IN_DELETE,
	GUARD_IN = IN_MOVED_TO | IN_CREATE,
	/* changes; the kernel's queue may be as short as some thousand events */
	GUARD_DRAIN_AFTER = 256
};

/* Of the whole process, as closing one may take the kernel many milliseconds. */
static int events = -1;
static struct guard *armed[GUARDS];

/* Invariant (4): file systems whose every change passes this kernel. */
static bool
is_local(int dir)
{
	static const uint32_t local[] = {
		0xef53 /* ext */, 0x58465342 /* xfs */, 0x9123683e /* btrfs */,
		0x01021994 /* tmpfs */, 0xf2f52010 /* f2fs */,
		0x2fc12fc1 /* zfs */, 0x794c7630 /* overlay */, 0xca451a4e /* bcachefs */,
		0x52654973 /* reiserfs */,
		0x3153464a /* jfs */,
	};
	struct statfs fs;

	if (fstatfs(dir, &fs) != 0)
		return false;
	for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++)
		if ((uint32_t)fs.f_type == local[i])
			return true;
	return false;
}

/* inotify takes paths only, so the process steps into the directory for a moment. */
static int
watch_dir(int dir)
{
	int back = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), watch = -1;

	if (fchdir(dir) == 0)
		watch = inotify_add_watch(events, ".", GUARD_OUT | GUARD_IN | IN_ONLYDIR);
	if (back >= 0) {
		if (fchdir(back) != 0)
			errno = 0; /* nothing in a session depends on where it stands */
		close(back);
	}
	return watch;
}

bool
guard_arm(struct guard *g, int dir)
{
	*g = (struct guard)GUARD_NONE;
	g->dir = dir;
	if (dir < 0 || !is_local(dir))
		return false;
	if (events < 0)
		events = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (events < 0)
		return false;
	for (size_t i = 0; i < GUARDS; i++) {
		if (armed[i])
			continue;
		g->watch = watch_dir(dir);
		if (g->watch >= 0)
			armed[i] = g;
		return g->watch >= 0;
	}
	return false;
}

void
guard_disarm(struct guard *g)
{
	for (size_t i = 0; i < GUARDS; i++) {
		if (armed[i] != g)
			continue;
		armed[i] = NULL;
		inotify_rm_watch(events, g->watch);
	}
	*g = (struct guard)GUARD_NONE;
}

static void
count_event(const struct inotify_event *e)
{
	for (size_t i = 0; i < GUARDS; i++) {
		struct guard *g = armed[i];

		if (!g || (g->watch != e->wd && !(e->mask & IN_Q_OVERFLOW)))
			continue;
		g->seen_out += (e->mask & GUARD_OUT) != 0;
		g->seen_in += (e->mask & GUARD_IN) != 0;
		g->is_lost |= (e->mask & (IN_Q_OVERFLOW | IN_UNMOUNT | IN_IGNORED)) != 0;
	}
}

static void
drain(void)
{
	char bytes[16 * 1024] __attribute__((aligned(8)));
	ssize_t n;

	while ((n = read(events, bytes, sizeof(bytes))) > 0 || (n < 0 && errno == EINTR)) {
		for (ssize_t at = 0; at < n;) {
			struct inotify_event e;

			memcpy(&e, bytes + at, sizeof(e));
			count_event(&e);
			at += (ssize_t)(sizeof(e) + e.len);
		}
	}
}

static void
drain_often(const struct guard *g)
{
	if (g->watch >= 0 && (g->in + g->out) % GUARD_DRAIN_AFTER == 0)
		drain();
}

void
guard_out(struct guard *g)
{
	g->out++;
	drain_often(g);
}

void
guard_in(struct guard *g)
{
	g->in++;
	drain_often(g);
}

void
guard_renamed(struct guard *g)
{
	g->out++;
	guard_in(g);
}

bool
guard_has_changes(const struct guard *g)
{
	return g->out > 0 || g->in > 0;
}

static bool
is_before(struct timespec a, struct timespec b)
{
	return a.tv_sec < b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec < b.tv_nsec);
}

/* Invariants (2) and (3). */
static bool
set_time(int dir, struct timespec *time_out)
{
	struct timespec tick, times[2] = { { 0, UTIME_OMIT }, { 0, 0 } };
	struct stat st;

	if (fstat(dir, &st) != 0 || clock_gettime(CLOCK_REALTIME, &times[1]) != 0 ||
	    clock_gettime(CLOCK_REALTIME_COARSE, &tick) != 0)
		return false;
	if (times[1].tv_nsec == tick.tv_nsec)
		times[1].tv_nsec = tick.tv_nsec < 999999999 ? tick.tv_nsec + 1 : tick.tv_nsec - 1;
	*time_out = times[1];
	return is_before(st.st_mtim, times[1]) && futimens(dir, times) == 0;
}

bool
guard_settle(struct guard *g, struct stamp *stamp_out)
{
	struct timespec wanted;
	struct stat st;

	if (g->watch < 0 || g->is_lost || !set_time(g->dir, &wanted))
		return false;
	unlinkat(g->dir, "linnet.none", 0); /* (1): there is no such file */
	drain();
	if (g->is_lost || g->seen_in != g->in || g->seen_out != g->out)
		return false;
	if (fstat(g->dir, &st) != 0 || st.st_mtim.tv_sec != wanted.tv_sec ||
	    st.st_mtim.tv_nsec != wanted.tv_nsec)
		return false;
	*stamp_out = stamp_of_dir(&st);
	return true;
}
