// getauxval(3): what the kernel tells a new program about itself.
// variants: static dynamic static-pie musl-static
#include "../tap.h"
#include <elf.h>
#include <sys/auxv.h>

extern char _start[];
extern char __ehdr_start[] __attribute__((weak));

int main(int argc, char **argv)
{
	(void)argc;
	is(getauxval(AT_PAGESZ), 4096, "AT_PAGESZ");
	is(getauxval(AT_CLKTCK), 100, "AT_CLKTCK");
	is(getauxval(AT_PHENT), sizeof(Elf64_Phdr), "AT_PHENT");
	is(getauxval(AT_ENTRY), (long)_start, "AT_ENTRY");
	is(getauxval(AT_UID), getuid(), "AT_UID");
	is(getauxval(AT_EUID), geteuid(), "AT_EUID");
	is(getauxval(AT_GID), getgid(), "AT_GID");
	is(getauxval(AT_EGID), getegid(), "AT_EGID");
	is(getauxval(AT_SECURE), 0, "AT_SECURE");
	is(getauxval(AT_FLAGS), 0, "AT_FLAGS");
	ok(getauxval(AT_HWCAP) != 0, "AT_HWCAP announces something");
	const Elf64_Phdr *phdr = (const void *)getauxval(AT_PHDR);
	int loads = 0;
	for (unsigned long i = 0; i < getauxval(AT_PHNUM); i++)
		loads += phdr[i].p_type == PT_LOAD;
	ok(loads >= 1, "AT_PHDR shows this program's segments");
	const unsigned char *random = (const void *)getauxval(AT_RANDOM);
	int nonzero = 0;
	for (int i = 0; i < 16; i++)
		nonzero |= random[i];
	ok(nonzero, "AT_RANDOM points to 16 bytes");
	const char *execfn = (const char *)getauxval(AT_EXECFN);
	ok(execfn && strcmp(execfn, argv[0]) == 0, "AT_EXECFN is the path of execve");
	const char *platform = (const char *)getauxval(AT_PLATFORM);
#ifdef __aarch64__
	is_str(platform, "aarch64", "AT_PLATFORM");
	unsigned long hwcap = getauxval(AT_HWCAP);
	ok(hwcap & 1, "HWCAP_FP");
	ok(hwcap & 2, "HWCAP_ASIMD");
#else
	(void)platform;
#endif
	return done();
}
