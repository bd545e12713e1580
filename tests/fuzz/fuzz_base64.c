/* fuzz_base64.c - what decodes encodes to the same bytes again, and the other way round */
#include <stdint.h>
#include <stdlib.h>

#include "common/base/base64.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_decoding(struct span s)
{
	char *plain = malloc(s.len / 4 * 3 + 1), *coded;
	size_t len;

	if (base64_decode(s, plain, &len)) {
		coded = malloc(BASE64_ROOM(len) + 1);
		if (!span_equal(span_make(coded, base64_encode(span_make(plain, len), coded)), s))
			abort();
		free(coded);
	}
	free(plain);
}

static void
check_encoding(struct span s)
{
	char *coded = malloc(BASE64_ROOM(s.len) + 1);
	size_t n = base64_encode(s, coded), len;

	if (n != BASE64_ROOM(s.len) || !base64_decode(span_make(coded, n), coded, &len) ||
	    !span_equal(span_make(coded, len), s))
		abort();
	free(coded);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span s = span_make((const char *)data, size);

	check_decoding(s);
	check_encoding(s);
	return 0;
}
