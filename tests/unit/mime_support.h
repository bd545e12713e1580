/* mime_support.h - messages and streams for the tests of common/mime and FETCH */
#ifndef LINNET_TEST_MIME_SUPPORT_H
#define LINNET_TEST_MIME_SUPPORT_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/io/out.h"
#include "common/mime/source.h"

/* A descriptor of an unlinked file with these bytes. */
static inline int
file_of(struct span bytes)
{
	char path[] = "/tmp/linnet-test-XXXXXX";
	int fd = mkstemp(path);

	if (fd < 0 || unlink(path) != 0 ||
	    write(fd, bytes.at ? bytes.at : "", bytes.len) != (ssize_t)bytes.len)
		abort();
	return fd;
}

static inline struct source *
source_of(struct span bytes)
{
	return source_open(file_of(bytes));
}

static inline void __attribute__((noreturn))
gone_is_wrong(enum gone why)
{
	(void)why;
	abort();
}

/* An out stream into a file; captured() gives what was written. */
static inline void
capture(struct out *o)
{
	out_open(o, file_of(span_of("")), gone_is_wrong);
}

static inline void
captured(struct out *o, struct buf *into)
{
	off_t size;

	out_flush(o);
	size = lseek(o->fd, 0, SEEK_END);
	buf_reset(into);
	if (pread(o->fd, buf_reserve(into, (size_t)size + 1), (size_t)size, 0) != size)
		abort();
	into->len = (size_t)size;
	if (into->data)
		into->data[into->len] = '\0';
	close(o->fd);
	out_close(o);
}

/*
 * The plainest conversion there is, to hold the fast one against; before is the
 * byte in front of s.
 */
static inline void
naive_crlf_behind(struct span s, char before, struct buf *into)
{
	buf_reset(into);
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] == '\n' && (i > 0 ? s.at[i - 1] : before) != '\r')
			buf_byte(into, '\r');
		buf_byte(into, s.at[i] ? s.at[i] : (char)0x80);
	}
}

static inline void
naive_crlf(struct span s, struct buf *into)
{
	naive_crlf_behind(s, '\0', into);
}

static inline size_t
naive_lines(struct span s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += s.at[i] == '\n';
	return n;
}

#endif
