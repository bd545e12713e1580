/* capability.c - what the server says it can do behind login */
#include "imapd/capability.h"

#include "common/base/buf.h"
#include "common/base/settings.h"
#include "common/io/deflate.h"

static bool
has_compress(const struct settings *settings)
{
	(void)settings;
	return deflate_is_built();
}

static bool
has_metadata(const struct settings *settings)
{
	return settings->imap_metadata;
}

/*
 * Only what works: Dovecot's line in Dovecot's order, which clients and people know, then what is
 * beyond it.  One with a condition is said only where that holds.
 */
static const struct capability {
	const char *name;
	bool      (*is_there)(const struct settings *settings);
} capabilities[] = {
	{ "IMAP4rev1", NULL },
	{ "LITERAL+", NULL },
	{ "SASL-IR", NULL },
	{ "LOGIN-REFERRALS", NULL },
	{ "ID", NULL },
	{ "ENABLE", NULL },
	{ "IDLE", NULL },
	{ "SORT", NULL },
	{ "SORT=DISPLAY", NULL },
	{ "THREAD=REFERENCES", NULL },
	{ "THREAD=REFS", NULL },
	{ "THREAD=ORDEREDSUBJECT", NULL },
	{ "MULTIAPPEND", NULL },
	{ "URL-PARTIAL", NULL },
	{ "CATENATE", NULL },
	{ "UNSELECT", NULL },
	{ "CHILDREN", NULL },
	{ "NAMESPACE", NULL },
	{ "UIDPLUS", NULL },
	{ "LIST-EXTENDED", NULL },
	{ "I18NLEVEL=1", NULL },
	{ "CONDSTORE", NULL },
	{ "QRESYNC", NULL },
	{ "ESEARCH", NULL },
	{ "ESORT", NULL },
	{ "SEARCHRES", NULL },
	{ "WITHIN", NULL },
	{ "CONTEXT=SEARCH", NULL },
	{ "LIST-STATUS", NULL },
	{ "BINARY", NULL },
	{ "MOVE", NULL },
	{ "SPECIAL-USE", NULL },

	{ "IMAP4rev2", NULL },
	{ "UTF8=ACCEPT", NULL },
	{ "OBJECTID", NULL },
	{ "PREVIEW", NULL },
	{ "SAVEDATE", NULL },
	{ "STATUS=SIZE", NULL },
	{ "REPLACE", NULL },
	{ "CREATE-SPECIAL-USE", NULL },
	{ "COMPRESS=DEFLATE", has_compress },
	{ "QUOTA", NULL },
	{ "QUOTA=RES-STORAGE", NULL },
	{ "QUOTA=RES-MESSAGE", NULL },
	{ "NOTIFY", NULL },
	{ "METADATA", has_metadata },
	{ "PARTIAL", NULL },
	{ "UIDONLY", NULL },
	{ "INPROGRESS", NULL },
};

/*
 * imap_capability as Dovecot has it: "+X Y" adds to the built-in line, anything
 * else replaces it.
 */
const char *
capability_line(const struct settings *settings, struct arena *mem)
{
	const char *wanted = settings->imap_capability;
	struct buf line = BUF_EMPTY;
	const char *copy;

	if (wanted[0] && wanted[0] != '+')
		return wanted;
	for (size_t i = 0; i < sizeof(capabilities) / sizeof(capabilities[0]); i++) {
		if (capabilities[i].is_there && !capabilities[i].is_there(settings))
			continue;
		if (line.len > 0)
			buf_byte(&line, ' ');
		buf_str(&line, capabilities[i].name);
	}
	buf_printf(&line, " APPENDLIMIT=%llu", (unsigned long long)settings->mail_max_append_size);
	if (wanted[0] == '+') {
		buf_byte(&line, ' ');
		buf_span(&line, span_trim(span_of(wanted + 1)));
	}
	copy = arena_string(mem, buf_view(&line));
	buf_free(&line);
	return copy;
}
