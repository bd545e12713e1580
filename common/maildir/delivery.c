/* delivery.c - a message on its way: written to tmp/, counted, fsynced */
#include "common/maildir/delivery.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/maildir/dir.h"
#include "common/maildir/unique.h"

enum { COPY_BYTES = 64 * 1024, TRIES = 10 };

/*
 * Names cannot meet another's, except where a clock or a
 * pid namespace lies: then the next is taken.
 */
static int
open_new(int tmp, struct arena *mem, const char **name_out)
{
	for (int i = 0; i < TRIES; i++) {
		struct buf name = BUF_EMPTY;
		int fd;

		unique_name(&name);
		*name_out = arena_string(mem, buf_view(&name));
		buf_free(&name);
		fd = file_open(tmp, *name_out, O_WRONLY | O_CREAT | O_EXCL);
		if (fd >= 0 || errno != EEXIST)
			return fd;
	}
	return -1;
}

int
delivery_open(struct delivery *d, int tmp, struct arena *mem)
{
	memset(d, 0, sizeof(*d));
	d->fd = open_new(tmp, mem, &d->tmp_name);
	d->failed = d->fd < 0 ? errno : 0;
	return d->failed ? -1 : 0;
}

static int
flush(struct delivery *d)
{
	if (!d->failed && d->out.len > 0 && file_write(d->fd, d->out.data, d->out.len) != 0)
		d->failed = errno;
	d->bytes += d->out.len;
	buf_reset(&d->out);
	errno = d->failed;
	return d->failed ? -1 : 0;
}

static void
put_held_cr(struct delivery *d)
{
	if (d->crs == 0)
		return;
	buf_byte(&d->out, '\r');
	d->octets++;
}

/* A CR, or the LF of a line end. */
static void
put_special(struct delivery *d, char c)
{
	if (c == '\r') {
		put_held_cr(d);
		d->crs = d->crs ? 2 : 1;
		return;
	}
	if (d->crs > 1)
		buf_byte(&d->out, '\r');
	buf_byte(&d->out, '\n');
	d->octets += 2;
	d->crs = 0;
}

static void
put_plain(struct delivery *d, const char *bytes, size_t n)
{
	put_held_cr(d);
	d->crs = 0;
	buf_add(&d->out, bytes, n);
	d->octets += n;
}

int
delivery_write(struct delivery *d, const char *bytes, size_t n)
{
	const char *end = bytes + n;

	while (bytes < end && !d->failed) {
		const char *lf = memchr(bytes, '\n', (size_t)(end - bytes));
		const char *line_end = lf ? lf : end;
		const char *cr = memchr(bytes, '\r', (size_t)(line_end - bytes));
		const char *stop = cr ? cr : line_end;

		if (stop > bytes)
			put_plain(d, bytes, (size_t)(stop - bytes));
		if (stop < end)
			put_special(d, *stop++);
		bytes = stop;
		if (d->out.len >= COPY_BYTES)
			flush(d);
	}
	errno = d->failed;
	return d->failed ? -1 : 0;
}

/* st_atime stays; the mtime is INTERNALDATE (RFC 3501 s.2.3.3). */
static int
set_date(int fd, time_t date)
{
	struct timespec times[2] = { { 0, UTIME_OMIT }, { date, 0 } };

	return date < 0 ? 0 : futimens(fd, times);
}

int
delivery_end(struct delivery *d, time_t date, bool sync)
{
	put_held_cr(d);
	d->crs = 0;
	flush(d);
	if (!d->failed && (set_date(d->fd, date) != 0 || dir_sync(d->fd, sync) != 0))
		d->failed = errno;
	if (d->fd >= 0 && close(d->fd) != 0 && !d->failed)
		d->failed = errno;
	d->fd = -1;
	buf_free(&d->out);
	errno = d->failed;
	return d->failed ? -1 : 0;
}

void
delivery_cancel(struct delivery *d, int tmp)
{
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
	buf_free(&d->out);
	if (d->tmp_name)
		unlinkat(tmp, d->tmp_name, 0);
	d->tmp_name = NULL;
}

const char *
delivery_base(const struct delivery *d, struct arena *mem)
{
	return arena_printf(mem, "%s,S=%llu,W=%llu", d->tmp_name, (unsigned long long)d->bytes,
	                    (unsigned long long)d->octets);
}

static int
copy_bytes(int from, int to)
{
	char piece[COPY_BYTES];

	for (;;) {
		ssize_t n = read(from, piece, sizeof(piece));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return (int)n;
		if (file_write(to, piece, (size_t)n) != 0)
			return -1;
	}
}

int
delivery_copy(int from_dir, const char *from, int tmp, const char *to, bool sync)
{
	int in = file_open(from_dir, from, O_RDONLY | O_NONBLOCK), out, failed = 0;
	struct stat st;

	if (in < 0)
		return -1;
	out = file_open(tmp, to, O_WRONLY | O_CREAT | O_EXCL);
	if (out < 0 || fstat(in, &st) != 0 || copy_bytes(in, out) != 0 ||
	    set_date(out, st.st_mtime) != 0 || dir_sync(out, sync) != 0)
		failed = errno;
	close(in);
	if (out >= 0 && close(out) != 0 && !failed)
		failed = errno;
	if (out >= 0 && failed)
		unlinkat(tmp, to, 0);
	errno = failed;
	return failed ? -1 : 0;
}
