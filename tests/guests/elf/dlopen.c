// dlopen(3): a library that comes with the C library, its symbols, and an error for one that is not there.
// variants: dynamic
// flags: -ldl
#include "../tap.h"
#include <dlfcn.h>

int main(void)
{
	void *library = dlopen("libm.so.6", RTLD_NOW);
	ok(library, "libm.so.6 opens");
	double (*cosine)(double) = (double (*)(double))dlsym(library, "cos");
	ok(cosine && cosine(0.0) == 1.0, "its cos(0) is 1");
	ok(!dlsym(library, "no_such_symbol"), "an unknown symbol is NULL");
	ok(dlerror(), "dlerror says so");
	ok(!dlopen("libnosuch.so.9", RTLD_NOW), "an unknown library is NULL");
	const char *error = dlerror();
	ok(error && strstr(error, "libnosuch.so.9"), "dlerror names it");
	is(dlclose(library), 0, "dlclose");
	return done();
}
