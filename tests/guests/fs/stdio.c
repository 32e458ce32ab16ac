// The C library's files: buffering, seeking, ungetc, temporary files, scanf and printf.
// variants: static dynamic musl-static
#include "../tap.h"

int main(void)
{
	char line[100];
	FILE *file = fopen("f", "w+");
	ok(file, "fopen w+");
	for (int i = 0; i < 10000; i++)
		fprintf(file, "line %d %.3f %s\n", i, i / 3.0, i % 2 ? "odd" : "even");
	is(fflush(file), 0, "fflush");
	is(ftell(file) > 150000, 1, "ftell");
	rewind(file);
	int lines = 0, last = 0;
	double value;
	char word[8];
	while (fscanf(file, "line %d %lf %7s\n", &last, &value, word) == 3)
		lines++;
	is(lines, 10000, "fscanf reads them back");
	is_str(word, "odd", "to the last word");
	ok(value > 3332.9 && value < 3333.1, "and number");
	ok(feof(file), "feof");
	fseek(file, -5, SEEK_END);
	is_str(fgets(line, sizeof line, file), " odd\n", "fseek from the end");
	rewind(file);
	int c = fgetc(file);
	ungetc('L', file);
	is(fgetc(file), 'L', "ungetc");
	is(c, 'l', "fgetc");
	is(fclose(file), 0, "fclose");
	file = fopen("f", "a");
	fprintf(file, "more\n");
	fclose(file);
	file = fopen("f", "r");
	fseek(file, -5, SEEK_END);
	is_str(fgets(line, sizeof line, file), "more\n", "append");
	fclose(file);
	ok(!fopen("none/f", "r") && errno == ENOENT, "fopen of nothing");
	file = tmpfile();
	ok(file && fputs("x", file) >= 0, "tmpfile");
	is(remove("f"), 0, "remove");
	snprintf(line, sizeof line, "%a %g %e %10.4f|%-6d|%+d|%x|%o|%c|%5s|%p", 1.5, 1e100, 12345.678, 3.14159265, 42, 7, 255, 8,
		 'z', "ab", (void *)0x10);
	is_str(line, "0x1.8p+0 1e+100 1.234568e+04     3.1416|42    |+7|ff|10|z|   ab|0x10", "printf's formats");
	return done();
}
