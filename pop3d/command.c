/*
 * command.c - the table of POP3 commands and their arguments
 *
 * RFC 1939 s.3: a keyword of three or four letters in either case, arguments
 * each behind one space.  Blanks at the end of the line, which some clients
 * send, are read over; anything else that does not belong is an error, so that "RETR 1 1"
 * or "DELE 4294967297" never reaches another message.
 */
#include "pop3d/command.h"

#include "common/base/number.h"

/* msg = %x31-39 *DIGIT, as far as a number can be that of a message */
static bool
parse_message(struct span word, uint32_t *number_out)
{
	uint64_t n;

	if (!number_parse(word, UINT32_MAX, &n) || n == 0)
		return false;
	*number_out = (uint32_t)n;
	return true;
}

static bool
parse_none(struct span rest, struct pop3_args *args_out, enum text *why_out)
{
	(void)args_out;
	*why_out = TEXT_NO_ARGUMENTS;
	return rest.len == 0;
}

static bool
parse_number(struct span rest, struct pop3_args *args_out, enum text *why_out)
{
	*why_out = TEXT_ONE_NUMBER;
	return parse_message(rest, &args_out->number);
}

static bool
parse_may_number(struct span rest, struct pop3_args *args_out, enum text *why_out)
{
	return rest.len == 0 || parse_number(rest, args_out, why_out);
}

static bool
parse_number_lines(struct span rest, struct pop3_args *args_out, enum text *why_out)
{
	struct span number;

	*why_out = TEXT_TWO_NUMBERS;
	return span_split(&rest, ' ', &number) && parse_message(number, &args_out->number) &&
	       number_parse(rest, UINT64_MAX - 1, &args_out->lines);
}

/* "LANG" [SP ( language-range / "*" )]   ; RFC 6856 s.3.2 */
static bool
parse_may_word(struct span rest, struct pop3_args *args_out, enum text *why_out)
{
	*why_out = TEXT_LANGUAGE_UNKNOWN;
	args_out->word = rest.len > 0 ? rest : SPAN_NONE;
	return !span_find(rest, ' ');
}

const struct pop3_command pop3_commands[] = {
	{ "CAPA", parse_none,         pop3_run_capa, 0 },
	{ "STAT", parse_none,         pop3_run_stat, 0 },
	{ "LIST", parse_may_number,   pop3_run_list, 0 },
	{ "UIDL", parse_may_number,   pop3_run_uidl, 0 },
	{ "RETR", parse_number,       pop3_run_retr, 0 },
	{ "TOP",  parse_number_lines, pop3_run_top,  0 },
	{ "DELE", parse_number,       pop3_run_dele, 0 },
	{ "RSET", parse_none,         pop3_run_rset, 0 },
	{ "NOOP", parse_none,         pop3_run_noop, 0 },
	{ "LANG", parse_may_word,     pop3_run_lang, 0 },
	{ "QUIT", parse_none,         pop3_run_quit, 0 },
	{ "LAST", NULL, NULL, TEXT_LAST_IS_OBSOLETE },
	{ "USER", NULL, NULL, TEXT_LOGGED_IN_ALREADY },
	{ "PASS", NULL, NULL, TEXT_LOGGED_IN_ALREADY },
	{ "APOP", NULL, NULL, TEXT_LOGGED_IN_ALREADY },
	{ "AUTH", NULL, NULL, TEXT_LOGGED_IN_ALREADY },
	{ "STLS", NULL, NULL, TEXT_TLS_BEFORE_LOGIN },
	{ "UTF8", NULL, NULL, TEXT_UTF8_BEFORE_LOGIN },
};
const size_t pop3_command_count = sizeof(pop3_commands) / sizeof(pop3_commands[0]);

const struct pop3_command *
pop3_command_find(struct span line, struct span *rest_out)
{
	struct span name;

	while (line.len > 0 && (line.at[line.len - 1] == ' ' || line.at[line.len - 1] == '\t'))
		line.len--;
	if (!span_split(&line, ' ', &name))
		return NULL;
	*rest_out = line;
	for (size_t i = 0; i < pop3_command_count; i++)
		if (span_is_nocase(name, pop3_commands[i].name))
			return &pop3_commands[i];
	return NULL;
}
