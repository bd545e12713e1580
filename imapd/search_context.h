/* search_context.h - searches whose results are kept up to date: RETURN (UPDATE) of RFC 5267 */
#ifndef LINNET_SEARCH_CONTEXT_H
#define LINNET_SEARCH_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/span.h"

struct search_found;
struct session;

/*
 * A context is named by the tag of the search that opened it, and lives until CANCELUPDATE
 * or until the mailbox is left.  It owns a copy of the program and the UIDs of its results.
 */
struct search_context;

/*
 * Keep the search up to date whose command is at hand; text is all behind its name, found
 * what it found.  Beyond LIMIT_SEARCH_CONTEXTS: "* NO [NOUPDATE "tag"]".
 */
void search_context_open(struct session *s, struct span text, bool by_uid,
                         const struct search_found *found);
/* For a searching command that is never kept up to date. */
void search_context_refuse(struct session *s);

struct search_context *search_context_find(struct session *s, struct span tag);
void search_context_close(struct session *s, struct span tag);
void search_contexts_close(struct session *s); /* all */

/*
 * Tell what changed of the results: behind all that report_news() told, and in front of each
 * EXPUNGE or VANISHED of a message.
 */
void search_contexts_update(struct session *s);
void search_contexts_expunged(struct session *s, uint32_t number, uint32_t uid);

#endif
