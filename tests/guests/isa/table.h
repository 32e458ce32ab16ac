/*
 * Runs one instruction over a table of operands and prints a hash of its results and of the status flags it left, so
 * that a program covers hundreds of instructions and its expected output stays small. With an argument, prints every
 * result of the lines that contain it, to find the one that differs.
 */
#ifndef TABLE_H
#define TABLE_H
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long u64;
typedef struct {
	u64 low, high;
} __attribute__((aligned(16))) q;

static const char *wanted;
static u64 hash, flags_hash;
static int showing;

static inline void mix(u64 *into, u64 value)
{
	for (int i = 0; i < 8; i++) {
		*into = (*into ^ (value & 255)) * 0x100000001b3;
		value >>= 8;
	}
}

static void begin(const char *name)
{
	hash = flags_hash = 0xcbf29ce484222325;
	showing = wanted && strstr(name, wanted);
}

static void finish(const char *name)
{
	char line[200];
	int length = 0;
	for (const char *at = name; *at && length < 190; at++) {
		line[length++] = *at == '\n' ? ';' : *at;
		if (*at == '\n')
			while (at[1] == ' ')
				at++;
	}
	line[length] = 0;
	printf("%-44s %016lx %08lx\n", line, hash, flags_hash & 0xffffffff);
}

static u64 random_state = 0x9e3779b97f4a7c15;
static u64 next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* Operands of the vector lines; programs fill them before their first line. */
#define MOST 40
static q operands[MOST];
static int count;
static u64 control; /* FPCR while the instruction runs */

static void one_result(int i, int j, q result, u64 general, u64 fpsr, u64 nzcv)
{
	mix(&hash, result.low), mix(&hash, result.high), mix(&hash, general);
	mix(&flags_hash, fpsr), mix(&flags_hash, nzcv);
	if (showing)
		printf("  %016lx:%016lx %016lx:%016lx -> %016lx:%016lx %016lx fpsr %08lx nzcv %lx\n", operands[i].high,
		       operands[i].low, operands[j].high, operands[j].low, result.high, result.low, general, fpsr,
		       nzcv >> 28);
}

/*
 * One line: v1 and v2 are the operands, v0 is a third one and the result, x9 a second result that starts as v1's low
 * half; x10 is v2's low half; x11 points to 64 bytes of scratch memory that start as copies of the operands.
 */
#define V(text)                                                                                                        \
	do {                                                                                                           \
		begin(text);                                                                                           \
		for (int i = 0; i < count; i++)                                                                        \
			for (int j = 0; j < count; j++) {                                                              \
				q result, *third = &operands[(i * 7 + j * 3 + 1) % count];                             \
				q memory[4] = { operands[i], operands[j], operands[i], operands[j] };                  \
				u64 general, fpsr, nzcv;                                                               \
				asm volatile("ldr q0, [%4]\n ldr q1, [%5]\n ldr q2, [%6]\n ldr q3, [%5]\n"              \
					     "ldr x9, [%5]\n ldr x10, [%6]\n mov x11, %7\n cmp xzr, xzr\n"              \
					     "msr fpcr, %8\n msr fpsr, xzr\n" text "\n"                                \
					     "mrs %2, fpsr\n mrs %3, nzcv\n msr fpcr, xzr\n"                            \
					     "str q0, %0\n mov %1, x9\n"                                               \
					     : "=m"(result), "=&r"(general), "=&r"(fpsr), "=&r"(nzcv)                  \
					     : "r"(third), "r"(&operands[i]), "r"(&operands[j]), "r"(memory),          \
					       "r"(control)                                                            \
					     : "v0", "v1", "v2", "v3", "v4", "v5", "x9", "x10", "x11", "x12", "cc",    \
					       "memory");                                                              \
				one_result(i, j, result, general, fpsr, nzcv);                                         \
			}                                                                                              \
		finish(text);                                                                                          \
	} while (0)

static void put(u64 low, u64 high)
{
	operands[count].low = low, operands[count++].high = high;
}

/* Integers of all widths: borders and noise. */
static __attribute__((unused)) void integer_operands(int noise)
{
	put(0, 0), put(~0UL, ~0UL);
	put(0x8000000080000000, 0x8000800080008000), put(0x8080808080808080, 0x7f7f7f7f7f7f7f7f);
	put(0x7fffffffffffffff, 0x8000000000000000), put(0x7fffffff7fffffff, 0x7fff7fff7fff7fff);
	put(0x0123456789abcdef, 0xfedcba9876543210), put(0x0001000200030004, 0x00000001ffffffff);
	put(0x0102030405060708, 0x090a0b0c0d0e0f10), put(0xff00ff00ff00ff00, 0x00ff00ff00ff00ff);
	while (noise-- > 0)
		put(next_random(), next_random());
}

static u64 two_floats(unsigned a, unsigned b) { return (u64)b << 32 | a; }

/* Single precision: zeros, denormals, borders, infinities, NaNs quiet and signalling, integers, halves, noise. */
static __attribute__((unused)) void single_operands(void)
{
	static const unsigned values[] = { 0x00000000, 0x80000000, 0x3f800000, 0xbf800000, 0x00000001, 0x807fffff, 0x00800000,
					   0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc12345, 0x7f812345,
					   0xffa00001, 0x40490fdb, 0x3effffff, 0x3f000000, 0x3fc00000, 0x40200000, 0x4f000000,
					   0xcf000000, 0x4effffff, 0x5f000000, 0xdf000000, 0x4b7fffff, 0x34000000, 0x3f7fffff,
					   0x1a000000, 0x60ad78ec, 0x42f6e979, 0xc2f6e979 };
	int n = sizeof values / sizeof *values;
	for (int i = 0; i < n; i += 2)
		put(two_floats(values[i], values[(i + 5) % n]), two_floats(values[i + 1], values[(i + 11) % n]));
	for (int i = 0; i < 6; i++)
		put(next_random(), next_random());
	for (int i = 0; i < 6; i++)
		put((next_random() & 0x8fffffff8fffffff) | 0x3000000030000000,
		    (next_random() & 0x8fffffff8fffffff) | 0x4000000040000000);
}

/* Double precision, likewise. */
static __attribute__((unused)) void double_operands(void)
{
	static const u64 values[] = { 0x0000000000000000, 0x8000000000000000, 0x3ff0000000000000, 0xbff0000000000000,
				      0x0000000000000001, 0x800fffffffffffff, 0x0010000000000000, 0x7fefffffffffffff,
				      0xffefffffffffffff, 0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000,
				      0xfff8123456789abc, 0x7ff0123456789abc, 0xfff4000000000001, 0x400921fb54442d18,
				      0x3fdfffffffffffff, 0x3fe0000000000000, 0x3ff8000000000000, 0x4004000000000000,
				      0x41e0000000000000, 0xc1e0000000200000, 0x41dfffffffc00000, 0x43e0000000000000,
				      0xc3e0000000000000, 0x433fffffffffffff, 0x36a0000000000000, 0x47efffffe0000000,
				      0x3800000000000000, 0x47f0000000000000, 0x3feffffffffff000, 0x405edd2f1a9fbe77 };
	int n = sizeof values / sizeof *values;
	for (int i = 0; i < n; i += 2)
		put(values[i], values[i + 1]);
	for (int i = 0; i < 6; i++)
		put(next_random(), next_random());
	for (int i = 0; i < 6; i++)
		put((next_random() & 0x80ffffffffffffff) | 0x3f00000000000000,
		    (next_random() & 0x80ffffffffffffff) | 0x4000000000000000);
}

#endif
