/* mechanisms.c - the table of SASL mechanisms */
#include "authd/mechanisms.h"

#include "authd/gssapi.h"
#include "common/base/limits.h"
#include "common/start/sasl_names.h"

bool
dialogue_keep(struct buf *to, struct span s, size_t most)
{
	if (s.len > most)
		return false;
	buf_reset(to);
	buf_reserve(to, most + 1); /* never grows again: no copy is left behind */
	buf_span(to, s);
	return true;
}

static const struct mechanism mechanisms[] = {
	{ "PLAIN", "plaintext", plain_step, NULL, NULL, true },
	{ "LOGIN", "plaintext", login_step, NULL, NULL, true },
	{ "CRAM-MD5", "dictionary active", cram_step, NULL, NULL, false },
	{ "APOP", "private dictionary active", apop_step, NULL, NULL, false },
	{ "SCRAM-SHA-1", "mutual-auth", scram_step, scram_go_on, NULL, false },
	{ "SCRAM-SHA-1-PLUS", "mutual-auth channel-binding", scram_plus_step, scram_go_on, NULL,
	  false },
	{ "SCRAM-SHA-256", "mutual-auth", scram_step, scram_go_on, NULL, false },
	{ "SCRAM-SHA-256-PLUS", "mutual-auth channel-binding", scram_plus_step, scram_go_on, NULL,
	  false },
	{ "EXTERNAL", "", external_step, NULL, NULL, false },
	{ "GSSAPI", "", gssapi_step, gssapi_go_on, NULL, false },
	{ "OAUTHBEARER", "plaintext", oauthbearer_step, NULL, oauthbearer_refused, false },
	{ "XOAUTH2", "plaintext", xoauth2_step, NULL, xoauth2_refused, false },
};
enum { MECHANISMS = sizeof(mechanisms) / sizeof(mechanisms[0]) };

/* -PLUS is turned on by the word of its mechanism without. */
static bool
is_allowed(const struct mechanism *m, const char *allowed)
{
	const struct sasl_name *name = sasl_name_each(sasl_name_find(span_of(m->name)));
	struct span rest = span_of(allowed), word;

	if (m->step == gssapi_step && !gssapi_is_built)
		return false;
	while (name && span_split(&rest, ' ', &word))
		if (span_is_nocase(word, name->word))
			return true;
	return false;
}

const struct mechanism *
mechanism_find(struct span name, const char *allowed)
{
	for (size_t i = 0; i < MECHANISMS; i++)
		if (span_is_nocase(name, mechanisms[i].name) && is_allowed(&mechanisms[i], allowed))
			return &mechanisms[i];
	return NULL;
}

const struct mechanism *
mechanism_each(size_t i, const char *allowed)
{
	for (size_t k = 0; k < MECHANISMS; k++)
		if (is_allowed(&mechanisms[k], allowed) && i-- == 0)
			return &mechanisms[k];
	return NULL;
}

struct span
mechanism_unknown(const char *allowed)
{
	struct span rest = span_of(allowed), word;

	while (span_split(&rest, ' ', &word)) {
		size_t i = 0;

		while (i < MECHANISMS && !span_is_nocase(word, mechanisms[i].name))
			i++;
		if (i == MECHANISMS && word.len > 0)
			return word;
	}
	return SPAN_NONE;
}

void
dialogue_free(struct dialogue *d)
{
	buf_free(&d->challenge);
	buf_wipe_free(&d->user);
	buf_wipe_free(&d->secret);
	buf_wipe_free(&d->authzid);
	buf_wipe_free(&d->context);
	buf_wipe_free(&d->kept);
}
