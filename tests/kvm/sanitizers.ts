/** How Deno is run in the machine with a library that is built with the address sanitizer. */

/** Where the machine has them. */
export const SANITIZERS_THERE = "/payload/sanitizers";

/** Where gcov's counts go in the machine. */
export const COVERAGE_FOLDER = "/results/coverage";

/** The environment in which Deno loads a sanitized shim: V8 keeps its own handler for SIGSEGV, and its memory. */
export const SANITIZED_ENV: readonly string[] = [
  `LD_LIBRARY_PATH=${SANITIZERS_THERE}`,
  `LD_PRELOAD=${SANITIZERS_THERE}/libasan.so.8`,
  "ASAN_OPTIONS=handle_segv=0:handle_sigtrap=0:detect_leaks=0:abort_on_error=1",
  "UBSAN_OPTIONS=print_stacktrace=1",
  `GCOV_PREFIX=${COVERAGE_FOLDER}`,
];
