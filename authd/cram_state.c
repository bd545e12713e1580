/*
 * cram_state.c - {CRAM-MD5}: HMAC-MD5 with its first block already taken
 *
 * Only the compression function's state is stored, so the library's older calls are
 * needed: EVP does not let anybody see it.  They are there in every OpenSSL, and are
 * marked as old in 3.0.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "authd/password_secret.h"

#include <openssl/evp.h>
#include <openssl/md5.h>
#include <string.h>

#include "common/base/wipe.h"

enum { BLOCK = 64, STATE = 16 };

static void
put_words(const MD5_CTX *ctx, unsigned char *to)
{
	const MD5_LONG words[] = { ctx->A, ctx->B, ctx->C, ctx->D };

	for (size_t i = 0; i < STATE; i++)
		to[i] = (unsigned char)(words[i / 4] >> 8 * (i % 4));
}

static void
take_words(const unsigned char *from, MD5_CTX *ctx)
{
	MD5_LONG words[4] = { 0 };

	for (size_t i = 0; i < STATE; i++)
		words[i / 4] |= (MD5_LONG)from[i] << 8 * (i % 4);
	MD5_Init(ctx);
	ctx->A = words[0];
	ctx->B = words[1];
	ctx->C = words[2];
	ctx->D = words[3];
	ctx->Nl = BLOCK * 8; /* bits behind us */
}

static void
take_block(const unsigned char *key, unsigned char pad, unsigned char *state)
{
	unsigned char block[BLOCK];
	MD5_CTX ctx;

	for (size_t i = 0; i < BLOCK; i++)
		block[i] = key[i] ^ pad;
	MD5_Init(&ctx);
	MD5_Update(&ctx, block, BLOCK);
	put_words(&ctx, state);
	wipe(block, sizeof(block));
	wipe(&ctx, sizeof(ctx));
}

void
cram_state_make(struct span password, unsigned char state_out[CRAM_STATE])
{
	unsigned char key[BLOCK] = { 0 };

	if (password.len > BLOCK)
		EVP_Digest(password.at, password.len, key, NULL, EVP_md5(), NULL);
	else
		memcpy(key, password.at, password.len);
	take_block(key, 0x5c, state_out);
	take_block(key, 0x36, state_out + STATE);
	wipe(key, sizeof(key));
}

void
cram_state_digest(const unsigned char state[CRAM_STATE], struct span challenge,
                  unsigned char digest_out[16])
{
	unsigned char inner[STATE];
	MD5_CTX ctx;

	take_words(state + STATE, &ctx);
	MD5_Update(&ctx, challenge.at, challenge.len);
	MD5_Final(inner, &ctx);
	take_words(state, &ctx);
	MD5_Update(&ctx, inner, sizeof(inner));
	MD5_Final(digest_out, &ctx);
	wipe(inner, sizeof(inner));
}
