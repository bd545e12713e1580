/*
 * greet.c - POP3 before the login: the AUTHORIZATION state (RFC 1939 s.4, RFC 2449, 2595, 5034)
 *
 * USER only remembers the name; whether there is such a user shows with the
 * password, and PASS takes all behind its one space, blanks too (D14).
 */
#include "pop3d/greet.h"

#include "common/base/limits.h"
#include "common/start/greeter.h"
#include "common/start/greeter_sasl.h"
#include "common/start/greeter_stranger.h"
#include "pop3d/capa.h"
#include "pop3d/greet_state.h"
#include "pop3d/texts.h"

#define NOT_OURS "-ERR This is a POP3 server.\r\n"

struct dialogue {
	struct greeter    *g;
	unsigned           commands, bad;
	struct greet_state state;
	char               user[LIMIT_USER_NAME];
	size_t             user_len; /* 0: no USER yet */
};

static void
reply(struct dialogue *d, const char *text)
{
	greeter_write(d->g, text);
	greeter_write(d->g, "\r\n");
}

/* status is "+OK ", "-ERR " or "-ERR [AUTH] ". */
static void
say(struct dialogue *d, const char *status, enum text text)
{
	greeter_write(d->g, status);
	reply(d, text_in(d->state.language, text));
}

static void __attribute__((noreturn))
close_with(struct dialogue *d, enum text text, const char *reason)
{
	say(d, "-ERR ", text);
	greeter_end(d->g, reason);
}

static void
bad(struct dialogue *d, enum text why)
{
	if (++d->bad >= LIMIT_GREETER_BAD)
		close_with(d, why, "Too many invalid commands");
	say(d, "-ERR ", why);
}

static void
write_mechanisms(struct dialogue *d, const char *before, const char *behind)
{
	const char *mechanism;

	for (size_t i = 0; (mechanism = greeter_mechanism(d->g, i)); i++) {
		greeter_write(d->g, before);
		greeter_write(d->g, mechanism);
		greeter_write(d->g, behind);
	}
}

static void
run_capa(struct dialogue *d, struct span argument)
{
	const struct greeter_facts *f = greeter_facts(d->g);

	(void)argument;
	say(d, "+OK ", TEXT_CAPABILITIES);
	greeter_write(d->g, POP3_CAPA_ALWAYS);
	greeter_write(d->g, f->extra);
	if (f->tls_is_offered)
		reply(d, "STLS");
	if (f->plaintext_is_allowed)
		reply(d, "USER");
	if (greeter_mechanism(d->g, 0)) {
		greeter_write(d->g, "SASL");
		write_mechanisms(d, " ", "");
		reply(d, "");
	}
	reply(d, POP3_CAPA_LAST ".");
}

static void
run_quit(struct dialogue *d, struct span argument)
{
	(void)argument;
	say(d, "+OK ", TEXT_GOODBYE);
	greeter_end(d->g, "");
}

static void
run_stls(struct dialogue *d, struct span argument)
{
	const struct greeter_facts *f = greeter_facts(d->g);

	(void)argument;
	if (!f->tls_is_offered) {
		bad(d, f->tls_is_on ? TEXT_TLS_IS_ACTIVE : TEXT_TLS_IS_OFF);
		return;
	}
	if (d->state.is_utf8) { /* RFC 6856 s.2.1 */
		bad(d, TEXT_TLS_BEHIND_UTF8);
		return;
	}
	say(d, "+OK ", TEXT_TLS_BEGINS);
	greeter_starttls(d->g);
}

static void
refuse_plaintext(struct dialogue *d)
{
	greeter_log(d->g, GREETER_PLAINTEXT_REFUSED, SPAN_NONE);
	say(d, "-ERR [AUTH] ", TEXT_PLAINTEXT_REFUSED);
}

/* True when passwords may travel here; if not, that has been told. */
static bool
may_log_in(struct dialogue *d)
{
	if (greeter_facts(d->g)->plaintext_is_allowed)
		return true;
	refuse_plaintext(d);
	return false;
}

static void
run_user(struct dialogue *d, struct span name)
{
	d->user_len = 0;
	if (!may_log_in(d))
		return;
	if (name.len == 0 || name.len > sizeof(d->user)) {
		bad(d, TEXT_USER_LENGTH);
		return;
	}
	memcpy(d->user, name.at, name.len);
	d->user_len = name.len;
	reply(d, "+OK");
}

static const struct {
	const char *status;
	enum text   text;
} verdicts[] = {
	[VERDICT_FAILED]      = { "-ERR [AUTH] ",     TEXT_AUTH_FAILED },
	[VERDICT_UNAVAILABLE] = { "-ERR [SYS/TEMP] ", TEXT_AUTH_UNAVAILABLE },
	[VERDICT_REFUSED]     = { "-ERR [AUTH] ",     TEXT_AUTH_REFUSED },
	[VERDICT_BAD]         = { "-ERR ",            TEXT_AUTH_INVALID },
	[VERDICT_CONTINUE]    = { "-ERR ",            TEXT_AUTH_UNFINISHED },
};

static void
tell_verdict(struct dialogue *d, const struct greeter_answer *a)
{
	if (a->verdict == VERDICT_REFUSED && a->text.len > 0) {
		greeter_write(d->g, "-ERR [AUTH] ");
		greeter_write_span(d->g, a->text);
		reply(d, "");
	} else {
		say(d, verdicts[a->verdict].status, verdicts[a->verdict].text);
	}
	if (a->is_last)
		greeter_end(d->g, "");
}

/* What the session is to know goes where IMAP has its tag. */
static struct span
state_word(const struct dialogue *d)
{
	return span_of(greet_state_word(&d->state));
}

static void
run_pass(struct dialogue *d, struct span password)
{
	struct greeter_answer a;
	size_t user_len = d->user_len;

	d->user_len = 0;
	if (!may_log_in(d))
		return;
	if (user_len == 0) {
		bad(d, TEXT_USER_FIRST);
		return;
	}
	if (password.len > LIMIT_PASSWORD) {
		bad(d, TEXT_PASSWORD_LENGTH);
		return;
	}
	a = greeter_login_plain(d->g, state_word(d), span_make(d->user, user_len), password);
	tell_verdict(d, &a);
}

/*
 * RFC 1939 s.7:
 *	"APOP" SP name SP digest
 * The password does not travel, so it may come in clear.
 */
static void
run_apop(struct dialogue *d, struct span argument)
{
	struct greeter_answer a;
	struct span name, digest = argument;

	d->user_len = 0;
	if (greeter_facts(d->g)->apop[0] == '\0') {
		bad(d, TEXT_AUTH_MECHANISM);
		return;
	}
	if (!span_split(&digest, ' ', &name) || name.len == 0 || name.len > LIMIT_USER_NAME ||
	    digest.len != 32) {
		bad(d, TEXT_APOP_FORM);
		return;
	}
	a = greeter_login_apop(d->g, state_word(d), name, digest);
	tell_verdict(d, &a);
}

/* "AUTH" alone lists the mechanisms, as servers did before RFC 5034 and clients still ask. */
static void
run_auth(struct dialogue *d, struct span argument)
{
	static const enum text words[] = {
		[SASL_UNKNOWN]    = TEXT_AUTH_MECHANISM,
		[SASL_ABORTED]    = TEXT_AUTH_ABORTED,
		[SASL_NOT_BASE64] = TEXT_AUTH_NOT_BASE64,
	};
	struct span mechanism = SPAN_NONE;
	struct greeter_answer a;
	enum greeter_sasl state;

	d->user_len = 0;
	if (!argument.at) {
		reply(d, "+OK");
		write_mechanisms(d, "", "\r\n");
		reply(d, ".");
		return;
	}
	span_split(&argument, ' ', &mechanism);
	state = greeter_sasl(d->g, state_word(d), mechanism, argument, &a);
	if (state == SASL_PRIVATE) {
		refuse_plaintext(d);
		return;
	}
	if (state == SASL_TOO_LONG)
		close_with(d, TEXT_AUTH_TOO_LONG, "Response too long");
	if (state == SASL_ANSWERED)
		tell_verdict(d, &a);
	else
		bad(d, words[state]);
}

/* RFC 6856 s.2.1; repeated, it says so again. */
static void
run_utf8(struct dialogue *d, struct span argument)
{
	(void)argument;
	d->state.is_utf8 = true;
	say(d, "+OK ", TEXT_UTF8_ON);
}

/* "+OK" [SP lang-tag SP text], or the list of languages (RFC 6856 s.3.2) */
static void
list_languages(struct dialogue *d)
{
	say(d, "+OK ", TEXT_LANGUAGES);
	for (unsigned i = 0; i < LANGUAGES; i++) {
		greeter_write(d->g, languages[i].tag);
		greeter_write(d->g, " ");
		reply(d, languages[i].name);
	}
	reply(d, ".");
}

static void
run_lang(struct dialogue *d, struct span range)
{
	if (!range.at) {
		list_languages(d);
		return;
	}
	if (!language_find(range, &d->state.language)) {
		bad(d, TEXT_LANGUAGE_UNKNOWN);
		return;
	}
	greeter_write(d->g, "+OK ");
	greeter_write(d->g, languages[d->state.language].tag);
	say(d, " ", TEXT_LANGUAGE_CHOSEN);
}

enum argument { ARGUMENT_NONE, ARGUMENT_MAY, ARGUMENT_MUST };

static const struct command {
	const char   *name;
	enum argument argument;
	/* NULL: only behind a login */
	void        (*run)(struct dialogue *d, struct span argument);
} commands[] = {
	{ "CAPA", ARGUMENT_NONE, run_capa },
	{ "USER", ARGUMENT_MUST, run_user },
	{ "PASS", ARGUMENT_MUST, run_pass },
	{ "APOP", ARGUMENT_MUST, run_apop },
	{ "AUTH", ARGUMENT_MAY,  run_auth },
	{ "STLS", ARGUMENT_NONE, run_stls },
	{ "UTF8", ARGUMENT_NONE, run_utf8 },
	{ "LANG", ARGUMENT_MAY,  run_lang },
	{ "QUIT", ARGUMENT_NONE, run_quit },
	{ "STAT", ARGUMENT_MAY,  NULL },
	{ "LIST", ARGUMENT_MAY,  NULL },
	{ "UIDL", ARGUMENT_MAY,  NULL },
	{ "RETR", ARGUMENT_MAY,  NULL },
	{ "TOP",  ARGUMENT_MAY,  NULL },
	{ "DELE", ARGUMENT_MAY,  NULL },
	{ "RSET", ARGUMENT_MAY,  NULL },
	{ "NOOP", ARGUMENT_MAY,  NULL },
	{ "LAST", ARGUMENT_MAY,  NULL },
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
next_command(struct dialogue *d)
{
	struct span line, name = SPAN_NONE;
	const struct command *c;

	if (greeter_line(d->g, LIMIT_GREETER_LINE, &line) != GREETER_LINE)
		close_with(d, TEXT_LINE_LENGTH, "Command line too long");
	if (span_find(line, '\0'))
		close_with(d, TEXT_NUL, "NUL in a command");
	if (d->commands == 1)
		greeter_refuse_stranger(d->g, line, NOT_OURS);
	line = greeter_keep(d->g, line);
	span_split(&line, ' ', &name);
	c = find_command(name);
	if (!c)
		bad(d, TEXT_UNKNOWN_COMMAND);
	else if (!c->run)
		say(d, "-ERR ", TEXT_NOT_BEFORE_LOGIN);
	else if (c->argument == ARGUMENT_NONE && line.at)
		bad(d, TEXT_NO_ARGUMENT);
	else if (c->argument == ARGUMENT_MUST && !line.at)
		bad(d, TEXT_AN_ARGUMENT);
	else
		c->run(d, line);
}

/* greeting = "+OK" SP text [SP timestamp]   ; RFC 1939 s.4, s.7: the timestamp is APOP's */
static void
greet(struct dialogue *d, const struct greeter_facts *f)
{
	greeter_write(d->g, "+OK ");
	greeter_write(d->g, f->greeting);
	greeter_write(d->g, f->apop[0] ? " " : "");
	reply(d, f->apop);
}

void
pop3_greet(struct greeter *g)
{
	static struct dialogue d;

	memset(&d, 0, sizeof(d));
	d.g = g;
	if (greeter_facts(g)->greets)
		greet(&d, greeter_facts(g));
	greeter_refuse_tls(g, NOT_OURS);
	for (;;) {
		if (++d.commands > LIMIT_GREETER_COMMANDS)
			close_with(&d, TEXT_TOO_MANY_COMMANDS, "Too many commands");
		next_command(&d);
		greeter_forget(g);
	}
}
