/* number_text.c - a setting's text with numbers in place of its variables */
#include "common/base/number_text.h"

static const struct number_variable *
find_variable(struct span rest, const struct number_variable *variable, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (span_starts(rest, variable[i].text))
			return &variable[i];
	return NULL;
}

void
number_text(const char *format, const struct number_variable *variable, size_t count,
            struct buf *out)
{
	struct span rest = span_of(format);

	while (rest.len > 0) {
		const struct number_variable *v = find_variable(rest, variable, count);

		if (v)
			buf_number(out, v->value);
		else
			buf_byte(out, rest.at[0]);
		rest = span_skip(rest, v ? strlen(v->text) : 1);
	}
}
