/* names.c - the file names of a mailbox's messages, without one allocation for each */
#include "common/index/names.h"

#include <errno.h>
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
	{ 'D', FLAG_DRAFT }, { 'F', FLAG_FLAGGED }, { 'R', FLAG_ANSWERED }, { 'S', FLAG_SEEN }, { 'T', FLAG_DELETED },
};

void
names_free(struct names *n)
{
	if (n->is_pending)
		close(n->fd);
	buf_free(&n->text);
	buf_free(&n->added);
	n->length = n->dead = 0;
	n->is_pending = n->is_damaged = false;
}

void
names_pending(struct names *n, int fd, uint64_t at, size_t length, uint64_t sum)
{
	names_free(n);
	n->is_pending = true;
	n->fd = fd;
	n->at = at;
	n->length = length;
	n->sum = sum;
}

uint64_t
names_sum(const char *text, size_t length)
{
	return sum_of(text, length, 1);
}

/* No name leads out of its directory, and the last one ends. */
static bool
is_good(const struct names *n)
{
	return names_sum(n->text.data, n->length) == n->sum && !memchr(n->text.data, '/', n->length) &&
	       (n->length == 0 || n->text.data[n->length - 1] == '\0');
}

bool
names_load(struct names *n)
{
	size_t got = 0;

	if (!n->is_pending)
		return !n->is_damaged;
	n->is_pending = false;
	buf_reserve(&n->text, n->length + 1);
	while (got < n->length) {
		ssize_t part = pread(n->fd, n->text.data + got, n->length - got, (off_t)(n->at + got));

		if (part < 0 && errno == EINTR)
			continue;
		if (part <= 0)
			break;
		got += (size_t)part;
	}
	close(n->fd);
	n->text.len = n->length;
	n->is_damaged = got < n->length || !is_good(n);
	if (n->is_damaged)
		memset(n->text.data, '\0', n->length);
	return !n->is_damaged;
}

const char *
names_base(struct names *n, const struct item *it)
{
	if (it->name_at >= n->length)
		return n->added.data + (it->name_at - n->length);
	names_load(n);
	return n->text.data + it->name_at;
}

/* Base, ":2,", letters; in new/ a name without flags has no info. */
static void
make_name(char *to, const char *base, const struct item *it)
{
	memcpy(to, base, it->base_length);
	to += it->base_length;
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
	char made[NAME_MAX + 64];

	make_name(made, name, it);
	return strcmp(made, name) == 0;
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
		return names_base(n, it);
	make_name(made, names_base(n, it), it);
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
