/* date.c - RFC 5322 and IMAP dates */
#include "common/mime/date.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/mime/token.h"

enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
	                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

/* RFC 5322 s.4.3: zones by name; every other word is like -0000. */
static const struct zone {
	const char *name;
	int         minutes;
} zones[] = {
	{ "EST", -5 * 60 }, { "EDT", -4 * 60 }, { "CST", -6 * 60 }, { "CDT", -5 * 60 },
	{ "MST", -7 * 60 }, { "MDT", -6 * 60 }, { "PST", -8 * 60 }, { "PDT", -7 * 60 },
};

struct moment {
	int year, month, day; /* month 1 ... 12 */
	int hour, minute, second;
	int zone_minutes;
};

/*
 * Days since 1970-01-01, counted in years that begin in March, so that the leap day is the last
 * one.
 */
static int32_t
day_number(int year, int month, int day)
{
	int y = month <= 2 ? year - 1 : year;
	int since_march = (month + 9) % 12;
	int era_year = y + 400; /* y is -1 at least */

	return 365 * era_year + era_year / 4 - era_year / 100 + era_year / 400 +
	       (153 * since_march + 2) / 5 + day - 1 - (719468 + 146097);
}

static int
days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && is_leap);
}

static bool
is_time(const struct moment *m)
{
	return m->hour <= 23 && m->minute <= 59 && m->second <= 60;
}

static bool
is_possible(const struct moment *m)
{
	return m->year >= 0 && m->year <= 9999 && m->month >= 1 && m->month <= 12 && m->day >= 1 &&
	       m->day <= days_in_month(m->year, m->month) && is_time(m);
}

static time_t
moment_utc(const struct moment *m)
{
	return (time_t)day_number(m->year, m->month, m->day) * DAY + m->hour * HOUR +
	       m->minute * MINUTE + m->second - m->zone_minutes * MINUTE;
}

/* least to most digits; false takes nothing that matters. */
static bool
take_digits(struct span *rest, size_t least, size_t most, int *n_out)
{
	size_t i = 0;
	int n = 0;

	while (i < rest->len && i < most && ascii_is_digit(rest->at[i]))
		n = n * 10 + (rest->at[i++] - '0');
	if (i < least || (i < rest->len && ascii_is_digit(rest->at[i])))
		return false;
	*rest = span_skip(*rest, i);
	*n_out = n;
	return true;
}

static bool
take_month(struct span *rest, int *month_out)
{
	for (int i = 0; i < 12; i++) {
		if (!span_starts_nocase(*rest, months[i]))
			continue;
		*rest = span_skip(*rest, 3);
		*month_out = i + 1;
		return true;
	}
	return false;
}

/* zone = ("+" / "-") 4DIGIT */
static bool
take_zone(struct span *rest, int *minutes_out)
{
	struct span s = *rest;
	int sign, n;

	if (s.len == 0 || (s.at[0] != '+' && s.at[0] != '-'))
		return false;
	sign = s.at[0] == '-' ? -1 : 1;
	s = span_skip(s, 1);
	if (!take_digits(&s, 4, 4, &n) || n % 100 > 59 || n / 100 > 23)
		return false;
	*minutes_out = sign * (n / 100 * 60 + n % 100);
	*rest = s;
	return true;
}

/* obs-year (RFC 5322 s.4.3): two digits are 1950 ... 2049, three count from 1900. */
static bool
take_year(struct span *rest, int *year_out)
{
	size_t before = rest->len;

	if (!take_digits(rest, 2, 4, year_out))
		return false;
	if (before - rest->len == 2)
		*year_out += *year_out < 50 ? 2000 : 1900;
	else if (before - rest->len == 3)
		*year_out += 1900;
	return true;
}

/* time-of-day = hour ":" minute [":" second], where 9:5 is taken too */
static bool
take_time(struct span *rest, struct moment *m)
{
	if (!take_digits(rest, 1, 2, &m->hour))
		return false;
	token_skip_blank(rest);
	if (!token_byte(rest, ':'))
		return false;
	token_skip_blank(rest);
	if (!take_digits(rest, 1, 2, &m->minute))
		return false;
	token_skip_blank(rest);
	if (!token_byte(rest, ':'))
		return true;
	token_skip_blank(rest);
	return take_digits(rest, 1, 2, &m->second);
}

static int
take_any_zone(struct span *rest)
{
	struct span word;
	int minutes;

	token_skip_blank(rest);
	if (take_zone(rest, &minutes))
		return minutes;
	word = token_word(rest, token_specials);
	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++)
		if (span_is_nocase(word, zones[i].name))
			return zones[i].minutes;
	return 0;
}

/*
 * date-time = [ day-of-week "," ] date time        RFC 5322 s.3.3, with the obsolete forms of s.4.3
 */
bool
date_parse(struct span value, time_t *utc_out, int *zone_minutes_out)
{
	struct moment m = { 0 };

	token_skip_blank(&value);
	if (value.len > 0 && !ascii_is_digit(value.at[0])) {
		token_word(&value, token_specials);
		token_skip_blank(&value);
		token_byte(&value, ',');
		token_skip_blank(&value);
	}
	if (!take_digits(&value, 1, 2, &m.day))
		return false;
	token_skip_blank(&value);
	if (!take_month(&value, &m.month))
		return false;
	token_skip_blank(&value);
	if (!take_year(&value, &m.year))
		return false;
	token_skip_blank(&value);
	/* RFC 5256 s.2.2: a time that is none is 00:00:00 UTC, on a day that is one. */
	if (value.len > 0 && take_time(&value, &m) && is_time(&m))
		m.zone_minutes = take_any_zone(&value);
	else
		m.hour = m.minute = m.second = 0;
	if (!is_possible(&m))
		return false;
	*utc_out = moment_utc(&m);
	*zone_minutes_out = m.zone_minutes;
	return true;
}

/* date-year with its month: "-" date-month "-" date-year */
static bool
take_month_and_year(struct span *rest, struct moment *m)
{
	return token_byte(rest, '-') && take_month(rest, &m->month) && token_byte(rest, '-') &&
	       take_digits(rest, 4, 4, &m->year);
}

/*
 * date-time = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE
 * date-day-fixed = (SP DIGIT) / 2DIGIT                     RFC 3501 s.9
 */
bool
date_parse_imap(struct span text, time_t *utc_out)
{
	struct moment m = { 0 };
	size_t digits = token_byte(&text, ' ') ? 1 : 2;

	if (!take_digits(&text, digits, digits, &m.day) || !take_month_and_year(&text, &m) ||
	    !token_byte(&text, ' '))
		return false;
	if (!take_digits(&text, 2, 2, &m.hour) || !token_byte(&text, ':') ||
	    !take_digits(&text, 2, 2, &m.minute) || !token_byte(&text, ':') ||
	    !take_digits(&text, 2, 2, &m.second))
		return false;
	if (!token_byte(&text, ' ') || !take_zone(&text, &m.zone_minutes) || text.len > 0 ||
	    !is_possible(&m))
		return false;
	*utc_out = moment_utc(&m);
	return true;
}

/* date-text = date-day "-" date-month "-" date-year        RFC 3501 s.9 */
bool
date_parse_day(struct span text, int32_t *day_out)
{
	struct moment m = { 0 };

	if (!take_digits(&text, 1, 2, &m.day) || !take_month_and_year(&text, &m) || text.len > 0 ||
	    !is_possible(&m))
		return false;
	*day_out = day_number(m.year, m.month, m.day);
	return true;
}

int32_t
date_day(time_t utc, int zone_minutes)
{
	int64_t local = (int64_t)utc + (int64_t)zone_minutes * MINUTE;
	int64_t day = local / DAY - (local % DAY < 0);

	return day > INT32_MAX ? INT32_MAX : day < INT32_MIN ? INT32_MIN : (int32_t)day;
}

void
date_print_imap(time_t utc, char *text)
{
	struct tm tm;
	int zone;

	/* The grammar has four digits for a year: a clock gone mad is brought back to them. */
	if (utc < -(time_t)60000000000)
		utc = -(time_t)60000000000;
	if (utc > (time_t)253000000000)
		utc = (time_t)253000000000;
	localtime_r(&utc, &tm);
	zone = (int)(tm.tm_gmtoff / MINUTE);
	snprintf(text, DATE_IMAP_ROOM, "%02d-%s-%04d %02d:%02d:%02d %c%02d%02d", tm.tm_mday,
	         months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec,
	         zone < 0 ? '-' : '+', abs(zone) / 60 % 100, abs(zone) % 60);
}
