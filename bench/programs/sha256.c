/* SHA-256 (FIPS 180-4) in plain C: rotations and logic in long straight blocks. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static uint32_t k[64], state[8];

/* The first 32 bits of the fractional parts of roots of primes, by integer search. */
static uint32_t fraction(unsigned prime, int cube)
{
	/* the largest r with r^n <= prime * 2^(32n) is root * 2^32 */
	unsigned __int128 low = 0, high = (unsigned __int128)32 << 32;
	while (high - low > 1) {
		unsigned __int128 middle = (low + high) / 2;
		int above;
		if (cube) {
			/* middle < 2^37, its cube < 2^111 */
			above = middle * middle * middle > (unsigned __int128)prime << 96;
		} else
			above = middle * middle > (unsigned __int128)prime << 64;
		if (above)
			high = middle;
		else
			low = middle;
	}
	return (uint32_t)low;
}

static void constants(void)
{
	int count = 0;
	for (unsigned n = 2; count < 64; n++) {
		int prime = 1;
		for (unsigned d = 2; d * d <= n; d++)
			prime &= n % d != 0;
		if (!prime)
			continue;
		k[count] = fraction(n, 1);
		if (count < 8)
			state[count] = fraction(n, 0);
		count++;
	}
}

static uint32_t rotate(uint32_t x, int n) { return x >> n | x << (32 - n); }

static void compress(const uint8_t *block)
{
	uint32_t w[64];
	for (int i = 0; i < 16; i++) {
		uint32_t word;
		memcpy(&word, block + 4 * i, 4);
		w[i] = __builtin_bswap32(word);
	}
	for (int i = 16; i < 64; i++) {
		uint32_t a = w[i - 15], b = w[i - 2];
		w[i] = w[i - 16] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + w[i - 7] +
		       (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
	}
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
	uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
	for (int i = 0; i < 64; i++) {
		uint32_t t1 = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + k[i] + w[i];
		uint32_t t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
		h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
	}
	state[0] += a, state[1] += b, state[2] += c, state[3] += d;
	state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}

int main(void)
{
	static uint8_t data[65536];
	constants();
	for (unsigned i = 0; i < sizeof data; i++)
		data[i] = i * 7 + (i >> 8);
	for (int round = 0; round < 1930; round++)
		for (unsigned i = 0; i < sizeof data; i += 64)
			compress(data + i);
	for (int i = 0; i < 8; i++)
		printf("%08x", state[i]);
	puts("");
}
