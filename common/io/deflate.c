/*
 * deflate.c - both directions of a connection compressed, for COMPRESS (RFC 4978)
 *
 * A session sleeps most of its life, so neither direction keeps its memory then:
 *
 * (1) What we sent ends at a whole byte when it has been flushed, and a new deflate stream refers
 *     to nothing that was in front of it: so the old one is thrown away, and another goes on there.
 * (2) What the client sends may refer to its last 32 kB.  When the inflate stream stands between
 *     two blocks and at a whole byte, which is where a client that waits for an answer leaves it,
 *     it is thrown away and only those bytes are kept, as many as there were.
 *
 * What a few bytes may become is not bounded here: they come out piece by piece, as much as the
 * buffer of struct in has room, and count against the limits on lines and literals like any others
 * (G16).
 */
#include "common/io/deflate.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "common/base/die.h"
#include "config.h"

enum {
	WINDOW_BITS = -15, /* raw: neither header nor sum */
	WINDOW = 32 * 1024,
	MEMORY_LEVEL = 8,
	PIECE = 16 * 1024  /* bytes at once to or from the descriptor */
};

/* zlib's memory comes straight from the system, so that giving it back means that. */
struct block {
	size_t size;
	char   pad[sizeof(long double) * 2 - sizeof(size_t)];
};

static void *
take_memory(void *context, unsigned count, unsigned size)
{
	size_t n = sizeof(struct block) + (size_t)count * size;
	struct block *b = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)context;
	if (b == MAP_FAILED)
		return NULL;
	b->size = n;
	return b + 1;
}

static void
give_memory(void *context, void *memory)
{
	struct block *b = (struct block *)memory - 1;

	(void)context;
	munmap(b, b->size);
}

static void __attribute__((noreturn))
no_memory(void)
{
	die("out of memory: compressing");
}

/* ---- from the client ---- */

struct unpacker {
	z_stream zlib;
	bool     is_awake;
	bool     may_hold;   /* the last call filled all the room it had */
	char    *raw;        /* what came and is not inflated yet; NULL: nothing */
	char    *window;     /* (2): while asleep */
	unsigned window_len;
};

/*
 * (2) needs inflateGetDictionary(), which RHEL 7's zlib has not: there an unpacker stays awake.
 */
#ifdef HAVE_INFLATEGETDICTIONARY
static bool
can_keep_window(struct unpacker *u)
{
	enum { BITS_UNUSED = 7, LAST_BLOCK = 64, BETWEEN_BLOCKS = 128 };
	int place = u->zlib.data_type;

	if ((place & BITS_UNUSED) || (place & LAST_BLOCK) || !(place & BETWEEN_BLOCKS))
		return false;
	u->window_len = 0;
	if (inflateGetDictionary(&u->zlib, NULL, &u->window_len) != Z_OK)
		return false;
	u->window = malloc(u->window_len ? u->window_len : 1);
	if (!u->window)
		no_memory();
	inflateGetDictionary(&u->zlib, (Bytef *)u->window, &u->window_len);
	return true;
}
#else
static bool
can_keep_window(struct unpacker *u)
{
	(void)u;
	return false;
}
#endif

static void
sleep_unpacker(void *self)
{
	struct unpacker *u = self;

	if (u->zlib.avail_in > 0 || u->may_hold)
		return;
	free(u->raw);
	u->raw = NULL;
	if (!u->is_awake || !can_keep_window(u))
		return;
	inflateEnd(&u->zlib);
	u->is_awake = false;
}

static void
wake_unpacker(struct unpacker *u)
{
	struct z_stream_s old = u->zlib;

	if (u->is_awake)
		return;
	memset(&u->zlib, 0, sizeof(u->zlib));
	u->zlib.zalloc = take_memory;
	u->zlib.zfree = give_memory;
	if (inflateInit2(&u->zlib, WINDOW_BITS) != Z_OK)
		no_memory();
	if (u->window_len > 0 &&
	    inflateSetDictionary(&u->zlib, (const Bytef *)u->window, u->window_len) != Z_OK)
		no_memory();
	u->zlib.next_in = old.next_in;
	u->zlib.avail_in = old.avail_in;
	free(u->window);
	u->window = NULL;
	u->is_awake = true;
}

static ssize_t
read_raw(struct unpacker *u, int fd)
{
	ssize_t n;

	if (!u->raw)
		u->raw = malloc(PIECE);
	if (!u->raw)
		no_memory();
	n = read(fd, u->raw, PIECE);
	u->zlib.next_in = (Bytef *)u->raw;
	u->zlib.avail_in = n > 0 ? (unsigned)n : 0;
	return n;
}

static ssize_t
read_unpacked(void *self, int fd, char *to, size_t room)
{
	struct unpacker *u = self;
	int result;

	wake_unpacker(u);
	if (u->zlib.avail_in == 0 && !u->may_hold) {
		ssize_t n = read_raw(u, fd);

		if (n <= 0)
			return n;
	}
	if (room > INT_MAX)
		room = INT_MAX;
	u->zlib.next_out = (Bytef *)to;
	u->zlib.avail_out = (unsigned)room;
	result = inflate(&u->zlib, Z_SYNC_FLUSH);
	u->may_hold = u->zlib.avail_out == 0;
	if (u->zlib.avail_out < room)
		return (ssize_t)(room - u->zlib.avail_out);
	/* a client has nothing to end: its stream lasts as long as the connection */
	errno = result == Z_OK || result == Z_BUF_ERROR ? EAGAIN : EPROTO;
	return -1;
}

static bool
holds_unpacked(const void *self)
{
	const struct unpacker *u = self;

	return u->zlib.avail_in > 0 || u->may_hold;
}

/* ---- to the client ---- */

struct packer {
	z_stream zlib;
	bool     is_awake;
	bool     is_flushed; /* all that was taken has been given out */
	int      level;
	char    *piece;
};

static void
wake_packer(struct packer *p)
{
	if (p->is_awake)
		return;
	memset(&p->zlib, 0, sizeof(p->zlib));
	p->zlib.zalloc = take_memory;
	p->zlib.zfree = give_memory;
	p->piece = malloc(PIECE);
	if (!p->piece || deflateInit2(&p->zlib, p->level, Z_DEFLATED, WINDOW_BITS, MEMORY_LEVEL,
	                              Z_DEFAULT_STRATEGY) != Z_OK)
		no_memory();
	p->is_awake = true;
	p->is_flushed = true;
}

static struct span
write_packed(void *self, struct span *rest, bool flush)
{
	struct packer *p = self;
	size_t n = rest->len < INT_MAX ? rest->len : INT_MAX;
	size_t packed;

	if (n == 0 && (!flush || !p->is_awake || p->is_flushed))
		return SPAN_NONE;
	wake_packer(p);
	p->zlib.next_in = (Bytef *)(uintptr_t)rest->at;
	p->zlib.avail_in = (unsigned)n;
	p->zlib.next_out = (Bytef *)p->piece;
	p->zlib.avail_out = PIECE;
	deflate(&p->zlib, flush && n == rest->len ? Z_SYNC_FLUSH : Z_NO_FLUSH);
	*rest = span_skip(*rest, n - p->zlib.avail_in);
	packed = PIECE - p->zlib.avail_out;
	p->is_flushed = flush && rest->len == 0 && p->zlib.avail_out > 0;
	return span_make(p->piece, packed);
}

/* (1): out_release() has just flushed the stream. */
static void
sleep_packer(void *self)
{
	struct packer *p = self;

	if (!p->is_awake || !p->is_flushed)
		return;
	deflateEnd(&p->zlib);
	free(p->piece);
	p->piece = NULL;
	p->is_awake = false;
}

/* ---- */

/* What came behind the command that asked for compression is compressed already. */
static void
take_over(struct unpacker *u, struct in *in)
{
	size_t held = in->end - in->at;

	if (held == 0)
		return;
	u->raw = malloc(held > PIECE ? held : PIECE);
	if (!u->raw)
		no_memory();
	memcpy(u->raw, in->data + in->at, held);
	u->zlib.next_in = (Bytef *)u->raw;
	u->zlib.avail_in = (unsigned)held;
	in->at = in->end;
	in->total -= held;
}

bool
deflate_is_built(void)
{
	return true;
}

void
deflate_begin(struct in *in, struct out *out, int level)
{
	static struct unpacker unpacker;
	static struct packer packer;

	take_over(&unpacker, in);
	packer.level = level < 1 ? 1 : level > 9 ? 9 : level;
	in->filter = (struct in_filter){ &unpacker, read_unpacked, holds_unpacked, sleep_unpacker };
	out->filter = (struct out_filter){ &packer, write_packed, sleep_packer };
}
