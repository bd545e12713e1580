/* names.c - the file names of a mailbox's messages, without one allocation for each */
#include "common/index/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/die.h"
#include "common/index/sum.h"
#include "common/maildir/filename.h"

enum { DEAD_LEAST = 256 * 1024 };

/* In the order of ASCII, as every Maildir program writes them. */
static const struct letter {
	char     letter;
	uint32_t flag;
} letters[] = {
	{ 'D', FLAG_DRAFT }, { 'F', FLAG_FLAGGED }, { 'R', FLAG_ANSWERED },
	{ 'S', FLAG_SEEN },  { 'T', FLAG_DELETED },
};

static void
free_parts(struct names *n)
{
	for (uint32_t i = 0; i < n->parts; i++)
		free(n->part[i].text);
	if (n->part)
		close(n->fd);
	free(n->part);
	n->part = NULL;
	n->parts = n->last = 0;
	n->length = 0;
}

void
names_free(struct names *n)
{
	free_parts(n);
	buf_free(&n->added);
	n->dead = 0;
	n->is_damaged = false;
}

void
names_from(struct names *n, int fd, uint64_t file_at, uint32_t parts)
{
	names_free(n);
	n->part = calloc(parts + 1UL, sizeof(*n->part));
	if (!n->part)
		die("out of memory: %u parts of a mailbox", parts);
	n->fd = fd;
	n->file_at = file_at;
}

void
names_add_part(struct names *n, size_t length, uint64_t sum)
{
	n->part[n->parts++] = (struct names_part){ n->length, length, sum, NULL, false };
	n->length += length;
}

uint64_t
names_sum(const char *text, size_t length)
{
	return sum_of(text, length, 1);
}

/* No name leads out of its directory, and the last one ends. */
static bool
is_good(const struct names_part *p)
{
	return names_sum(p->text, p->length) == p->sum && !memchr(p->text, '/', p->length) &&
	       (p->length == 0 || p->text[p->length - 1] == '\0');
}

static void
load(struct names *n, struct names_part *p)
{
	size_t got = 0;

	p->text = malloc(p->length + 1);
	if (!p->text)
		die("out of memory: %zu bytes of file names", p->length);
	while (got < p->length) {
		ssize_t more = pread(n->fd, p->text + got, p->length - got,
		                     (off_t)(n->file_at + p->at + got));

		if (more < 0 && errno == EINTR)
			continue;
		if (more <= 0)
			break;
		got += (size_t)more;
	}
	if (got == p->length && is_good(p))
		return;
	memset(p->text, '\0', p->length + 1);
	n->is_damaged = p->is_kept = true;
}

/* The part that holds this place. */
static struct names_part *
part_at(struct names *n, size_t at)
{
	uint32_t low = 0, high = n->parts;

	if (at - n->part[n->last].at < n->part[n->last].length)
		return &n->part[n->last];
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (n->part[middle].at <= at)
			low = middle;
		else
			high = middle;
	}
	n->last = low;
	return &n->part[low];
}

/* No name: an item of a part of the map that was lost. */
static bool
is_nameless(const struct item *it)
{
	return it->name_at == UINT32_MAX;
}

static const char *
text_at(struct names *n, const struct item *it, bool keep)
{
	struct names_part *p;

	if (is_nameless(it))
		return "";
	if (it->name_at >= n->length)
		return n->added.data + (it->name_at - n->length);
	p = part_at(n, it->name_at);
	if (!p->text)
		load(n, p);
	p->is_kept |= keep;
	return p->text + (it->name_at - p->at);
}

bool
names_has(struct names *n, const struct item *it)
{
	return text_at(n, it, true)[0] != '\0';
}

bool
names_load(struct names *n)
{
	for (uint32_t i = 0; i < n->parts; i++) {
		if (!n->part[i].text)
			load(n, &n->part[i]);
		n->part[i].is_kept = true;
	}
	return !n->is_damaged;
}

void
names_let_go(struct names *n)
{
	for (uint32_t i = n->last; i < n->parts && n->part[i].text && !n->part[i].is_kept; i--) {
		free(n->part[i].text);
		n->part[i].text = NULL;
	}
}

const char *
names_base(struct names *n, const struct item *it)
{
	return text_at(n, it, false);
}

/* What stands behind the base: ":2,", letters; in new/ a name without flags has no info. */
static void
make_info(char *to, const struct item *it)
{
	if (!it->in_new) {
		memcpy(to, ":2,", 3);
		to += 3;
		for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
			if (it->flags & letters[i].flag)
				*to++ = letters[i].letter;
		for (int i = 0; it->letters >> i && i < 26; i++)
			if (it->letters >> i & 1)
				*to++ = (char)('a' + i);
	}
	*to = '\0';
}

/* A base that leaves no room for an info is kept whole. */
static bool
is_made(const struct item *it, const char *name)
{
	char info[64];

	make_info(info, it);
	return strcmp(info, name + it->base_length) == 0;
}

static void
add(struct names *n, struct item *it, const char *bytes, size_t length)
{
	if (n->length + n->added.len > UINT32_MAX - NAME_MAX - 1)
		die("file names of a mailbox take more than 4 GB");
	it->name_at = (uint32_t)(n->length + n->added.len);
	buf_add(&n->added, bytes, length);
	buf_byte(&n->added, '\0');
	it->name_length = (uint8_t)length;
}

void
names_set(struct names *n, struct item *it, const char *name, bool in_new)
{
	struct file_flags f = filename_flags(name);
	size_t base = filename_base_length(name), length = strlen(name);
	bool same_base = it->base_length == base && memcmp(names_base(n, it), name, base) == 0;

	it->flags = f.system;
	it->letters = f.letters;
	it->in_new = in_new;
	if (!same_base)
		it->base_length = (uint8_t)base;
	if (is_made(it, name)) {
		if (!same_base || it->is_odd) {
			n->dead += it->name_length;
			add(n, it, name, base);
		}
		it->is_odd = false;
		return;
	}
	n->dead += it->name_length;
	add(n, it, name, length);
	it->is_odd = true;
}

const char *
names_of(struct names *n, const struct item *it)
{
	char made[NAME_MAX + 64];

	if (it->is_odd)
		return text_at(n, it, true);
	memcpy(made, text_at(n, it, true), it->base_length);
	make_info(made + it->base_length, it);
	memcpy(n->name, made, sizeof(n->name)); /* names_set() let none through that is longer */
	n->name[NAME_MAX] = '\0';
	return n->name;
}

bool
names_is(struct names *n, const struct item *it, const char *name, bool in_new)
{
	return it->in_new == in_new && strcmp(names_of(n, it), name) == 0;
}

void
names_compact(struct names *n, struct items *items)
{
	struct names fresh;

	if (n->dead < DEAD_LEAST || n->dead < (n->length + n->added.len) / 2 || !names_load(n))
		return;
	memset(&fresh, 0, sizeof(fresh));
	for (uint32_t i = 0; i < items->count; i++) {
		struct item *it = items_at(items, i);

		add(&fresh, it, names_base(n, it), it->name_length);
	}
	names_free(n);
	n->added = fresh.added;
}
