/* buf.c - growing buffers: doubling, always NUL-ended */
#include "common/base/buf.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/base/die.h"
#include "common/base/wipe.h"

enum { BUF_FIRST_ROOM = 64 };

char *
buf_reserve(struct buf *b, size_t n)
{
	size_t room = b->room ? b->room : BUF_FIRST_ROOM;

	if (n >= SIZE_MAX / 2 - b->len)
		die("out of memory: a buffer of more than half the address space was asked for");
	while (room < b->len + n + 1)
		room *= 2;
	if (room != b->room) {
		b->data = realloc(b->data, room);
		if (!b->data)
			die("out of memory: a buffer of %zu bytes", room);
		b->room = room;
	}
	return b->data + b->len;
}

void
buf_add(struct buf *b, const void *bytes, size_t n)
{
	char *to = buf_reserve(b, n);

	if (n > 0)
		memcpy(to, bytes, n);
	b->len += n;
	b->data[b->len] = '\0';
}

void
buf_byte(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void
buf_str(struct buf *b, const char *string)
{
	buf_add(b, string, strlen(string));
}

void
buf_span(struct buf *b, struct span s)
{
	buf_add(b, s.at, s.len);
}

void
buf_number(struct buf *b, uint64_t n)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	buf_add(b, digits + at, sizeof(digits) - at);
}

void
buf_vprintf(struct buf *b, const char *format, va_list args)
{
	va_list again;
	int n;

	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, args);
	if (n < 0)
		bug("a format that vsnprintf refuses: %s", format);
	buf_reserve(b, (size_t)n);
	vsnprintf(b->data + b->len, (size_t)n + 1, format, again);
	b->len += (size_t)n;
	va_end(again);
}

void
buf_printf(struct buf *b, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buf_vprintf(b, format, args);
	va_end(args);
}

struct span
buf_view(const struct buf *b)
{
	return span_make(b->data ? b->data : "", b->len);
}

void
buf_reset(struct buf *b)
{
	b->len = 0;
	if (b->data)
		b->data[0] = '\0';
}

void
buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf)BUF_EMPTY;
}

void
buf_wipe_free(struct buf *b)
{
	if (b->data)
		wipe(b->data, b->room);
	buf_free(b);
}
