// vdso(7): if AT_SYSINFO_EHDR is announced, it is an ELF file with the aarch64 symbols, and its clock agrees with the
// system call's.
// variants: static dynamic
#include "../tap.h"
#include <elf.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <time.h>

static void *find(const char *base, const char *name)
{
	const Elf64_Ehdr *header = (const void *)base;
	const Elf64_Phdr *phdr = (const void *)(base + header->e_phoff);
	const Elf64_Dyn *dynamic = 0;
	unsigned long bias = 0;
	for (int i = 0; i < header->e_phnum; i++) {
		if (phdr[i].p_type == PT_LOAD)
			bias = (unsigned long)base + phdr[i].p_offset - phdr[i].p_vaddr;
		if (phdr[i].p_type == PT_DYNAMIC)
			dynamic = (const void *)(base + phdr[i].p_offset);
	}
	const Elf64_Sym *symbols = 0;
	const char *strings = 0;
	const unsigned *hash = 0;
	for (; dynamic && dynamic->d_tag; dynamic++) {
		void *value = (void *)(dynamic->d_un.d_ptr + bias);
		if (dynamic->d_tag == DT_SYMTAB)
			symbols = value;
		if (dynamic->d_tag == DT_STRTAB)
			strings = value;
		if (dynamic->d_tag == DT_HASH)
			hash = value;
	}
	if (!symbols || !strings || !hash)
		return 0;
	for (unsigned i = 0; i < hash[1]; i++)
		if (symbols[i].st_shndx && strcmp(strings + symbols[i].st_name, name) == 0)
			return (void *)(bias + symbols[i].st_value);
	return 0;
}

int main(void)
{
	const char *vdso = (const char *)getauxval(AT_SYSINFO_EHDR);
	if (!vdso) {
		skip("vDSO", "not announced");
		return done();
	}
	ok(memcmp(vdso, ELFMAG, 4) == 0, "it is an ELF image");
#ifdef __aarch64__
	const char *name = "__kernel_clock_gettime";
#else
	const char *name = "__vdso_clock_gettime";
#endif
	int (*gettime)(clockid_t, struct timespec *) = (int (*)(clockid_t, struct timespec *))find(vdso, name);
	if (!gettime) {
		skip("clock_gettime", "this vDSO does not have it");
		return done();
	}
	struct timespec before, now, after;
	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &before);
	is(gettime(CLOCK_MONOTONIC, &now), 0, "its clock_gettime works");
	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &after);
#define NS(t) ((t).tv_sec * 1000000000LL + (t).tv_nsec)
	ok(NS(before) <= NS(now) && NS(now) <= NS(after), "and agrees with the system call");
	ok(gettime(1000, &now) < 0, "an unknown clock is an error");
	return done();
}
