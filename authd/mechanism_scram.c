/*
 * mechanism_scram.c - SCRAM (RFC 5802, RFC 7677), with channel binding (RFC 9266, RFC 5929)
 *
 *	client-first   gs2-header "n=" user ",r=" nonce
 *	server-first   "r=" nonce nonce' ",s=" salt ",i=" rounds
 *	client-final   "c=" base64(gs2-header binding) ",r=" nonce nonce' ",p=" proof
 *	server-final   "v=" signature
 *
 * The salt and the signature are a worker's; AuthMessage, which it needs for the
 * second, is client-first-bare "," server-first "," client-final-without-proof.
 * kept holds what the dialogue needs to the end: gs2-header with the binding, in
 * base64, LF, client-first-bare, LF, the whole nonce.
 */
#include "authd/mechanisms.h"
#include "common/base/base64.h"
#include "common/base/limits.h"

enum { NONCE_MOST = 256, FIRST_MOST = 1024, BINDING_MOST = 64 };

/* gs2-cbind-flag = ("p=" cb-name) / "n" / "y" */
struct gs2 {
	struct span header;  /* with its second comma */
	struct span binding; /* what the header promises to bind to; SPAN_NONE */
	struct span authzid;
};

static bool
take_binding(const struct dialogue *d, struct span flag, bool is_plus, struct gs2 *out)
{
	if (!is_plus) /* "y": I could, but you do not offer it (RFC 5802 s.6) */
		return span_is(flag, "n") || (span_is(flag, "y") && !d->facts.has_plus);
	if (span_is(flag, "p=tls-exporter"))
		out->binding = d->facts.tls_exporter;
	else if (span_is(flag, "p=tls-unique"))
		out->binding = d->facts.tls_unique;
	return out->binding.at && out->binding.len <= BINDING_MOST;
}

/* gs2-header = gs2-cbind-flag "," [ "a=" saslname ] ","; *message moves behind it */
static bool
take_gs2(const struct dialogue *d, struct span *message, bool is_plus, struct gs2 *out)
{
	const char *start = message->at;
	struct span flag, authzid;

	*out = (struct gs2){ SPAN_NONE, SPAN_NONE, SPAN_NONE };
	if (!span_split(message, ',', &flag) || !span_split(message, ',', &authzid) || !message->at)
		return false;
	if (authzid.len > 0 && !span_starts(authzid, "a="))
		return false;
	out->header = span_make(start, (size_t)(message->at - start));
	out->authzid = span_skip(authzid, 2);
	return take_binding(d, flag, is_plus, out);
}

/* saslname: "=2C" is a comma, "=3D" an equals sign, any other "=" none (RFC 5802 s.5.1) */
static bool
keep_name(struct buf *to, struct span name)
{
	if (name.len == 0 || name.len > LIMIT_USER_NAME || span_find(name, '\0'))
		return false;
	buf_reset(to);
	while (name.len > 0) {
		bool is_comma = span_starts(name, "=2C"), is_equals = span_starts(name, "=3D");

		if (name.at[0] == '=' && !is_comma && !is_equals)
			return false;
		buf_byte(to, is_comma ? ',' : name.at[0]);
		name = span_skip(name, is_comma || is_equals ? 3 : 1);
	}
	return true;
}

/* printable = %x21-2B / %x2D-7E */
static bool
is_nonce(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.at[i] < 0x21 || (unsigned char)s.at[i] > 0x7e ||
		    s.at[i] == ',')
			return false;
	return s.len > 0 && s.len <= NONCE_MOST;
}

static void
keep_first(struct dialogue *d, const struct gs2 *gs2, struct span bare, struct span nonce)
{
	char raw[FIRST_MOST + BINDING_MOST], text[BASE64_ROOM(sizeof(raw))];
	size_t len = gs2->header.len + gs2->binding.len;

	memcpy(raw, gs2->header.at, gs2->header.len);
	if (gs2->binding.len > 0)
		memcpy(raw + gs2->header.len, gs2->binding.at, gs2->binding.len);
	buf_reset(&d->kept);
	buf_add(&d->kept, text, base64_encode(span_make(raw, len), text));
	buf_byte(&d->kept, '\n');
	buf_span(&d->kept, bare);
	buf_byte(&d->kept, '\n');
	buf_span(&d->kept, nonce);
	buf_str(&d->kept, d->facts.nonce);
}

/* client-first-message-bare = "n=" saslname "," "r=" c-nonce ["," extensions] */
static enum mechanism_next
take_first(struct dialogue *d, struct span message, bool is_plus)
{
	struct span bare, name, nonce;
	struct gs2 gs2;

	if (message.len > FIRST_MOST || span_find(message, '\n') ||
	    !take_gs2(d, &message, is_plus, &gs2))
		return MECHANISM_FAIL;
	bare = message;
	if (!span_split(&message, ',', &name) || !span_starts(name, "n=") ||
	    !span_split(&message, ',', &nonce) || !span_starts(nonce, "r=") ||
	    !is_nonce(span_skip(nonce, 2)) || !keep_name(&d->user, span_skip(name, 2)))
		return MECHANISM_FAIL;
	if (gs2.authzid.len > 0 && !keep_name(&d->authzid, gs2.authzid))
		return MECHANISM_FAIL;
	if (span_equal(buf_view(&d->authzid), buf_view(&d->user)))
		buf_reset(&d->authzid);
	if (d->authzid.len > 0 && !d->facts.may_act_for_others)
		return MECHANISM_AUTHZ;
	keep_first(d, &gs2, bare, span_skip(nonce, 2));
	dialogue_keep(&d->secret, span_of(""), 1);
	d->stage = "salt";
	d->step = 2;
	return MECHANISM_CHECK;
}

/* client-final-message = "c=" base64 ",r=" nonce ["," extensions] ",p=" base64 */
static enum mechanism_next
take_final(struct dialogue *d, struct span message)
{
	struct span kept = buf_view(&d->kept), binding, bare, whole = message, part,
		    proof = SPAN_NONE;
	char bytes[BASE64_ROOM(BINDING_MOST)];
	size_t len;

	span_split(&kept, '\n', &binding);
	span_split(&kept, '\n', &bare);
	if (!span_split(&message, ',', &part) || !span_starts(part, "c=") ||
	    !span_equal(span_skip(part, 2), binding) || !span_split(&message, ',', &part) ||
	    !span_starts(part, "r=") || !span_equal(span_skip(part, 2), kept))
		return MECHANISM_FAIL;
	while (span_split(&message, ',', &part))
		proof = part;
	if (!span_starts(proof, "p=") || proof.len - 2 > sizeof(bytes) ||
	    !base64_decode(span_skip(proof, 2), bytes, &len))
		return MECHANISM_FAIL;
	buf_reset(&d->context);
	buf_span(&d->context, bare);
	buf_byte(&d->context, ',');
	buf_span(&d->context, buf_view(&d->challenge)); /* server-first, sent last */
	buf_byte(&d->context, ',');
	buf_add(&d->context, whole.at, (size_t)(proof.at - whole.at) - 1);
	d->stage = "";
	d->step = 3;
	return dialogue_keep(&d->secret, span_make(bytes, len), sizeof(bytes)) ? MECHANISM_CHECK :
	                                                                         MECHANISM_FAIL;
}

static enum mechanism_next
step(struct dialogue *d, struct span response, bool is_plus)
{
	if (d->step == 4) /* of no content: the client has seen our signature */
		return response.len == 0 ? MECHANISM_DONE : MECHANISM_FAIL;
	if (!response.at && d->step == 0) {
		buf_reset(&d->challenge);
		d->step = 1;
		return MECHANISM_ASK;
	}
	if (!response.at || response.len > LIMIT_GREETER_SASL_LINE)
		return MECHANISM_FAIL;
	if (d->step <= 1)
		return take_first(d, response, is_plus);
	return d->step == 2 ? take_final(d, response) : MECHANISM_FAIL;
}

enum mechanism_next
scram_step(struct dialogue *d, struct span response)
{
	return step(d, response, false);
}

enum mechanism_next
scram_plus_step(struct dialogue *d, struct span response)
{
	return step(d, response, true);
}

/* data: "s=...,i=..." behind the first message, the signature behind the second. */
enum mechanism_next
scram_go_on(struct dialogue *d, struct span data)
{
	struct span kept = buf_view(&d->kept), part;

	buf_reset(&d->challenge);
	if (d->step == 2) {
		span_split(&kept, '\n', &part);
		span_split(&kept, '\n', &part);
		buf_str(&d->challenge, "r=");
		buf_span(&d->challenge, kept);
		buf_byte(&d->challenge, ',');
		buf_span(&d->challenge, data);
		return MECHANISM_ASK;
	}
	buf_str(&d->challenge, "v=");
	buf_span(&d->challenge, data);
	d->step = 4;
	return MECHANISM_ASK;
}
