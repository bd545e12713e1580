/*
 * fuzz_greet.c - strangers' bytes against IMAP and POP3 before the login
 *
 * The first byte says which protocol and what the connection is like, the second how
 * large the pieces are, the next four what authd answers; the rest is the client.
 */
#include <stdlib.h>

#include "common/start/sasl_names.h"
#include "imapd/greet.h"
#include "pop3d/greet.h"
#include "tests/unit/greet_harness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEAD = 6, MORE_THAN_IT_SAYS = 32 * 1024 };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct greet_play p;
	const char *words;

	if (size < HEAD)
		return 0;
	memset(&p, 0, sizeof(p));
	p.greet = data[0] & 1 ? imap_greet : pop3_greet;
	p.facts.greets = true;
	p.facts.tls_is_on = data[0] & 2;
	p.facts.tls_is_offered = data[0] & 4;
	p.facts.plaintext_is_allowed = data[0] & 8;
	p.facts.has_plain = data[0] & 16;
	p.facts.has_login = data[0] & 32;
	words = data[0] & 16 ? data[0] & 32 ? "plain login" : "plain" : data[0] & 32 ? "login" : "";
	p.facts.mechanisms = sasl_names_usable(words, data[0] & 8 ? SASL_SHOWN : 0);
	p.facts.mechanisms_with_tls = sasl_names_usable(words, SASL_SHOWN);
	p.facts.logs_id = data[0] & 64;
	p.expects_proxy = data[0] & 128;
	p.chunk = data[1];
	p.verdict = data + 2;
	p.verdict_count = 4;
	p.input = span_make((const char *)data + HEAD, size - HEAD);
	greet_play(&p);

	/*
	 * the monitor takes every packet, no stranger makes us talk much, no
	 * password goes where it may not
	 */
	if (p.broke_rules || p.output_len > MORE_THAN_IT_SAYS ||
	    (p.asked > 0 && !p.facts.plaintext_is_allowed))
		abort();
	if (p.last.kind == GREETER_STARTTLS && !p.facts.tls_is_offered)
		abort();
	return 0;
}
