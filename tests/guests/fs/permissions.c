// access, chmod, chown, umask, sticky and setgid directories, for an ordinary user.
#include "../tap.h"
#include <fcntl.h>
#include <sys/stat.h>

int main(void)
{
	struct stat st;
	int fd = must(open("f", O_CREAT | O_RDWR, 0600));
	is(access("f", R_OK | W_OK), 0, "access");
	fails(access("f", X_OK), EACCES, "not executable");
	fails(access("none", F_OK), ENOENT, "not there");
	fails(access("f", 99), EINVAL, "unknown mode");
	is(faccessat(AT_FDCWD, "f", R_OK, AT_EACCESS), 0, "AT_EACCESS");
	is(fchmod(fd, 04755), 0, "fchmod with setuid");
	fstat(fd, &st);
	is(st.st_mode & 07777, 04755, "is kept");
	is(access("f", X_OK), 0, "executable now");
	if (geteuid() == 0) {
		skip("an ordinary user's limits", "this is root");
		return done();
	}
	is(write(fd, "x", 1), 1, "writing");
	fstat(fd, &st);
	is(st.st_mode & 07777, 0755, "takes setuid away");
	fails(chown("f", 0, -1), EPERM, "chown to another");
	is(chown("f", getuid(), getgid()), 0, "chown to oneself");
	fails(chmod("/", 0777), EPERM, "chmod of another's file");
	fails(unlink("/etc/passwd"), EACCES, "unlink in another's directory");
	fails(open("/etc/shadow-no-such", O_CREAT | O_RDWR, 0600), EACCES, "creating there");
	fails(mkdir("/etc/x", 0755), EACCES, "mkdir there");
	fails(rename("/etc/passwd", "/etc/passwd-renamed"), EACCES, "rename there");
	chmod("f", 0044);
	fails(open("f", O_RDONLY), EACCES, "the owner's bits count, not the others'");
	chmod("f", 0400);
	fails(open("f", O_WRONLY), EACCES, "no write");
	ok(open("f", O_RDONLY) >= 0, "but read");
	must(mkdir("d", 0700));
	close(must(open("d/f", O_CREAT | O_RDWR, 0600)));
	chmod("d", 0600);
	fails(stat("d/f", &st), EACCES, "no search permission");
	fails(chdir("d"), EACCES, "chdir needs it too");
	chmod("d", 0500);
	fails(unlink("d/f"), EACCES, "no write permission in the directory");
	chmod("d", 0300);
	fails(open("d", O_RDONLY), EACCES, "no read permission of the directory");
	is(stat("d/f", &st), 0, "names in it can still be used");
	chmod("d", 0700);
	umask(077);
	fd = open("masked", O_CREAT | O_RDWR, 0777);
	fstat(fd, &st);
	is(st.st_mode & 0777, 0700, "umask");
	mkdir("masked-d", 0777);
	stat("masked-d", &st);
	is(st.st_mode & 0777, 0700, "for directories too");
	is(umask(0), 077, "umask gives the old one");
	return done();
}
