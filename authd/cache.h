/* cache.h - verdicts that hold for a while */
#ifndef LINNET_CACHE_H
#define LINNET_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/span.h"

/*
 * Answers of workers, kept under the keyed hash of the whole question: user, password,
 * mechanism, service, both addresses.  Another password, service or network is another
 * question.  What is kept of the password is that hash and nothing else; its key is as old
 * as the cache.
 */
struct cache;

/* Of all the question's bytes, in a form that no two questions share. */
enum { CACHE_KEY = 32 };

struct cache *cache_make(void);

/* At most that many bytes, shrinking at once; 0 for none. */
void cache_resize(struct cache *c, size_t most);

void cache_key(const struct cache *c, struct span question, unsigned char key_out[CACHE_KEY]);

/* What was kept and how old it is; SPAN_NONE for nothing.  Valid until the next call. */
struct span cache_find(struct cache *c, const unsigned char key[CACHE_KEY], int64_t now,
                       int64_t *age_out);

/* user: for cache_flush().  The one that has not been asked for the longest makes room. */
void cache_keep(struct cache *c, const unsigned char key[CACHE_KEY], struct span user,
                struct span answer, int64_t now);

/* All of that user's (in any case), or of everybody (SPAN_NONE); returns how many. */
size_t cache_flush(struct cache *c, struct span user);

struct cache_counts {
	uint64_t hits, misses, entries, bytes;
};
struct cache_counts cache_counts(const struct cache *c);

/* Count what became of a question. */
void cache_count(struct cache *c, bool is_hit);

#endif
