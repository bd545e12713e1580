/* trouble.h - the same trouble is told once a minute, not once an attempt */
#ifndef LINNET_TROUBLE_H
#define LINNET_TROUBLE_H

#include "common/base/span.h"

struct trouble;

struct trouble *trouble_make(void);

/* One error line, unless the same text was told within the last minute; then it is counted. */
void trouble_tell(struct trouble *t, struct span text);

#endif
