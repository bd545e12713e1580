/* cmd_lang.c - LANG (RFC 6856 s.3) */
#include "pop3d/command.h"
#include "pop3d/session.h"

static void
list_languages(struct pop3_session *s)
{
	pop3_ok(s, TEXT_LANGUAGES);
	for (unsigned i = 0; i < LANGUAGES; i++)
		out_printf(&s->out, "%s %s\r\n", languages[i].tag, languages[i].name);
	out_str(&s->out, ".\r\n");
}

void
pop3_run_lang(struct pop3_session *s, const struct pop3_args *args)
{
	if (!args->word.at)
		list_languages(s);
	else if (!language_find(args->word, &s->state.language))
		pop3_err(s, NULL, TEXT_LANGUAGE_UNKNOWN);
	else
		pop3_ok_data(s, "%s %s", languages[s->state.language].tag,
		             text_in(s->state.language, TEXT_LANGUAGE_CHOSEN));
}
