/* settings_problem.c - collecting what is wrong in configuration files, and logging it */
#include "common/base/settings_problem.h"

#include <stdarg.h>

#include "common/base/buf.h"
#include "common/base/log.h"

void
settings_tell(const struct settings_place *at, enum settings_level level, const char *format, ...)
{
	struct settings_problems *p = at->problems;
	struct settings_problem *one;
	struct buf text = BUF_EMPTY;
	va_list args;

	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	p->problem = arena_grow(at->mem, p->problem, p->count, &p->room, sizeof(*p->problem));
	one = &p->problem[p->count++];
	one->fatal = level == SETTINGS_FATAL;
	one->note = level == SETTINGS_NOTE;
	one->file = at->file;
	one->line = at->line;
	one->text = arena_string(at->mem, buf_view(&text));
	p->fatal_count += one->fatal;
	buf_free(&text);
}

static void
log_one(const struct settings_problem *p)
{
	void (*log)(const char *, ...)
		__attribute__((format(printf, 1, 2))) = p->fatal ? log_error : log_warning;

	if (p->line > 0)
		log("%s line %u: %s", p->file, p->line, p->text);
	else
		log("%s: %s", p->file, p->text);
}

void
settings_log_problems(const struct settings_problems *problems)
{
	for (size_t i = 0; i < problems->count; i++)
		if (!problems->problem[i].note)
			log_one(&problems->problem[i]);
}
