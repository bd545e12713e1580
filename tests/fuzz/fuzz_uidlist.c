/* fuzz_uidlist.c - dovecot-uidlist in every state that a file can be in */
#include <stdlib.h>

#include "common/maildir/uidlist.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct uidlist u;
	uint32_t before = 0;

	uidlist_init(&u);
	uidlist_parse(&u, span_make((const char *)data, size));
	for (size_t i = 0; i < u.count; i++) {
		const struct uidlist_record *r = &u.record[i];

		if (r->uid <= before || r->uid >= u.next || !r->base[0] || strpbrk(r->base, "/:\n"))
			abort();
		if (uidlist_find(&u, r->base, strlen(r->base)) != i ||
		    uidlist_at_or_behind(&u, r->uid) != i)
			abort();
		uidlist_field(r, 'W');
		before = r->uid;
	}
	if (u.count > 0 && u.next < UINT32_MAX - 1) {
		uint32_t next = u.next;

		uidlist_set_field(&u, 0, 'W', 7);
		if (uidlist_add(&u, span_of("new"), SPAN_NONE) != next)
			abort();
		uidlist_renumber(&u);
	}
	uidlist_free(&u);
	return 0;
}
