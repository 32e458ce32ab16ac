import { deepEqual, equal } from "node:assert/strict";
import { toBytes } from "../../kernel/fs/byte_string.ts";
import { escapeBinary, frame, type Incoming, PacketReader, unescapeBinary } from "./packet.ts";

const text = (bytes: Uint8Array) => String.fromCharCode(...bytes);
const read = (stream: string, limit = 100): Incoming[] => [...new PacketReader(limit).feed(toBytes(stream))];

Deno.test("frame: a packet carries the sum of its bytes, modulo 256", () => {
  equal(text(frame("OK")), "$OK#9a");
  equal(text(frame("")), "$#00");
  equal(text(frame("Stop:T05", "%")), "%Stop:T05#99");
});

Deno.test("PacketReader: packets, acknowledgements and interrupts in one stream, in pieces", () => {
  const reader = new PacketReader(100), found: Incoming[] = [];
  for (const char of "+$g#67-\x03$vCont?#49") found.push(...reader.feed(toBytes(char)));
  deepEqual(found, [
    { kind: "ack" },
    { kind: "packet", data: "g" },
    { kind: "nak" },
    { kind: "interrupt" },
    { kind: "packet", data: "vCont?" },
  ]);
});

Deno.test("PacketReader: a wrong checksum, or none, is corrupt", () => {
  deepEqual(read("$g#68"), [{ kind: "corrupt" }]);
  deepEqual(read("$g#zz"), [{ kind: "corrupt" }]);
  deepEqual(read("$g#6 "), [{ kind: "corrupt" }]);
});

Deno.test("PacketReader: a packet cut off by the next one is corrupt, the next one is read", () => {
  deepEqual(read("$abc$g#67"), [{ kind: "corrupt" }, { kind: "packet", data: "g" }]);
});

Deno.test("PacketReader: an interrupt byte within data is data", () => {
  deepEqual(read("$\x03#03"), [{ kind: "packet", data: "\x03" }]);
});

Deno.test("PacketReader: noise between packets is skipped", () => {
  deepEqual(read("hello\r\n$g#67 GET /"), [{ kind: "packet", data: "g" }]);
});

Deno.test("PacketReader: a packet beyond the limit is overlong", () => {
  deepEqual(read("$" + "x".repeat(11), 10), [{ kind: "overlong" }]);
});

Deno.test("escapeBinary, unescapeBinary: every byte survives and none has a meaning in the framing", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const escaped = escapeBinary(bytes);
  deepEqual(unescapeBinary(escaped), bytes);
  equal(/[#$*]/.test(escaped), false);
});
