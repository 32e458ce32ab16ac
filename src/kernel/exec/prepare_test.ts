import assert from "node:assert/strict";
import {
  AT_BASE,
  AT_ENTRY,
  AT_EXECFN,
  AT_HWCAP,
  AT_PHDR,
  AT_PLATFORM,
  AT_RANDOM,
  AT_SECURE,
  AT_SYSINFO_EHDR,
  AT_UID,
} from "../abi/auxv.ts";
import { E2BIG, ELIBBAD, ELOOP, ENOENT, ENOEXEC, ETXTBSY } from "../abi/errno.ts";
import { hwcaps } from "../abi/hwcap.ts";
import { defaultLimits } from "../abi/resource.ts";
import { PIE_BASE, STACK_TOP } from "../mm/layout.ts";
import type { Mm } from "../mm/mm.ts";
import { bytesOf, fakeElf, FakeFile, memoryEngine, noContext } from "./fake_program.ts";
import { type ExecRequest, type PreparedExec, prepareExec } from "./prepare.ts";

const code = new Uint8Array(100).fill(0xd5);
const fixedProgram = () =>
  fakeElf({
    type: 2,
    entry: 0x400080,
    segments: [
      { vaddr: 0x400000, flags: 5, bytes: code },
      { vaddr: 0x410f00, flags: 6, bytes: new Uint8Array(0x80).fill(7), memsz: 0x3000 },
    ],
  });
const pie = (interpreter?: string) =>
  fakeElf({
    type: 3,
    entry: 0x80,
    segments: [{ vaddr: 0, flags: 5, bytes: code }],
    ...(interpreter === undefined ? {} : { interpreter }),
  });

function request(content: Uint8Array, more: Partial<ExecRequest> & { files?: Record<string, Uint8Array> } = {}) {
  const { files = {}, ...rest } = more;
  return {
    engine: memoryEngine(),
    file: new FakeFile(content),
    filename: "/bin/prog",
    argv: ["prog", "-x"],
    envp: ["A=1"],
    open: (path: string) => files[path] ? new FakeFile(files[path]) : -ENOENT,
    identity: () => ({ uid: 1000, euid: 1000, gid: 100, egid: 100, secure: false }),
    limits: defaultLimits(),
    context: noContext,
    random: new Uint8Array(16).fill(0xab),
    ...rest,
  };
}

function prepared(content: Uint8Array, more: Parameters<typeof request>[1] = {}): PreparedExec {
  const result = prepareExec(request(content, more));
  assert.ok(typeof result !== "number", `errno ${result}`);
  return result;
}

/** argv, envp and auxv as the program would read them. */
function readStack(mm: Mm, sp: number) {
  let at = sp + 8;
  const argc = mm.readNumber(sp);
  const vector = () => {
    const strings: string[] = [];
    for (; mm.readNumber(at) !== 0; at += 8) strings.push(mm.readString(mm.readNumber(at), 4096));
    at += 8;
    return strings;
  };
  const argv = vector(), envp = vector();
  const auxv = new Map<number, number>();
  for (; mm.readNumber(at) !== 0; at += 16) auxv.set(mm.readNumber(at), mm.readNumber(at + 8));
  return { argc, argv, envp, auxv };
}

Deno.test("prepareExec maps a fixed program where it says, with zeroed memory behind its data", () => {
  const { mm, pc } = prepared(fixedProgram());
  assert.equal(pc, 0x400080);
  assert.equal(mm.readU8(0x400000), 0xd5);
  assert.equal(mm.readU8(0x410f7f), 7);
  assert.equal(mm.readU8(0x410f80), 0);
  assert.equal(mm.readU8(0x413eff), 0);
  assert.equal(mm.vmas.find(0x400000)?.prot, 5);
  assert.equal(mm.vmas.find(0x414000), undefined);
  assert.equal(mm.startBrk, 0x415000);
});

Deno.test("prepareExec builds the stack that programs read", () => {
  const { mm, sp } = prepared(fixedProgram());
  assert.equal(sp % 16, 0);
  const { argc, argv, envp, auxv } = readStack(mm, sp);
  assert.deepEqual([argc, argv, envp], [2, ["prog", "-x"], ["A=1"]]);
  assert.equal(mm.readString(auxv.get(AT_EXECFN)!, 99), "/bin/prog");
  assert.equal(mm.readString(auxv.get(AT_PLATFORM)!, 99), "aarch64");
  assert.deepEqual(mm.readBytes(auxv.get(AT_RANDOM)!, 16), new Uint8Array(16).fill(0xab));
  assert.deepEqual(
    [auxv.get(AT_UID), auxv.get(AT_SECURE), auxv.get(AT_HWCAP), auxv.get(AT_BASE), auxv.get(AT_ENTRY)],
    [1000, 0, Number(hwcaps(memoryEngine().features).hwcap), 0, 0x400080],
  );
  assert.equal(mm.readU32(auxv.get(AT_SYSINFO_EHDR)!), 0x464c457f);
  assert.equal(mm.readString(mm.argStart, 99), "prog");
  assert.equal(mm.envEnd - mm.envStart, 4);
});

Deno.test("prepareExec puts the stack below its top and lets it grow", () => {
  const { mm, sp } = prepared(fixedProgram());
  assert.ok(sp < STACK_TOP && sp > STACK_TOP - 4096);
  assert.equal(mm.handleFault(sp - 1_000_000, "write"), "ok");
});

Deno.test("prepareExec starts a dynamic program in its interpreter", () => {
  const files = { "/lib/ld.so": pie() };
  const { mm, pc, sp } = prepared(pie("/lib/ld.so"), { files });
  const { auxv } = readStack(mm, sp);
  const base = auxv.get(AT_BASE)!;
  assert.equal(pc, base + 0x80);
  assert.equal(auxv.get(AT_ENTRY), PIE_BASE + 0x80);
  assert.notEqual(mm.vmas.find(base), undefined);
});

Deno.test("prepareExec finds the program headers in memory", () => {
  const bytes = fakeElf({ type: 3, entry: 0, segments: [{ vaddr: 0, flags: 5, bytes: code }] });
  // One segment that begins at the start of the file.
  new DataView(bytes.buffer).setBigUint64(64 + 8, 0n, true);
  const { mm, sp } = prepared(bytes, {});
  const header = readStack(mm, sp).auxv.get(AT_PHDR)!;
  assert.equal(mm.readU32(header), 1);
});

Deno.test("prepareExec rewrites argv for scripts", () => {
  const files = { "/bin/sh": bytesOf("#!/bin/real -a b \n"), "/bin/real": fixedProgram() };
  const { mm, sp, name } = prepared(bytesOf("#! /bin/sh\necho"), { files, filename: "/x/script" });
  assert.deepEqual(readStack(mm, sp).argv, ["/bin/real", "-a b", "/bin/sh", "/x/script", "-x"]);
  assert.equal(name, "script");
});

Deno.test("prepareExec gives up on scripts that go in circles", () => {
  const loop = bytesOf("#!/loop\n");
  assert.equal(prepareExec(request(loop, { files: { "/loop": loop } })), -ELOOP);
});

Deno.test("prepareExec gives each failure its errno", () => {
  assert.equal(prepareExec(request(bytesOf("plain text\n"))), -ENOEXEC);
  assert.equal(prepareExec(request(new Uint8Array())), -ENOEXEC);
  assert.equal(prepareExec(request(fakeElf({ type: 2, entry: 0, segments: [], machine: 62 }))), -ENOEXEC);
  assert.equal(prepareExec(request(pie("/lib/ld.so"))), -ENOENT);
  assert.equal(prepareExec(request(pie("/lib/ld.so"), { files: { "/lib/ld.so": bytesOf("text") } })), -ELIBBAD);
  assert.equal(prepareExec(request(bytesOf("#!/nowhere\n"))), -ENOENT);
  assert.equal(prepareExec(request(bytesOf("#!/bin/sh\n"), { pathInaccessible: true })), -ENOENT);
  assert.equal(prepareExec(request(fixedProgram(), { argv: ["x".repeat(131_072)] })), -E2BIG);
  assert.equal(prepareExec(request(fixedProgram(), { envp: Array(100).fill("y".repeat(100_000)) })), -E2BIG);
});

Deno.test("prepareExec refuses a file that is open for writing", () => {
  const busy = request(fixedProgram());
  busy.file.inode.writers = 1;
  assert.equal(prepareExec(busy), -ETXTBSY);
});

Deno.test("prepareExec holds the program until its address space is gone", () => {
  const req = request(fixedProgram());
  const result = prepareExec(req);
  assert.ok(typeof result !== "number");
  assert.equal(req.file.inode.deniers, 1);
  assert.ok(req.file.references > 1);
  result.mm.release();
  assert.deepEqual([req.file.inode.deniers, req.file.references], [0, 1]);
});

Deno.test("prepareExec releases everything it opened when it fails", () => {
  const sh = new FakeFile(bytesOf("#!/nowhere\n"));
  const open = (path: string) => path === "/bin/sh" ? sh : -ENOENT;
  assert.equal(prepareExec(request(bytesOf("#!/bin/sh\n"), { open })), -ENOENT);
  assert.equal(sh.references, 0);
});

Deno.test("an empty argv becomes one empty argument", () => {
  const { mm, sp } = prepared(fixedProgram(), { argv: [] });
  assert.deepEqual(readStack(mm, sp).argv, [""]);
});
