/* grammar_modseq.c - mod-sequences and sets of known numbers of RFC 7162 s.7 */
#include "imapd/grammar.h"

/*
 * mod-sequence-value = 1*DIGIT ; positive unsigned 63-bit integer
 * mod-sequence-valzer = "0" / mod-sequence-value
 * The zero is taken for both: it means "all" and clients send it.
 */
uint64_t
take_modseq_or_zero(struct cursor *c)
{
	return take_number64(c);
}

/* known-uids = sequence-set ; "*" is not allowed */
struct ranges
take_known_set(struct cursor *c)
{
	struct seq_set set = take_sequence_set(c);

	if (set.has_star || set.is_saved)
		cursor_fail(c, "* and $ are not allowed among known numbers");
	return set.fixed;
}
