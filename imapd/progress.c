/* progress.c - long commands: telling how far they are, and noticing that nobody waits for them */
#include "imapd/progress.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "imapd/session.h"

/* The clock is looked at after so much work, the client after so much time. */
enum { UNLOOKED_MICROSECONDS = 2000, LOOK_MS = 200 };

void
progress_begin(struct progress *p, struct session *s, uint64_t goal)
{
	int64_t now = clock_ms();

	*p = (struct progress){ .s = s, .goal = goal };
	p->tell_at = now + LIMIT_PROGRESS_FIRST_SECONDS * 1000;
	p->look_at = now + LOOK_MS;
}

/* A tag is an atom, but "]" ends a response code: such a one is not told.        RFC 9585 s.4 */
static void
put_tag(struct out *out, struct span tag)
{
	if (tag.len == 0 || memchr(tag.at, ']', tag.len))
		out_str(out, "NIL");
	else
		out_printf(out, "\"%.*s\"", (int)tag.len, tag.at);
}

/* resp-text-code              =/ "INPROGRESS" [SP "(" inprogress-tag SP inprogress-state ")"]
 * inprogress-tag              = quoted / nil
 * inprogress-state            = inprogress-state-unknown / inprogress-state-counting /
 *                               inprogress-state-known-goal
 * inprogress-state-unknown    = nil SP nil
 * inprogress-state-known-goal = number SP nz-number                              RFC 9585 s.5 */
static void
tell(struct progress *p)
{
	struct out *out = &p->s->out;

	out_str(out, "* OK [INPROGRESS (");
	put_tag(out, p->s->tag);
	if (p->done < p->goal)
		out_printf(out, " %llu %llu)] Still at it\r\n", (unsigned long long)p->done,
		           (unsigned long long)p->goal);
	else
		out_str(out, " NIL NIL)] Almost there\r\n");
	if (p->is_firm)
		out_offer(out);
	else
		out_flush(out);
}

static void
look(struct progress *p)
{
	int64_t now = clock_ms();

	p->unlooked = 0;
	if (now < p->look_at)
		return;
	p->look_at = now + LOOK_MS;
	if (!p->is_firm)
		in_look(&p->s->in);
	if (now < p->tell_at)
		return;
	p->tell_at = now + LIMIT_PROGRESS_SECONDS * 1000;
	tell(p);
}

void
progress_step(struct progress *p, unsigned microseconds)
{
	p->done++;
	p->unlooked += microseconds;
	if (p->unlooked >= UNLOOKED_MICROSECONDS)
		look(p);
}
