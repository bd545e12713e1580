/* greeter_sasl.c - the exchange of AUTHENTICATE and AUTH, which is the same on both wires */
#include "common/start/greeter_sasl.h"

#include "common/base/limits.h"
#include "common/start/sasl_names.h"

static bool
has(uint32_t mechanisms, size_t number)
{
	return number < SASL_NAMES_MOST && (mechanisms >> number & 1);
}

const char *
greeter_mechanism(const struct greeter *g, size_t i)
{
	const struct sasl_name *m;

	for (size_t n = 0; (m = sasl_name_each(n)); n++)
		if (has(greeter_facts(g)->mechanisms, n) && !(m->traits & SASL_COMMAND) && i-- == 0)
			return m->name;
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

/* Where the client speaks first, its empty challenge is ours to send. */
static enum greeter_sasl
read_first(struct greeter *g, const struct sasl_name *m, struct span *response)
{
	if (span_is(*response, "="))
		*response = span_make("", 0);
	else if (!response->at && (m->traits & SASL_FIRST))
		return read_response(g, span_make("", 0), response);
	else if (!is_base64(*response))
		return SASL_NOT_BASE64;
	return SASL_ANSWERED;
}

enum greeter_sasl
greeter_sasl(struct greeter *g, struct span tag, struct span mechanism, struct span response,
             struct greeter_answer *answer_out)
{
	size_t number = sasl_name_find(mechanism);
	const struct sasl_name *m = sasl_name_each(number);
	enum greeter_sasl state;

	if (!m || (m->traits & SASL_COMMAND))
		return SASL_UNKNOWN;
	if (!has(greeter_facts(g)->mechanisms, number))
		return has(greeter_facts(g)->mechanisms_with_tls, number) ? SASL_PRIVATE :
		                                                            SASL_UNKNOWN;
	state = read_first(g, m, &response);
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
