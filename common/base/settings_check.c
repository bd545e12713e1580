/*
 * settings_check.c - what a setting's value may be, beyond its kind
 *
 * Fatal is what would make the server less safe, or its users' mail another,
 * than the file's author meant.  What only takes something away (a mechanism or
 * protocol that does not exist here) is a warning.
 */
#include "common/base/settings_check.h"

#include "common/base/buf.h"
#include "common/base/expand.h"
#include "common/base/net.h"
#include "common/base/number.h"
#include "common/base/span.h"

/* allowed, also: lists of words with a blank between them. */
struct check {
	const char *name;
	const char *(*run)(const struct check *c, const char *text,
	                   const struct settings_place *at);
	const char *allowed;
	const char *also; /* words of Dovecot's without effect here */
};

/* The next word of *rest; false at the end. */
static bool
next_word(struct span *rest, struct span *word_out)
{
	*rest = span_trim(*rest);
	return rest->len > 0 && span_split(rest, ' ', word_out);
}

/* The word of list that is text, in the list's case; SPAN_NONE for none. */
static struct span
find_word(const char *list, struct span text)
{
	struct span rest = span_of(list), word;

	while (next_word(&rest, &word))
		if (span_equal_nocase(word, text))
			return word;
	return SPAN_NONE;
}

static const char *
one_of(const struct check *c, const char *text, const struct settings_place *at)
{
	struct span word = find_word(c->allowed, span_of(text));

	if (word.at)
		return arena_string(at->mem, word);
	settings_tell(at, SETTINGS_FATAL, "%s = %.100s cannot be; allowed is one of: %s", c->name,
	              text, c->allowed);
	return NULL;
}

/* yes and no in all their forms, kept as text. */
static const char *
yes_or_no(const struct check *c, const char *text, const struct settings_place *at)
{
	static const struct check plain = { "", NULL, "yes y true on 1", "no n false off 0" };

	if (find_word(plain.allowed, span_of(text)).at)
		return "yes";
	if (find_word(plain.also, span_of(text)).at)
		return "no";
	settings_tell(at, SETTINGS_FATAL, "%s = %.100s cannot be; allowed is yes or no", c->name,
	              text);
	return NULL;
}

static void
tell_word(const struct check *c, struct span word, const struct settings_place *at)
{
	bool is_dovecots = find_word(c->also, word).at != NULL;

	settings_tell(at, is_dovecots ? SETTINGS_NOTE : SETTINGS_WARNING,
	              "%s: %s \"%.*s\"; known are: %s", c->name,
	              is_dovecots ? "linnet has no" : "nobody knows",
	              (int)(word.len < 100 ? word.len : 100), word.at, c->allowed);
}

/*
 * A list of words, each kept once: "protocols = $protocols imap" of a
 * distribution's files would grow otherwise.  A word without effect is only named.
 */
static const char *
words_of(const struct check *c, const char *text, const struct settings_place *at)
{
	struct span rest = span_of(text), word;
	struct buf kept = BUF_EMPTY;
	const char *list;

	while (next_word(&rest, &word)) {
		if (kept.len > 0 && find_word(kept.data, word).at)
			continue;
		if (!find_word(c->allowed, word).at)
			tell_word(c, word, at);
		if (kept.len > 0)
			buf_byte(&kept, ' ');
		buf_span(&kept, word);
	}
	list = arena_string(at->mem, buf_view(&kept));
	buf_free(&kept);
	return list;
}

/* !SSLv2 !SSLv3 TLSv1.2 */
static const char *
tls_versions(const struct check *c, const char *text, const struct settings_place *at)
{
	struct span rest = span_of(text), word;

	while (next_word(&rest, &word)) {
		if (find_word(c->allowed, span_skip(word, word.at[0] == '!')).at)
			continue;
		settings_tell(at, SETTINGS_FATAL,
		              "%s = %.100s cannot be; each word is one of: %s, with ! in front to "
		              "turn it off",
		              c->name, text, c->allowed);
		return NULL;
	}
	return text;
}

static const char *
networks(const struct check *c, const char *text, const struct settings_place *at)
{
	char word[NET_TEXT_ROOM + 8];

	if (net_find_bad(text, word, sizeof(word)))
		settings_tell(
			at, SETTINGS_WARNING,
			"%s: \"%s\" is no network and matches nobody; write 10.0.0.0/8 or ::1",
			c->name, word);
	return text;
}

/* %u %n %d %h: unknown variables would make one folder of many. */
static bool
variables_are_known(const char *name, const char *text, const struct settings_place *at)
{
	static const struct expand_values any = {
		.user = "u@d", .home = "/h", .service = "s", .local_ip = "l", .remote_ip = "r"
	};
	const char *why;

	if (expand(text, &any, at->mem, &why))
		return true;
	settings_tell(at, SETTINGS_FATAL, "%s: %s", name, why);
	return false;
}

static const char *
variables(const struct check *c, const char *text, const struct settings_place *at)
{
	return variables_are_known(c->name, text, at) ? text : NULL;
}

/* Dovecot's stock file has mbox here where nobody has changed it: not fatal. */
static const char *
location(const struct check *c, const char *text, const struct settings_place *at)
{
	if (!span_starts(span_of(text), "maildir:")) {
		settings_tell(at, SETTINGS_WARNING,
		              "%s = %.100s: linnet serves Maildir only; the default stands. "
		              "Write maildir:/path",
		              c->name, text);
		return NULL;
	}
	if (strstr(text, ":CONTROL=")) {
		settings_tell(at, SETTINGS_FATAL,
		              "%s: CONTROL= is not supported: dovecot-uidlist stands in the "
		              "Maildir, so move the files below that path there",
		              c->name);
		return NULL;
	}
	return variables_are_known(c->name, text, at) ? text : NULL;
}

static const char *
number(const struct check *c, const char *text, const struct settings_place *at)
{
	uint64_t n;

	if (number_parse(span_of(text), UINT32_MAX, &n))
		return text;
	settings_tell(at, SETTINGS_FATAL, "%s = %.100s cannot be; allowed is a number", c->name,
	              text);
	return NULL;
}

/* It is announced by CAPA, and mail is removed by it. */
static const char *
days_or_never(const struct check *c, const char *text, const struct settings_place *at)
{
	uint64_t days;

	if (strcmp(text, c->allowed) == 0 || number_parse(span_of(text), 36500, &days))
		return text;
	settings_tell(at, SETTINGS_FATAL, "%s = %.100s cannot be; allowed is never or days",
	              c->name, text);
	return NULL;
}

/* Other UIDLs than yesterday make every client fetch all mail again. */
static const char *
uidl_format(const struct check *c, const char *text, const struct settings_place *at)
{
	for (const char *p = strchr(text, '%'); p; p = strchr(p + 1, '%')) {
		const char *letter = p + 1 + strspn(p + 1, "0123456789LUX");

		if (*letter && strchr(c->allowed, *letter))
			continue;
		settings_tell(at, SETTINGS_FATAL,
		              "%s = %.100s cannot be; the variables are %%u, %%v and %%f, as in "
		              "%%08Xu%%08Xv",
		              c->name, text);
		return NULL;
	}
	return text;
}

#define TLS_WORDS "TLSv1 TLSv1.1 TLSv1.2 TLSv1.3"

static const struct check checks[] = {
	{ "protocols",                words_of,     "imap pop3",
	  "lmtp sieve submission managesieve imaps pop3s none" },
	{ "mail_location",            location,     NULL, NULL },
	{ "index_dir",                variables,    NULL, NULL },
	{ "disable_plaintext_auth",   yes_or_no,    NULL, NULL },
	{ "ssl",                      one_of,       "no yes required", NULL },
	{ "ssl_min_protocol",         one_of,       TLS_WORDS, NULL },
	{ "ssl_protocols",            tls_versions, "SSLv2 SSLv3 " TLS_WORDS, NULL },
	{ "auth_mechanisms",          words_of,
	  "plain login cram-md5 apop scram-sha-1 scram-sha-256 external oauthbearer xoauth2 gssapi",
	  "digest-md5 ntlm rpa anonymous otp skey gss-spnego dovecot-token" },
	{ "auth_username_format",     variables,    NULL, NULL },
	{ "login_trusted_networks",   networks,     NULL, NULL },
	{ "haproxy_trusted_networks", networks,     NULL, NULL },
	{ "first_valid_uid",          number,       NULL, NULL },
	{ "mail_fsync",               one_of,       "optimized always never", NULL },
	{ "pop3_uidl_format",         uidl_format,  "uvf%", NULL },
	{ "pop3_expire",              days_or_never, "never", NULL },
	{ "pop3_client_workarounds",  words_of,     "oe-ns-eoh outlook-no-nuls", NULL },
};

const char *
settings_check(const char *name, const char *text, const struct settings_place *at)
{
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		if (strcmp(checks[i].name, name) == 0)
			return checks[i].run(&checks[i], text, at);
	return text;
}
