// argv and envp arrive as given: empty strings, spaces, bytes that are not UTF-8, a long one.
// oracle: qemu-user alone cannot execve aarch64 programs
#include "../tap.h"
#include <sys/wait.h>

int main(int argc, char **argv)
{
	static char longer[100001];
	if (argc > 1) {
		is(argc, 5, "argc");
		is_str(argv[1], "", "an empty argument");
		is_str(argv[2], "two words", "an argument with a space");
		is_str(argv[3], "\xff\xfe\x80", "an argument that is not UTF-8");
		is(strlen(argv[4]), 100000, "a long argument");
		is_str(getenv("A"), "b=c", "a variable with = in its value");
		is_str(getenv("EMPTY"), "", "an empty variable");
		ok(getenv("PATH") == NULL, "no other variable");
		return done();
	}
	memset(longer, 'x', 100000);
	char *args[] = { "self", "", "two words", "\xff\xfe\x80", longer, 0 };
	char *env[] = { "A=b=c", "EMPTY=", 0 };
	execve("/proc/self/exe", args, env);
	return 1;
}
