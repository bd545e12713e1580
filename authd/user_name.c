/* user_name.c - one form of a user name: two spellings must never open two folders */
#include "authd/user_name.h"

#include <stdint.h>

#include "common/base/expand.h"
#include "common/base/limits.h"

/*
 * Length of the UTF-8 character at s (RFC 3629), 0 for none: overlong forms, surrogates and above
 * U+10FFFF are none.
 */
static size_t
utf8_length(struct span s)
{
	static const struct form {
		unsigned char mask, lead;
		uint32_t      least;
	} forms[] = { { 0x80, 0x00, 0 },
		      { 0xe0, 0xc0, 0x80 },
		      { 0xf0, 0xe0, 0x800 },
		      { 0xf8, 0xf0, 0x10000 } };
	unsigned char first = s.len > 0 ? (unsigned char)s.at[0] : 0x80;
	size_t n = 0;
	uint32_t code;

	while (n < 4 && (first & forms[n].mask) != forms[n].lead)
		n++;
	if (n == 4 || s.len < n + 1)
		return 0;
	code = first & (unsigned char)~forms[n].mask;
	for (size_t i = 1; i <= n; i++) {
		if (((unsigned char)s.at[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | ((unsigned char)s.at[i] & 0x3f);
	}
	if (code < forms[n].least || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	if (n == 1 && code < 0xa0) /* C1 control characters */
		return 0;
	return n + 1;
}

static const char *
judge_bytes(struct span name, const char *chars)
{
	for (struct span rest = name; rest.len > 0;) {
		size_t n = utf8_length(rest);

		if (n == 0)
			return "the name is not UTF-8 text";
		if ((unsigned char)rest.at[0] < 0x20 || rest.at[0] == 0x7f)
			return "the name has control characters";
		rest = span_skip(rest, n);
	}
	for (size_t i = 0; chars[0] && i < name.len; i++)
		if (!strchr(chars, name.at[i]))
			return "the name has characters that auth_username_chars does not allow";
	return NULL;
}

static bool
has_pair_of_dots(struct span s)
{
	for (size_t i = 1; i < s.len; i++)
		if (s.at[i] == '.' && s.at[i - 1] == '.')
			return true;
	return false;
}

bool
user_name_is_safe(const char *name, const char **why_out)
{
	struct span local, domain;
	const char *why = judge_bytes(span_of(name), "");

	expand_split_user(name, &local, &domain);
	if (!why && (local.len == 0 || strlen(name) > LIMIT_USER_NAME))
		why = "the name is empty or too long";
	else if (!why && span_find(local, '@'))
		why = "the name has more than one @";
	else if (!why &&
	         (strchr(name, '/') || has_pair_of_dots(span_of(name)) || local.at[0] == '.'))
		why = "the name has a / or .. or begins with a dot";
	else if (!why && strchr(name, '@') && domain.len == 0)
		why = "the name's domain is empty";
	else if (!why && domain.len > 0 &&
	         (domain.at[0] == '.' || domain.at[domain.len - 1] == '.'))
		why = "the name's domain begins or ends with a dot";
	if (why)
		*why_out = why;
	return !why;
}

const char *
user_name_make(struct span typed, const struct user_name_rules *rules, struct arena *mem,
               const char **why_out)
{
	struct expand_values values = { .user = NULL };
	const char *why = NULL, *name;

	if (typed.len == 0 || typed.len > LIMIT_USER_NAME)
		why = "the name is empty or too long";
	else
		why = judge_bytes(typed, rules->chars);
	if (why) {
		*why_out = why;
		return NULL;
	}
	name = arena_string(mem, typed);
	if (!strchr(name, '@') && rules->default_realm[0])
		name = arena_printf(mem, "%s@%s", name, rules->default_realm);
	if (!user_name_is_safe(name, why_out))
		return NULL;
	values.user = name;
	name = expand(rules->format, &values, mem, why_out);
	return name && user_name_is_safe(name, why_out) ? name : NULL;
}

const char *
user_name_for_log(struct span name, struct arena *mem)
{
	char *out = arena_alloc(mem, name.len + 1);
	size_t len = 0;

	if (name.len > LIMIT_USER_NAME)
		name.len = LIMIT_USER_NAME;
	while (name.len > 0) {
		size_t n = utf8_length(name);
		bool is_plain = n > 1 || (n == 1 && name.at[0] > 0x20 &&
		                          !strchr("\x7f,()<>[]'\"\\:;=", name.at[0]));

		n = n > 0 ? n : 1;
		for (size_t i = 0; i < n; i++)
			out[len++] = is_plain ? name.at[i] : '?';
		name = span_skip(name, n);
	}
	out[len] = '\0';
	return out;
}
