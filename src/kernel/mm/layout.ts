/**
 * Where things are in a guest's address space.
 *
 * The wasm engine's storage is one linear memory that reaches up to the highest page in use, and its window is
 * 16 GiB. So everything is low and dense, and nothing is randomised: a run can be repeated address by address.
 *
 * ```
 * 0x0000_0000  never mapped below mmap_min_addr
 * 0x0040_0000  programs linked to an address (ET_EXEC) where they say, usually here
 * 0x0100_0000  position-independent programs (ET_DYN)
 *              heap (brk), growing up from the end of the program
 *              stack, growing down to its limit
 * 0x1000_0000  STACK_TOP = MMAP_BASE
 *              mmap, growing up: first fit from MMAP_BASE. The interpreter and the vDSO are the first.
 * limit        of the engine
 * far          what a program maps by MAP_FIXED beyond, for data, as far as the engine has room
 * end of far   the stack of programs with the address sanitizer (exec/far_stack.ts)
 * ```
 * The heap has about 240 MiB less the stack's limit; a C library whose brk fails continues with mmap.
 */

/** Load bias of a position-independent program. */
export const PIE_BASE = 0x0100_0000;
/** First address above the stack. */
export const STACK_TOP = 0x1000_0000;
/** Lowest address of mappings that the kernel places. */
export const MMAP_BASE = 0x1000_0000;
/** Address space kept for the stack to grow into, whatever RLIMIT_STACK says: at least and at most. */
export const STACK_RESERVE_MIN = 8 * 1024 * 1024;
export const STACK_RESERVE_MAX = 64 * 1024 * 1024;

/**
 * The largest share of the address space that one mapping without any right may take: less than half, so that it fits
 * into the upper half. Runtimes reserve room for a heap so, first terabytes, then less and less until they get it: what
 * is left must do for everything else.
 */
export const LARGEST_RESERVATION = 3 / 8;
/**
 * From this size on, bytes, a reservation at an address that does not exist is put as far up as there is room, as on
 * Linux: GHC's takes no heap below 8 GiB, and asks until it gets one. Smaller ones, as Go's, stay low and dense.
 */
export const FAR_RESERVATION = 1024 * 1024 * 1024;
