/* expand.c - %u, %n, %d in settings, in the way of Dovecot 2.3 */
#include "common/base/expand.h"

#include "common/base/buf.h"

void
expand_split_user(const char *user, struct span *name_out, struct span *domain_out)
{
	const char *at = strrchr(user, '@');

	if (!at) {
		*name_out = span_of(user);
		*domain_out = span_make(user + strlen(user), 0);
		return;
	}
	*name_out = span_make(user, (size_t)(at - user));
	*domain_out = span_of(at + 1);
}

static struct span
value_of_name(const struct expand_values *v)
{
	struct span name = SPAN_NONE, domain;

	if (v->user)
		expand_split_user(v->user, &name, &domain);
	return name;
}

static struct span
value_of_domain(const struct expand_values *v)
{
	struct span name, domain = SPAN_NONE;

	if (v->user)
		expand_split_user(v->user, &name, &domain);
	return domain;
}

/* offset is that of a const char *; of() is for what must be worked out. */
static const struct variable {
	const char *letter, *word; /* %u, %{user} */
	size_t      offset;
	struct span (*of)(const struct expand_values *v);
} variables[] = {
	{ "u", "user",     offsetof(struct expand_values, user),      NULL },
	{ "n", "username", 0,                                         value_of_name },
	{ "d", "domain",   0,                                         value_of_domain },
	{ "h", "home",     offsetof(struct expand_values, home),      NULL },
	{ "s", "service",  offsetof(struct expand_values, service),   NULL },
	{ "l", "lip",      offsetof(struct expand_values, local_ip),  NULL },
	{ "r", "rip",      offsetof(struct expand_values, remote_ip), NULL },
	{ "",  "id",       offsetof(struct expand_values, id),        NULL },
	{ "",  "hash",     offsetof(struct expand_values, hash),      NULL },
};

static struct span
value_of(const struct variable *variable, const struct expand_values *v)
{
	const char *text;

	if (variable->of)
		return variable->of(v);
	memcpy(&text, (const char *)v + variable->offset, sizeof(text));
	return span_of(text);
}

/* "u", or "{user}": moves *p behind it; NULL for one that nobody knows. */
static const struct variable *
find_variable(const char **p)
{
	bool is_long = **p == '{';
	size_t len = is_long ? strcspn(*p, "}") : 1;
	struct span name = is_long ? span_make(*p + 1, len - 1) : span_make(*p, len);

	if (!(*p)[len - !is_long])
		return NULL;
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		if (span_is(name, is_long ? variables[i].word : variables[i].letter)) {
			*p += len + is_long;
			return &variables[i];
		}
	return NULL;
}

static void
add_in_case(struct buf *out, struct span value, char modifier)
{
	for (size_t i = 0; i < value.len; i++) {
		char c = value.at[i];

		if (modifier == 'L')
			c = ascii_lower(c);
		else if (modifier == 'U' && c >= 'a' && c <= 'z')
			c = (char)(c - ('a' - 'A'));
		buf_byte(out, c);
	}
}

/* What stands behind a "%": moves *p behind it; false for what nobody knows. */
static bool
add_variable(struct buf *out, const char **p, const struct expand_values *values)
{
	const struct variable *variable;
	char modifier = '\0';

	if (**p == '%') {
		buf_byte(out, *(*p)++);
		return true;
	}
	if (**p == 'L' || **p == 'U')
		modifier = *(*p)++;
	variable = find_variable(p);
	if (variable)
		add_in_case(out, value_of(variable, values), modifier);
	return variable != NULL;
}

static const char *
unknown(struct arena *mem, const char *sign, const char *stop, const char *text)
{
	size_t len = (*stop == '{' ? strcspn(sign, "}") : (size_t)(stop - sign)) + 1;

	return arena_printf(mem,
	                    "unknown variable \"%.*s\" in \"%s\"; known are %%u %%n %%d %%h %%s "
	                    "%%l %%r and %%%%",
	                    (int)len, sign, text);
}

const char *
expand(const char *text, const struct expand_values *values, struct arena *mem,
       const char **why_out)
{
	struct buf out = BUF_EMPTY;
	const char *result, *p = text, *sign = text;
	bool is_known = true;

	while (*p && is_known) {
		sign = p++;
		if (*sign != '%')
			buf_byte(&out, *sign);
		else
			is_known = add_variable(&out, &p, values);
	}
	if (!is_known)
		*why_out = *p ? unknown(mem, sign, p, text) :
		                "a lone % at the end; write %% for the sign itself";
	result = is_known ? arena_string(mem, buf_view(&out)) : NULL;
	buf_free(&out);
	return result;
}
