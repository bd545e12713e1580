/* fuzz_mime.c - any bytes as a message: its tree, counts, structure and text */
#include <fcntl.h>

#include "common/mime/part.h"
#include "imapd/fetch.h"
#include "tests/unit/mime_support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is told of [at, end) must be what the plainest counting finds. */
static void
check_range(struct span file, uint64_t at, uint64_t end, uint64_t octets, uint64_t lines)
{
	struct buf crlf = BUF_EMPTY;
	struct span range;

	if (at > end || end > file.len)
		abort();
	range = span_make(span_skip(file, (size_t)at).at, (size_t)(end - at));
	naive_crlf(range, &crlf);
	if (octets != crlf.len || lines != naive_lines(range))
		abort();
	buf_free(&crlf);
}

static bool
take_text(void *context, struct span utf8)
{
	size_t *total = context;

	*total += utf8.len;
	return true;
}

static void
check_part(struct span file, struct source *src, const struct part *p)
{
	size_t total = 0;

	check_range(file, p->header_at, p->body_at, p->header_octets, p->header_lines);
	check_range(file, p->body_at, p->end, p->body_octets, p->body_lines);
	part_decode_text(src, p, take_text, &total);
}

static void
check_tree(struct span file, struct source *src, const struct part *root)
{
	const struct part *p = root;

	for (;;) {
		check_part(file, src, p);
		if (p->first) {
			p = p->first;
			continue;
		}
		while (p != root && !p->next)
			p = p->parent;
		if (p == root)
			return;
		p = p->next;
	}
}

static void
check_send(struct span file, struct source *src)
{
	struct buf wanted = BUF_EMPTY, got = BUF_EMPTY;
	struct out out;

	naive_crlf(file, &wanted);
	capture(&out);
	if (source_send(src, 0, file.len, 0, wanted.len, &out) != wanted.len)
		abort();
	captured(&out, &got);
	if (!span_equal(buf_view(&wanted), buf_view(&got)))
		abort();
	capture(&out);
	source_send_stuffed(src, 0, file.len % 7, &out);
	captured(&out, &got);
	buf_free(&wanted);
	buf_free(&got);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span file = span_make((const char *)data, size);
	struct source *src = source_of(file);
	struct arena mem = ARENA_EMPTY;
	struct part *root = part_parse(src, &mem);
	struct out nowhere;

	check_tree(file, src, root);
	check_send(file, src);
	out_open(&nowhere, open("/dev/null", O_WRONLY), gone_is_wrong);
	put_structure(&nowhere, root, true, &mem);
	put_envelope(&nowhere, root->header, &mem);
	out_release(&nowhere);
	close(nowhere.fd);
	source_close(src);
	arena_free(&mem);
	return 0;
}
