/* sql_query.c - variables of a query become bound parameters: what a client types is never SQL */
#include "authd/sql_query.h"

#include "common/base/buf.h"
#include "common/base/expand.h"

struct rewriting {
	struct arena     *mem;
	struct buf        text;
	struct sql_query *out;
	const char       *why; /* first failure */
};

static void
fail(struct rewriting *r, const char *why)
{
	if (!r->why)
		r->why = why;
}

/* A variable is % and anything but another %. */
static bool
has_variable(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.at[i] == '%' && (i + 1 == s.len || s.at[++i] != '%'))
			return true;
	return false;
}

/* s stays text of the statement: %% is the sign itself there too. */
static void
put_text(struct rewriting *r, struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		buf_byte(&r->text, s.at[i]);
		if (s.at[i] == '%' && i + 1 < s.len && s.at[i + 1] == '%')
			i++;
	}
}

static void
put_parameter(struct rewriting *r, const char *template)
{
	struct expand_values nobody = { .user = "" };
	const char *why = NULL;

	if (!expand(template, &nobody, r->mem, &why))
		fail(r, why);
	else if (r->out->bind_count == SQL_BINDS)
		fail(r, "too many variables");
	else
		r->out->bind[r->out->bind_count++] = template;
	buf_byte(&r->text, '?');
}

/* '' within '...' is one quote. */
static const char *
without_pairs(struct rewriting *r, struct span inside, char quote)
{
	char *text = arena_alloc(r->mem, inside.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < inside.len; i++) {
		if (inside.at[i] == quote)
			i++;
		text[len++] = inside.at[i];
	}
	text[len] = '\0';
	return text;
}

/* The literal that p begins with: its end behind the closing quote, or NULL. */
static const char *
end_of_literal(const char *p)
{
	char quote = *p++;

	for (; *p; p++) {
		if (*p == '\\' && quote != '`' && p[1])
			p++;
		else if (*p == quote && p[1] == quote)
			p++;
		else if (*p == quote)
			return p + 1;
	}
	return NULL;
}

static const char *
take_literal(struct rewriting *r, const char *p)
{
	const char *end = end_of_literal(p);
	struct span inside;

	if (!end) {
		fail(r, "a quote that does not end");
		return p + strlen(p);
	}
	inside = span_make(p + 1, (size_t)(end - p) - 2);
	if (!has_variable(inside)) {
		put_text(r, span_make(p, (size_t)(end - p)));
		return end;
	}
	if (*p == '`')
		fail(r, "a variable cannot be the name of a table or column");
	else if (span_find(inside, '\\'))
		fail(r, "a variable and a backslash within one pair of quotes");
	else
		put_parameter(r, without_pairs(r, inside, *p));
	return end;
}

/* %u, %Lu, %{user}: the letter or the word, and its modifiers. */
static const char *
take_variable(struct rewriting *r, const char *p)
{
	const char *end = p + 1;

	while (*end == 'L' || *end == 'U')
		end++;
	if (*end == '{')
		end += strcspn(end, "}");
	if (*end)
		end++;
	put_parameter(r, arena_string(r->mem, span_make(p, (size_t)(end - p))));
	return end;
}

bool
sql_query_rewrite(const char *query, struct arena *mem, struct sql_query *out, const char **why_out)
{
	struct rewriting r = { mem, BUF_EMPTY, out, NULL };
	const char *p = query;

	*out = (struct sql_query){ .text = "" };
	while (*p) {
		if (*p == '\'' || *p == '"' || *p == '`') {
			p = take_literal(&r, p);
		} else if (*p == '%' && p[1] != '%') {
			p = take_variable(&r, p);
		} else {
			if (*p == '?')
				fail(&r, "a ? outside quotes; write %u where the name belongs");
			buf_byte(&r.text, *p);
			p += *p == '%' ? 2 : 1;
		}
	}
	out->text = arena_string(mem, buf_view(&r.text));
	buf_free(&r.text);
	if (r.why)
		*why_out = r.why;
	return !r.why;
}
