/* scram.h - SCRAM (RFC 5802, RFC 7677): the keys, on the server's side */
#ifndef LINNET_SCRAM_H
#define LINNET_SCRAM_H

#include <openssl/evp.h>

#include "authd/password.h"
#include "common/base/arena.h"
#include "common/base/span.h"

enum { SCRAM_MOST = 32 /* bytes of a key */, SCRAM_LEAST_ROUNDS = 4096, SCRAM_SALT_MOST = 64 };

struct scram_hash {
	const char *name;   /* of mechanism and scheme: "SCRAM-SHA-256" */
	const EVP_MD *(*digest)(void);
	size_t      size;
};

/* By the name of a mechanism, with -PLUS or without, or of a scheme; NULL for none. */
const struct scram_hash *scram_hash_of(struct span name);

/* What is stored: "4096,salt,StoredKey,ServerKey" with three times base64, as Dovecot has it. */
struct scram_keys {
	unsigned      rounds;
	size_t        salt_len;
	unsigned char salt[SCRAM_SALT_MOST], stored[SCRAM_MOST], server[SCRAM_MOST];
};

/* False for what is no such text, and for fewer rounds than SCRAM_LEAST_ROUNDS. */
bool scram_keys_read(const struct scram_hash *h, struct span text, struct scram_keys *out);
const char *scram_keys_text(const struct scram_hash *h, const struct scram_keys *k,
                            struct arena *mem);

/* k's rounds and salt are set: make the two keys of a password. */
bool scram_keys_make(const struct scram_hash *h, struct span password, struct scram_keys *k);

/* proof.h: the two steps of a worker.  data_out: "i=4096,s=..." and the text behind "v=". */
struct proving;
enum password_verdict scram_salt(const struct scram_hash *h, struct proving *p);
enum password_verdict scram_verify(const struct scram_hash *h, struct proving *p);

#endif
