/* cmd_compress.c - COMPRESS (RFC 4978) */
#include "common/io/deflate.h"
#include "imapd/commands.h"
#include "imapd/grammar.h"
#include "imapd/session.h"

/* compress = "COMPRESS" SP algorithm ; algorithm = "DEFLATE" */
void *
parse_compress(struct cursor *c)
{
	take_byte(c, ' ');
	if (!try_whole_word(c, "DEFLATE"))
		cursor_fail(c, "DEFLATE is the only compression");
	return arena_zero(c->mem, 1);
}

/*
 * Behind the tagged OK, which is the last in clear.  What the client sent behind the command
 * without waiting for that is read as compressed, so a command put there by somebody else is none.
 */
static void
begin(struct session *s)
{
	out_flush(&s->out);
	deflate_begin(&s->in, &s->out, (int)s->login->settings->imap_compress_deflate_level);
}

void
run_compress(struct session *s, const void *args, unsigned flags)
{
	(void)args, (void)flags;
	if (!deflate_is_built()) {
		reply_no(s, "CANNOT", "This server was built without compression.");
		return;
	}
	if (s->in.filter.read) {
		reply_no(s, "COMPRESSIONACTIVE", "DEFLATE is active already.");
		return;
	}
	s->after_reply = begin;
	reply_ok(s, NULL, "Begin compression.");
}
