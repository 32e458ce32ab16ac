// openat2(2): RESOLVE_ flags and the growing structure.
// oracle: qemu-user 7.2 does not know it
#include "../tap.h"
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static long openat2(int dir, const char *path, unsigned long flags, unsigned long resolve)
{
	struct open_how how = { .flags = flags, .resolve = resolve };
	return syscall(SYS_openat2, dir, path, &how, sizeof how);
}

int main(void)
{
	must(mkdir("d", 0755)), must(mkdir("d/e", 0755));
	close(must(open("d/f", O_CREAT | O_RDWR, 0600)));
	must(symlink("../f", "d/e/up"));
	must(symlink("/etc", "d/absolute"));
	must(symlink("f", "d/link"));
	int dir = must(open("d", O_RDONLY | O_DIRECTORY));
	ok(openat2(dir, "f", O_RDONLY, 0) >= 0, "plain");
	ok(openat2(dir, "e/up", O_RDONLY, RESOLVE_BENEATH) >= 0, "RESOLVE_BENEATH inside");
	fails(openat2(dir, "../d/f", O_RDONLY, RESOLVE_BENEATH), EXDEV, "and out");
	fails(openat2(dir, "/etc", O_RDONLY, RESOLVE_BENEATH), EXDEV, "an absolute path is out");
	fails(openat2(dir, "absolute", O_RDONLY, RESOLVE_BENEATH), EXDEV, "so is an absolute link");
	ok(openat2(dir, "/f", O_RDONLY, RESOLVE_IN_ROOT) >= 0, "RESOLVE_IN_ROOT makes it a root");
	ok(openat2(dir, "../../../f", O_RDONLY, RESOLVE_IN_ROOT) >= 0, "with no way up");
	fails(openat2(dir, "absolute", O_RDONLY, RESOLVE_IN_ROOT), ENOENT, "links are within");
	fails(openat2(dir, "link", O_RDONLY, RESOLVE_NO_SYMLINKS), ELOOP, "RESOLVE_NO_SYMLINKS");
	fails(openat2(AT_FDCWD, "/proc/self/exe", O_RDONLY, RESOLVE_NO_MAGICLINKS), ELOOP, "RESOLVE_NO_MAGICLINKS");
	fails(openat2(AT_FDCWD, "/proc/self", O_RDONLY, RESOLVE_NO_XDEV), EXDEV, "RESOLVE_NO_XDEV");
	fails(openat2(dir, "f", O_RDONLY, 0x8000), EINVAL, "unknown resolve flags");
	fails(openat2(dir, "f", 1UL << 40, 0), EINVAL, "unknown open flags");
	struct {
		struct open_how how;
		long more;
	} large = { .how = { .flags = O_RDONLY } };
	ok(syscall(SYS_openat2, dir, "f", &large, sizeof large) >= 0, "a larger structure with zeros");
	large.more = 1;
	fails(syscall(SYS_openat2, dir, "f", &large, sizeof large), E2BIG, "with something unknown");
	fails(syscall(SYS_openat2, dir, "f", &large, 8), EINVAL, "a smaller one");
	return done();
}
