/* sasl_names.c - the SASL mechanisms by name: one row each */
#include "common/start/sasl_names.h"

#include "config.h"

/* What authd was built without is not offered, whatever auth_mechanisms says: no word is this. */
#ifdef WITH_GSSAPI
#define WORD_GSSAPI "gssapi"
#else
#define WORD_GSSAPI "\001"
#endif

static const struct sasl_name names[] = {
	{ "EXTERNAL",           "external",      SASL_CERT | SASL_FIRST },
	{ "GSSAPI",             WORD_GSSAPI,     SASL_FIRST },
	{ "SCRAM-SHA-256-PLUS", "scram-sha-256", SASL_BINDING | SASL_FIRST },
	{ "SCRAM-SHA-256",      "scram-sha-256", SASL_FIRST },
	{ "SCRAM-SHA-1-PLUS",   "scram-sha-1",   SASL_BINDING | SASL_FIRST },
	{ "SCRAM-SHA-1",        "scram-sha-1",   SASL_FIRST },
	{ "OAUTHBEARER",        "oauthbearer",   SASL_SHOWN | SASL_FIRST },
	{ "XOAUTH2",            "xoauth2",       SASL_SHOWN | SASL_FIRST },
	{ "CRAM-MD5",           "cram-md5",      0 },
	{ "APOP",               "apop",          SASL_COMMAND },
	{ "PLAIN",              "plain",         SASL_SHOWN | SASL_FIRST },
	{ "LOGIN",              "login",         SASL_SHOWN },
};
enum { NAMES = sizeof(names) / sizeof(names[0]) };

const struct sasl_name *
sasl_name_each(size_t i)
{
	return i < NAMES ? &names[i] : NULL;
}

size_t
sasl_name_find(struct span name)
{
	for (size_t i = 0; i < NAMES; i++)
		if (span_is_nocase(name, names[i].name))
			return i;
	return SASL_NAMES_MOST;
}

static bool
is_turned_on(const char *words, const char *word)
{
	struct span rest = span_of(words), each;

	while (span_split(&rest, ' ', &each))
		if (span_is_nocase(each, word))
			return true;
	return false;
}

uint32_t
sasl_names_usable(const char *words, unsigned has)
{
	unsigned never = ~(has | SASL_FIRST | SASL_COMMAND);
	uint32_t usable = 0;

	for (size_t i = 0; i < NAMES; i++)
		if (!(names[i].traits & never) && is_turned_on(words, names[i].word))
			usable |= (uint32_t)1 << i;
	return usable;
}
