/* login_quota.c - the quota of who has logged in */
#include "common/start/login_quota.h"

#include "common/base/log.h"

enum { USER_RULES = 9 };

/* The user's own rule of that number, as a Dovecot database names it; NULL for none. */
static const char *
user_rule(const struct login *login, uint64_t number)
{
	static const char *const field[USER_RULES + 1] = {
		NULL,          "quota_rule",  "quota_rule2", "quota_rule3", "quota_rule4",
		"quota_rule5", "quota_rule6", "quota_rule7", "quota_rule8", "quota_rule9"
	};

	return number >= 1 && number <= USER_RULES ? login_value(login, field[number]) : NULL;
}

/* Both lists by number; the user's in place of the settings' of the same number. */
static size_t
collect(const struct login *login, const char **rule)
{
	const struct settings *set = login->settings;
	size_t count = 0;
	uint64_t next = 1;

	for (size_t i = 0; i <= set->quota_rule_count; i++) {
		uint64_t number =
			i < set->quota_rule_count ? set->quota_rule[i].number : USER_RULES + 1;
		const char *own = user_rule(login, number);

		for (; next < number && next <= USER_RULES; next++)
			if (user_rule(login, next))
				rule[count++] = user_rule(login, next);
		if (i < set->quota_rule_count)
			rule[count++] = own ? own : set->quota_rule[i].text;
		next = number + 1;
	}
	return count;
}

const struct quota *
login_quota(const struct login *login, struct arena *mem)
{
	const char **rule, *bad;
	const struct quota *quota;

	if (!login->settings->quota)
		return NULL;
	rule = arena_array(mem, login->settings->quota_rule_count + USER_RULES + 1, sizeof(*rule));
	quota = quota_new(login->settings->quota, rule, collect(login, rule), mem, &bad);
	if (bad)
		log_error("quota_rule=%.200s in the user database cannot be read and is left out; "
		          "write *:storage=1G or *:bytes=1073741824", bad);
	return quota;
}
