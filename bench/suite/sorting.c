// Allocation and the library's sort over a few hundred elements.
#include <stdlib.h>

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

int main(void)
{
	enum { COUNT = 300 };
	int *numbers = malloc(COUNT * sizeof *numbers);
	for (unsigned i = 0; i < COUNT; i++)
		numbers[i] = i * 2654435761u % 1000;
	qsort(numbers, COUNT, sizeof *numbers, compare);
	for (int i = 1; i < COUNT; i++)
		if (numbers[i - 1] > numbers[i])
			return 1;
	free(numbers);
	return 0;
}
