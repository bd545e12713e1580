/* settings_file.h - a configuration file with its includes as a tree */
#ifndef LINNET_SETTINGS_FILE_H
#define LINNET_SETTINGS_FILE_H

#include "common/base/settings_lex.h"
#include "common/base/settings_problem.h"

struct settings_node {
	const char           *name;
	const char           *text;  /* the value, or a section's argument ("" for none) */
	enum settings_form    form;
	bool                  is_section;
	const char           *file;
	unsigned              line;
	/* children of a section, in the order of the file */
	struct settings_node *parent, *first, *last, *next;
};

/*
 * The root of the tree, never NULL; what is wrong is in *problems, and then the
 * tree holds what could be read.  All lives in mem.
 */
struct settings_node *settings_read(const char *path, struct arena *mem,
                                    struct settings_problems *problems);

#endif
