// Extended attributes of files: set, get, list, remove; or a clear refusal.
#include "../tap.h"
#include <fcntl.h>
#include <sys/xattr.h>

int main(void)
{
	char buffer[256];
	close(must(open("f", O_CREAT | O_RDWR, 0600)));
	if (setxattr("f", "user.color", "blue", 4, 0) == -1) {
		is(errno, EOPNOTSUPP, "no user attributes on this file system");
		fails(getxattr("f", "user.color", buffer, 256), EOPNOTSUPP, "nor reading them");
		return done();
	}
	is(getxattr("f", "user.color", buffer, 256), 4, "get");
	is(getxattr("f", "user.color", 0, 0), 4, "asking for the size");
	fails(getxattr("f", "user.color", buffer, 2), ERANGE, "too small a buffer");
	fails(getxattr("f", "user.none", buffer, 256), ENODATA, "not there");
	fails(setxattr("f", "user.color", "red", 3, XATTR_CREATE), EEXIST, "XATTR_CREATE");
	fails(setxattr("f", "user.other", "red", 3, XATTR_REPLACE), ENODATA, "XATTR_REPLACE");
	is(setxattr("f", "user.other", "red", 3, 0), 0, "another");
	int length = listxattr("f", buffer, 256), found = 0;
	for (int at = 0; at < length; at += strlen(buffer + at) + 1)
		found += strcmp(buffer + at, "user.color") == 0 || strcmp(buffer + at, "user.other") == 0;
	is(found, 2, "list");
	is(removexattr("f", "user.color"), 0, "remove");
	fails(removexattr("f", "user.color"), ENODATA, "once");
	fails(setxattr("f", "nonsense", "x", 1, 0), EOPNOTSUPP, "no such name space");
	return done();
}
