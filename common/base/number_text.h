/* number_text.h - a setting's text with numbers in place of its variables */
#ifndef LINNET_NUMBER_TEXT_H
#define LINNET_NUMBER_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"

struct number_variable {
	const char *text; /* as it is written: "%i", "%{input}" */
	uint64_t    value;
};

/* Add format to out, each of the variables replaced; what is none of them stays as it is. */
void number_text(const char *format, const struct number_variable *variable, size_t count,
                 struct buf *out);

#endif
