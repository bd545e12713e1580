/*
 * mailbox_keywords.c - keywords as a session numbers them
 *
 * A letter of a file name means what dovecot-keywords says now; a number of this
 * session means the same keyword as long as the mailbox is open.
 */
#include "common/index/mailbox_inside.h"

const char *
mailbox_keyword(const struct mailbox *box, unsigned n)
{
	return n < box->keyword_count ? box->keyword[n].name : NULL;
}

unsigned
mailbox_keyword_count(const struct mailbox *box)
{
	return box->keyword_count;
}

int
mailbox_find_keyword(const struct mailbox *box, const char *name)
{
	for (unsigned n = 0; n < box->keyword_count; n++)
		if (span_is_nocase(span_of(name), box->keyword[n].name))
			return (int)n;
	return -1;
}

/*
 * A keyword that this session has not numbered yet gets the next number; beyond BOX_KEYWORDS it
 * stays unseen.
 */
static int
number_keyword(struct mailbox *box, const char *name, int letter)
{
	int n = mailbox_find_keyword(box, name);

	if (n < 0 && box->keyword_count == BOX_KEYWORDS)
		return -1;
	if (n < 0) {
		n = (int)box->keyword_count++;
		box->keyword[n].name = arena_string(&box->mem, span_of(name));
		box->keyword_news = true;
	}
	box->keyword[n].letter = letter;
	return n;
}

void
box_number_keywords(struct mailbox *box)
{
	for (unsigned n = 0; n < box->keyword_count; n++)
		box->keyword[n].letter = -1;
	for (int letter = 0; letter < LIMIT_KEYWORDS; letter++) {
		const char *name = box->keywords.name[letter];

		box->number_of_letter[letter] = name ? number_keyword(box, name, letter) : -1;
	}
}

uint32_t
box_letters_of(const struct mailbox *box, uint32_t keywords)
{
	uint32_t letters = 0;

	for (unsigned n = 0; n < box->keyword_count; n++)
		if (keywords >> n & 1 && box->keyword[n].letter >= 0)
			letters |= 1U << box->keyword[n].letter;
	return letters;
}

uint32_t
box_keywords_of(const struct mailbox *box, uint32_t letters)
{
	uint32_t keywords = 0;

	for (int letter = 0; letters && letter < LIMIT_KEYWORDS; letter++)
		if (letters >> letter & 1 && box->number_of_letter[letter] >= 0)
			keywords |= 1U << box->number_of_letter[letter];
	return keywords;
}

uint32_t
box_known_letters(const struct mailbox *box)
{
	uint32_t letters = 0;

	for (int letter = 0; letter < LIMIT_KEYWORDS; letter++)
		if (box->number_of_letter[letter] >= 0)
			letters |= 1U << letter;
	return letters;
}
