// User and group ids of an ordinary user: what may be set and what not (man 7 credentials).
#include "../tap.h"
#include <grp.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>

int main(void)
{
	uid_t r, e, s;
	gid_t groups[64];
	getresuid(&r, &e, &s);
	ok(r == getuid() && e == geteuid() && s == e, "getresuid");
	getresgid(&r, &e, &s);
	ok(r == getgid() && e == getegid() && s == e, "getresgid");
	ok(getgroups(64, groups) >= 0, "getgroups");
	if (getuid() == 0) {
		is(setresuid(1000, 1000, 0), 0, "root becomes a user");
		is(geteuid(), 1000, "is one");
		is(seteuid(0), 0, "and root again, by the saved id");
		is(setgroups(0, 0), 0, "setgroups");
		is(setgid(1000), 0, "setgid");
		is(setuid(1000), 0, "setuid for good");
		fails(setuid(0), EPERM, "no way back");
	} else {
		fails(setuid(0), EPERM, "setuid(0)");
		fails(setgid(0), EPERM, "setgid(0)");
		is(setuid(getuid()), 0, "setuid to oneself");
		is(setresuid(-1, -1, -1), 0, "setresuid with nothing to change");
		fails(setgroups(1, (gid_t[]){ 0 }), EPERM, "setgroups");
		fails(seteuid(1), EPERM, "seteuid");
	}
	is(setfsuid(-1), (int)geteuid(), "setfsuid(-1) asks");
	is(prctl(PR_SET_NAME, "a name that is too long"), 0, "PR_SET_NAME");
	char name[17] = "";
	prctl(PR_GET_NAME, name);
	is_str(name, "a name that is ", "is cut to 15 bytes");
	is(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0, "PR_SET_NO_NEW_PRIVS");
	is(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1, "PR_GET_NO_NEW_PRIVS");
	fails(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0), EINVAL, "cannot be undone");
	is(prctl(PR_GET_DUMPABLE) >= 0, 1, "PR_GET_DUMPABLE");
	fails(prctl(12345), EINVAL, "unknown option");
	return done();
}
