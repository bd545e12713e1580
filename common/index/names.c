/* names.c - the file names of a mailbox's messages, without one allocation for each */
#include "common/index/names.h"

#include <string.h>

#include "common/base/die.h"
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
	buf_free(&n->text);
	n->dead = 0;
}

const char *
names_base(const struct names *n, const struct item *it)
{
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
is_made(const struct names *n, const struct item *it, const char *name)
{
	char made[NAME_MAX + 64];

	(void)n;
	make_name(made, name, it);
	return strcmp(made, name) == 0;
}

static void
add(struct names *n, struct item *it, const char *bytes, size_t length)
{
	if (n->text.len > UINT32_MAX - NAME_MAX - 1)
		die("file names of a mailbox take more than 4 GB");
	it->name_at = (uint32_t)n->text.len;
	buf_add(&n->text, bytes, length);
	buf_byte(&n->text, '\0');
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
	if (is_made(n, it, name)) {
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
	struct names fresh = { BUF_EMPTY, 0, "" };

	if (n->dead < DEAD_LEAST || n->dead < n->text.len / 2)
		return;
	for (uint32_t i = 0; i < items->count; i++) {
		struct item *it = items_at(items, i);

		add(&fresh, it, names_base(n, it), it->name_length);
	}
	buf_free(&n->text);
	n->text = fresh.text;
	n->dead = 0;
}
