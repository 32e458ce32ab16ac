// /proc files about the machine: cpuinfo, meminfo, mounts, version, uptime, stat, loadavg, filesystems, sys.
// oracle: qemu-user shows the host
#include "../tap.h"
#include <fcntl.h>
#include <mntent.h>
#include <sys/utsname.h>

static char text[1 << 20];

static int slurp(const char *path)
{
	int fd = open(path, O_RDONLY), length = 0, n;
	if (fd < 0)
		return -1;
	while ((n = read(fd, text + length, sizeof text - 1 - length)) > 0)
		length += n;
	text[length] = 0;
	close(fd);
	return length;
}

int main(void)
{
	struct utsname name;
	uname(&name);
	ok(slurp("/proc/cpuinfo") > 0, "cpuinfo");
	int processors = 0;
	for (char *at = text; (at = strstr(at, "processor\t:")); at++)
		processors++;
	is(processors, sysconf(_SC_NPROCESSORS_ONLN), "lists the processors");
#ifdef __aarch64__
	ok(strstr(text, "Features\t: fp asimd") && strstr(text, "CPU architecture: 8"), "of this architecture");
#endif
	long total = 0, available = 0;
	ok(slurp("/proc/meminfo") > 0 && sscanf(text, "MemTotal: %ld kB", &total) == 1, "meminfo");
	char *at = strstr(text, "MemAvailable:");
	ok(at && sscanf(at, "MemAvailable: %ld", &available) == 1 && available <= total, "MemAvailable");
	ok(slurp("/proc/version") > 0 && strstr(text, name.release), "version holds uname's release");
	double up = 0, idle = 0;
	ok(slurp("/proc/uptime") > 0 && sscanf(text, "%lf %lf", &up, &idle) == 2 && up > 0, "uptime");
	ok(slurp("/proc/stat") > 0 && strncmp(text, "cpu ", 4) == 0 && strstr(text, "\nbtime "), "stat");
	ok(slurp("/proc/loadavg") > 0, "loadavg");
	ok(slurp("/proc/filesystems") > 0 && strstr(text, "nodev\ttmpfs\n"), "filesystems");
	ok(slurp("/proc/mounts") > 0 && strstr(text, " / "), "mounts");
	FILE *mounts = setmntent("/proc/self/mounts", "r");
	int root = 0, proc = 0;
	for (struct mntent *entry; (entry = getmntent(mounts));) {
		root |= strcmp(entry->mnt_dir, "/") == 0;
		proc |= strcmp(entry->mnt_dir, "/proc") == 0 && strcmp(entry->mnt_type, "proc") == 0;
	}
	ok(root && proc, "with root and proc");
	ok(slurp("/proc/self/mountinfo") > 0 && strstr(text, " - proc "), "mountinfo");
	slurp("/proc/sys/kernel/hostname");
	text[strlen(text) - 1] = 0;
	is_str(text, name.nodename, "sys/kernel/hostname");
	slurp("/proc/sys/kernel/osrelease");
	text[strlen(text) - 1] = 0;
	is_str(text, name.release, "sys/kernel/osrelease");
	ok(slurp("/proc/sys/kernel/pid_max") > 0 && atoi(text) >= 32768, "sys/kernel/pid_max");
	char first[64];
	ok(slurp("/proc/sys/kernel/random/uuid") == 37, "sys/kernel/random/uuid");
	strcpy(first, text);
	slurp("/proc/sys/kernel/random/uuid");
	ok(strcmp(first, text) != 0, "is new every time");
	ok(slurp("/proc/sys/kernel/random/boot_id") == 37, "boot_id");
	strcpy(first, text);
	slurp("/proc/sys/kernel/random/boot_id");
	is_str(text, first, "is always the same");
	ok(slurp("/sys/devices/system/cpu/online") > 0, "/sys/devices/system/cpu/online");
	return done();
}
