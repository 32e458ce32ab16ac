// Control flow: deep recursion, computed goto, switch tables, function pointers, far calls, setjmp, variadic calls.
// variants: static dynamic musl-static
#include "../tap.h"
#include <setjmp.h>
#include <stdarg.h>

static int ackermann(int m, int n)
{
	return m == 0 ? n + 1 : n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
}

static int interpret(const char *code)
{
	static const void *labels[] = { &&add, &&multiply, &&subtract, &&end };
	int value = 1;
	goto *labels[code[0] - '0'];
add:
	value += 3;
	goto *labels[*++code - '0'];
multiply:
	value *= 5;
	goto *labels[*++code - '0'];
subtract:
	value -= 2;
	goto *labels[*++code - '0'];
end:
	return value;
}

static int table(int n)
{
	switch (n) {
	case 0: return 7;
	case 1: return 11;
	case 2: return 5;
	case 3: return 2;
	case 4: return 77;
	case 5: return 1;
	case 100: return 3;
	default: return -1;
	}
}

static double sum(int count, ...)
{
	va_list list;
	double total = 0;
	va_start(list, count);
	for (int i = 0; i < count; i++)
		total += i % 2 ? va_arg(list, double) : va_arg(list, long);
	va_end(list);
	return total;
}

struct large {
	long a[10];
};
static struct large make(int n)
{
	struct large l;
	for (int i = 0; i < 10; i++)
		l.a[i] = i * n;
	return l;
}

typedef struct {
	float x, y, z, w;
} hfa;
static hfa scale(hfa v, float s) { return (hfa){ v.x * s, v.y * s, v.z * s, v.w * s }; }

static jmp_buf where;
static void jumps(int n)
{
	if (n == 0)
		longjmp(where, 9);
	jumps(n - 1);
}

int main(void)
{
	is(ackermann(2, 300), 603, "deep recursion");
	is(interpret("0120213"), 95, "computed goto");
	int total = 0;
	for (int i = -1; i < 8; i++)
		total += table(i);
	is(total, 100, "a switch table");
	is(sum(12, 1L, 2.5, 3L, 4.5, 5L, 6.5, 7L, 8.5, 9L, 10.5, 11L, 12.5), 81, "variadic arguments in registers and on the stack");
	is(make(3).a[9], 27, "a large structure as result");
	hfa v = scale((hfa){ 1, 2, 3, 4 }, 2);
	is(v.x + v.y + v.z + v.w, 20, "a homogeneous float aggregate");
	volatile int before = 5;
	int result = setjmp(where);
	if (result == 0)
		jumps(100);
	is(result + before, 14, "longjmp over a hundred frames");
	int (*pointers[3])(int) = { table, abs, table };
	total = 0;
	for (int i = 0; i < 3000; i++)
		total += pointers[i % 3](i % 6);
	is(total, 10000, "function pointers");
	return done();
}
