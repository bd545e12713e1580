/* check_inside.h - what the files of a check share, and nobody else */
#ifndef LINNET_CHECK_INSIDE_H
#define LINNET_CHECK_INSIDE_H

#include "authd/check.h"
#include "authd/proof.h"

/* One attempt, while it is worked on. */
struct attempt {
	const struct auth_config *config;
	const struct check       *check;
	const struct proof       *proof;
	struct question           question;
	struct row                pass;       /* of the passdb that took the password */
	bool                      hash_is_done, is_unavailable;
	bool                      wants_masters; /* it is their passdbs that are asked */
	struct check_result       result;
	struct check_after        after;
	struct arena             *mem;
};

void attempt_fail(struct attempt *a, const struct database *db, const char *line);
void attempt_trouble(struct attempt *a, const struct database *db, const char *trouble);

/*
 * check_user.c: the first userdb that has the user; when none has, that is the server's
 * fault: the password was right.
 */
void attempt_find_user(struct attempt *a, const char *name);

/*
 * check_policy.c: what a row says beside its password.  NULL: nothing against this attempt;
 * else the line for the log, with *refusal_out set where the client is to hear a sentence.
 */
const char *policy_of_row(const struct attempt *a, const struct row *row,
                          const char **refusal_out);
/* Has this row of several nothing to do with the attempt (services, not_after)? */
bool policy_passes_over(const struct attempt *a, const struct row *row, const char **line_out);

#endif
