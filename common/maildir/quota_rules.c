/* quota_rules.c - which limits a user has, by the rules of the settings and of the user's row */
#include <stdlib.h>
#include <string.h>

#include "common/maildir/quota.h"
#include "common/maildir/store_inside.h"

/* "maildir:User quota:ns=:noenforcing": the backend, the name, options that end with the text. */
static void
parse_root(const char *text, struct quota *q, struct arena *mem)
{
	struct span rest = span_of(text), word;

	q->name = "";
	q->is_enforced = true;
	span_split(&rest, ':', &word);
	if (!span_split(&rest, ':', &word))
		return;
	q->name = arena_string(mem, word);
	while (span_split(&rest, ':', &word))
		if (span_is(word, "noenforcing"))
			q->is_enforced = false;
}

struct quota *
quota_new(const char *quota, const char *const *rule, size_t rules, struct arena *mem,
          const char **bad_rule_out)
{
	struct quota *q;

	*bad_rule_out = NULL;
	if (!quota || !quota[0])
		return NULL;
	q = arena_zero(mem, sizeof(*q));
	parse_root(quota, q, mem);
	q->rule = arena_array(mem, rules + 1, sizeof(*q->rule));
	for (size_t i = 0; i < rules; i++) {
		if (!quota_rule_parse(rule[i], mem, &q->rule[q->count]))
			q->count++;
		else if (!*bad_rule_out)
			*bad_rule_out = rule[i];
	}
	return q;
}

void
store_set_quota(struct store *s, const struct quota *quota)
{
	s->quota = quota;
}

const struct quota *
store_quota(const struct store *s)
{
	return s->quota;
}

/*
 * '*' any bytes, '?' one; goes back to the last '*' only, so
 * the time is at most the product of the lengths.
 */
static bool
matches(const char *mask, const char *name)
{
	const char *star = NULL, *from = NULL;

	while (*name) {
		if (*mask == '*') {
			star = ++mask;
			from = name;
		} else if (*mask == '?' || *mask == *name) {
			mask++;
			name++;
		} else if (star) {
			mask = star;
			name = ++from;
		} else {
			return false;
		}
	}
	while (*mask == '*')
		mask++;
	return *mask == '\0';
}

static const struct quota_rule *
find_default(const struct quota *q)
{
	for (const char *name = "*"; name; name = *name == '*' ? "?" : NULL)
		for (size_t i = 0; i < q->count; i++)
			if (strcmp(q->rule[i].mailbox, name) == 0)
				return &q->rule[i];
	return NULL;
}

static const struct quota_rule *
find_rule(const struct quota *q, const char *mailbox)
{
	for (size_t i = 0; i < q->count; i++)
		if (strcmp(q->rule[i].mailbox, "*") != 0 && strcmp(q->rule[i].mailbox, "?") != 0 &&
		    matches(q->rule[i].mailbox, mailbox))
			return &q->rule[i];
	return NULL;
}

void
quota_limits(const struct store *s, const char *mailbox, struct quota_amounts *limits_out)
{
	const struct quota_rule *standard = s->quota ? find_default(s->quota) : NULL;
	const struct quota_rule *own = s->quota && mailbox ? find_rule(s->quota, mailbox) : NULL;
	struct quota_amounts l = { 0, 0 };

	if (standard) {
		l.bytes = quota_amount_of(&standard->bytes, 0);
		l.messages = quota_amount_of(&standard->messages, 0);
	}
	if (own) {
		l.bytes = quota_amount_of(&own->bytes, l.bytes);
		l.messages = quota_amount_of(&own->messages, l.messages);
	}
	*limits_out = l;
}

bool
quota_counts(const struct store *s, const char *mailbox)
{
	const struct quota_rule *rule = s->quota ? find_rule(s->quota, mailbox) : NULL;

	return s->quota && !(rule && rule->is_ignored);
}
