/* crypt_cost.c - an administrator's typo in a cost must not stop the server for an hour */
#include "authd/crypt_cost.h"

#include "common/base/limits.h"
#include "common/base/number.h"
#include "common/base/span.h"

static const char too_dear[] = "the cost of the stored hash is above the limit";
static const char malformed[] = "the stored hash is malformed";

static const char *
judge_nothing(struct span rest)
{
	(void)rest;
	return NULL;
}

/* ["rounds=" N "$"] salt "$" hash: SHA-crypt of $5$ and $6$ */
static const char *
judge_rounds(struct span rest)
{
	uint64_t rounds;

	if (!span_starts(rest, "rounds="))
		return NULL;
	rest = span_skip(rest, strlen("rounds="));
	return number_take(&rest, LIMIT_CRYPT_ROUNDS, &rounds) ? NULL : too_dear;
}

/* N "$" salt "$" hash: NetBSD's sha1crypt */
static const char *
judge_sha1(struct span rest)
{
	uint64_t rounds;

	return number_take(&rest, LIMIT_CRYPT_ROUNDS, &rounds) ? NULL : too_dear;
}

/* 2DIGIT "$" salt hash: bcrypt, work doubles with each step */
static const char *
judge_bcrypt(struct span rest)
{
	uint64_t cost;

	if (rest.len < 3 || rest.at[2] != '$' || !number_parse(span_make(rest.at, 2), 99, &cost))
		return malformed;
	return cost <= LIMIT_BCRYPT_COST ? NULL : too_dear;
}

/* crypt's own digits: . / 0-9 A-Z a-z */
static int
crypt_digit(char c)
{
	static const char digits[] =
		"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/*
 * params "$" salt "$" hash: yescrypt, where params is a digit of flags, one of
 * log2 N - 1 and one of r - 1 (crypt_gensalt makes "j9T": N 4096, r 32).
 * Longer params would give p, t and g, which no tool sets.
 */
static const char *
judge_yescrypt(struct span rest)
{
	const char *stop = span_find(rest, '$');

	if (!stop || stop - rest.at != 3 || crypt_digit(rest.at[1]) < 0 ||
	    crypt_digit(rest.at[2]) < 0)
		return malformed;
	return crypt_digit(rest.at[1]) < LIMIT_SCRYPT_COST && crypt_digit(rest.at[2]) < 32
	               ? NULL
	               : too_dear;
}

/* A number of five crypt digits, the lowest first. */
static uint32_t
read_five(const char *s)
{
	uint32_t n = 0;

	for (int i = 4; i >= 0; i--)
		n = n << 6 | (uint32_t)(crypt_digit(s[i]) & 63);
	return n;
}

/* one digit of log2 N, five of r, five of p, salt "$" hash: scrypt */
static const char *
judge_scrypt(struct span rest)
{
	if (rest.len < 11)
		return malformed;
	for (size_t i = 0; i < 11; i++)
		if (crypt_digit(rest.at[i]) < 0)
			return malformed;
	if (crypt_digit(rest.at[0]) > LIMIT_SCRYPT_COST || read_five(rest.at + 1) > 32 ||
	    read_five(rest.at + 6) > 4)
		return too_dear;
	return NULL;
}

static const struct kind {
	const char *prefix;
	const char *(*judge)(struct span rest);
} kinds[] = {
	{ "$1$", judge_nothing }, { "$5$", judge_rounds },   { "$6$", judge_rounds },
	{ "$2a$", judge_bcrypt }, { "$2b$", judge_bcrypt },  { "$2y$", judge_bcrypt },
	{ "$2x$", judge_bcrypt }, { "$y$", judge_yescrypt }, { "$gy$", judge_yescrypt },
	{ "$7$", judge_scrypt },  { "$sha1$", judge_sha1 },
};

/* Two digits of salt and eleven of hash. */
static bool
is_des(struct span hash)
{
	for (size_t i = 0; i < hash.len; i++)
		if (crypt_digit(hash.at[i]) < 0)
			return false;
	return hash.len == 13;
}

const char *
crypt_cost_judge(const char *hash)
{
	struct span s = span_of(hash);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (span_starts(s, kinds[i].prefix))
			return kinds[i].judge(span_skip(s, strlen(kinds[i].prefix)));
	return is_des(s) ? NULL : "the stored password is no hash of a kind that is known";
}
