// uname, sysinfo, getcpu, sched_getaffinity, getrandom, times, getrusage: plausible answers.
#include "../tap.h"
#include <sched.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/times.h>
#include <sys/utsname.h>

int main(void)
{
	struct utsname name;
	is(uname(&name), 0, "uname");
	is_str(name.sysname, "Linux", "sysname");
#ifdef __aarch64__
	is_str(name.machine, "aarch64", "machine");
#endif
	ok(atoi(name.release) >= 4, "a release of this century");
	struct sysinfo info;
	is(sysinfo(&info), 0, "sysinfo");
	ok(info.totalram > 0 && info.freeram <= info.totalram && info.mem_unit > 0, "memory");
	ok(info.procs > 0, "processes");
	cpu_set_t set;
	is(sched_getaffinity(0, sizeof set, &set), 0, "sched_getaffinity");
	ok(CPU_COUNT(&set) >= 1, "at least one processor");
	ok(CPU_ISSET(sched_getcpu(), &set), "this one is in the set");
	ok(sysconf(_SC_NPROCESSORS_ONLN) >= 1, "_SC_NPROCESSORS_ONLN");
	unsigned char random[64] = { 0 };
	is(getrandom(random, sizeof random, 0), 64, "getrandom");
	int nonzero = 0;
	for (int i = 0; i < 64; i++)
		nonzero += random[i] != 0;
	ok(nonzero > 40, "gives noise");
	fails(getrandom(random, 1, 0x100), EINVAL, "unknown flags");
	struct rusage usage;
	is(getrusage(RUSAGE_SELF, &usage), 0, "getrusage");
	ok(usage.ru_maxrss > 0, "ru_maxrss");
	fails(getrusage(77, &usage), EINVAL, "unknown target");
	struct tms buffer;
	clock_t first = times(&buffer);
	ok(first != -1, "times");
	for (volatile long i = 0; i < 20000000; i++)
		;
	getrusage(RUSAGE_SELF, &usage);
	ok(usage.ru_utime.tv_sec + usage.ru_utime.tv_usec > 0, "work shows as user time");
	is(sched_yield(), 0, "sched_yield");
	is(sched_getscheduler(0), SCHED_OTHER, "SCHED_OTHER");
	is(sched_get_priority_max(SCHED_FIFO), 99, "priorities");
	return done();
}
