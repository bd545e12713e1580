/* cache.c - verdicts that hold for a while: a hash of lists, and one list by age */
#include "authd/cache.h"

#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "common/base/die.h"
#include "common/base/wipe.h"

enum { SLOTS = 4096 };

struct entry {
	unsigned char        key[CACHE_KEY];
	int64_t              when;
	size_t               user_len, answer_len;
	struct entry        *next; /* in its slot */
	TAILQ_ENTRY(entry)   by_use;
	char                 bytes[]; /* user, answer */
};

struct cache {
	unsigned char       secret[CACHE_KEY];
	struct entry       *slot[SLOTS];
	TAILQ_HEAD(, entry) by_use; /* the next to go first */
	size_t              most;
	struct cache_counts counts;
};

struct cache *
cache_make(void)
{
	struct cache *c = calloc(1, sizeof(*c));

	if (!c || RAND_bytes(c->secret, sizeof(c->secret)) != 1)
		die("out of memory: the cache");
	TAILQ_INIT(&c->by_use);
	return c;
}

static size_t
size_of(const struct entry *e)
{
	return sizeof(*e) + e->user_len + e->answer_len;
}

static struct entry **
find(struct cache *c, const unsigned char *key)
{
	struct entry **at = &c->slot[(key[0] << 8 | key[1]) % SLOTS];

	while (*at && memcmp((*at)->key, key, CACHE_KEY) != 0)
		at = &(*at)->next;
	return at;
}

static void
drop(struct cache *c, struct entry **at)
{
	struct entry *e = *at;

	*at = e->next;
	TAILQ_REMOVE(&c->by_use, e, by_use);
	c->counts.entries--;
	c->counts.bytes -= size_of(e);
	free(e);
}

static void
make_room(struct cache *c, size_t size)
{
	struct entry *oldest;

	while (c->counts.bytes + size > c->most && (oldest = TAILQ_FIRST(&c->by_use)))
		drop(c, find(c, oldest->key));
}

void
cache_resize(struct cache *c, size_t most)
{
	c->most = most;
	make_room(c, 0);
}

void
cache_key(const struct cache *c, struct span question, unsigned char key_out[CACHE_KEY])
{
	if (!HMAC(EVP_sha256(), c->secret, CACHE_KEY, (const unsigned char *)question.at,
	          question.len, key_out, NULL))
		die("this system's OpenSSL does not do SHA-256");
}

struct span
cache_find(struct cache *c, const unsigned char key[CACHE_KEY], int64_t now, int64_t *age_out)
{
	struct entry *e = *find(c, key);

	if (!e)
		return SPAN_NONE;
	TAILQ_REMOVE(&c->by_use, e, by_use);
	TAILQ_INSERT_TAIL(&c->by_use, e, by_use);
	*age_out = now - e->when;
	return span_make(e->bytes + e->user_len, e->answer_len);
}

void
cache_keep(struct cache *c, const unsigned char key[CACHE_KEY], struct span user,
           struct span answer, int64_t now)
{
	struct entry **at = find(c, key), *e;
	size_t size = sizeof(*e) + user.len + answer.len;

	if (*at)
		drop(c, at);
	if (size > c->most)
		return;
	make_room(c, size);
	e = malloc(size);
	if (!e)
		die("out of memory: the cache");
	memcpy(e->key, key, CACHE_KEY);
	e->when = now;
	e->user_len = user.len;
	e->answer_len = answer.len;
	memcpy(e->bytes, user.at, user.len);
	memcpy(e->bytes + user.len, answer.at, answer.len);
	at = &c->slot[(key[0] << 8 | key[1]) % SLOTS];
	e->next = *at;
	*at = e;
	TAILQ_INSERT_TAIL(&c->by_use, e, by_use);
	c->counts.entries++;
	c->counts.bytes += size;
}

size_t
cache_flush(struct cache *c, struct span user)
{
	struct entry *e = TAILQ_FIRST(&c->by_use), *next;
	size_t count = 0;

	for (; e; e = next) {
		next = TAILQ_NEXT(e, by_use);
		if (user.at && !span_equal_nocase(user, span_make(e->bytes, e->user_len)))
			continue;
		drop(c, find(c, e->key));
		count++;
	}
	return count;
}

struct cache_counts
cache_counts(const struct cache *c)
{
	return c->counts;
}

void
cache_count(struct cache *c, bool is_hit)
{
	*(is_hit ? &c->counts.hits : &c->counts.misses) += 1;
}
