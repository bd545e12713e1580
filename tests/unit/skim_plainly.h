/* skim_plainly.h - what skim_may_have() may never deny, found by decoding all */
#ifndef LINNET_TEST_SKIM_PLAINLY_H
#define LINNET_TEST_SKIM_PLAINLY_H

#include "common/mime/skim.h"

/* charset: of plain and quoted-printable text.  Of a header only fields without encoded words. */
bool skim_plainly(struct span needle, struct span text, enum skim_kind kind, const char *charset);

#endif
