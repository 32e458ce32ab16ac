/** Names as programmers wrote them: C++ (Itanium ABI) and Rust (v0 and legacy) symbols demangled, others as they are. */
import { demangleItanium } from "./itanium.ts";
import { demangleLegacyRust, demangleRustV0 } from "./rust.ts";

/** Demangles a linkage name; what is none, or cannot be read, comes back as it is. */
export function demangle(name: string): string {
  if (name.startsWith("_Z")) return demangleLegacyRust(name) ?? demangleItanium(name) ?? name;
  return name.startsWith("_R") ? demangleRustV0(name) ?? name : name;
}
