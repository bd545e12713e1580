/* search_match.h - what a message answers to each key of SEARCH */
#ifndef LINNET_SEARCH_MATCH_H
#define LINNET_SEARCH_MATCH_H

#include "imapd/search_message.h"
#include "imapd/search_program.h"

#define SEARCH_MATCH(name) bool name(struct search_message *m, const struct search_key *key)

/* search_match.c: of the view and the index */
SEARCH_MATCH(match_flags);
SEARCH_MATCH(match_keyword);
SEARCH_MATCH(match_set);
SEARCH_MATCH(match_modseq);
SEARCH_MATCH(match_nothing);
SEARCH_MATCH(match_emailid);
SEARCH_MATCH(match_size);
SEARCH_MATCH(match_date);
SEARCH_MATCH(match_savedate);
SEARCH_MATCH(match_age);
SEARCH_MATCH(match_sent);

/* search_match_text.c: of the message's text */
SEARCH_MATCH(match_field);
SEARCH_MATCH(match_text);
SEARCH_MATCH(match_body);

#endif
