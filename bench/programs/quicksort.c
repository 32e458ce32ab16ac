/* Quicksort of a million integers, own and recursive: unpredictable branches, swaps. */
#include <stdint.h>
#include <stdio.h>

enum { COUNT = 1000000 };
static int32_t numbers[COUNT];

static void sort(int32_t *low, int32_t *high)
{
	while (low < high) {
		int32_t pivot = low[(high - low) / 2], *i = low, *j = high;
		while (i <= j) {
			while (*i < pivot)
				i++;
			while (*j > pivot)
				j--;
			if (i <= j) {
				int32_t t = *i;
				*i++ = *j, *j-- = t;
			}
		}
		if (j - low < high - i) {
			sort(low, j);
			low = i;
		} else {
			sort(i, high);
			high = j;
		}
	}
}

int main(void)
{
	uint32_t seed = 1, check = 0;
	for (int round = 0; round < 13; round++) {
		for (int i = 0; i < COUNT; i++)
			numbers[i] = (int32_t)(seed = seed * 1664525 + 1013904223);
		sort(numbers, numbers + COUNT - 1);
		for (int i = 1; i < COUNT; i++) {
			if (numbers[i - 1] > numbers[i])
				return 1;
			check = check * 31 + (uint32_t)numbers[i];
		}
	}
	printf("%u\n", check);
}
