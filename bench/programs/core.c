/* The mix of a well-known core benchmark: linked lists, small integer matrices, a state machine over text, CRC-16. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct node {
	struct node *next;
	int16_t data, index;
};

static struct node nodes[200];

static uint16_t crc(uint16_t value, uint16_t sum)
{
	for (int i = 0; i < 16; i++) {
		int carry = (sum ^ value) & 1;
		sum >>= 1, value >>= 1;
		if (carry)
			sum ^= 0xa001;
	}
	return sum;
}

static int by_data(const struct node *a, const struct node *b) { return a->data - b->data; }
static int by_index(const struct node *a, const struct node *b) { return a->index - b->index; }

static struct node *merge_sort(struct node *list, int (*compare)(const struct node *, const struct node *))
{
	for (int width = 1;; width *= 2) {
		struct node *rest = list, *head = 0, **tail = &head;
		int merges = 0;
		while (rest) {
			struct node *a = rest, *b = rest;
			int left = 0, right = width;
			for (; left < width && b; left++)
				b = b->next;
			merges++;
			while (left > 0 || (right > 0 && b)) {
				struct node *pick;
				if (left > 0 && (right == 0 || !b || compare(a, b) <= 0))
					pick = a, a = a->next, left--;
				else
					pick = b, b = b->next, right--;
				*tail = pick, tail = &pick->next;
			}
			rest = b;
		}
		*tail = 0;
		list = head;
		if (merges <= 1)
			return list;
	}
}

static uint16_t lists(int seed)
{
	struct node *list = 0;
	for (int i = 0; i < 200; i++) {
		nodes[i] = (struct node){ list, (int16_t)((unsigned)(seed * (i + 1)) * 7919 >> 3), (int16_t)i };
		list = &nodes[i];
	}
	list = merge_sort(list, by_data);
	uint16_t sum = 0;
	for (struct node *node = list; node; node = node->next)
		sum = crc((uint16_t)node->data, sum);
	list = merge_sort(list, by_index);
	struct node *reversed = 0;
	while (list) {
		struct node *next = list->next;
		list->next = reversed, reversed = list, list = next;
	}
	for (struct node *node = reversed; node; node = node->next)
		sum = crc((uint16_t)node->index, sum);
	return sum;
}

enum { N = 24 };

static uint16_t matrices(int seed)
{
	static int16_t a[N][N], b[N][N];
	static int32_t c[N][N];
	uint16_t sum = 0;
	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++)
			a[i][j] = (int16_t)(seed + i * j), b[i][j] = (int16_t)(seed ^ (i + 3 * j));
	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++) {
			int32_t dot = 0;
			for (int k = 0; k < N; k++)
				dot += a[i][k] * b[k][j];
			c[i][j] = dot;
		}
	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++)
			sum = crc((uint16_t)(c[i][j] >> 2), sum);
	return sum;
}

enum state { START, INTEGER, FRACTION, EXPONENT, SIGN, INVALID, STATES };

static enum state step(enum state state, char c)
{
	int digit = c >= '0' && c <= '9';
	switch (state) {
	case START:
		return digit ? INTEGER : c == '+' || c == '-' ? SIGN : c == '.' ? FRACTION : INVALID;
	case SIGN:
		return digit ? INTEGER : c == '.' ? FRACTION : INVALID;
	case INTEGER:
		return digit ? INTEGER : c == '.' ? FRACTION : c == 'e' ? EXPONENT : INVALID;
	case FRACTION:
		return digit ? FRACTION : c == 'e' ? EXPONENT : INVALID;
	case EXPONENT:
		return digit || c == '-' || c == '+' ? EXPONENT : INVALID;
	default:
		return INVALID;
	}
}

static uint16_t machine(int seed)
{
	static const char text[] = "5012,1234,-874,+122,35.54400,.1234500,-110.700,+0.64400,5.500e+3,-.123e-2,-87e+832,"
				   "+0.6e-12,T0.3e-1F,-T.T++Tq,1T3.4e4z,34.0e-T^";
	unsigned counts[STATES] = { 0 };
	enum state state = START;
	for (unsigned i = 0; i < sizeof text - 1; i++) {
		char c = text[(i * 7 + (unsigned)seed) % (sizeof text - 1)];
		if (c == ',') {
			counts[state]++;
			state = START;
		} else
			state = step(state, c);
	}
	uint16_t sum = 0;
	for (int i = 0; i < STATES; i++)
		sum = crc((uint16_t)counts[i], sum);
	return sum;
}

int main(void)
{
	uint32_t check = 0;
	for (int round = 0; round < 15500; round++) {
		check = check * 31 + lists(round);
		check = check * 31 + matrices(round);
		check = check * 31 + machine(round);
	}
	printf("%08x\n", check);
}
