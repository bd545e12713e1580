/* mail_location.c - from mail_location to the path of one user's Maildir */
#include "common/start/mail_location.h"

static const char scheme[] = "maildir:";

/* Where the path ends: Dovecot's ":INDEX=..." and the like follow behind a colon. */
static const char *
check_options(const char *path, struct arena *mem)
{
	const char *colon = strchr(path, ':');

	return colon ? arena_printf(mem, "\"%s\": options behind a path are not supported", colon) :
	               NULL;
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
	struct span s = span_of(location);
	const char *path;

	*why_out = NULL;
	if (span_starts(s, scheme))
		s = span_skip(s, sizeof(scheme) - 1);
	path = arena_string(mem, s);
	*why_out = check_options(path, mem);
	if (*why_out)
		return NULL;
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
