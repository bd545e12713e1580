/* gssapi.c - GSSAPI (RFC 4752) on the server's side: tickets of Kerberos against a keytab */
#include "authd/gssapi.h"

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_krb5.h>
#include <krb5.h>
#include <string.h>

#define MEMORY_KEYTAB "MEMORY:linnet"

enum { NO_LAYER = 1 };

const bool gssapi_is_built = true;

/* --- the keytab ------------------------------------------------------------------------------- */

/* Every key of from into a keytab in memory, which lives as long as the process. */
static krb5_error_code
copy_keys(krb5_context krb, krb5_keytab from)
{
	krb5_keytab to;
	krb5_kt_cursor cursor;
	krb5_keytab_entry entry;
	krb5_error_code code = krb5_kt_resolve(krb, MEMORY_KEYTAB, &to);

	if (code == 0)
		code = krb5_kt_start_seq_get(krb, from, &cursor);
	if (code != 0)
		return code;
	while (code == 0 && krb5_kt_next_entry(krb, from, &entry, &cursor) == 0) {
		code = krb5_kt_add_entry(krb, to, &entry);
		krb5_free_keytab_entry_contents(krb, &entry);
	}
	krb5_kt_end_seq_get(krb, from, &cursor);
	return code;
}

bool
gssapi_open(const char *path, struct arena *mem, const char **why_out)
{
	krb5_context krb;
	krb5_keytab from;
	krb5_error_code code = krb5_init_context(&krb);

	if (code != 0) {
		*why_out = "Kerberos cannot be used here: look at krb5.conf";
		return false;
	}
	code = path[0] ? krb5_kt_resolve(krb, path, &from) : krb5_kt_default(krb, &from);
	if (code == 0) {
		code = copy_keys(krb, from);
		krb5_kt_close(krb, from);
	}
	if (code == 0)
		code = (krb5_error_code)krb5_gss_register_acceptor_identity(MEMORY_KEYTAB);
	if (code == 0)
		return true; /* krb stays: the keytab in memory hangs on it */
	*why_out = arena_printf(mem, "auth_krb5_keytab = %s: %s", path,
	                        krb5_get_error_message(krb, code));
	return false;
}

/* --- the steps -------------------------------------------------------------------------------- */

static gss_buffer_desc
buffer_of(struct span s)
{
	gss_buffer_desc b = { s.len, (void *)(size_t)s.at };

	return b;
}

static struct span
take_buffer(gss_buffer_t b, struct arena *mem)
{
	struct span s = arena_copy(mem, b->length ? span_make(b->value, b->length) : span_of(""));
	OM_uint32 minor;

	gss_release_buffer(&minor, b);
	return s;
}

/* The context leaves this process as bytes. */
static bool
export_context(gss_ctx_id_t *ctx, struct arena *mem, struct span *out)
{
	gss_buffer_desc bytes = GSS_C_EMPTY_BUFFER;
	OM_uint32 minor;

	if (gss_export_sec_context(&minor, ctx, &bytes) != GSS_S_COMPLETE)
		return false;
	*out = take_buffer(&bytes, mem);
	return true;
}

static gss_ctx_id_t
import_context(struct span bytes)
{
	gss_buffer_desc b = buffer_of(bytes);
	gss_ctx_id_t ctx = GSS_C_NO_CONTEXT;
	OM_uint32 minor;

	if (bytes.len == 0 || gss_import_sec_context(&minor, &b, &ctx) != GSS_S_COMPLETE)
		return GSS_C_NO_CONTEXT;
	return ctx;
}

/* "imap@mail.example.org": only that key, where the setting names a host. */
static gss_cred_id_t
acceptor(const char *service, const char *hostname, struct arena *mem)
{
	gss_buffer_desc text;
	gss_cred_id_t cred = GSS_C_NO_CREDENTIAL;
	gss_name_t name;
	OM_uint32 minor;

	if (!hostname[0] || strcmp(hostname, "$ALL") == 0)
		return GSS_C_NO_CREDENTIAL;
	text = buffer_of(span_of(arena_printf(
		mem, "%s@%s", strcmp(service, "pop3") == 0 ? "pop" : service, hostname)));
	if (gss_import_name(&minor, &text, GSS_C_NT_HOSTBASED_SERVICE, &name) != GSS_S_COMPLETE)
		return GSS_C_NO_CREDENTIAL;
	gss_acquire_cred(&minor, name, GSS_C_INDEFINITE, GSS_C_NO_OID_SET, GSS_C_ACCEPT, &cred,
	                 NULL, NULL);
	gss_release_name(&minor, &name);
	return cred;
}

const char *
gssapi_accept(struct span token, const char *service, const char *hostname, struct arena *mem,
              struct gssapi_state *out)
{
	gss_buffer_desc in = buffer_of(token), answer = GSS_C_EMPTY_BUFFER;
	gss_cred_id_t cred = acceptor(service, hostname, mem);
	gss_ctx_id_t ctx = GSS_C_NO_CONTEXT;
	OM_uint32 minor, ignored,
		status = gss_accept_sec_context(&minor, &ctx, cred, &in,
	                                        GSS_C_NO_CHANNEL_BINDINGS, NULL, NULL, &answer,
	                                        NULL, NULL, NULL);

	gss_release_cred(&ignored, &cred);
	out->token_out = take_buffer(&answer, mem);
	if (status == GSS_S_COMPLETE && export_context(&ctx, mem, &out->context_out))
		return NULL;
	gss_delete_sec_context(&ignored, &ctx, GSS_C_NO_BUFFER);
	return "the ticket is none of ours";
}

/* RFC 4752 s.3.1: one byte of layers, three of size. */
const char *
gssapi_offer(struct span context, struct arena *mem, struct gssapi_state *out)
{
	static const char offer[] = { NO_LAYER, 0, 0, 0 };
	gss_ctx_id_t ctx = import_context(context);
	gss_buffer_desc in = buffer_of(span_make(offer, sizeof(offer))),
			wrapped = GSS_C_EMPTY_BUFFER;
	OM_uint32 minor;
	int sealed;

	if (ctx == GSS_C_NO_CONTEXT)
		return "the context is lost";
	if (gss_wrap(&minor, ctx, 0, GSS_C_QOP_DEFAULT, &in, &sealed, &wrapped) == GSS_S_COMPLETE) {
		out->token_out = take_buffer(&wrapped, mem);
		if (export_context(&ctx, mem, &out->context_out))
			return NULL;
	}
	gss_delete_sec_context(&minor, &ctx, GSS_C_NO_BUFFER);
	return "the context is broken";
}

static const char *
principal_of(gss_ctx_id_t ctx, struct arena *mem)
{
	gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
	gss_name_t name = GSS_C_NO_NAME;
	OM_uint32 minor;
	struct span s = SPAN_NONE;

	if (gss_inquire_context(&minor, ctx, &name, NULL, NULL, NULL, NULL, NULL, NULL) !=
	    GSS_S_COMPLETE)
		return NULL;
	if (gss_display_name(&minor, name, &text, NULL) == GSS_S_COMPLETE)
		s = take_buffer(&text, mem);
	gss_release_name(&minor, &name);
	return s.len > 0 && !span_find(s, '\0') ? arena_string(mem, s) : NULL;
}

const char *
gssapi_choose(struct span context, struct span message, struct arena *mem,
              const char **principal_out, struct span *authzid_out)
{
	gss_ctx_id_t ctx = import_context(context);
	gss_buffer_desc in = buffer_of(message), plain = GSS_C_EMPTY_BUFFER;
	struct span choice = SPAN_NONE;
	OM_uint32 minor;

	if (ctx == GSS_C_NO_CONTEXT)
		return "the context is lost";
	if (gss_unwrap(&minor, ctx, &in, &plain, NULL, NULL) == GSS_S_COMPLETE)
		choice = take_buffer(&plain, mem);
	*principal_out = principal_of(ctx, mem);
	gss_delete_sec_context(&minor, &ctx, GSS_C_NO_BUFFER);
	if (choice.len < 4 || choice.at[0] != NO_LAYER || !*principal_out)
		return "the answer is not what the mechanism wants";
	*authzid_out = span_skip(choice, 4);
	return NULL;
}
