/*
 * check_policy.c - what a row says beside its password
 *
 *	allow_nets   networks it may be used from
 *	services     services it may be used for: "imap pop3 smtp"
 *	not_after    when it ends: seconds of the epoch, or 2027-01-31[ 23:59:59] in UTC
 *	nologin      nobody may log in with it; reason is told
 *
 * What cannot be understood is a refusal, never leave.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "authd/check_inside.h"
#include "common/base/net.h"
#include "common/base/number.h"

static bool
is_listed(const char *words, struct span word)
{
	struct span rest = span_of(words), each;

	while (span_split(&rest, ' ', &each))
		for (struct span part = each; span_split(&part, ',', &each);)
			if (each.len > 0 && span_equal_nocase(each, word))
				return true;
	return false;
}

static bool
read_time(const char *text, time_t *out)
{
	struct tm t;
	uint64_t n;
	int used = 0, whole;

	if (number_parse(span_of(text), INT64_MAX, &n)) {
		*out = (time_t)n;
		return true;
	}
	memset(&t, 0, sizeof(t));
	if (sscanf(text, "%4d-%2d-%2d%n", &t.tm_year, &t.tm_mon, &t.tm_mday, &used) != 3)
		return false;
	whole = used;
	if (text[used] && (sscanf(text + used, "%*1[ T]%2d:%2d:%2d%n", &t.tm_hour, &t.tm_min,
	                          &t.tm_sec, &whole) != 3 ||
	                   (text[used + whole] && text[used + whole] != '.')))
		return false;
	if (!text[used]) /* a day: to its end */
		t.tm_hour = 24;
	t.tm_year -= 1900;
	t.tm_mon -= 1;
	*out = timegm(&t);
	return true;
}

static bool
is_over(const char *text)
{
	time_t end;

	return !read_time(text, &end) || time(NULL) > end;
}

bool
policy_passes_over(const struct attempt *a, const struct row *row, const char **line_out)
{
	const char *services = row_value(row, "services"), *end = row_value(row, "not_after");

	if (services && services[0] && !is_listed(services, a->check->service))
		*line_out = "Password mismatch (not for this service)";
	else if (end && end[0] && is_over(end))
		*line_out = "Password mismatch (expired)";
	else
		return false;
	return true;
}

static bool
comes_from_elsewhere(const struct attempt *a, const struct row *row)
{
	const char *nets = row_value(row, "allow_nets");
	struct net_address remote;

	if (!row_has(row, "allow_nets"))
		return false;
	return !nets || !net_address_parse(a->question.values.remote_ip, &remote) ||
	       !net_is_in(&remote, nets);
}

const char *
policy_of_row(const struct attempt *a, const struct row *row, const char **refusal_out)
{
	const char *reason = row_value(row, "reason"), *nologin = row_value(row, "nologin");

	if (comes_from_elsewhere(a, row))
		return "Password mismatch (allow_nets does not have this address)";
	if (!row_has(row, "nologin") || (nologin && strcmp(nologin, "no") == 0))
		return NULL;
	*refusal_out = reason && reason[0] ? reason : "This account may not log in";
	return "User login is disabled (nologin)";
}
