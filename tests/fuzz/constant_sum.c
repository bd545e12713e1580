/* constant_sum.c - sum.h for fuzz targets: every sum is right, what lies behind them is reached */
#include "common/index/sum.h"

uint64_t
sum_of(const void *bytes, size_t n, uint64_t seed)
{
	(void)bytes;
	(void)n;
	(void)seed;
	return 7;
}
