/*
 * greet.c - IMAP before the login (RFC 3501 s.6.1, s.6.2; RFC 2971, 4959, 7888)
 *
 * One command is collected in the greeter's block, its literals behind their
 * "{n}" CRLF, and then parsed.  A literal is only asked for where a command
 * takes one and there is room: whatever else announces one is refused before
 * its bytes come.  Parsing allocates nothing: strings are unescaped into two
 * buffers that hold the longest name and the longest password.
 */
#include "imapd/greet.h"

#include "common/base/limits.h"
#include "common/base/number.h"
#include "common/base/wipe.h"
#include "common/start/greeter.h"
#include "common/start/greeter_sasl.h"

enum { ID_PAIRS = 30, ID_FIELD = 30, ID_VALUE = 1024, TAG_MOST = 200 };

/* A string that was taken, unescaped. */
struct text {
	char   at[LIMIT_PASSWORD + 1];
	size_t len;
};

struct dialogue {
	struct greeter *g;
	struct span     tag;      /* of the command at hand */
	struct span     rest;     /* of the command: what is not parsed yet */
	bool            failed;   /* parsing: sticky */
	unsigned        commands, bad;
	struct text     first, second;
};

static void
reply(struct dialogue *d, const char *text)
{
	if (d->tag.len > 0)
		greeter_write_span(d->g, d->tag);
	else
		greeter_write(d->g, "*");
	greeter_write(d->g, " ");
	greeter_write(d->g, text);
	greeter_write(d->g, "\r\n");
}

static void __attribute__((noreturn))
say_bye(struct dialogue *d, const char *text, const char *reason)
{
	greeter_write(d->g, "* BYE ");
	greeter_write(d->g, text);
	greeter_write(d->g, "\r\n");
	greeter_end(d->g, reason);
}

static void
bad(struct dialogue *d, const char *why)
{
	reply(d, why);
	if (++d->bad >= LIMIT_GREETER_BAD)
		say_bye(d, "Too many invalid commands.", "Too many invalid commands");
}

static void
write_capabilities(struct dialogue *d)
{
	const struct greeter_facts *f = greeter_facts(d->g);

	greeter_write(d->g, "CAPABILITY IMAP4rev1 LITERAL+ SASL-IR LOGIN-REFERRALS ID ENABLE IDLE");
	if (f->tls_is_offered)
		greeter_write(d->g, " STARTTLS");
	if (!f->plaintext_is_allowed)
		greeter_write(d->g, " LOGINDISABLED");
	if (f->plaintext_is_allowed && f->has_plain)
		greeter_write(d->g, " AUTH=PLAIN");
	if (f->plaintext_is_allowed && f->has_login)
		greeter_write(d->g, " AUTH=LOGIN");
}

/* --- grammar ------------------------------------------------------------------------------------ */

static void
fail(struct dialogue *d)
{
	d->failed = true;
	d->rest = span_make("", 0);
}

static bool
try_byte(struct dialogue *d, char byte)
{
	if (d->rest.len == 0 || d->rest.at[0] != byte)
		return false;
	d->rest = span_skip(d->rest, 1);
	return true;
}

static void
take_byte(struct dialogue *d, char byte)
{
	if (!try_byte(d, byte))
		fail(d);
}

/* ASTRING-CHAR = ATOM-CHAR / resp-specials; bytes above 127 besides, which passwords have. */
static bool
is_astring_char(char c)
{
	return (unsigned char)c > 0x20 && c != 0x7f && !span_find(span_of("(){%*\"\\"), c);
}

/* 1*ASTRING-CHAR, left where it is; empty when there is none. */
static struct span
take_word(struct dialogue *d)
{
	struct span word = d->rest;
	size_t n = 0;

	while (n < word.len && is_astring_char(word.at[n]))
		n++;
	d->rest = span_skip(word, n);
	return span_make(word.at, n);
}

static void
put_byte(struct dialogue *d, struct text *t, char c)
{
	if (t->len == sizeof(t->at) || c == '\0')
		fail(d);
	else
		t->at[t->len++] = c;
}

/* quoted = DQUOTE *QUOTED-CHAR DQUOTE, behind its first quote */
static void
take_quoted(struct dialogue *d, struct text *t)
{
	while (!d->failed && !try_byte(d, '"')) {
		bool escaped = try_byte(d, '\\');

		if (d->rest.len == 0 || (escaped && d->rest.at[0] != '"' && d->rest.at[0] != '\\')) {
			fail(d);
			return;
		}
		put_byte(d, t, d->rest.at[0]);
		d->rest = span_skip(d->rest, 1);
	}
}

/* literal = "{" number ["+"] "}" CRLF *CHAR8; the collector has seen to it that the bytes are there. */
static void
take_literal(struct dialogue *d, struct text *t)
{
	uint64_t n = 0;

	if (!number_take(&d->rest, LIMIT_GREETER_LITERAL, &n))
		fail(d);
	try_byte(d, '+');
	take_byte(d, '}');
	take_byte(d, '\r');
	take_byte(d, '\n');
	if (d->rest.len < n)
		fail(d);
	for (; n > 0 && !d->failed; n--) {
		put_byte(d, t, d->rest.at[0]);
		d->rest = span_skip(d->rest, 1);
	}
}

/* string = quoted / literal */
static bool
try_string(struct dialogue *d, struct text *t)
{
	t->len = 0;
	if (try_byte(d, '"'))
		take_quoted(d, t);
	else if (try_byte(d, '{'))
		take_literal(d, t);
	else
		return false;
	return true;
}

/* astring = 1*ASTRING-CHAR / string */
static void
take_astring(struct dialogue *d, struct text *t)
{
	struct span word;

	if (try_string(d, t))
		return;
	word = take_word(d);
	if (word.len == 0)
		fail(d);
	for (size_t i = 0; i < word.len && !d->failed; i++)
		put_byte(d, t, word.at[i]);
}

static void
take_end(struct dialogue *d)
{
	if (d->rest.len > 0)
		fail(d);
}

static void
forget_texts(struct dialogue *d)
{
	wipe(&d->first, sizeof(d->first));
	wipe(&d->second, sizeof(d->second));
}

/* --- commands ----------------------------------------------------------------------------------- */

static void
run_capability(struct dialogue *d)
{
	greeter_write(d->g, "* ");
	write_capabilities(d);
	greeter_write(d->g, "\r\n");
	reply(d, "OK Pre-login capabilities listed, post-login capabilities have more.");
}

static void
run_noop(struct dialogue *d)
{
	reply(d, "OK NOOP completed.");
}

static void
run_logout(struct dialogue *d)
{
	greeter_write(d->g, "* BYE Logging out\r\n");
	reply(d, "OK Logout completed.");
	greeter_end(d->g, "");
}

static void
run_starttls(struct dialogue *d)
{
	const struct greeter_facts *f = greeter_facts(d->g);

	if (!f->tls_is_offered) {
		bad(d, f->tls_is_on ? "BAD TLS is already active." : "BAD TLS support isn't enabled.");
		return;
	}
	reply(d, "OK Begin TLS negotiation now.");
	greeter_starttls(d->g);
}

/* id-params-list = "(" string SP nstring *(SP string SP nstring) ")" / "()" / nil  (RFC 2971 s.3) */
static void
take_id_params(struct dialogue *d)
{
	unsigned pairs = 0;

	if (span_is_nocase(d->rest, "NIL")) {
		d->rest = span_skip(d->rest, 3);
		return;
	}
	take_byte(d, '(');
	if (try_byte(d, ')'))
		return;
	do {
		if (++pairs > ID_PAIRS || !try_string(d, &d->first) || d->first.len > ID_FIELD)
			fail(d);
		take_byte(d, ' ');
		if (!d->failed && !try_string(d, &d->second) && !span_is_nocase(take_word(d), "NIL"))
			fail(d);
		if (d->second.len > ID_VALUE)
			fail(d);
	} while (try_byte(d, ' '));
	take_byte(d, ')');
}

static void
run_id(struct dialogue *d)
{
	struct span all = d->rest;

	take_byte(d, ' ');
	take_id_params(d);
	take_end(d);
	if (d->failed) {
		bad(d, "BAD ID takes NIL or a list of at most 30 fields with their values.");
		return;
	}
	if (greeter_facts(d->g)->logs_id)
		greeter_log(d->g, "ID sent:", all);
	greeter_write(d->g, "* ID (\"name\" \"linnet\")\r\n");
	reply(d, "OK ID completed.");
}

/* The two lines that a client gets which would have shown its password to everybody. */
static void
refuse_plaintext(struct dialogue *d)
{
	greeter_log(d->g, GREETER_PLAINTEXT_REFUSED, SPAN_NONE);
	greeter_write(d->g, "* BAD [ALERT] Plaintext authentication not allowed without SSL/TLS, but your client did it "
	                    "anyway. If anyone was listening, the password was exposed.\r\n");
	reply(d, "NO [PRIVACYREQUIRED] Plaintext authentication disallowed on non-secure (SSL/TLS) connections.");
}

static const char *const verdict_texts[] = {
	[VERDICT_FAILED]      = "NO [AUTHENTICATIONFAILED] Authentication failed.",
	[VERDICT_UNAVAILABLE] = "NO [UNAVAILABLE] Temporary authentication failure.",
	[VERDICT_REFUSED]     = "NO [AUTHORIZATIONFAILED] ",
	[VERDICT_BAD]         = "BAD Invalid authentication data.",
	[VERDICT_CONTINUE]    = "BAD Authentication is not finished.",
};

static void
tell_verdict(struct dialogue *d, const struct greeter_answer *a)
{
	if (a->verdict == VERDICT_REFUSED) {
		greeter_write_span(d->g, d->tag);
		greeter_write(d->g, " NO [AUTHORIZATIONFAILED] ");
		if (a->text.len > 0)
			greeter_write_span(d->g, a->text);
		else
			greeter_write(d->g, "Login is not allowed.");
		greeter_write(d->g, "\r\n");
	} else {
		reply(d, verdict_texts[a->verdict]);
	}
	if (a->is_last)
		say_bye(d, "Too many failed logins.", "");
}

/* login = "LOGIN" SP userid SP password */
static void
run_login(struct dialogue *d)
{
	struct greeter_answer a;

	if (!greeter_facts(d->g)->plaintext_is_allowed) {
		refuse_plaintext(d);
		return;
	}
	take_byte(d, ' ');
	take_astring(d, &d->first);
	take_byte(d, ' ');
	take_astring(d, &d->second);
	take_end(d);
	if (d->failed || d->first.len > LIMIT_USER_NAME || d->second.len > LIMIT_PASSWORD) {
		bad(d, "BAD LOGIN takes a user name and a password.");
		return;
	}
	a = greeter_login_plain(d->g, d->tag, span_make(d->first.at, d->first.len),
	                        span_make(d->second.at, d->second.len));
	tell_verdict(d, &a);
}

/* authenticate = "AUTHENTICATE" SP auth-type [SP (base64 / "=")] *(CRLF base64)    RFC 4959 s.7 */
static void
run_authenticate(struct dialogue *d)
{
	static const char *const words[] = {
		[SASL_UNKNOWN]    = "NO [CANNOT] Unsupported authentication mechanism.",
		[SASL_ABORTED]    = "BAD Authentication aborted by client.",
		[SASL_NOT_BASE64] = "BAD Invalid base64 data.",
	};
	struct span name, response = SPAN_NONE;
	struct greeter_answer a;
	enum greeter_sasl state;

	take_byte(d, ' ');
	name = take_word(d);
	if (try_byte(d, ' '))
		response = take_word(d);
	take_end(d);
	if (d->failed || name.len == 0 || (response.at && response.len == 0)) {
		bad(d, "BAD AUTHENTICATE takes a mechanism and at most one base64 response.");
		return;
	}
	if (!greeter_facts(d->g)->plaintext_is_allowed) {
		refuse_plaintext(d);
		return;
	}
	state = greeter_sasl(d->g, d->tag, name, response, &a);
	if (state == SASL_TOO_LONG)
		say_bye(d, "Authentication response too long.", "Response too long");
	if (state == SASL_ANSWERED)
		tell_verdict(d, &a);
	else
		bad(d, words[state]);
}

/* --- the table and the collector ---------------------------------------------------------------- */

enum {
	TAKES_ARGUMENTS = 1 << 0,
	TAKES_LITERALS  = 1 << 1,
	SHOWS_PASSWORD  = 1 << 2  /* refused before its literals are asked for where that is not allowed */
};

static const struct command {
	const char *name;
	unsigned    flags;
	void      (*run)(struct dialogue *d); /* NULL: known, but only behind a login */
} commands[] = {
	{ "CAPABILITY",   0, run_capability },
	{ "NOOP",         0, run_noop },
	{ "LOGOUT",       0, run_logout },
	{ "STARTTLS",     0, run_starttls },
	{ "ID",           TAKES_ARGUMENTS | TAKES_LITERALS, run_id },
	{ "LOGIN",        TAKES_ARGUMENTS | TAKES_LITERALS | SHOWS_PASSWORD, run_login },
	{ "AUTHENTICATE", TAKES_ARGUMENTS, run_authenticate },
	{ "SELECT",       TAKES_ARGUMENTS, NULL },
	{ "EXAMINE",      TAKES_ARGUMENTS, NULL },
	{ "CREATE",       TAKES_ARGUMENTS, NULL },
	{ "DELETE",       TAKES_ARGUMENTS, NULL },
	{ "RENAME",       TAKES_ARGUMENTS, NULL },
	{ "SUBSCRIBE",    TAKES_ARGUMENTS, NULL },
	{ "UNSUBSCRIBE",  TAKES_ARGUMENTS, NULL },
	{ "LIST",         TAKES_ARGUMENTS, NULL },
	{ "LSUB",         TAKES_ARGUMENTS, NULL },
	{ "STATUS",       TAKES_ARGUMENTS, NULL },
	{ "APPEND",       TAKES_ARGUMENTS, NULL },
	{ "NAMESPACE",    TAKES_ARGUMENTS, NULL },
	{ "ENABLE",       TAKES_ARGUMENTS, NULL },
	{ "IDLE",         TAKES_ARGUMENTS, NULL },
	{ "CHECK",        TAKES_ARGUMENTS, NULL },
	{ "CLOSE",        TAKES_ARGUMENTS, NULL },
	{ "UNSELECT",     TAKES_ARGUMENTS, NULL },
	{ "EXPUNGE",      TAKES_ARGUMENTS, NULL },
	{ "SEARCH",       TAKES_ARGUMENTS, NULL },
	{ "FETCH",        TAKES_ARGUMENTS, NULL },
	{ "STORE",        TAKES_ARGUMENTS, NULL },
	{ "COPY",         TAKES_ARGUMENTS, NULL },
	{ "MOVE",         TAKES_ARGUMENTS, NULL },
	{ "UID",          TAKES_ARGUMENTS, NULL },
};

static const struct command *
find_command(struct span name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (span_is_nocase(name, commands[i].name))
			return &commands[i];
	return NULL;
}

static void
refuse_command(struct dialogue *d, const struct command *c)
{
	if (!c)
		bad(d, "BAD Unknown command.");
	else if (!c->run)
		reply(d, "BAD Not before login.");
	else
		bad(d, "BAD This command takes no literal here.");
}

/* Scanners come to every port: one BAD, one word to the log, and that is all (P17). */
static void
check_stranger(struct dialogue *d, struct span line)
{
	const char *is = greeter_stranger(line);

	if (!is)
		return;
	greeter_write(d->g, "* BAD This is an IMAP server.\r\n");
	greeter_end(d->g, is);
}

/* What a line's last characters announce. */
enum literal { LITERAL_NONE, LITERAL_WAITS, LITERAL_FOLLOWS };

static bool
is_number(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_is_digit(s.at[i]))
			return false;
	return s.len == 1 || (s.len > 1 && s.at[0] != '0');
}

/*
 * "{" number ["+"] "}" at the end of a line.  A number that is none is no
 * literal and fails in the grammar; with "+" bytes may follow all the same,
 * nobody knows how many: it counts as the longest of all.
 */
static enum literal
literal_at_end(struct span line, uint64_t *n_out)
{
	size_t at = line.len;
	struct span number;
	enum literal kind = LITERAL_WAITS;

	if (line.len < 3 || line.at[line.len - 1] != '}')
		return LITERAL_NONE;
	while (at > 0 && line.at[at - 1] != '{')
		at--;
	if (at == 0)
		return LITERAL_NONE;
	number = span_make(line.at + at, line.len - at - 1);
	if (number.len > 0 && number.at[number.len - 1] == '+') {
		kind = LITERAL_FOLLOWS;
		number.len--;
	}
	*n_out = UINT64_MAX;
	if (!is_number(number))
		return kind == LITERAL_FOLLOWS ? kind : LITERAL_NONE;
	number_parse(number, UINT64_MAX, n_out);
	return kind;
}

/* May the literal of n bytes be read?  If not, that has been told. */
static bool
may_have_literal(struct dialogue *d, const struct command *c, enum literal kind, uint64_t n)
{
	bool is_wanted = c && (c->flags & TAKES_LITERALS);
	bool fits = n <= LIMIT_GREETER_LITERAL && n + sizeof("\r\n") < greeter_room(d->g);

	if (is_wanted && fits && kind == LITERAL_WAITS && (c->flags & SHOWS_PASSWORD) &&
	    !greeter_facts(d->g)->plaintext_is_allowed) {
		refuse_plaintext(d);
		return false;
	}
	if (is_wanted && fits)
		return true;
	if (kind == LITERAL_FOLLOWS)
		say_bye(d, "A literal that cannot be taken.", "Literal refused");
	if (!fits)
		bad(d, "NO [TOOBIG] Literal too long.");
	else
		refuse_command(d, c);
	return false;
}

/* Only AUTHENTICATE may be longer than other lines: its tickets are. */
static bool
may_be_long(struct span line)
{
	struct span tag, name;

	return span_split(&line, ' ', &tag) && span_split(&line, ' ', &name) && span_is_nocase(name, "AUTHENTICATE");
}

static struct span
next_line(struct dialogue *d)
{
	struct span line;

	if (greeter_line(d->g, LIMIT_GREETER_LINE, &line) == GREETER_LINE)
		return line;
	if (!may_be_long(line) || greeter_line(d->g, LIMIT_GREETER_SASL_LINE, &line) != GREETER_LINE)
		say_bye(d, "Command line too long.", "Command line too long");
	return line;
}

/* Read behind a command's first line what its literals say; false: refused, and told. */
static bool
collect_literals(struct dialogue *d, const struct command *c, struct span line)
{
	enum literal kind;
	uint64_t n;

	while ((kind = literal_at_end(line, &n)) != LITERAL_NONE) {
		if (!may_have_literal(d, c, kind, n))
			return false;
		if (kind == LITERAL_WAITS)
			greeter_write(d->g, "+ OK\r\n");
		greeter_keep(d->g, span_make("\r\n", 2));
		greeter_bytes(d->g, (size_t)n);
		line = greeter_keep(d->g, next_line(d));
		if (!line.at) {
			bad(d, "NO [TOOBIG] Command too long.");
			return false;
		}
	}
	return true;
}

/* tag = 1*<any ASTRING-CHAR except "+">, and short enough to be given back. */
static bool
take_tag(struct dialogue *d)
{
	struct span tag = take_word(d);

	if (tag.len == 0 || tag.len > TAG_MOST || span_find(tag, '+') || !try_byte(d, ' '))
		return false;
	d->tag = tag;
	return true;
}

static void
run_command(struct dialogue *d, const struct command *c)
{
	if (!c->run) {
		refuse_command(d, c);
		return;
	}
	if (d->rest.len > 0 && !(c->flags & TAKES_ARGUMENTS)) {
		bad(d, "BAD This command takes no arguments.");
		return;
	}
	c->run(d);
	forget_texts(d);
}

/* One command: its first line, then the rest of it. */
static void
next_command(struct dialogue *d)
{
	struct span line, name;
	const struct command *c;
	const char *start;

	d->tag = SPAN_NONE;
	d->failed = false;
	line = next_line(d);
	if (d->commands == 1)
		check_stranger(d, line);
	line = greeter_keep(d->g, line);
	start = line.at;
	d->rest = line;
	if (span_find(line, '\0') || !take_tag(d)) {
		bad(d, line.len > 0 ? "BAD A command begins with a tag." : "BAD Empty command.");
		return;
	}
	name = take_word(d);
	c = find_command(name);
	if (!collect_literals(d, c, line))
		return;
	d->rest = span_skip(greeter_kept(d->g), (size_t)(name.at + name.len - start));
	if (c)
		run_command(d, c);
	else
		refuse_command(d, c);
}

static void
write_greeting(struct dialogue *d)
{
	greeter_write(d->g, "* OK [");
	write_capabilities(d);
	greeter_write(d->g, "] ");
	greeter_write(d->g, greeter_facts(d->g)->greeting);
	greeter_write(d->g, "\r\n");
}

void
imap_greet(struct greeter *g)
{
	static struct dialogue d;

	memset(&d, 0, sizeof(d));
	d.g = g;
	if (greeter_facts(g)->greets)
		write_greeting(&d);
	if (greeter_peek(g) == 0x16) /* a TLS record: no line end will come */
		check_stranger(&d, span_make("\x16", 1));
	for (;;) {
		if (++d.commands > LIMIT_GREETER_COMMANDS)
			say_bye(&d, "Too many commands before login.", "Too many commands");
		next_command(&d);
		greeter_forget(g);
	}
}
