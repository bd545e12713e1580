/* part_fields.h - what the header of a part says about its body: for part.c only */
#ifndef LINNET_MIME_PART_FIELDS_H
#define LINNET_MIME_PART_FIELDS_H

#include "common/mime/part.h"

/* Read p->header into type, encoding and the rest, with the defaults of its place in the tree. */
void part_read_fields(struct part *p, struct arena *mem);

/* Call it APPLICATION/OCTET-STREAM: it cannot be looked into. */
void part_make_opaque(struct part *p);

bool part_is_message_type(const struct part *p);

#endif
