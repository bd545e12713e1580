/* gssapi_none.c - gssapi.h for a build without Kerberos */
#include "authd/gssapi.h"

static const char sorry[] = "this build has no GSSAPI (configure --with-gssapi)";

const bool gssapi_is_built = false;

bool
gssapi_open(const char *path, struct arena *mem, const char **why_out)
{
	(void)path;
	(void)mem;
	*why_out = sorry;
	return false;
}

const char *
gssapi_accept(struct span token, const char *service, const char *hostname, struct arena *mem,
              struct gssapi_state *out)
{
	(void)token;
	(void)service;
	(void)hostname;
	(void)mem;
	(void)out;
	return sorry;
}

const char *
gssapi_offer(struct span context, struct arena *mem, struct gssapi_state *out)
{
	(void)context;
	(void)mem;
	(void)out;
	return sorry;
}

const char *
gssapi_choose(struct span context, struct span message, struct arena *mem,
              const char **principal_out, struct span *authzid_out)
{
	(void)context;
	(void)message;
	(void)mem;
	(void)principal_out;
	(void)authzid_out;
	return sorry;
}
