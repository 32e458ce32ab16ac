/* macOS's dynamic linker: what shim.c uses, declared anew. */
#ifndef ELFTAP_DLFCN_H
#define ELFTAP_DLFCN_H
#define RTLD_NOW 0x2
#define RTLD_NODELETE 0x80
typedef struct {
	const char *dli_fname;
	void *dli_fbase;
	const char *dli_sname;
	void *dli_saddr;
} Dl_info;
int dladdr(const void *, Dl_info *);
void *dlopen(const char *, int);
#endif
