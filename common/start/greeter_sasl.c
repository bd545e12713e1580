/* greeter_sasl.c - the exchange of AUTHENTICATE and AUTH, which is the same on both wires */
#include "common/start/greeter_sasl.h"

#include "common/base/limits.h"

static bool
plain_is_on(const struct greeter_facts *f)
{
	return f->has_plain;
}

static bool
login_is_on(const struct greeter_facts *f)
{
	return f->has_login;
}

/* Where the client speaks first, its empty challenge is ours to send. */
static const struct mechanism {
	const char *name;
	bool        client_first;
	bool      (*is_on)(const struct greeter_facts *f);
} mechanisms[] = {
	{ "PLAIN", true, plain_is_on },
	{ "LOGIN", false, login_is_on },
};

static const struct mechanism *
find(const struct greeter *g, struct span name)
{
	for (size_t i = 0; i < sizeof(mechanisms) / sizeof(mechanisms[0]); i++)
		if (span_is_nocase(name, mechanisms[i].name) &&
		    mechanisms[i].is_on(greeter_facts(g)))
			return &mechanisms[i];
	return NULL;
}

/* Its characters only: whether they make whole groups is for authd to say. */
static bool
is_base64(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = ascii_lower(s.at[i]);

		if (!ascii_is_digit(c) && (c < 'a' || c > 'z') && c != '+' && c != '/' && c != '=')
			return false;
	}
	return true;
}

static enum greeter_sasl
read_response(struct greeter *g, struct span challenge, struct span *line_out)
{
	greeter_write(g, "+ ");
	greeter_write_span(g, challenge);
	greeter_write(g, "\r\n");
	if (greeter_line(g, LIMIT_GREETER_SASL_LINE, line_out) != GREETER_LINE)
		return SASL_TOO_LONG;
	if (span_is(*line_out, "*"))
		return SASL_ABORTED;
	return is_base64(*line_out) ? SASL_ANSWERED : SASL_NOT_BASE64;
}

enum greeter_sasl
greeter_sasl(struct greeter *g, struct span tag, struct span mechanism, struct span response,
             struct greeter_answer *answer_out)
{
	const struct mechanism *m = find(g, mechanism);
	enum greeter_sasl state = SASL_ANSWERED;

	if (!m)
		return SASL_UNKNOWN;
	if (span_is(response, "="))
		response = span_make("", 0);
	else if (!response.at && m->client_first)
		state = read_response(g, span_make("", 0), &response);
	else if (!is_base64(response))
		state = SASL_NOT_BASE64;
	if (state != SASL_ANSWERED)
		return state;
	*answer_out = greeter_login(g, tag, m->name, response);
	while (answer_out->verdict == VERDICT_CONTINUE) {
		state = read_response(g, answer_out->text, &response);
		if (state != SASL_ANSWERED) {
			greeter_cancel(g);
			return state;
		}
		*answer_out = greeter_respond(g, response);
	}
	return SASL_ANSWERED;
}
