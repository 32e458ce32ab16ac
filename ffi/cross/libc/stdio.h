/* What shim.c uses, declared anew. */
#ifndef ELFTAP_STDIO_H
#define ELFTAP_STDIO_H
#include <stdarg.h>
#include <stddef.h>
int snprintf(char *, size_t, const char *, ...) __attribute__((format(printf, 3, 4)));
int vsnprintf(char *, size_t, const char *, va_list);
#endif
