/* The mix of a well-known synthetic benchmark of the eighties: records, strings, small procedures. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { ONE, TWO, THREE, FOUR };

struct record {
	struct record *next;
	enum kind kind, other;
	int number;
	char text[31];
};

static struct record *first, *second;
static int global_number, flag;
static char letter_a, letter_b;
static int line[50], table[50][50];

__attribute__((noinline)) static enum kind compare_letters(char a, char b)
{
	char copy = a;
	if (copy != b)
		return ONE;
	letter_a = copy;
	return TWO;
}

__attribute__((noinline)) static int compare_texts(const char *a, const char *b)
{
	int at = 2;
	char letter = 'A';
	while (at <= 2)
		if (compare_letters(a[at], b[at + 1]) == ONE)
			letter = 'A', at++;
	if (letter >= 'W' && letter < 'Z')
		at = 7;
	if (letter == 'R')
		return 1;
	if (strcmp(a, b) > 0) {
		global_number = at + 7;
		return 1;
	}
	return 0;
}

__attribute__((noinline)) static void add(int a, int b, int *sum) { *sum = a + 2 + b; }

__attribute__((noinline)) static void map(enum kind in, enum kind *out)
{
	*out = in == THREE ? in : FOUR;
	switch (in) {
	case ONE:
		*out = ONE;
		break;
	case TWO:
		*out = global_number > 100 ? ONE : FOUR;
		break;
	case THREE:
		*out = TWO;
		break;
	case FOUR:
		break;
	}
}

__attribute__((noinline)) static void fill(int *row, int (*grid)[50], int at, int value)
{
	int index = at + 5;
	row[index] = value;
	row[index + 1] = row[index];
	row[index + 30] = index;
	for (int i = index; i <= index + 1; i++)
		grid[index][i] = index;
	grid[index][index - 1]++;
	grid[index + 20][index] = row[index];
	global_number = 5;
}

__attribute__((noinline)) static void follow(struct record *record)
{
	struct record *next = record->next;
	*record->next = *first;
	record->number = 5;
	next->number = record->number;
	next->next = record->next;
	if (next->kind == ONE) {
		next->number = 6;
		map(record->other, &next->other);
		next->next = first->next;
		add(next->number, 10, &next->number);
	} else
		*record = *record->next;
}

int main(void)
{
	first = calloc(1, sizeof *first), second = calloc(1, sizeof *second);
	first->next = second, first->kind = ONE, first->other = THREE, first->number = 40;
	strcpy(first->text, "A PROGRAM OF RECORDS, SOME");
	char one[31] = "A PROGRAM OF RECORDS, 1'ST", two[31];
	long check = 0;
	for (int run = 1; run <= 20000000; run++) {
		letter_a = 'A', letter_b = 'B', flag = letter_a == 'A';
		int a = 2, b = 3, c = 0;
		enum kind kind = TWO;
		strcpy(two, "A PROGRAM OF RECORDS, 2'ND");
		flag = !compare_texts(one, two);
		while (a < b) {
			c = 5 * a - b;
			add(a, b, &c);
			a++;
		}
		fill(line, table, a, c);
		second->next = second;
		follow(first);
		for (char letter = 'A'; letter <= letter_b; letter++)
			if (kind == compare_letters(letter, 'C'))
				map(ONE, &kind);
		b *= a;
		a = b / c;
		b = 7 * (b - c) - a;
		check += a + b + c + flag + first->number;
	}
	printf("%ld\n", check);
}
