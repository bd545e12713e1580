/* server_request.h - what the two files of a request share, and nobody else */
#ifndef LINNET_SERVER_REQUEST_H
#define LINNET_SERVER_REQUEST_H

#include "authd/server.h"

/* server_request.c: on the way to a verdict */
void request_set_timer(struct request *r, int64_t ms);
void request_leave_penalty(struct request *r, enum penalty_outcome outcome);
void request_free(struct request *r);
void request_answer(struct request *r, struct buf *line); /* and frees r and line */
void request_answer_bad(struct request *r, const char *reason);
void request_ask(struct request *r); /* sends the dialogue's challenge */
void request_take_next(struct request *r, enum mechanism_next next);
void request_leave_others(struct request *r);
bool request_is_exempt(const struct request *r); /* loopback and login_trusted_networks */

/* server_verdict.c: what becomes of one */
void request_log(const struct request *r, struct span driver, struct span user, struct span text);
void request_refuse(struct request *r, struct span user, enum protocol_failure why,
                    struct span reason);
void request_tell_refusal(struct request *r);
void request_accept(struct request *r, const struct check_result *result);
bool request_serve_stale(struct request *r);
bool request_answer_from_cache(struct request *r); /* true: r is answered, and gone */

#endif
