/* row.c - what a database says of a user: names and values */
#include "authd/row.h"

void
row_add(struct row *r, const char *name, const char *value)
{
	if (r->count < ROW_FIELDS)
		r->field[r->count++] = (struct row_field){ name, value };
}

static const struct row_field *
find(const struct row *r, const char *name)
{
	for (size_t i = 0; i < r->count; i++)
		if (span_is_nocase(span_of(name), r->field[i].name))
			return &r->field[i];
	return NULL;
}

const char *
row_value(const struct row *r, const char *name)
{
	const struct row_field *f = find(r, name);

	return f ? f->value : NULL;
}

void
row_remove(struct row *r, const char *name)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->count; i++)
		if (!span_is_nocase(span_of(name), r->field[i].name))
			r->field[kept++] = r->field[i];
	r->count = kept;
}

bool
row_has(const struct row *r, const char *name)
{
	return find(r, name) != NULL;
}

void
row_add_words(struct row *r, const char *words, struct arena *mem)
{
	struct span rest = span_of(words), word, name;

	while (span_split(&rest, ' ', &word)) {
		word = span_trim(word);
		if (word.len == 0 || !span_split(&word, '=', &name))
			continue;
		row_add(r, arena_string(mem, name), word.at ? arena_string(mem, word) : "");
	}
}
