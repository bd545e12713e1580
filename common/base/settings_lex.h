/* settings_lex.h - Dovecot 2.3's configuration syntax, one item at a time */
#ifndef LINNET_SETTINGS_LEX_H
#define LINNET_SETTINGS_LEX_H

#include <stdbool.h>

#include "common/base/arena.h"
#include "common/base/span.h"

enum settings_kind {
	SETTINGS_END,
	SETTINGS_VALUE,       /* name = text */
	SETTINGS_OPEN,        /* name text { */
	SETTINGS_CLOSE,       /* } */
	SETTINGS_INCLUDE,     /* !include text */
	SETTINGS_INCLUDE_TRY, /* !include_try text */
	SETTINGS_BAD          /* text says why */
};

enum settings_form {
	SETTINGS_TEXT,    /* as it stands, quotes removed */
	SETTINGS_PATH,    /* </path: text is the path */
	SETTINGS_VARIABLE /* $name more: text is what stands behind the $ */
};

struct settings_item {
	enum settings_kind kind;
	enum settings_form form; /* of SETTINGS_VALUE */
	unsigned           line; /* the last one of a continued line */
	bool               cut;  /* a '#' inside a word began a comment: worth a warning */
	/* in the lexer's arena, never NULL where the kind has them */
	const char        *name, *text;
};

struct settings_lexer {
	struct span   rest; /* lines to come */
	struct span   tail; /* what stands behind a brace on the same line */
	unsigned      line;
	bool          cut;
	struct arena *mem;
};

void settings_lex_open(struct settings_lexer *l, struct span text, struct arena *mem);

/* SETTINGS_BAD costs its line only; SETTINGS_END comes for ever at the end. */
struct settings_item settings_lex(struct settings_lexer *l);

#endif
