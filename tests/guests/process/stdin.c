// Standard input is what was given, binary safe, to its end.
// stdin: line one\nline two\n
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	char buffer[100];
	int length = 0, n;
	while ((n = read(0, buffer + length, sizeof buffer - length)) > 0)
		length += n;
	printf("%d bytes\n", length);
	fwrite(buffer, 1, length, stdout);
	return 0;
}
