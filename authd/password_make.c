/* password_make.c - the hash of a password, in the form of the password column */
#include "authd/password_scheme.h"

#include <string.h>

#include "common/base/base64.h"
#include "common/base/limits.h"

static const char *
to_base64(struct span raw, struct arena *mem)
{
	char *text = arena_zero(mem, BASE64_ROOM(raw.len) + 1);

	base64_encode(raw, text);
	return text;
}

static const char *
to_hex(struct span raw, struct arena *mem)
{
	static const char digits[] = "0123456789abcdef";
	char *text = arena_zero(mem, 2 * raw.len + 1);

	for (size_t i = 0; i < raw.len; i++) {
		text[2 * i] = digits[(unsigned char)raw.at[i] >> 4];
		text[2 * i + 1] = digits[(unsigned char)raw.at[i] & 15];
	}
	return text;
}

/* By the suffix of the label, else by the scheme: text for the column. */
static const char *
encode(struct span raw, const struct password_scheme *s, struct span suffix, struct arena *mem)
{
	enum password_encoding encoding = !suffix.at                      ? s->encoding :
	                                  span_is_nocase(suffix, "hex") ? ENCODING_HEX :
	                                                                  ENCODING_BASE64;

	if (encoding == ENCODING_TEXT)
		return arena_string(mem, raw);
	return encoding == ENCODING_HEX ? to_hex(raw, mem) : to_base64(raw, mem);
}

static bool
rounds_fit(const struct password_scheme *s, uint64_t rounds, struct arena *mem,
           const char **why_out)
{
	if (rounds == 0 || (s->rounds && rounds >= s->least && rounds <= s->most))
		return true;
	*why_out = s->rounds ? arena_printf(mem, "%s takes %llu to %llu rounds", s->name,
	                                    (unsigned long long)s->least,
	                                    (unsigned long long)s->most) :
	                       arena_printf(mem, "%s has no rounds", s->name);
	return false;
}

bool
password_rounds_fit(const char *scheme, uint64_t rounds, struct arena *mem, const char **why_out)
{
	struct span label = span_of(scheme), name;
	const struct password_scheme *s;

	span_split(&label, '.', &name);
	s = password_scheme_find(name);
	*why_out = "no such scheme";
	return s && rounds_fit(s, rounds, mem, why_out);
}

const char *
password_make(struct span password, const char *scheme, uint64_t rounds, struct arena *mem,
              const char **why_out)
{
	struct span suffix = span_of(scheme), name, raw;
	const struct password_scheme *s = NULL;

	span_split(&suffix, '.', &name);
	if (password_scheme_exists(scheme))
		s = password_scheme_find(name);
	if (!s) {
		*why_out = arena_printf(mem, "there is no scheme \"%s\"", scheme);
		return NULL;
	}
	if (password.len == 0 || password.len > LIMIT_PASSWORD || span_find(password, '\0')) {
		*why_out = "the password is empty, too long, or has a NUL in it";
		return NULL;
	}
	if (!rounds_fit(s, rounds, mem, why_out))
		return NULL;
	raw = s->make(s, password, rounds, mem, why_out);
	if (!raw.at)
		return NULL;
	return arena_printf(mem, "{%s%s%.*s}%s", s->name, suffix.at ? "." : "", (int)suffix.len,
	                    suffix.at ? suffix.at : "", encode(raw, s, suffix, mem));
}

bool
password_is_made_so(const char *stored, const char *default_scheme, const char *scheme)
{
	struct password_parts parts;
	struct span label = span_of(scheme), name;
	const struct password_scheme *s;

	span_split(&label, '.', &name);
	s = password_scheme_find(name);
	if (!s || !password_take_apart(stored, default_scheme, &parts))
		return false;
	if (s->verify == crypt_verify) /* whatever its label says: the text tells */
		return s->prefix[0] && span_starts(parts.text, s->prefix);
	return span_is(parts.scheme, s->name);
}
