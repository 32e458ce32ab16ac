/** Demangling beside c++filt: all names of the C++ library, names of Rust's two schemes, and damaged ones. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { demangle } from "../../src/debug/demangle/demangle.ts";
import { hasCommand } from "../guests/toolchain.ts";

const FILT = "aarch64-linux-gnu-c++filt", NM = "aarch64-linux-gnu-nm";
const LIBRARY = "/usr/aarch64-linux-gnu/lib/libstdc++.so.6";
const ignore = !hasCommand(FILT);

async function filt(names: readonly string[]): Promise<string[]> {
  const child = new Deno.Command(FILT, { stdin: "piped", stdout: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  void writer.write(new TextEncoder().encode(names.join("\n") + "\n")).then(() => writer.close());
  return new TextDecoder().decode((await child.output()).stdout).trimEnd().split("\n");
}

Deno.test("demangle reads the names of the C++ library as c++filt does", { ignore }, async () => {
  const { stdout } = new Deno.Command(NM, { args: ["-D", "--defined-only", LIBRARY] }).outputSync();
  const names = new TextDecoder().decode(stdout).split("\n").flatMap((line) =>
    /(_Z\w+)(?:@.*)?$/.exec(line)?.slice(1, 2) ?? []
  );
  const expected = await filt(names);
  let refused = 0;
  names.forEach((name, n) => {
    const ours = demangle(name);
    if (ours === name) refused++;
    else equal(ours, expected[n], name);
  });
  ok(names.length > 4000);
  // Names with expressions are left as they are.
  ok(refused < names.length / 50, `${refused} of ${names.length} are refused`);
});

const NAMES = [
  "_ZN4shop6BasketIiE4takeERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE",
  "_ZN12_GLOBAL__N_13runEv",
  "_Z3addIJiiEEvDpT_",
  "_ZZ4mainENKUlvE_clEv",
  "_Z5applyPFiiEi",
  "_Z4makeRA10_Ki",
  "_ZN1AcvbEv",
  "_ZThn16_N1B1fEv",
  "_ZTV3Foo",
  "_ZNO3Foo3barEv",
  "_Z1fM3FooKFivE",
  "_ZN3FooD1Ev",
  "_ZN3FooC2ERKS_",
  "_ZlsRSoRK3Foo",
  "_Z3fooILi5ELb1EEvv",
  // Rust, legacy
  "_ZN4core3fmt9Formatter3pad17h0123456789abcdefE",
  "_ZN71_$LT$alloc..vec..Vec$LT$T$GT$$u20$as$u20$core..ops..drop..Drop$GT$$GT$4drop17h0123456789abcdefE",
  // Rust, v0
  "_RNvCs6DXkGYLi8lr_7mycrate3foo",
  "_RNvNtCs1234_7mycrate4code3foo",
  "_RINvCs1234_7mycrate3foolEB2_",
  "_RNvMs_CsaBcD_4testNtB4_3Foo3bar",
  "_RNCNvCs1234_7mycrate4main0B3_",
  "_RNvXCs1234_7mycrateNtB2_3FooNtB2_5Trait6method",
];

Deno.test("demangle reads names of C++ and Rust as c++filt does", { ignore }, async () => {
  // Hashes tell crates and versions apart; for readers they are noise.
  const expected = (await filt(NAMES)).map((each) =>
    each.replace(/(?<=\w)\[[0-9a-f]+\](?=::)/g, "").replace(/::h[0-9a-f]{16}$/, "")
  );
  deepEqual(NAMES.map(demangle), expected);
});

Deno.test("demangle leaves other names alone", () => {
  for (const name of ["main", "", "_Z", "_R", "_ZZZZ", "_Zabc", "_ZN", "_RNv", "__libc_start_main"]) {
    equal(demangle(name), name);
  }
});

Deno.test("demangle ends soon, and throws nothing, for 30,000 damaged names", () => {
  let state = 12345;
  const next = (below: number) => (state = (state * 1103515245 + 12345) >>> 0) % below;
  const LETTERS = "_ZNIEJSTDLKRPFAMXvibcl0123456789stdaoUCBp";
  for (let round = 0; round < 30_000; round++) {
    const name = [...NAMES[next(NAMES.length)]!];
    for (let n = 1 + next(5); n > 0; n--) name[2 + next(name.length)] = LETTERS[next(LETTERS.length)]!;
    ok(demangle(name.join("").slice(0, 2 + next(200))).length < 1 << 20);
  }
  // What substitutions and back references would double again and again.
  demangle("_Z1f" + "1A".repeat(10) + Array.from({ length: 60 }, (_, n) => `1BIS${n}_S${n}_E`).join(""));
  demangle("_RINvC1a1b" + "TB7_B7_E".repeat(100) + "E");
});
