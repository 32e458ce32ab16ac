// The address sanitizer of GCC finds what it is there to find, and nothing else.
// variants: dynamic
// flags: -fsanitize=address -g
#include "report.h"
