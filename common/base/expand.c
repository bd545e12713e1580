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

/* False for a letter that is no variable. */
static bool
look_up(char letter, const struct expand_values *v, struct span *value_out)
{
	struct span name = SPAN_NONE, domain = SPAN_NONE;

	if (v->user)
		expand_split_user(v->user, &name, &domain);
	switch (letter) {
	case 'u':
		*value_out = span_of(v->user);
		return true;
	case 'n':
		*value_out = name;
		return true;
	case 'd':
		*value_out = domain;
		return true;
	case 'h':
		*value_out = span_of(v->home);
		return true;
	case 's':
		*value_out = span_of(v->service);
		return true;
	case 'l':
		*value_out = span_of(v->local_ip);
		return true;
	case 'r':
		*value_out = span_of(v->remote_ip);
		return true;
	case '%':
		*value_out = span_of("%");
		return true;
	default:
		return false;
	}
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

const char *
expand(const char *text, const struct expand_values *values, struct arena *mem, const char **why_out)
{
	struct buf out = BUF_EMPTY;
	struct span value;
	const char *result;

	for (const char *p = text; *p; p++) {
		char modifier = '\0';

		if (*p != '%') {
			buf_byte(&out, *p);
			continue;
		}
		p++;
		if (*p == 'L' || *p == 'U')
			modifier = *p++;
		if (!look_up(*p, values, &value)) {
			*why_out = *p ? arena_printf(mem, "unknown variable %%%c in \"%s\"; known are %%u %%n %%d %%h "
			                                  "%%s %%l %%r", *p, text)
			              : "a lone % at the end; write %% for the sign itself";
			buf_free(&out);
			return NULL;
		}
		add_in_case(&out, value, modifier);
	}
	result = arena_string(mem, buf_view(&out));
	buf_free(&out);
	return result;
}
