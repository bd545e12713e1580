/* greet_commands.c - the IMAP commands before the login (RFC 3501 s.6.1, s.6.2; RFC 2971, 4959) */
#include "imapd/greet_commands.h"

#include "common/base/limits.h"
#include "common/start/greeter.h"
#include "common/start/greeter_sasl.h"

void
greet_reply(struct greet_dialogue *d, const char *text)
{
	if (d->tag.len > 0)
		greeter_write_span(d->g, d->tag);
	else
		greeter_write(d->g, "*");
	greeter_write(d->g, " ");
	greeter_write(d->g, text);
	greeter_write(d->g, "\r\n");
}

void
greet_bye(struct greet_dialogue *d, const char *text, const char *reason)
{
	greeter_write(d->g, "* BYE ");
	greeter_write(d->g, text);
	greeter_write(d->g, "\r\n");
	greeter_end(d->g, reason);
}

void
greet_bad(struct greet_dialogue *d, const char *why)
{
	greet_reply(d, why);
	if (++d->bad >= LIMIT_GREETER_BAD)
		greet_bye(d, "Too many invalid commands.", "Too many invalid commands");
}

void
greet_write_capabilities(struct greet_dialogue *d)
{
	const struct greeter_facts *f = greeter_facts(d->g);
	const char *mechanism;

	greeter_write(d->g, "CAPABILITY IMAP4rev1 LITERAL+ SASL-IR LOGIN-REFERRALS ID ENABLE IDLE");
	if (f->tls_is_offered)
		greeter_write(d->g, " STARTTLS");
	if (!f->plaintext_is_allowed)
		greeter_write(d->g, " LOGINDISABLED");
	for (size_t i = 0; (mechanism = greeter_mechanism(d->g, i)); i++) {
		greeter_write(d->g, " AUTH=");
		greeter_write(d->g, mechanism);
	}
}

static void
run_capability(struct greet_dialogue *d)
{
	greeter_write(d->g, "* ");
	greet_write_capabilities(d);
	greeter_write(d->g, "\r\n");
	greet_reply(d, "OK Pre-login capabilities listed, post-login capabilities have more.");
}

static void
run_noop(struct greet_dialogue *d)
{
	greet_reply(d, "OK NOOP completed.");
}

static void
run_logout(struct greet_dialogue *d)
{
	greeter_write(d->g, "* BYE Logging out\r\n");
	greet_reply(d, "OK Logout completed.");
	greeter_end(d->g, "");
}

static void
run_starttls(struct greet_dialogue *d)
{
	const struct greeter_facts *f = greeter_facts(d->g);

	if (!f->tls_is_offered) {
		greet_bad(d, f->tls_is_on ? "BAD TLS is already active." :
		                            "BAD TLS support isn't enabled.");
		return;
	}
	greet_reply(d, "OK Begin TLS negotiation now.");
	greeter_starttls(d->g);
}

static void
run_id(struct greet_dialogue *d)
{
	struct span all = d->cursor.rest;

	greet_take_byte(&d->cursor, ' ');
	greet_take_id_params(&d->cursor, &d->first, &d->second);
	greet_take_end(&d->cursor);
	if (d->cursor.failed) {
		greet_bad(d, "BAD ID takes NIL or a list of at most 30 fields with their values.");
		return;
	}
	if (greeter_facts(d->g)->logs_id)
		greeter_log(d->g, "ID sent:", all);
	greeter_write(d->g, "* ID (\"name\" \"linnet\")\r\n");
	greet_reply(d, "OK ID completed.");
}

/* The two lines that a client gets which would have shown its password to everybody. */
void
greet_refuse_plaintext(struct greet_dialogue *d)
{
	greeter_log(d->g, GREETER_PLAINTEXT_REFUSED, SPAN_NONE);
	greeter_write(d->g, "* BAD [ALERT] Plaintext authentication not allowed without SSL/TLS, "
	                    "but your client did it anyway. If anyone was listening, the "
	                    "password was exposed.\r\n");
	greet_reply(d, "NO [PRIVACYREQUIRED] Plaintext authentication disallowed on non-secure "
	               "(SSL/TLS) connections.");
}

static const char *const verdict_texts[] = {
	[VERDICT_FAILED]      = "NO [AUTHENTICATIONFAILED] Authentication failed.",
	[VERDICT_UNAVAILABLE] = "NO [UNAVAILABLE] Temporary authentication failure.",
	[VERDICT_REFUSED]     = "NO [AUTHORIZATIONFAILED] ",
	[VERDICT_BAD]         = "BAD Invalid authentication data.",
	[VERDICT_CONTINUE]    = "BAD Authentication is not finished.",
};

static void
tell_verdict(struct greet_dialogue *d, const struct greeter_answer *a)
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
		greet_reply(d, verdict_texts[a->verdict]);
	}
	if (a->is_last)
		greet_bye(d, "Too many failed logins.", "");
}

/* login = "LOGIN" SP userid SP password */
static void
run_login(struct greet_dialogue *d)
{
	struct greeter_answer a;

	if (!greeter_facts(d->g)->plaintext_is_allowed) {
		greet_refuse_plaintext(d);
		return;
	}
	greet_take_byte(&d->cursor, ' ');
	greet_take_astring(&d->cursor, &d->first);
	greet_take_byte(&d->cursor, ' ');
	greet_take_astring(&d->cursor, &d->second);
	greet_take_end(&d->cursor);
	if (d->cursor.failed || d->first.len > LIMIT_USER_NAME || d->second.len > LIMIT_PASSWORD) {
		greet_bad(d, "BAD LOGIN takes a user name and a password.");
		return;
	}
	a = greeter_login_plain(d->g, d->tag, span_make(d->first.at, d->first.len),
	                        span_make(d->second.at, d->second.len));
	tell_verdict(d, &a);
}

/* authenticate = "AUTHENTICATE" SP auth-type [SP (base64 / "=")] *(CRLF base64)    RFC 4959 s.7 */
static void
run_authenticate(struct greet_dialogue *d)
{
	static const char *const words[] = {
		[SASL_UNKNOWN]    = "NO [CANNOT] Unsupported authentication mechanism.",
		[SASL_ABORTED]    = "BAD Authentication aborted by client.",
		[SASL_NOT_BASE64] = "BAD Invalid base64 data.",
	};
	struct span name, response = SPAN_NONE;
	struct greeter_answer a;
	enum greeter_sasl state;

	greet_take_byte(&d->cursor, ' ');
	name = greet_take_word(&d->cursor);
	if (greet_try_byte(&d->cursor, ' '))
		response = greet_take_word(&d->cursor);
	greet_take_end(&d->cursor);
	if (d->cursor.failed || name.len == 0 || (response.at && response.len == 0)) {
		greet_bad(d, "BAD AUTHENTICATE takes a mechanism and at most one base64 response.");
		return;
	}
	state = greeter_sasl(d->g, d->tag, name, response, &a);
	if (state == SASL_PRIVATE) {
		greet_refuse_plaintext(d);
		return;
	}
	if (state == SASL_TOO_LONG)
		greet_bye(d, "Authentication response too long.", "Response too long");
	if (state == SASL_ANSWERED)
		tell_verdict(d, &a);
	else
		greet_bad(d, words[state]);
}

static const struct greet_command commands[] = {
	{ "CAPABILITY",   0, run_capability },
	{ "NOOP",         0, run_noop },
	{ "LOGOUT",       0, run_logout },
	{ "STARTTLS",     0, run_starttls },
	{ "ID",           GREET_TAKES_ARGUMENTS | GREET_TAKES_LITERALS, run_id },
	{ "LOGIN",        GREET_TAKES_ARGUMENTS | GREET_TAKES_LITERALS | GREET_SHOWS_PASSWORD,
	  run_login },
	{ "AUTHENTICATE", GREET_TAKES_ARGUMENTS, run_authenticate },
	{ "SELECT",       GREET_TAKES_ARGUMENTS, NULL },
	{ "EXAMINE",      GREET_TAKES_ARGUMENTS, NULL },
	{ "CREATE",       GREET_TAKES_ARGUMENTS, NULL },
	{ "DELETE",       GREET_TAKES_ARGUMENTS, NULL },
	{ "RENAME",       GREET_TAKES_ARGUMENTS, NULL },
	{ "SUBSCRIBE",    GREET_TAKES_ARGUMENTS, NULL },
	{ "UNSUBSCRIBE",  GREET_TAKES_ARGUMENTS, NULL },
	{ "LIST",         GREET_TAKES_ARGUMENTS, NULL },
	{ "LSUB",         GREET_TAKES_ARGUMENTS, NULL },
	{ "STATUS",       GREET_TAKES_ARGUMENTS, NULL },
	{ "APPEND",       GREET_TAKES_ARGUMENTS, NULL },
	{ "NAMESPACE",    GREET_TAKES_ARGUMENTS, NULL },
	{ "ENABLE",       GREET_TAKES_ARGUMENTS, NULL },
	{ "IDLE",         GREET_TAKES_ARGUMENTS, NULL },
	{ "CHECK",        GREET_TAKES_ARGUMENTS, NULL },
	{ "CLOSE",        GREET_TAKES_ARGUMENTS, NULL },
	{ "UNSELECT",     GREET_TAKES_ARGUMENTS, NULL },
	{ "EXPUNGE",      GREET_TAKES_ARGUMENTS, NULL },
	{ "SEARCH",       GREET_TAKES_ARGUMENTS, NULL },
	{ "FETCH",        GREET_TAKES_ARGUMENTS, NULL },
	{ "STORE",        GREET_TAKES_ARGUMENTS, NULL },
	{ "COPY",         GREET_TAKES_ARGUMENTS, NULL },
	{ "MOVE",         GREET_TAKES_ARGUMENTS, NULL },
	{ "UID",          GREET_TAKES_ARGUMENTS, NULL },
};

const struct greet_command *
greet_find_command(struct span name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (span_is_nocase(name, commands[i].name))
			return &commands[i];
	return NULL;
}
