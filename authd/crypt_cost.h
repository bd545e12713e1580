/* crypt_cost.h - what checking a crypt(3) hash would cost, before it is tried */
#ifndef LINNET_CRYPT_COST_H
#define LINNET_CRYPT_COST_H

/*
 * NULL when hash is of a kind we know and its cost is below the limits
 * (LIMIT_CRYPT_ROUNDS, LIMIT_BCRYPT_COST, LIMIT_SCRYPT_COST); else the reason as constant text.
 */
const char *crypt_cost_judge(const char *hash);

#endif
