// Pseudo-terminals: open, names, window size, canonical and raw input, echo, output processing, hang-up.
#include "../tap.h"
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>

static int master, slave;

static const char *from_master(void)
{
	static char buffer[256];
	struct pollfd poller = { master, POLLIN, 0 };
	int length = 0, n;
	while (poll(&poller, 1, length ? 20 : 2000) == 1 && (poller.revents & POLLIN) &&
	       (n = read(master, buffer + length, sizeof buffer - 1 - length)) > 0)
		length += n;
	buffer[length] = 0;
	return buffer;
}

static const char *from_slave(void)
{
	static char buffer[256];
	int n = read(slave, buffer, sizeof buffer - 1);
	buffer[n < 0 ? 0 : n] = 0;
	return buffer;
}

static void type(const char *text) { write(master, text, strlen(text)); }

int main(void)
{
	char name[64];
	struct termios settings, raw;
	struct winsize size = { 0, 0, 0, 0 };
	master = posix_openpt(O_RDWR | O_NOCTTY);
	ok(master >= 0, "posix_openpt");
	is(grantpt(master), 0, "grantpt");
	is(unlockpt(master), 0, "unlockpt");
	is(ptsname_r(master, name, sizeof name), 0, "ptsname_r");
	ok(strncmp(name, "/dev/pts/", 9) == 0, "/dev/pts/N");
	slave = open(name, O_RDWR | O_NOCTTY);
	ok(slave >= 0, "opens");
	ok(isatty(slave), "isatty");
	char seen[64] = "";
	ttyname_r(slave, seen, sizeof seen);
	is_str(seen, name, "ttyname");
	is(ioctl(master, TIOCGWINSZ, &size), 0, "TIOCGWINSZ");
	size.ws_row = 24, size.ws_col = 80;
	is(ioctl(master, TIOCSWINSZ, &size), 0, "TIOCSWINSZ");
	size.ws_row = 0;
	ioctl(slave, TIOCGWINSZ, &size);
	ok(size.ws_row == 24 && size.ws_col == 80, "both sides see it");
	is(tcgetattr(slave, &settings), 0, "tcgetattr");
	ok((settings.c_lflag & (ICANON | ECHO | ISIG)) == (ICANON | ECHO | ISIG), "canonical, echoing, with signals");
	ok((settings.c_oflag & (OPOST | ONLCR)) == (OPOST | ONLCR), "output is processed");
	write(slave, "a\nb", 3);
	is_str(from_master(), "a\r\nb", "newline becomes CR LF");
	type("hello\n");
	is_str(from_master(), "hello\r\n", "input is echoed");
	is_str(from_slave(), "hello\n", "and read by lines");
	type("abX\177c\n");
	is_str(from_slave(), "abc\n", "erase");
	from_master();
	type("wrong\025right\n");
	is_str(from_slave(), "right\n", "kill");
	type("two words\027x\n");
	is_str(from_slave(), "two x\n", "word erase");
	from_master();
	type("\003");
	is_str(from_master(), "^C", "control characters are echoed so");
	type("partial\004");
	is_str(from_slave(), "partial", "end of file in a line gives the line");
	type("\004");
	is_str(from_slave(), "", "on its own it is the end");
	type("one\ntwo\n");
	is_str(from_slave(), "one\n", "one line at a time");
	is_str(from_slave(), "two\n", "then the next");
	from_master();
	raw = settings;
	cfmakeraw(&raw);
	is(tcsetattr(slave, TCSANOW, &raw), 0, "raw");
	type("x\r\003\004");
	is_str(from_slave(), "x\r\003\004", "everything passes");
	write(slave, "a\n", 2);
	is_str(from_master(), "a\n", "in both directions, without echo");
	raw.c_cc[VMIN] = 0, raw.c_cc[VTIME] = 1;
	tcsetattr(slave, TCSANOW, &raw);
	is_str(from_slave(), "", "VMIN 0 with VTIME gives up");
	raw.c_cc[VMIN] = 3, raw.c_cc[VTIME] = 0;
	tcsetattr(slave, TCSANOW, &raw);
	type("ab");
	struct pollfd poller = { slave, POLLIN, 0 };
	is(poll(&poller, 1, 50), 0, "VMIN 3 waits for three");
	type("c");
	is_str(from_slave(), "abc", "then gives them");
	int bytes;
	type("1234");
	poll(&poller, 1, 1000);
	ioctl(slave, FIONREAD, &bytes);
	is(bytes, 4, "FIONREAD");
	is(tcflush(slave, TCIFLUSH), 0, "tcflush");
	ioctl(slave, FIONREAD, &bytes);
	is(bytes, 0, "drops input");
	int number = -1;
	is(ioctl(master, TIOCGPTN, &number), 0, "TIOCGPTN");
	is(number, atoi(name + 9), "is the number in the name");
	close(slave);
	char c;
	fails(read(master, &c, 1), EIO, "without slave the master reads EIO");
	slave = open(name, O_RDWR | O_NOCTTY);
	ok(slave >= 0, "the slave can be opened again");
	close(master);
	is(read(slave, &c, 1), 0, "without master the slave reads the end");
	fails(write(slave, "x", 1), EIO, "and cannot write");
	fails(tcgetattr(0, &settings), ENOTTY, "/dev/null is no terminal");
	return done();
}
