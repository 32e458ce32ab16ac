/**
 * The target description (GDB manual, "AArch64 Features"): which registers there are, in the order of `registers.ts`.
 * Pointer authentication is not announced to guests, so it is not described.
 */

const general = Array.from({ length: 31 }, (_, n) => `<reg name="x${n}" bitsize="64"/>`);
const vectors = Array.from({ length: 32 }, (_, n) => `<reg name="v${n}" bitsize="128" type="vector"/>`);

/** A vector type and its field in a union. */
const lanes: readonly (readonly [id: string, type: string, count: number])[] = [
  ["v2d", "ieee_double", 2],
  ["v2u", "uint64", 2],
  ["v2i", "int64", 2],
  ["v4f", "ieee_single", 4],
  ["v4u", "uint32", 4],
  ["v4i", "int32", 4],
  ["v8h", "ieee_half", 8],
  ["v8u", "uint16", 8],
  ["v8i", "int16", 8],
  ["v16u", "uint8", 16],
  ["v16i", "int8", 16],
  ["v1u", "uint128", 1],
  ["v1i", "int128", 1],
];
const union = (id: string, fields: readonly (readonly [string, string])[]) =>
  `<union id="${id}">` + fields.map(([name, type]) => `<field name="${name}" type="${type}"/>`).join("") + "</union>";

/** A field of cpsr: the condition flags are all of PSTATE that a guest has. */
const flag = (name: string, bit: number) => `<field name="${name}" start="${bit}" end="${bit}"/>`;

export const TARGET_XML = [
  '<?xml version="1.0"?>',
  '<!DOCTYPE target SYSTEM "gdb-target.dtd">',
  '<target version="1.0">',
  "<architecture>aarch64</architecture>",
  "<osabi>GNU/Linux</osabi>",
  '<feature name="org.gnu.gdb.aarch64.core">',
  `<flags id="cpsr_flags" size="4">${flag("V", 28)}${flag("C", 29)}${flag("Z", 30)}${flag("N", 31)}</flags>`,
  ...general,
  '<reg name="sp" bitsize="64" type="data_ptr"/>',
  '<reg name="pc" bitsize="64" type="code_ptr"/>',
  '<reg name="cpsr" bitsize="32" type="cpsr_flags"/>',
  "</feature>",
  '<feature name="org.gnu.gdb.aarch64.fpu">',
  ...lanes.map(([id, type, count]) => `<vector id="${id}" type="${type}" count="${count}"/>`),
  union("vnd", [["f", "v2d"], ["u", "v2u"], ["s", "v2i"]]),
  union("vns", [["f", "v4f"], ["u", "v4u"], ["s", "v4i"]]),
  union("vnh", [["f", "v8h"], ["u", "v8u"], ["s", "v8i"]]),
  union("vnb", [["u", "v16u"], ["s", "v16i"]]),
  union("vnq", [["u", "v1u"], ["s", "v1i"]]),
  union("vector", [["d", "vnd"], ["s", "vns"], ["h", "vnh"], ["b", "vnb"], ["q", "vnq"]]),
  ...vectors,
  '<reg name="fpsr" bitsize="32"/>',
  '<reg name="fpcr" bitsize="32"/>',
  "</feature>",
  '<feature name="org.gnu.gdb.aarch64.tls">',
  '<reg name="tpidr" bitsize="64" type="data_ptr"/>',
  "</feature>",
  "</target>",
  "",
].join("\n");
