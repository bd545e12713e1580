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

#define NOT_OURS "-ERR This is a POP3 server.\r\n"

struct dialogue {
	struct greeter *g;
	unsigned        commands, bad;
	char            user[LIMIT_USER_NAME];
	size_t          user_len; /* 0: no USER yet */
};

static void
reply(struct dialogue *d, const char *text)
{
	greeter_write(d->g, text);
	greeter_write(d->g, "\r\n");
}

static void __attribute__((noreturn))
close_with(struct dialogue *d, const char *text, const char *reason)
{
	reply(d, text);
	greeter_end(d->g, reason);
}

static void
bad(struct dialogue *d, const char *why)
{
	if (++d->bad >= LIMIT_GREETER_BAD)
		close_with(d, why, "Too many invalid commands");
	reply(d, why);
}

static void
write_mechanisms(struct dialogue *d, const char *before, const char *behind)
{
	const struct greeter_facts *f = greeter_facts(d->g);

	if (f->has_plain) {
		greeter_write(d->g, before);
		greeter_write(d->g, "PLAIN");
		greeter_write(d->g, behind);
	}
	if (f->has_login) {
		greeter_write(d->g, before);
		greeter_write(d->g, "LOGIN");
		greeter_write(d->g, behind);
	}
}

static void
run_capa(struct dialogue *d, struct span argument)
{
	const struct greeter_facts *f = greeter_facts(d->g);

	(void)argument;
	reply(d, "+OK Capabilities follow.");
	greeter_write(d->g, POP3_CAPA_ALWAYS);
	if (f->tls_is_offered)
		reply(d, "STLS");
	if (f->plaintext_is_allowed) {
		reply(d, "USER");
		greeter_write(d->g, "SASL");
		write_mechanisms(d, " ", "");
		reply(d, "");
	}
	reply(d, "IMPLEMENTATION linnet\r\n.");
}

static void
run_quit(struct dialogue *d, struct span argument)
{
	(void)argument;
	close_with(d, "+OK Logging out", "");
}

static void
run_stls(struct dialogue *d, struct span argument)
{
	const struct greeter_facts *f = greeter_facts(d->g);

	(void)argument;
	if (!f->tls_is_offered) {
		bad(d, f->tls_is_on ? "-ERR TLS is already active." :
		                      "-ERR TLS support isn't enabled.");
		return;
	}
	reply(d, "+OK Begin TLS negotiation now.");
	greeter_starttls(d->g);
}

/* True when passwords may travel here; if not, that has been told. */
static bool
may_log_in(struct dialogue *d)
{
	if (greeter_facts(d->g)->plaintext_is_allowed)
		return true;
	greeter_log(d->g, GREETER_PLAINTEXT_REFUSED, SPAN_NONE);
	reply(d, "-ERR [AUTH] Plaintext authentication disallowed on non-secure (SSL/TLS) "
	         "connections.");
	return false;
}

static void
run_user(struct dialogue *d, struct span name)
{
	d->user_len = 0;
	if (!may_log_in(d))
		return;
	if (name.len == 0 || name.len > sizeof(d->user)) {
		bad(d, "-ERR USER takes a name of at most 255 bytes.");
		return;
	}
	memcpy(d->user, name.at, name.len);
	d->user_len = name.len;
	reply(d, "+OK");
}

static const char *const verdict_texts[] = {
	[VERDICT_FAILED]      = "-ERR [AUTH] Authentication failed.",
	[VERDICT_UNAVAILABLE] = "-ERR [SYS/TEMP] Temporary authentication failure.",
	[VERDICT_REFUSED]     = "-ERR [AUTH] Login is not allowed.",
	[VERDICT_BAD]         = "-ERR Invalid authentication data.",
	[VERDICT_CONTINUE]    = "-ERR Authentication is not finished.",
};

static void
tell_verdict(struct dialogue *d, const struct greeter_answer *a)
{
	if (a->verdict == VERDICT_REFUSED && a->text.len > 0) {
		greeter_write(d->g, "-ERR [AUTH] ");
		greeter_write_span(d->g, a->text);
		reply(d, "");
	} else {
		reply(d, verdict_texts[a->verdict]);
	}
	if (a->is_last)
		greeter_end(d->g, "");
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
		bad(d, "-ERR USER comes first.");
		return;
	}
	if (password.len > LIMIT_PASSWORD) {
		bad(d, "-ERR [AUTH] Password too long.");
		return;
	}
	a = greeter_login_plain(d->g, span_make("", 0), span_make(d->user, user_len), password);
	tell_verdict(d, &a);
}

/* "AUTH" alone lists the mechanisms, as servers did before RFC 5034 and clients still ask. */
static void
run_auth(struct dialogue *d, struct span argument)
{
	static const char *const words[] = {
		[SASL_UNKNOWN]    = "-ERR Unsupported authentication mechanism.",
		[SASL_ABORTED]    = "-ERR Authentication aborted by client.",
		[SASL_NOT_BASE64] = "-ERR Invalid base64 data.",
	};
	struct span mechanism = SPAN_NONE;
	struct greeter_answer a;
	enum greeter_sasl state;

	d->user_len = 0;
	if (!argument.at) {
		reply(d, "+OK");
		if (greeter_facts(d->g)->plaintext_is_allowed)
			write_mechanisms(d, "", "\r\n");
		reply(d, ".");
		return;
	}
	if (!may_log_in(d))
		return;
	span_split(&argument, ' ', &mechanism);
	state = greeter_sasl(d->g, span_make("", 0), mechanism, argument, &a);
	if (state == SASL_TOO_LONG)
		close_with(d, "-ERR Authentication response too long.", "Response too long");
	if (state == SASL_ANSWERED)
		tell_verdict(d, &a);
	else
		bad(d, words[state]);
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
	{ "AUTH", ARGUMENT_MAY,  run_auth },
	{ "STLS", ARGUMENT_NONE, run_stls },
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
		close_with(d, "-ERR Command line too long.", "Command line too long");
	if (span_find(line, '\0'))
		close_with(d, "-ERR A command has no NUL in it.", "NUL in a command");
	if (d->commands == 1)
		greeter_refuse_stranger(d->g, line, NOT_OURS);
	line = greeter_keep(d->g, line);
	span_split(&line, ' ', &name);
	c = find_command(name);
	if (!c)
		bad(d, "-ERR Unknown command.");
	else if (!c->run)
		reply(d, "-ERR Not before login.");
	else if (c->argument == ARGUMENT_NONE && line.at)
		bad(d, "-ERR This command takes no argument.");
	else if (c->argument == ARGUMENT_MUST && !line.at)
		bad(d, "-ERR This command takes an argument.");
	else
		c->run(d, line);
}

void
pop3_greet(struct greeter *g)
{
	static struct dialogue d;

	memset(&d, 0, sizeof(d));
	d.g = g;
	if (greeter_facts(g)->greets) {
		greeter_write(g, "+OK ");
		reply(&d, greeter_facts(g)->greeting);
	}
	greeter_refuse_tls(g, NOT_OURS);
	for (;;) {
		if (++d.commands > LIMIT_GREETER_COMMANDS)
			close_with(&d, "-ERR Too many commands before login.", "Too many commands");
		next_command(&d);
		greeter_forget(g);
	}
}
