// A TAP test of three points.
#include <stdio.h>
#include <string.h>

static int count;

static void ok(int good, const char *name)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++count, name);
}

int main(void)
{
	char text[32];
	puts("1..3");
	ok(snprintf(text, sizeof text, "%d-%s", 7, "x") == 3, "length");
	ok(strcmp(text, "7-x") == 0, "text");
	ok(strchr(text, '-') == text + 1, "position");
	return 0;
}
