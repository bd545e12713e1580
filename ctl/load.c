/* load.c - settings read for a person: what is wrong goes to stderr, for editors to jump to */
#include "ctl/ctl.h"

#include <stdio.h>

static void
tell(const struct settings_problem *p)
{
	const char *kind = p->fatal ? "error" : p->note ? "note" : "warning";

	if (p->line > 0)
		fprintf(stderr, "%s:%u: %s: %s\n", p->file, p->line, kind, p->text);
	else
		fprintf(stderr, "%s: %s: %s\n", p->file, kind, p->text);
}

void
ctl_tell_problems(const struct settings_problems *problems, bool with_notes)
{
	for (size_t i = 0; i < problems->count; i++)
		if (with_notes || !problems->problem[i].note)
			tell(&problems->problem[i]);
}

bool
ctl_load(struct ctl *ctl, struct settings *settings_out, struct settings_problems *problems_out,
         bool with_notes)
{
	bool usable = settings_load(ctl->config, NULL, &ctl->mem, settings_out, problems_out);

	ctl_tell_problems(problems_out, with_notes);
	return usable;
}
