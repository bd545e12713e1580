/* settings_value.c - the kinds of values a setting may have, read and written in Dovecot's way */
#include "common/base/settings_value.h"

#include "common/base/number.h"
#include "common/base/span.h"

/* A word behind a number, and what it multiplies by. */
struct unit {
	const char *word;
	uint64_t    factor;
	const char *print; /* how it is written back; NULL for a word that is only read */
};

enum { KILO = 1024, MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

/* Largest first: printing takes the first that divides. */
static const struct unit time_units[] = {
	{ "weeks", 7 * DAY, " weeks" }, { "week", 7 * DAY, NULL }, { "w", 7 * DAY, NULL },
	{ "days", DAY, " days" },       { "day", DAY, NULL },      { "d", DAY, NULL },
	{ "hours", HOUR, " hours" },    { "hour", HOUR, NULL },    { "h", HOUR, NULL },
	{ "minutes", MINUTE, " mins" }, { "minute", MINUTE, NULL }, { "mins", MINUTE, NULL },
	{ "min", MINUTE, NULL },        { "m", MINUTE, NULL },
	{ "seconds", 1, " secs" },      { "second", 1, NULL },     { "secs", 1, NULL },
	{ "sec", 1, NULL },             { "s", 1, NULL },          { "", 1, NULL },
	{ NULL, 0, NULL },
};

static const struct unit size_units[] = {
	{ "TB", (uint64_t)KILO * KILO * KILO * KILO, " T" },
	{ "T", (uint64_t)KILO * KILO * KILO * KILO, NULL },
	{ "TiB", (uint64_t)KILO * KILO * KILO * KILO, NULL },
	{ "GB", KILO * KILO * KILO, " G" },
	{ "G", KILO * KILO * KILO, NULL },
	{ "GiB", KILO * KILO * KILO, NULL },
	{ "MB", KILO * KILO, " M" },
	{ "M", KILO * KILO, NULL },
	{ "MiB", KILO * KILO, NULL },
	{ "kB", KILO, " k" },
	{ "k", KILO, NULL },
	{ "kiB", KILO, NULL },
	{ "B", 1, " B" },
	{ "", 1, NULL },
	{ NULL, 0, NULL },
};

/* 1*DIGIT [blank] [unit] */
static bool
parse_with_unit(const char *text, const struct unit *units, uint64_t *n_out)
{
	struct span s = span_of(text);
	uint64_t n;

	if (!number_take(&s, INT64_MAX, &n))
		return false;
	s = span_trim(s);
	while (units->word && !span_is_nocase(s, units->word))
		units++;
	if (!units->word || n > (uint64_t)INT64_MAX / 1000 / units->factor)
		return false;
	*n_out = n * units->factor;
	return true;
}

static const char *
print_with_unit(uint64_t n, const struct unit *units, struct arena *mem)
{
	if (n == 0)
		return "0";
	while (!units->print || n % units->factor != 0)
		units++;
	return arena_printf(mem, "%llu%s", (unsigned long long)(n / units->factor), units->print);
}

static const char *
parse_text(const char *text, struct settings_value *out)
{
	out->text = text;
	return NULL;
}

/* Would the lexer read something else than the text itself? */
static bool
needs_quotes(struct span s)
{
	if (s.len == 0)
		return false;
	return strchr(" \t\"'<$", s.at[0]) || strchr(" \t\\", s.at[s.len - 1]) || span_find(s, '#');
}

static const char *
in_quotes(struct span s, struct arena *mem)
{
	char *quoted = arena_alloc(mem, 2 * s.len + 3), *to = quoted;

	*to++ = '"';
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] == '"' || s.at[i] == '\\')
			*to++ = '\\';
		*to++ = s.at[i];
	}
	*to++ = '"';
	*to = '\0';
	return quoted;
}

static const char *
print_text(const struct settings_value *v, struct arena *mem)
{
	struct span s = span_of(v->text);

	return needs_quotes(s) ? in_quotes(s, mem) : v->text;
}

/* The sign in front of a path means the same inside quotes. */
static const char *
print_file(const struct settings_value *v, struct arena *mem)
{
	struct span s = span_of(v->text);

	return needs_quotes(span_skip(s, v->text[0] == '<')) ? in_quotes(s, mem) : v->text;
}

static const char *
parse_number(const char *text, struct settings_value *out)
{
	return number_parse(span_of(text), INT64_MAX, &out->number) ?
	               NULL :
	               "expected a number, 0 or more";
}

static const char *
print_number(const struct settings_value *v, struct arena *mem)
{
	return arena_printf(mem, "%llu", (unsigned long long)v->number);
}

static const char *
parse_yes(const char *text, struct settings_value *out)
{
	static const char *const words[] = { "no", "yes",   "n",    "y",   "0",
		                             "1",  "false", "true", "off", "on" };

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (span_is_nocase(span_of(text), words[i])) {
			out->number = i % 2;
			return NULL;
		}
	return "expected yes or no";
}

static const char *
print_yes(const struct settings_value *v, struct arena *mem)
{
	(void)mem;
	return v->number ? "yes" : "no";
}

static const char *
parse_time(const char *text, struct settings_value *out)
{
	return parse_with_unit(text, time_units, &out->number)
	               ? NULL
	               : "expected a time: 30 secs, 10 mins, 2 hours, 1 days or 1 weeks";
}

static const char *
print_time(const struct settings_value *v, struct arena *mem)
{
	return print_with_unit(v->number, time_units, mem);
}

static const char *
parse_size(const char *text, struct settings_value *out)
{
	return parse_with_unit(text, size_units, &out->number) ?
	               NULL :
	               "expected a size: 4096, 64 k, 64 M or 1 G";
}

static const char *
print_size(const struct settings_value *v, struct arena *mem)
{
	return print_with_unit(v->number, size_units, mem);
}

static const char *
parse_file(const char *text, struct settings_value *out)
{
	struct span s = span_of(text);

	out->text = text;
	if (s.len == 0 || span_starts(s, "-----BEGIN ") || (s.at[0] == '<' && s.len > 1))
		return NULL;
	return "a file is named with < in front: </path/to/file.pem";
}

static const struct {
	const char *(*parse)(const char *text, struct settings_value *out);
	const char *(*print)(const struct settings_value *v, struct arena *mem);
} kinds[] = {
	[SETTINGS_KIND_STR]  = { parse_text,   print_text },
	[SETTINGS_KIND_NUM]  = { parse_number, print_number },
	[SETTINGS_KIND_YES]  = { parse_yes,    print_yes },
	[SETTINGS_KIND_TIME] = { parse_time,   print_time },
	[SETTINGS_KIND_SIZE] = { parse_size,   print_size },
	[SETTINGS_KIND_FILE] = { parse_file,   print_file },
};

const char *
settings_value_parse(enum settings_value_kind kind, const char *text, struct settings_value *out)
{
	return kinds[kind].parse(text, out);
}

const char *
settings_value_print(enum settings_value_kind kind, const struct settings_value *v,
                     struct arena *mem)
{
	return kinds[kind].print(v, mem);
}
