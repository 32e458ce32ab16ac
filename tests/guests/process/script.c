// #! scripts: the interpreter, its one argument, the script's path, then the arguments (man 2 execve).
// oracle: qemu-user alone cannot execve aarch64 programs
#include "../tap.h"
#include <fcntl.h>
#include <sys/stat.h>

int main(int argc, char **argv)
{
	char self[4096] = "", text[5000];
	if (argc == 5 && strcmp(argv[1], "-x one argument") == 0) {
		tap_count = 1;
		is_str(argv[2], "/tmp/guest-script", "the script's path follows");
		is_str(argv[3], "a", "then its arguments");
		is_str(argv[4], "b c", "unchanged");
		unlink("/tmp/guest-script");
		unlink("/tmp/guest-script2");
		return done();
	}
	readlink("/proc/self/exe", self, sizeof self - 1);
	int length = sprintf(text, "#! %s -x one argument  \nthe rest is nothing\n", self);
	int fd = must(open("/tmp/guest-script", O_CREAT | O_WRONLY | O_TRUNC, 0755));
	write(fd, text, length);
	close(fd);
	fd = must(open("/tmp/guest-script2", O_CREAT | O_WRONLY | O_TRUNC, 0755));
	write(fd, "#!/no/such/interpreter\n", 23);
	close(fd);
	fails(execl("/tmp/guest-script2", "x", NULL), ENOENT, "a missing interpreter");
	char *args[] = { "ignored", "a", "b c", 0 };
	execv("/tmp/guest-script", args);
	say("Bail out! %s", strerror(errno));
	return 1;
}
