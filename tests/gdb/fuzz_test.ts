/**
 * A packet fuzzer: what a broken or hostile client may send, among it packets cut off, with wrong checksums, of
 * absurd lengths and with every kind of nonsense for arguments. The stub answers with an error or hangs up; it does not
 * throw, and the guest then runs to the end it has without a debugger.
 *
 * ELFTAP_FUZZ=N sends N packets a seed (default 2,000), ELFTAP_SEED chooses others.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import { toBytes } from "../../src/kernel/fs/byte_string.ts";
import { frame } from "../../src/debug/gdb/packet.ts";
import { buildGuests } from "../guests/build.ts";
import { InProcess, interpreterEngine, PlainRun, quietSpec } from "./in_process.ts";

const PACKETS = Number(Deno.env.get("ELFTAP_FUZZ") ?? 2000);
const SEED = Number(Deno.env.get("ELFTAP_SEED") ?? 1);

/** xorshift32 */
function random(seed: number): (below: number) => number {
  let state = (seed * 0x9e3779b9) >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** What packets begin with. Those that change the guest or let it run on purpose have no place here. */
const HEADS = [
  ..."?gpmxHTzZ!",
  "qSupported:",
  "qC",
  "qfThreadInfo",
  "qsThreadInfo",
  "qThreadExtraInfo,",
  "qAttached:",
  "qSymbol:",
  "qSearch:memory:",
  "qCRC:",
  "qXfer:features:read:",
  "qXfer:auxv:read:",
  "qXfer:exec-file:read:",
  "qXfer:libraries-svr4:read:",
  "qXfer:threads:read:",
  "qXfer:siginfo:read:",
  "qXfer:siginfo:write:",
  "qXfer:osdata:read:",
  "qXfer:",
  "qRcmd,",
  "qMemoryRegionInfo:",
  "qHostInfo",
  "qProcessInfo",
  "qShlibInfoAddr",
  "vCont?",
  "vCont;",
  "vFile:open:",
  "vFile:pread:",
  "vFile:close:",
  "vFile:fstat:",
  "vFile:stat:",
  "vFile:readlink:",
  "vFile:pwrite:",
  "vAttach;",
  "vKill;",
  "vStopped",
  "vMustReplyEmpty",
  "QPassSignals:",
  "QProgramSignals:",
  "QCatchSyscalls:",
  "QThreadEvents:",
  "QEnvironmentHexEncoded:",
  "QEnvironmentUnset:",
  "QSetWorkingDir:",
  "QStartupWithShell:",
  "QNonStop:",
  "D;",
  "jThreadsInfo",
  "\x00",
];

/** Pieces of arguments. */
const PIECES = [
  ..."0123456789abcdef,;:.=-+pXz/",
  "ffffffffffffffff",
  "-1",
  "p-1.-1",
  "p1.1",
  "400000",
  "7fffffff",
  "target.xml",
  "X3,220127",
  "X5,2200",
  "cmds:1,X1,27",
  "start=0;prev=0",
  "processes",
  "}",
  "}\x03",
  "*",
  "\xff",
  "%",
  "2f70726f632f73656c662f6d617073",
  "68656c70",
];

/** Whether a packet may change the guest, or let it run, if it happens to be well formed. */
const isHarmful = (packet: string) =>
  /^vCont;[cCsSrt]/.test(packet) || /^(D|vKill|vAttach|QNonStop|!|qRcmd,7472|qXfer:siginfo:write)/.test(packet);

function packet(next: (below: number) => number): string {
  for (;;) {
    let text = HEADS[next(HEADS.length)]!;
    for (let count = next(8); count > 0; count--) text += PIECES[next(PIECES.length)]!;
    if (!isHarmful(text)) return text;
  }
}

/** Bytes on the wire: mostly framed, sometimes broken. */
function bytes(next: (below: number) => number): Uint8Array {
  const framed = frame(packet(next));
  switch (next(12)) {
    case 0: // cut off
      return framed.subarray(0, next(framed.length));
    case 1: // a wrong checksum
      return framed.map((byte, at) => at === framed.length - 1 ? byte ^ 1 : byte);
    case 2: // a byte is another
      return framed.map((byte, at) => at === framed.length >> 1 ? next(256) : byte);
    case 3: // nonsense, without the byte that interrupts
      return Uint8Array.from({ length: next(40) }, () => 4 + next(252));
    case 4: // acknowledgements that nobody asked for
      return toBytes("+-+--");
    default:
      return framed;
  }
}

const { guests, skipped } = await buildGuests(["debug/basic"]);
const guest = guests.find(({ title }) => title === "debug/basic");
for (const { title, why } of skipped) console.error(`skipped the fuzzer's ${title}: ${why}`);

/** Every reply is one of the forms that the protocol has. */
const isReply = (reply: string) =>
  /^(|OK|E.*|[TWXwN].*|[mlbFQC].*|[0-9a-f]*|1,[0-9a-f]+|O[0-9a-f]*|PacketSize.*|vCont.*|[a-z_-]+:.*)$/s.test(reply);

for (const seed of [SEED, SEED + 1, SEED + 2]) {
  Deno.test({
    name: `fuzz: ${PACKETS} packets of seed ${seed} harm neither stub nor guest`,
    ignore: !guest,
    fn: async () => {
      const spec = quietSpec(guest!.path, [], { env: {} });
      const expected = await new PlainRun(spec, interpreterEngine()).outcome;
      const debugged = new InProcess(spec);
      const next = random(seed);
      for (let count = 0; count < PACKETS; count++) {
        debugged.send(bytes(next));
        for (const reply of debugged.takeReplies()) ok(isReply(reply), JSON.stringify(reply));
        if (debugged.hungUp || next(200) === 0) {
          if (!debugged.hungUp) debugged.disconnect();
          debugged.connect();
        }
      }
      // A fresh connection finds the guest where it was: nothing has run.
      debugged.disconnect();
      debugged.connect();
      debugged.takeReplies();
      equal(await debugged.ask("qSupported:multiprocess+").then((reply) => reply.startsWith("PacketSize=")), true);
      equal(await debugged.ask("D"), "OK");
      const outcome = await debugged.outcome;
      deepEqual(outcome.ending, expected.ending);
    },
  });
}

Deno.test({
  name: "fuzz: a client that vanishes within a packet, and one that sends without end, are hung up on",
  ignore: !guest,
  fn: async () => {
    const debugged = new InProcess(quietSpec(guest!.path, [], { env: {} }));
    debugged.send(toBytes("$m4000"));
    debugged.disconnect();
    debugged.connect();
    equal(await debugged.ask("qC").then((reply) => reply.startsWith("QC")), true);
    const endless = new Uint8Array(1 << 16).fill(0x61);
    debugged.send(toBytes("$"));
    for (let count = 0; count < 100 && !debugged.hungUp; count++) debugged.send(endless);
    ok(debugged.hungUp);
    debugged.connect();
    equal(await debugged.ask("D"), "OK");
    deepEqual((await debugged.outcome).ending, { kind: "exit", code: 0 });
  },
});
