/* What the shim uses, declared anew. */
#ifndef ELFTAP_STRING_H
#define ELFTAP_STRING_H
#include <stddef.h>
void *memcpy(void *, const void *, size_t);
void *memset(void *, int, size_t);
#endif
