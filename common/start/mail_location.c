/* mail_location.c - from mail_location to the path of one user's Maildir */
#include "common/start/mail_location.h"

static const char scheme[] = "maildir:";

static const char index_option[] = "INDEX=";

/* Without the scheme: the path, and in *options_out what follows behind a colon. */
static struct span
split(const char *location, struct span *options_out)
{
	struct span path;

	*options_out = span_of(location);
	if (span_starts(*options_out, scheme))
		*options_out = span_skip(*options_out, sizeof(scheme) - 1);
	return span_split(options_out, ':', &path) ? path : span_of("");
}

/* Dovecot's options.  NULL: they are fine. */
static const char *
check_options(struct span options, struct arena *mem)
{
	struct span one;

	while (span_split(&options, ':', &one)) {
		if ((span_starts(one, index_option) && one.len > sizeof(index_option) - 1) ||
		    span_is(one, "LAYOUT=maildir++"))
			continue;
		if (span_starts(one, "CONTROL="))
			return "CONTROL= is not supported: dovecot-uidlist stands in the Maildir, "
			       "so move the files below that path there";
		return arena_printf(mem, "\"%s\": of the options behind a path only INDEX= is "
		                         "supported", arena_string(mem, one));
	}
	return NULL;
}

/* What a value brings in must not walk: a component "." or ".." in the whole path is refused. */
static const char *
check_components(const char *path)
{
	struct span rest, word;

	if (path[0] != '/')
		return "it is not an absolute path";
	if (path[1] == '\0')
		return "it is the root folder";
	rest = span_of(path + 1);
	while (span_split(&rest, '/', &word)) {
		if (span_is(word, ".") || span_is(word, ".."))
			return "it has \".\" or \"..\" in it";
		if (word.len == 0 && rest.at)
			return "it has an empty name in it: is %d or %n of this user empty?";
	}
	return NULL;
}

static const char *
without_slashes(const char *path, struct arena *mem)
{
	struct span s = span_of(path);

	while (s.len > 1 && s.at[s.len - 1] == '/')
		s.len--;
	return arena_string(mem, s);
}

const char *
mail_location_path(const char *location, bool is_literal, const struct expand_values *values,
                   struct arena *mem, const char **why_out)
{
	struct span options, path = split(location, &options);

	*why_out = check_options(options, mem);
	return *why_out ? NULL :
	                  mail_location_expand(arena_string(mem, path), is_literal, values, mem,
	                                       why_out);
}

const char *
mail_location_index(const char *location, struct arena *mem)
{
	struct span options, one;

	split(location, &options);
	while (span_split(&options, ':', &one))
		if (span_starts(one, index_option))
			return arena_string(mem, span_skip(one, sizeof(index_option) - 1));
	return NULL;
}

const char *
mail_location_expand(const char *path, bool is_literal, const struct expand_values *values,
                     struct arena *mem, const char **why_out)
{
	*why_out = NULL;
	if (values->user && strchr(values->user, '/')) {
		*why_out = "the user's name has a slash in it";
		return NULL;
	}
	if (!is_literal)
		path = expand(path, values, mem, why_out);
	if (path && path[0] == '~' && path[1] == '/')
		path = arena_printf(mem, "%s%s", values->home ? values->home : "", path + 1);
	if (path && !*why_out)
		*why_out = check_components(path);
	return *why_out ? NULL : without_slashes(path, mem);
}
