/* filename.c - the name of a message file: base, sizes, flags */
#include "common/maildir/filename.h"

#include <string.h>

#include "common/base/number.h"

static const char info_mark[] = ":2,";

static const struct letter {
	char     letter;
	uint32_t flag;
} system_letters[] = {
	{ 'D', FILE_DRAFT }, { 'F', FILE_FLAGGED }, { 'R', FILE_ANSWERED },
	{ 'S', FILE_SEEN },  { 'T', FILE_DELETED },
};
enum { SYSTEM_LETTERS = sizeof(system_letters) / sizeof(system_letters[0]) };

static uint32_t
system_flag(char c)
{
	for (size_t i = 0; i < SYSTEM_LETTERS; i++)
		if (system_letters[i].letter == c)
			return system_letters[i].flag;
	return 0;
}

size_t
filename_base_length(const char *name)
{
	return (size_t)(strchrnul(name, ':') - name);
}

/* The letters behind ":2,"; SPAN_NONE without such an info. */
static struct span
find_letters(const char *name)
{
	const char *mark = strchrnul(name, ':');

	if (!*mark)
		return SPAN_NONE;
	if (strncmp(mark, info_mark, sizeof(info_mark) - 1) != 0)
		mark = strstr(mark, info_mark);
	if (!mark)
		return SPAN_NONE;
	mark += sizeof(info_mark) - 1;
	return span_make(mark, (size_t)(strchrnul(mark, ',') - mark));
}

struct file_flags
filename_flags(const char *name)
{
	struct span letters = find_letters(name);
	struct file_flags f = { 0, 0 };

	for (size_t i = 0; i < letters.len; i++) {
		char c = letters.at[i];

		if (c >= 'a' && c <= 'z')
			f.letters |= 1U << (c - 'a');
		else
			f.system |= system_flag(c);
	}
	return f;
}

void
filename_with_flags(const char *name, struct file_flags flags, uint32_t known, struct buf *out)
{
	struct span old = find_letters(name);
	bool has[256] = { false };

	for (size_t i = 0; i < old.len; i++) {
		unsigned char c = (unsigned char)old.at[i];
		bool ours =
			system_flag((char)c) || (c >= 'a' && c <= 'z' && (known >> (c - 'a') & 1));

		has[c] = !ours;
	}
	for (size_t i = 0; i < SYSTEM_LETTERS; i++)
		if (flags.system & system_letters[i].flag)
			has[(unsigned char)system_letters[i].letter] = true;
	for (unsigned n = 0; n < 26; n++)
		if (flags.letters & known & 1U << n)
			has['a' + n] = true;

	if (old.at) {
		buf_add(out, name, (size_t)(old.at - name));
	} else {
		buf_str(out, name);
		buf_str(out, info_mark);
	}
	for (unsigned c = 1; c < 256; c++)
		if (has[c])
			buf_byte(out, (char)c);
	if (old.at)
		buf_str(out, old.at + old.len);
}

bool
filename_size(const char *base, char field, uint64_t *n_out)
{
	struct span rest = span_make(base, filename_base_length(base));
	const char *comma;

	while (rest.len > 3 && (comma = memchr(rest.at, ',', rest.len - 3)) != NULL) {
		rest = span_skip(rest, (size_t)(comma - rest.at) + 1);
		if (rest.at[0] != field || rest.at[1] != '=')
			continue;
		rest = span_skip(rest, 2);
		return number_take(&rest, INT64_MAX, n_out) &&
		       (rest.len == 0 || rest.at[0] == ',');
	}
	return false;
}

bool
filename_is_odd(const char *name)
{
	size_t length = filename_base_length(name);

	return length == 0 || memchr(name, '\n', length) || memchr(name, '\r', length);
}

static uint64_t
take_field(struct span *s)
{
	uint64_t n = 0;

	return number_take(s, UINT64_MAX, &n) ? n : 0;
}

/* Micros of "SECONDS.M506481P16157.host"; 0 where the name has another form. */
static uint64_t
take_micros(struct span s)
{
	if (!span_starts(s, ".M"))
		return 0;
	s = span_skip(s, 2);
	return take_field(&s);
}

int
filename_compare_arrival(const char *a, const char *b)
{
	struct span x = span_make(a, filename_base_length(a)),
		    y = span_make(b, filename_base_length(b));
	size_t shorter = x.len < y.len ? x.len : y.len;
	int order = memcmp(a, b, shorter);
	uint64_t m, n;

	if (order == 0)
		order = x.len < y.len ? -1 : x.len > y.len ? 1 : strcmp(a, b);
	m = take_field(&x);
	n = take_field(&y);

	if (m == n) {
		m = take_micros(x);
		n = take_micros(y);
	}
	return m < n ? -1 : m > n ? 1 : order;
}
