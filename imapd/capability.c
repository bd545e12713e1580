/* capability.c - what the server says it can do behind login */
#include "imapd/capability.h"

#include "common/base/buf.h"
#include "common/base/settings.h"

/* Only what works; in the order clients of Dovecot are used to. */
static const char *const capabilities[] = {
	"IMAP4rev1",   "LITERAL+", "SASL-IR",  "LOGIN-REFERRALS", "ID",      "ENABLE", "IDLE",
	"MULTIAPPEND", "UNSELECT", "CHILDREN", "NAMESPACE",       "UIDPLUS", "CONDSTORE",
	"QRESYNC",     "MOVE",     "SPECIAL-USE",
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
		if (i > 0)
			buf_byte(&line, ' ');
		buf_str(&line, capabilities[i]);
	}
	if (wanted[0] == '+') {
		buf_byte(&line, ' ');
		buf_span(&line, span_trim(span_of(wanted + 1)));
	}
	copy = arena_string(mem, buf_view(&line));
	buf_free(&line);
	return copy;
}
