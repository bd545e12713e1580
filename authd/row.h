/* row.h - what a database says of a user: names and values */
#ifndef LINNET_ROW_H
#define LINNET_ROW_H

#include "common/base/arena.h"

enum { ROW_FIELDS = 64 };

/* Names and values live as long as the arena that the answer was put in. */
struct row {
	struct row_field {
		const char *name;
		const char *value; /* NULL: the database's NULL */
	} field[ROW_FIELDS];
	size_t count;
	struct row *next; /* another answer to the same question; NULL for none */
};

/* Fields beyond ROW_FIELDS are dropped. */
void row_add(struct row *r, const char *name, const char *value);

/* NULL when there is no such field, and when it is NULL. */
const char *row_value(const struct row *r, const char *name);
void row_remove(struct row *r, const char *name);
bool row_has(const struct row *r, const char *name);

/*
 * Words "name=value" or bare names between blanks: the args of userdb static, a passwd-file's last
 * field.
 */
void row_add_words(struct row *r, const char *words, struct arena *mem);

#endif
