/* test_auth_scram.c - CRAM-MD5 to OAuth: the RFCs' examples, and what is refused (A25-A27) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "authd/mechanisms.h"
#include "authd/password_secret.h"
#include "authd/proof.h"
#include "authd/scram.h"
#include "common/base/base64.h"

#define ALL "plain login cram-md5 apop scram-sha-1 scram-sha-256 external oauthbearer xoauth2"

static const unsigned char salt_key[SALT_KEY] = "a key of this test";

/* --- digests --------------------------------------------------------------------------------- */

static void
test_cram_of_RFC_2195(void **state)
{
	const struct mechanism *m = mechanism_find(span_of("cram-md5"), ALL);
	struct dialogue d = { .facts = { .nonce = "1896.697170952",
		                         .host = "postoffice.reston.mci.net" } };
	const char *why = "";

	(void)state;
	assert_int_equal(m->step(&d, SPAN_NONE), MECHANISM_ASK);
	assert_string_equal(d.challenge.data, "<1896.697170952@postoffice.reston.mci.net>");
	assert_int_equal(m->step(&d, span_of("tim b913a602c7eda7a495b4e6e7334d3890")),
	                 MECHANISM_CHECK);
	assert_string_equal(d.user.data, "tim");
	assert_int_equal(password_verify_cram(buf_view(&d.secret), buf_view(&d.context),
	                                      "{PLAIN}tanstaaftanstaaf", "CRYPT", &why),
	                 PASSWORD_RIGHT);
	assert_int_equal(password_verify_cram(buf_view(&d.secret), buf_view(&d.context),
	                                      "{PLAIN}tanstaaftanstaag", "CRYPT", &why),
	                 PASSWORD_WRONG);
	assert_int_equal(password_verify_cram(buf_view(&d.secret), buf_view(&d.context),
	                                      "$6$a$b", "CRYPT", &why),
	                 PASSWORD_NONE);
	assert_int_equal(password_verify_cram(buf_view(&d.secret), buf_view(&d.context), "{PLAIN}",
	                                      "CRYPT", &why),
	                 PASSWORD_NONE);
	dialogue_free(&d);
}

/* What is stored as a state answers as the password itself does. */
static void
test_cram_state(void **state)
{
	unsigned char kept[CRAM_STATE], digest[16];
	char hex[33];

	(void)state;
	cram_state_make(span_of("tanstaaftanstaaf"), kept);
	cram_state_digest(kept, span_of("<1896.697170952@postoffice.reston.mci.net>"), digest);
	for (size_t i = 0; i < 16; i++)
		sprintf(hex + 2 * i, "%02x", digest[i]);
	assert_string_equal(hex, "b913a602c7eda7a495b4e6e7334d3890");
}

static void
test_apop_of_RFC_1939(void **state)
{
	static const char response[] = "mrose\0c4c9334bac560ecc979e58001b3e22fb";
	const struct mechanism *m = mechanism_find(span_of("apop"), ALL);
	struct dialogue d = { .facts = { .challenge = "<1896.697170952@dbc.mtview.ca.us>" } },
			none = { .facts = { .challenge = NULL } };
	const char *why = "";

	(void)state;
	assert_int_equal(m->step(&d, span_make(response, sizeof(response) - 1)), MECHANISM_CHECK);
	assert_int_equal(password_verify_apop(buf_view(&d.secret), buf_view(&d.context),
	                                      "{PLAIN}tanstaaf", "CRYPT", &why),
	                 PASSWORD_RIGHT);
	assert_int_equal(password_verify_apop(buf_view(&d.secret), buf_view(&d.context),
	                                      "{PLAIN}tanstaag", "CRYPT", &why),
	                 PASSWORD_WRONG);
	assert_int_equal(m->step(&none, span_make(response, sizeof(response) - 1)),
	                 MECHANISM_FAIL);
	dialogue_free(&d);
	dialogue_free(&none);
}

/* --- SCRAM ----------------------------------------------------------------------------------- */

/* The keys of password "pencil" with that salt, as the database has them. */
static const char *
stored_keys(const struct scram_hash *h, const char *salt, struct arena *mem)
{
	struct scram_keys k = { .rounds = 4096 };

	assert_true(base64_decode(span_of(salt), (char *)k.salt, &k.salt_len));
	assert_true(scram_keys_make(h, span_of("pencil"), &k));
	return arena_printf(mem, "{%s}%s", h->name, scram_keys_text(h, &k, mem));
}

/* A worker: what stage asks of stored goes to go_on(). */
static enum mechanism_next
work(const struct mechanism *m, struct dialogue *d, const char *stored, struct arena *mem,
     enum password_verdict *verdict_out)
{
	struct check c = { .user = buf_view(&d->user), .secret = buf_view(&d->secret),
		           .challenge = buf_view(&d->context), .mechanism = span_of(m->name) };
	struct proving p = { .check = &c, .user = d->user.data, .stored = stored,
		             .default_scheme = "CRYPT", .salt_key = salt_key, .mem = mem };
	const struct proof *proof = proof_find(span_of(m->name));

	*verdict_out = d->stage[0] ? proof->prepare(&p) : proof->verify(&p);
	if (!d->stage[0] && *verdict_out != PASSWORD_RIGHT)
		return MECHANISM_FAIL;
	return m->go_on(d, p.data_out);
}

static const struct scram_row {
	const char *mechanism, *nonce, *salt, *first, *server_first, *final, *server_final;
} scram_rows[] = {
	{ "SCRAM-SHA-1", "3rfcNHYJY1ZVvWVs7j", "QSXCR+Q6sek8bf92", /* RFC 5802 s.5 */
	  "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
	  "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
	  "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
	  "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=" },
	{ "SCRAM-SHA-256", "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
	  "W22ZaJ0SNY7soEsUEjb6gQ==", /* RFC 7677 s.3 */
	  "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
	  "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
	  "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
	  "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
	  "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=" },
};

static void
test_scram_of_the_RFCs(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(scram_rows) / sizeof(scram_rows[0]); i++) {
		const struct scram_row *row = &scram_rows[i];
		const struct mechanism *m = mechanism_find(span_of(row->mechanism), ALL);
		struct dialogue d = { .facts = { .nonce = row->nonce } };
		struct arena mem = ARENA_EMPTY;
		const char *stored =
			stored_keys(scram_hash_of(span_of(row->mechanism)), row->salt, &mem);
		enum password_verdict verdict;

		assert_int_equal(m->step(&d, span_of(row->first)), MECHANISM_CHECK);
		assert_int_equal(work(m, &d, stored, &mem, &verdict), MECHANISM_ASK);
		assert_string_equal(d.challenge.data, row->server_first);
		assert_int_equal(m->step(&d, span_of(row->final)), MECHANISM_CHECK);
		assert_int_equal(work(m, &d, stored, &mem, &verdict), MECHANISM_ASK);
		assert_int_equal(verdict, PASSWORD_RIGHT);
		assert_string_equal(d.challenge.data, row->server_final);
		assert_int_equal(m->step(&d, span_of("")), MECHANISM_DONE);
		dialogue_free(&d);
		arena_free(&mem);
	}
}

/* A25: first messages that are refused, by mechanism and what the connection offers. */
static const struct first_row {
	const char *mechanism, *message;
	bool        has_plus;
	enum mechanism_next next;
} first_rows[] = {
	{ "SCRAM-SHA-1", "n,,n=u,r=x", false, MECHANISM_CHECK },
	{ "SCRAM-SHA-1", "n,,n=u,r=x", true, MECHANISM_CHECK },
	{ "SCRAM-SHA-1", "y,,n=u,r=x", false, MECHANISM_CHECK },
	{ "SCRAM-SHA-1", "y,,n=u,r=x", true, MECHANISM_FAIL }, /* somebody took PLUS away */
	{ "SCRAM-SHA-1", "p=tls-exporter,,n=u,r=x", true, MECHANISM_FAIL },
	{ "SCRAM-SHA-1-PLUS", "p=tls-exporter,,n=u,r=x", true, MECHANISM_CHECK },
	{ "SCRAM-SHA-1-PLUS", "p=tls-exporter,,n=u,r=x", false, MECHANISM_FAIL }, /* no TLS */
	{ "SCRAM-SHA-1-PLUS", "p=tls-unique,,n=u,r=x", true, MECHANISM_FAIL },    /* TLS 1.3 */
	{ "SCRAM-SHA-1-PLUS", "p=tls-server-end-point,,n=u,r=x", true, MECHANISM_FAIL },
	{ "SCRAM-SHA-1-PLUS", "n,,n=u,r=x", true, MECHANISM_FAIL },
	{ "SCRAM-SHA-1-PLUS", "y,,n=u,r=x", true, MECHANISM_FAIL },
	{ "SCRAM-SHA-1", "n,a=u,n=u,r=x", false, MECHANISM_CHECK },
	{ "SCRAM-SHA-1", "n,a=u2,n=u,r=x", false, MECHANISM_AUTHZ },
	{ "SCRAM-SHA-1", "n,b=u,n=u,r=x", false, MECHANISM_FAIL },
	{ "SCRAM-SHA-1", "n,,m=ext,n=u,r=x", false, MECHANISM_FAIL },
	{ "SCRAM-SHA-1", "n,,n=u=2C=3D,r=x", false, MECHANISM_CHECK },
	{ "SCRAM-SHA-1", "n,,n=u=2c,r=x", false, MECHANISM_FAIL },
	{ "SCRAM-SHA-1", "n,,n=u=,r=x", false, MECHANISM_FAIL },
	{ "SCRAM-SHA-1", "n,,n=,r=x", false, MECHANISM_FAIL },
	{ "SCRAM-SHA-1", "n,,n=u,r=", false, MECHANISM_FAIL },
	{ "SCRAM-SHA-1", "n,,n=u", false, MECHANISM_FAIL },
	{ "SCRAM-SHA-1", "n,,n=u,r=x\n", false, MECHANISM_FAIL },
	{ "SCRAM-SHA-1", "n,,n=u,r=\x80", false, MECHANISM_FAIL },
	{ "SCRAM-SHA-1", "", false, MECHANISM_FAIL },
};

static void
test_scram_first_messages_A25(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(first_rows) / sizeof(first_rows[0]); i++) {
		const struct first_row *row = &first_rows[i];
		const struct mechanism *m = mechanism_find(span_of(row->mechanism), ALL);
		struct dialogue d = { .facts = { .nonce = "nonce", .has_plus = row->has_plus } };

		if (row->has_plus)
			d.facts.tls_exporter = span_make("0123456789abcdef0123456789abcdef", 32);
		if (m->step(&d, span_of(row->message)) != row->next)
			fail_msg("row %zu: %s %s", i, row->mechanism, row->message);
		dialogue_free(&d);
	}
}

/* A25: what is wrong with a final message behind a good first one; %s is the right proof. */
static const char *const bad_finals[] = {
	"c=biws,r=nonceN,p=%s,x", "c=biws,r=nonce,p=%s", "c=biws,r=x,p=%s", "c=eSws,r=xN,p=%s",
	"c=,r=xN,p=%s", "r=xN,c=biws,p=%s", "c=biws,r=xN", "c=biws,r=xN,p=", "c=biws,r=xN,p=AAAA",
	"c=biws,r=xN,q=%s", "c=biws,r=xNN,p=%s", "c=biws,r=xN,m=ext,p=%s", "", "e=other-error",
};

static void
test_scram_final_messages_A25(void **state)
{
	const struct mechanism *m = mechanism_find(span_of("SCRAM-SHA-256"), ALL);
	static const char proof[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

	(void)state;
	for (size_t i = 0; i < sizeof(bad_finals) / sizeof(bad_finals[0]); i++) {
		struct dialogue d = { .facts = { .nonce = "N" } };
		struct arena mem = ARENA_EMPTY;
		enum password_verdict verdict;
		const char *at = strstr(bad_finals[i], "%s"),
			   *message = at ? arena_printf(&mem, "%.*s%s%s",
		                                        (int)(at - bad_finals[i]), bad_finals[i],
		                                        proof, at + 2) :
		                           bad_finals[i];

		assert_int_equal(m->step(&d, span_of("n,,n=user,r=x")), MECHANISM_CHECK);
		assert_int_equal(work(m, &d, "{PLAIN}pencil", &mem, &verdict), MECHANISM_ASK);
		if (m->step(&d, span_of(message)) == MECHANISM_CHECK)
			assert_int_equal(work(m, &d, "{PLAIN}pencil", &mem, &verdict),
			                 MECHANISM_FAIL);
		dialogue_free(&d);
		arena_free(&mem);
	}
}

/* Who is not there has a salt too, always the same one, and another than his neighbour's. */
static void
test_salt_tells_nothing_A17(void **state)
{
	static const char *const stored[] = { NULL, "{PLAIN}x", "$6$a$b", "*", "" };
	struct arena mem = ARENA_EMPTY;
	struct check c = { .mechanism = span_of("SCRAM-SHA-256") };
	struct span first = SPAN_NONE;

	(void)state;
	for (size_t i = 0; i < sizeof(stored) / sizeof(stored[0]); i++) {
		struct proving p = { .check = &c, .user = "u@d", .stored = stored[i],
			             .default_scheme = "CRYPT", .salt_key = salt_key, .mem = &mem };

		proof_find(c.mechanism)->prepare(&p);
		if (i > 0)
			assert_true(span_equal(first, p.data_out));
		first = p.data_out;
		p.user = "v@d";
		proof_find(c.mechanism)->prepare(&p);
		assert_false(span_equal(first, p.data_out));
	}
	arena_free(&mem);
}

static const char *const bad_keys[] = {
	"",
	"4096",
	"4096,,,",
	"4095,c2FsdA==,AAAAAAAAAAAAAAAAAAAAAAAAAAA=,AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	"1,c2FsdA==,AAAAAAAAAAAAAAAAAAAAAAAAAAA=,AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	"99999999999,c2FsdA==,AAAAAAAAAAAAAAAAAAAAAAAAAAA=,AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	"4096,c2FsdA==,AAAA,AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	"4096,c2FsdA==,AAAAAAAAAAAAAAAAAAAAAAAAAAA=,AAAAAAAAAAAAAAAAAAAAAAAAAAA=,x",
	"4096,c2F,AAAAAAAAAAAAAAAAAAAAAAAAAAA=,AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
};

static void
test_stored_keys_A25(void **state)
{
	const struct scram_hash *h = scram_hash_of(span_of("scram-sha-1-plus"));
	struct scram_keys k;

	(void)state;
	assert_true(scram_keys_read(h, span_of("4096,c2FsdA==,AAAAAAAAAAAAAAAAAAAAAAAAAAA=,"
	                                       "AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
	                            &k));
	for (size_t i = 0; i < sizeof(bad_keys) / sizeof(bad_keys[0]); i++)
		if (scram_keys_read(h, span_of(bad_keys[i]), &k))
			fail_msg("read: %s", bad_keys[i]);
}

/* --- EXTERNAL -------------------------------------------------------------------------------- */

static const struct external_row {
	const char *cert, *response;
	enum mechanism_next next;
} external_rows[] = {
	{ "u@d", "", MECHANISM_CHECK },        { "u@d", "U@d", MECHANISM_CHECK },
	{ "u@d", "v@d", MECHANISM_AUTHZ },     { "", "", MECHANISM_FAIL },
	{ "", "u@d", MECHANISM_FAIL },         { NULL, "u@d", MECHANISM_FAIL },
	{ NULL, "", MECHANISM_FAIL },
};

static void
test_external_A27(void **state)
{
	const struct mechanism *m = mechanism_find(span_of("EXTERNAL"), ALL);

	(void)state;
	for (size_t i = 0; i < sizeof(external_rows) / sizeof(external_rows[0]); i++) {
		struct dialogue d = { .facts = { .cert_user = external_rows[i].cert } };

		assert_int_equal(m->step(&d, span_of(external_rows[i].response)),
		                 external_rows[i].next);
		dialogue_free(&d);
	}
}

/* --- OAuth ----------------------------------------------------------------------------------- */

static const struct oauth_row {
	const char *mechanism, *response, *user, *token; /* user NULL: refused */
} oauth_rows[] = {
	/* RFC 7628 s.4.1, and Google's example */
	{ "OAUTHBEARER", "n,a=user@example.com,\001host=server.example.com\001port=143\001"
	                 "auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\001\001",
	  "user@example.com", "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==" },
	{ "XOAUTH2", "user=u@d\001auth=Bearer abc\001\001", "u@d", "abc" },
	{ "OAUTHBEARER", "n,,\001auth=Bearer abc\001\001", "", "abc" },
	{ "OAUTHBEARER", "n,,\001auth=Bearer abc\001", NULL, NULL }, /* A26: one SOH is missing */
	{ "OAUTHBEARER", "n,,auth=Bearer abc\001\001", NULL, NULL },
	{ "OAUTHBEARER", "p=x,,\001auth=Bearer abc\001\001", NULL, NULL },
	{ "OAUTHBEARER", "n,,\001auth=Basic abc\001\001", NULL, NULL },
	{ "OAUTHBEARER", "n,,\001auth=Bearer \001\001", NULL, NULL },
	{ "OAUTHBEARER", "n,,\001auth=Bearer a\001auth=Bearer b\001\001", NULL, NULL },
	{ "OAUTHBEARER", "n,,\001\001", NULL, NULL },
	{ "OAUTHBEARER", "n,,\001auth=Bearer a\001\001x", NULL, NULL },
	{ "OAUTHBEARER", "\001", NULL, NULL },
	{ "XOAUTH2", "user=u\001auth=Bearer abc\001", NULL, NULL },
	{ "XOAUTH2", "u\001auth=Bearer abc\001\001", NULL, NULL },
};

static void
test_oauth_messages_A26(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(oauth_rows) / sizeof(oauth_rows[0]); i++) {
		const struct oauth_row *row = &oauth_rows[i];
		const struct mechanism *m = mechanism_find(span_of(row->mechanism), ALL);
		struct dialogue d = { .step = 0 };

		if (m->step(&d, span_of(row->response)) !=
		    (row->user ? MECHANISM_CHECK : MECHANISM_FAIL))
			fail_msg("%s", row->response);
		if (row->user) {
			assert_true(span_is(buf_view(&d.user), row->user));
			assert_true(span_is(buf_view(&d.secret), row->token));
			assert_true(m->refused(&d)); /* RFC 7628 s.3.2.2 */
			assert_non_null(strstr(d.challenge.data, "\"status\":"));
			assert_int_equal(m->step(&d, span_of("\001")), MECHANISM_DONE);
		}
		dialogue_free(&d);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cram_of_RFC_2195),
		cmocka_unit_test(test_cram_state),
		cmocka_unit_test(test_apop_of_RFC_1939),
		cmocka_unit_test(test_scram_of_the_RFCs),
		cmocka_unit_test(test_scram_first_messages_A25),
		cmocka_unit_test(test_scram_final_messages_A25),
		cmocka_unit_test(test_salt_tells_nothing_A17),
		cmocka_unit_test(test_stored_keys_A25),
		cmocka_unit_test(test_external_A27),
		cmocka_unit_test(test_oauth_messages_A26),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
