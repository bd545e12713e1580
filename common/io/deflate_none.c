/* deflate_none.c - deflate.h for a build without zlib */
#include "common/io/deflate.h"

#include "common/base/die.h"

bool
deflate_is_built(void)
{
	return false;
}

void
deflate_begin(struct in *in, struct out *out, int level)
{
	(void)in, (void)out, (void)level;
	bug("COMPRESS without zlib");
}
