/* expand.h - %u, %n, %d in settings */
#ifndef LINNET_EXPAND_H
#define LINNET_EXPAND_H

#include <stdbool.h>

#include "common/base/arena.h"
#include "common/base/span.h"

/* What the variables stand for; a NULL field expands to nothing. */
struct expand_values {
	/* %u: toto@mondomaine.local; %n: before the last @, %d: behind it */
	const char *user;
	const char *home;       /* %h */
	const char *service;    /* %s: imap, pop3 */
	const char *local_ip;   /* %l */
	const char *remote_ip;  /* %r */
	/* of the row that has let somebody in; authd's login_query and rehash_query only */
	const char *id, *hash;  /* %{id}, %{hash} */
};

/*
 * Expand Dovecot 2.3's variables (%u %n %d %h %s %l %r %%; also %{user} %{username}
 * %{domain} %{home} %{service} %{lip} %{rip} %{id} %{hash}), with the modifiers L and U (lower,
 * upper case): %Ln, %L{username}.  Expanded once: what comes from
 * a value is never looked at again.  Returns the text in the arena, or NULL with
 * *why_out (constant text or in the arena) set for a variable nobody knows.
 */
const char *expand(const char *text, const struct expand_values *values, struct arena *mem,
                   const char **why_out);

/* The parts of a user name: before and behind its last '@'; without one the domain is empty. */
void expand_split_user(const char *user, struct span *name_out, struct span *domain_out);

#endif
