/* quota_rule.c - one quota_rule as Dovecot writes it: MAILBOX:storage=1G:messages=+10%:ignore */
#include "common/base/quota_rule.h"

#include <string.h>

#include "common/base/number.h"
#include "common/base/span.h"

enum { PERCENT_MOST = 1000 };
static const char bad_amount[] = "expected a number, with B K M G T or % behind it";

/* 0: no such unit */
static int64_t
unit_of(char c)
{
	static const char letters[] = "bkmgt";
	const char *at = strchr(letters, ascii_lower(c));
	int64_t unit = 1;

	if (c == '\0' || !at)
		return 0;
	for (const char *p = letters; p < at; p++)
		unit *= 1024;
	return unit;
}

static const char *
parse_amount(struct span s, int64_t unit, struct quota_amount *out)
{
	bool is_more = s.len > 0 && (s.at[0] == '+' || s.at[0] == '-');
	int64_t sign = is_more && s.at[0] == '-' ? -1 : 1;
	bool is_share;
	uint64_t n;

	if (is_more)
		s = span_skip(s, 1);
	if (!number_take(&s, INT64_MAX, &n) || s.len > 1)
		return bad_amount;
	is_share = s.len == 1 && s.at[0] == '%';
	if (s.len == 1 && !is_share)
		unit = unit_of(s.at[0]);
	if (unit == 0)
		return bad_amount;
	if (is_share)
		unit = 1;
	if (n > (uint64_t)(is_share ? PERCENT_MOST : INT64_MAX / 4) / (uint64_t)unit)
		return "the number is too large";
	out->value = sign * (int64_t)n * unit;
	out->how = is_share ? (is_more ? QUOTA_MORE_SHARE : QUOTA_SHARE) :
	                      (is_more ? QUOTA_MORE : QUOTA_IS);
	return NULL;
}

static const char *
parse_limit(struct span limit, struct quota_rule *r)
{
	const struct {
		const char          *name;
		int64_t              unit;
		struct quota_amount *amount;
	} limits[] = {
		{ "storage=", 1024, &r->bytes },
		{ "bytes=", 1, &r->bytes },
		{ "messages=", 1, &r->messages },
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (span_starts(limit, limits[i].name))
			return parse_amount(span_skip(limit, strlen(limits[i].name)),
			                    limits[i].unit, limits[i].amount);
	if (span_is(limit, "ignore"))
		r->is_ignored = true;
	else if (!span_is(limit, "noenforcing"))
		return "expected storage=, bytes=, messages= or ignore";
	return NULL;
}

const char *
quota_rule_parse(const char *text, struct arena *mem, struct quota_rule *rule_out)
{
	struct span rest = span_of(text), part;
	struct quota_rule r = { "", false, { QUOTA_UNSAID, 0 }, { QUOTA_UNSAID, 0 } };

	if (!span_split(&rest, ':', &part) || part.len == 0 || !rest.at)
		return "expected MAILBOX:storage=... or *:storage=...";
	r.mailbox = arena_string(mem, part);
	while (span_split(&rest, ':', &part)) {
		const char *why = parse_limit(part, &r);

		if (why)
			return why;
	}
	*rule_out = r;
	return NULL;
}

/* value percent of n; both are small enough for this. */
static int64_t
share_of(int64_t n, int64_t value)
{
	return n / 100 * value + n % 100 * value / 100;
}

uint64_t
quota_amount_of(const struct quota_amount *amount, uint64_t standard)
{
	const int64_t most = INT64_MAX / (2 * PERCENT_MOST); /* four petabytes: nothing overflows */
	int64_t had = standard > (uint64_t)most ? most : (int64_t)standard, n;

	if (amount->how == QUOTA_IS)
		return (uint64_t)amount->value;
	if (standard == 0)
		return 0; /* more than no limit is no limit */
	n = had;
	if (amount->how == QUOTA_MORE)
		n = had + amount->value;
	else if (amount->how == QUOTA_SHARE)
		n = share_of(had, amount->value);
	else if (amount->how == QUOTA_MORE_SHARE)
		n = had + share_of(had, amount->value);
	return n > 0 ? (uint64_t)n : 1;
}
