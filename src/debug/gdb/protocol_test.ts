/** The small parts of the protocol: thread ids, signal numbers, the checksum of memory. */
import { deepEqual, equal } from "node:assert/strict";
import { toBytes } from "../../kernel/fs/byte_string.ts";
import { crc32 } from "./memory.ts";
import { gdbSignal, linuxSignal } from "./signal_numbers.ts";
import { formatThreadId, parseThreadId } from "./thread_id.ts";
import { xmlText } from "./xml.ts";

Deno.test("parseThreadId: with and without a process, any and all", () => {
  deepEqual(parseThreadId("1f"), { pid: undefined, tid: 31 });
  deepEqual(parseThreadId("-1"), { pid: undefined, tid: -1 });
  deepEqual(parseThreadId("p2.3"), { pid: 2, tid: 3 });
  deepEqual(parseThreadId("p2"), { pid: 2, tid: -1 });
  deepEqual(parseThreadId("p-1.-1"), { pid: -1, tid: -1 });
  for (const wrong of ["", "p", "p.", "x", "1.2", "p1.x", "123456789"]) equal(parseThreadId(wrong), undefined, wrong);
});

Deno.test("formatThreadId: hexadecimal", () => {
  equal(formatThreadId(101, 102, true), "p65.66");
  equal(formatThreadId(101, 102, false), "66");
});

Deno.test("gdbSignal, linuxSignal: opposites for every signal that both have", () => {
  for (let signal = 1; signal <= 64; signal++) {
    const there = gdbSignal(signal);
    if (there !== 143) equal(linuxSignal(there), signal);
  }
  equal(gdbSignal(7), 10); // SIGBUS
  equal(gdbSignal(10), 30); // SIGUSR1
  equal(gdbSignal(34), 46); // SIGRTMIN
  equal(linuxSignal(7), undefined); // SIGEMT
});

Deno.test("crc32: the known value of 123456789 (CRC-32/MPEG-2)", () => {
  equal(crc32(toBytes("123456789")), 0x0376e6e7);
});

Deno.test("xmlText: what has a meaning is escaped, what XML cannot say is replaced", () => {
  equal(xmlText(`a<b>&"c'\x01`), "a&lt;b&gt;&amp;&quot;c&apos;?");
});
