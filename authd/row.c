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
