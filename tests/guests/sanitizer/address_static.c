// The address sanitizer with its runtime in the program.
// variants: dynamic
// flags: -fsanitize=address -static-libasan -g
#include "report.h"
