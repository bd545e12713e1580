/*
 * settings_plugin.c - plugin {}: the settings of Dovecot's quota plugin
 *
 *	plugin {
 *	  quota = maildir:User quota
 *	  quota_rule = *:storage=1G
 *	  quota_rule2 = Trash:storage=+100M
 *	}
 *
 * All other plugins' settings are read over.
 */
#include <string.h>

#include "common/base/number.h"
#include "common/base/quota_rule.h"
#include "common/base/settings_section.h"

/* "quota_rule" is the first one, "quota_rule2" the second; 0 for another name. */
static uint64_t
number_of_rule(const char *name)
{
	static const char rule[] = "quota_rule";
	struct span rest = span_of(name);
	uint64_t n;

	if (!span_starts(rest, rule))
		return 0;
	rest = span_skip(rest, sizeof(rule) - 1);
	if (rest.len == 0)
		return 1;
	return number_parse(rest, UINT32_MAX, &n) ? n : 0;
}

/* Rules stand in the order of their numbers; one number said twice is the later line. */
static void
add_rule(struct settings_load *l, uint64_t number, const struct settings_node *node)
{
	struct settings *s = l->into;
	struct settings_place at = settings_place_of(l, node);
	struct quota_rule rule;
	const char *why = quota_rule_parse(node->text, l->mem, &rule);
	size_t i;

	if (why) {
		settings_tell(&at, SETTINGS_FATAL, "%s = %.100s cannot be: %s", node->name,
		              node->text, why);
		return;
	}
	for (i = 0; i < s->quota_rule_count && s->quota_rule[i].number < number; i++)
		;
	if (i == s->quota_rule_count || s->quota_rule[i].number != number) {
		s->quota_rule = arena_grow(l->mem, s->quota_rule, s->quota_rule_count,
		                           &l->quota_room, sizeof(*s->quota_rule));
		memmove(&s->quota_rule[i + 1], &s->quota_rule[i],
		        (s->quota_rule_count++ - i) * sizeof(*s->quota_rule));
	}
	s->quota_rule[i] = (struct settings_quota_rule){ number, node->text };
}

static void
set_quota(struct settings_load *l, const struct settings_node *node)
{
	struct settings_place at = settings_place_of(l, node);

	if (node->text[0] && !span_starts(span_of(node->text), "maildir") &&
	    !span_starts(span_of(node->text), "count"))
		settings_tell(&at, SETTINGS_WARNING,
		              "quota = %.100s: what is used is kept in maildirsize; write quota = "
		              "maildir:User quota", node->text);
	l->into->quota = node->text;
}

void
settings_section_plugin(struct settings_load *l, const struct settings_node *section)
{
	for (const struct settings_node *n = section->first; n; n = n->next) {
		struct settings_place at = settings_place_of(l, n);
		uint64_t number = n->is_section ? 0 : number_of_rule(n->name);

		if (number > 0 && n->form == SETTINGS_TEXT)
			add_rule(l, number, n);
		else if (strcmp(n->name, "quota") == 0 && n->form == SETTINGS_TEXT)
			set_quota(l, n);
		else if (strcmp(n->name, "quota2") == 0)
			settings_tell(&at, SETTINGS_WARNING,
			              "linnet has one quota a user; quota2 is left out");
	}
}
