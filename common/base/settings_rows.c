/* settings_rows.c - the same syntax for another table of settings: the SQL file of authd */
#include "common/base/settings_file.h"
#include "common/base/settings_nearest.h"

static void
set(void *into, const struct settings_row *row, const char *value)
{
	memcpy((char *)into + row->offset, &value, sizeof(value));
}

static void
tell_unknown(const struct settings_place *at, const struct settings_node *node,
             const struct settings_row *rows)
{
	struct settings_nearest near = settings_nearest_to(node->name, at->problems->count);

	for (; rows->name; rows++)
		settings_nearest_try(&near, rows->name);
	settings_tell(at, SETTINGS_WARNING, "unknown %s \"%.100s\"%s%s%s",
	              node->is_section ? "section" : "setting", node->name,
	              near.best ? "; did you mean " : "", near.best ? near.best : "",
	              near.best ? "?" : "");
}

/*
 * Dovecot reads </file and $variable only in its main file: here they are what
 * they look like, text.
 */
static const char *
literally(const struct settings_node *node, struct arena *mem)
{
	static const char *const sign[] = {
		[SETTINGS_TEXT] = "", [SETTINGS_PATH] = "<", [SETTINGS_VARIABLE] = "$"
	};

	return node->form == SETTINGS_TEXT ?
	               node->text :
	               arena_printf(mem, "%s%s", sign[node->form], node->text);
}

bool
settings_load_rows(const char *path, const struct settings_row *rows, struct arena *mem, void *into,
                   struct settings_problems *problems_out)
{
	const struct settings_node *root;

	memset(problems_out, 0, sizeof(*problems_out));
	for (const struct settings_row *row = rows; row->name; row++)
		set(into, row, row->value);
	root = settings_read(path, mem, problems_out);
	for (const struct settings_node *n = root->first; n; n = n->next) {
		struct settings_place at = { mem, problems_out, n->file, n->line };
		const struct settings_row *row = rows;

		while (row->name && strcmp(row->name, n->name) != 0)
			row++;
		if (row->name && !n->is_section)
			set(into, row, literally(n, mem));
		else
			tell_unknown(&at, n, rows);
	}
	return problems_out->fatal_count == 0;
}
