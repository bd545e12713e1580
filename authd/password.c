/*
 * password.c - stored passwords: {SCHEME}hash against what was typed
 *
 * The label in front and its suffix say how the text behind it is encoded and
 * which row of password_scheme.c looks at it.
 */
#include "authd/password.h"

#include <string.h>

#include "authd/password_scheme.h"
#include "common/base/base64.h"
#include "common/base/limits.h"
#include "common/base/wipe.h"

static const struct suffix {
	const char            *name;
	enum password_encoding encoding;
} suffixes[] = {
	{ "b64", ENCODING_BASE64 },
	{ "base64", ENCODING_BASE64 },
	{ "hex", ENCODING_HEX },
};

/* "SCHEME" or "SCHEME.suffix"; NULL for what nobody knows. */
static const struct password_scheme *
read_scheme(struct span label, enum password_encoding *encoding_out)
{
	const struct password_scheme *s;
	struct span name;

	span_split(&label, '.', &name);
	s = password_scheme_find(name);
	if (!s)
		return NULL;
	*encoding_out = s->encoding;
	if (!label.at)
		return s;
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (span_is_nocase(label, suffixes[i].name)) {
			*encoding_out = suffixes[i].encoding;
			return s;
		}
	return NULL;
}

bool
password_scheme_exists(const char *name)
{
	enum password_encoding encoding;

	return read_scheme(span_of(name), &encoding) != NULL;
}

static bool
decode_hex(struct span s, char *out, size_t *len_out)
{
	for (size_t i = 0; i + 1 < s.len; i += 2) {
		int high = ascii_hex(s.at[i]), low = ascii_hex(s.at[i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i / 2] = (char)(high << 4 | low);
	}
	*len_out = s.len / 2;
	return s.len % 2 == 0;
}

/* to has PASSWORD_STORED_MOST bytes, which s does not exceed. */
static bool
decode(struct span s, enum password_encoding encoding, char *to, struct span *out)
{
	size_t len = s.len;

	if (encoding == ENCODING_TEXT)
		memcpy(to, s.at, s.len);
	else if (!(encoding == ENCODING_HEX ? decode_hex : base64_decode)(s, to, &len))
		return false;
	*out = span_make(to, len);
	return true;
}

/* "$argon2" in a column whose default scheme is another: crypt(3) knows no such kind. */
static const char *
scheme_by_look(struct span text)
{
	static const struct look {
		const char *prefix, *scheme;
	} looks[] = {
		{ "$argon2id$", "ARGON2ID" },
		{ "$argon2i$", "ARGON2I" },
	};

	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++)
		if (span_starts(text, looks[i].prefix))
			return looks[i].scheme;
	return NULL;
}

/* "{SCHEME}text", or text of the default scheme: its label, and the text. */
static struct span
split_label(const char *stored, const char *default_scheme, struct span *text_out)
{
	struct span label, rest = span_of(stored);
	const char *looks = scheme_by_look(rest);

	label = span_of(looks ? looks : default_scheme);
	if (rest.len > 0 && rest.at[0] == '{') {
		rest = span_skip(rest, 1);
		span_split(&rest, '}', &label);
		if (!rest.at) /* no } */
			label = rest = span_of("");
	}
	*text_out = rest;
	return label;
}

bool
password_take_apart(const char *stored, const char *default_scheme, struct password_parts *out)
{
	struct span text, label = split_label(stored, default_scheme, &text);
	enum password_encoding encoding;
	const struct password_scheme *s = read_scheme(label, &encoding);

	if (!s || text.len > sizeof(out->bytes) || !decode(text, encoding, out->bytes, &out->text))
		return false;
	out->scheme = span_of(s->name);
	out->is_plain = s->verify == plain_verify;
	return true;
}

/*
 * What administrators write to say that nobody logs in, and what passwd(1) puts in front of a
 * locked hash.
 */
static bool
is_locked(struct span stored)
{
	return stored.len == 0 || stored.at[0] == '*' || stored.at[0] == '!' ||
	       span_is(stored, "x");
}

static enum password_verdict
verify_with(const struct password_scheme *s, enum password_encoding encoding, struct span typed,
            struct span stored, const char **why_out)
{
	char text[LIMIT_PASSWORD + 1], bytes[PASSWORD_STORED_MOST];
	enum password_verdict verdict = PASSWORD_UNUSABLE;
	struct span decoded;

	memcpy(text, typed.at, typed.len);
	text[typed.len] = '\0';
	*why_out = "the stored hash is not encoded as its scheme wants";
	if (decode(stored, encoding, bytes, &decoded))
		verdict = s->verify(s, text, decoded, why_out);
	wipe(text, sizeof(text));
	wipe(bytes, sizeof(bytes));
	return verdict;
}

enum password_verdict
password_verify(struct span typed, const char *stored, const char *default_scheme,
                const char **why_out)
{
	struct span rest, label = split_label(stored, default_scheme, &rest);
	enum password_encoding encoding;
	const struct password_scheme *s;

	if (typed.len == 0 || typed.len > LIMIT_PASSWORD || span_find(typed, '\0'))
		return PASSWORD_WRONG;
	s = read_scheme(label, &encoding);
	if (!s) {
		*why_out = "the stored password has a scheme that this build does not know";
		return PASSWORD_UNUSABLE;
	}
	if (rest.len == 0 || (s->verify != plain_verify && is_locked(rest)))
		return PASSWORD_NONE;
	if (rest.len > PASSWORD_STORED_MOST) {
		*why_out = "the stored hash is too long";
		return PASSWORD_UNUSABLE;
	}
	return verify_with(s, encoding, typed, rest, why_out);
}

enum password_verdict
password_waste_time(struct span typed, const char *default_scheme)
{
	enum password_encoding encoding;
	const struct password_scheme *s = read_scheme(span_of(default_scheme), &encoding);
	const char *why;

	if (!s)
		s = password_scheme_row(0);
	return password_verify(typed, s->dummy, s->name, &why);
}
