/* gssapi.h - GSSAPI (RFC 4752) on the server's side: tickets of Kerberos against a keytab */
#ifndef LINNET_GSSAPI_H
#define LINNET_GSSAPI_H

#include <stdbool.h>

#include "common/base/arena.h"
#include "common/base/span.h"

extern const bool gssapi_is_built; /* configure --with-gssapi */

/*
 * In a worker, while it is root: read the keytab (path, "" for the system's) into memory.  False
 * with *why_out; without it no ticket will be good.
 */
bool gssapi_open(const char *path, struct arena *mem, const char **why_out);

/*
 * The three steps.  No worker remembers anything: context is what one step gives and the next one
 * needs, wherever it runs.  Each returns NULL, or what is wrong as a constant text.
 *
 *	accept   the client's token; token_out goes back to it (may be empty)
 *	offer    token_out says that there is no layer of ours, TLS is for that
 *	choose   the client's answer: the principal it is, and the name it wants to be ("" for none)
 */
struct gssapi_state {
	struct span token_out, context_out;
};
const char *gssapi_accept(struct span token, const char *service, const char *hostname,
                          struct arena *mem, struct gssapi_state *out);
const char *gssapi_offer(struct span context, struct arena *mem, struct gssapi_state *out);
const char *gssapi_choose(struct span context, struct span message, struct arena *mem,
                          const char **principal_out, struct span *authzid_out);

#endif
