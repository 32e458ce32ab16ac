import assert from "node:assert/strict";
import { SYSCALLS } from "../../../kernel/syscalls/table.ts";
import { LAYOUTS } from "../../../kernel/abi/layouts.ts";
import { typeNamed } from "./layout.ts";
import { signatureOf } from "./signature.ts";

Deno.test("signatureOf knows the formats of every row", () => {
  for (const row of SYSCALLS) assert.equal(signatureOf(row).args.length, row.args.length, row.name);
});

Deno.test("typeNamed gives structures the sizes they have in C", () => {
  const sizes: Record<string, number> = {
    timespec: 16,
    itimerspec: 32,
    rusage: 144,
    sysinfo: 112,
    utsname: 390,
    statfs: 88,
    flock_found: 32,
    stack_t: 24,
    epoll_event: 16,
    mq_attr: 32,
    sembuf: 6,
    winsize: 8,
    sched_attr: 56,
    io_event: 32,
    futex_waitv: 24,
    ucred: 12,
  };
  for (const [name, size] of Object.entries(sizes)) assert.equal(typeNamed(name).size, size, name);
  for (const name of Object.keys(LAYOUTS)) assert.ok(typeNamed(name).size > 0, name);
});
