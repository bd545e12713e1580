/* settings_section.h - passdb {}, userdb {} and namespace {} */
#ifndef LINNET_SETTINGS_SECTION_H
#define LINNET_SETTINGS_SECTION_H

#include "common/base/settings_file.h"

/* One run of settings_load(). */
struct settings_load {
	const char               *service; /* may be NULL */
	struct arena             *mem;
	struct settings          *into;
	struct settings_problems *problems;
	size_t                    passdb_room, userdb_room, mailbox_room, quota_room;
	/* a file names mailboxes: the built-in ones are gone */
	bool                      has_mailboxes;
};

void settings_section_passdb(struct settings_load *l, const struct settings_node *section);
void settings_section_userdb(struct settings_load *l, const struct settings_node *section);
void settings_section_namespace(struct settings_load *l, const struct settings_node *section);
void settings_section_plugin(struct settings_load *l, const struct settings_node *section);

/* The built-in mailboxes. */
void settings_section_defaults(struct settings_load *l);

/* What is common to all sections. */
struct settings_place settings_place_of(const struct settings_load *l,
                                        const struct settings_node *node);

#endif
