// 128-bit integers: arithmetic by pairs, and 16-byte atomics by LDXP/STXP.
#include "../tap.h"

typedef unsigned __int128 u128;
#ifdef __aarch64__
static u128 cell __attribute__((aligned(16)));
static u128 add(u128 *at, unsigned long n)
{
	unsigned long low, high, status;
	asm volatile("1: ldaxp %0, %1, [%3]\n adds %0, %0, %4\n adc %1, %1, xzr\n stlxp %w2, %0, %1, [%3]\n cbnz %w2, 1b"
		     : "=&r"(low), "=&r"(high), "=&r"(status)
		     : "r"(at), "r"(n)
		     : "cc", "memory");
	return (u128)high << 64 | low;
}
#endif

int main(void)
{
	u128 a = ((u128)0x123456789abcdef0 << 64) | 0xfedcba9876543210, product = a * 12345678901;
	is((unsigned long)(product >> 64), 0x123456789abcdef0 * 12345678901UL + (unsigned long)(((u128)0xfedcba9876543210 * 12345678901) >> 64),
	   "multiplication");
	is((unsigned long)(a % 1000000007), (long)(a - a / 1000000007 * 1000000007), "remainder");
	is((unsigned long)(a >> 68), 0x123456789abcdef, "shift");
	is((__int128)-5 / 2, -2, "signed division");
#ifdef __aarch64__
	cell = ~(unsigned long)0;
	u128 result = add(&cell, 2);
	is((unsigned long)result, 1, "16 bytes atomically: low");
	is((unsigned long)(result >> 64), 1, "and high");
	ok(cell == result, "stored");
#endif
	return done();
}
