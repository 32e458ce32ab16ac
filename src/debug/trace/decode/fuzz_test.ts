import assert from "node:assert/strict";
import { SYSCALLS } from "../../../kernel/syscalls/table.ts";
import { DATA, scripted } from "../../../kernel/task/scripted_kernel.ts";
import { OpenCall } from "../open_call.ts";
import { resultText } from "./result.ts";

/** Tries of each call; ELFTAP_FUZZ multiplies them. */
const TRIES = 40 * Number(Deno.env.get("ELFTAP_FUZZ") ?? 1);

/** A small repeatable generator (xorshift32). */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

Deno.test("Decoders take any argument over any memory: they end, throw nothing and stay short", () => {
  const random = generator(0x5eed);
  const { task } = scripted([]);
  const page = new Uint8Array(4096);
  const interesting = [0, 1, 2, 3, 8, 16, 63, 128, 4096, 65536, 2 ** 31 - 1, 2 ** 32, 2 ** 40, 2 ** 53, 2 ** 64];
  const argument = (): number => {
    switch (random(5)) {
      case 0:
        return interesting[random(interesting.length)]!;
      case 1:
        return -1 - random(200);
      case 2:
        return random(0x10000);
      default:
        // Into the memory, mostly aligned; sometimes at its end.
        return random(8) === 0 ? DATA + 0x10_0000 - random(64) : DATA + 8 * random(512);
    }
  };
  for (const row of SYSCALLS) {
    for (let n = 0; n < TRIES; n++) {
      // Small numbers and pointers make more of a structure than noise.
      for (let at = 0; at < page.length; at++) page[at] = random(3) === 0 ? random(256) : 0;
      for (let at = 0; at < page.length; at += 64) {
        task.mm.writeBytes(DATA, page);
        task.mm.writeU64(DATA + at, BigInt(DATA + random(4096)));
        if (at > 256) break;
      }
      const args = row.args.map(argument);
      const call = new OpenCall(task, row.nr, row.name, row, args, {
        limit: 32,
        hexStrings: random(3) as 0 | 1 | 2,
        descriptors: 0,
        abbreviate: random(2) === 0,
      });
      call.begin();
      const result = random(2) === 0 ? -random(600) : random(5000);
      call.end(result);
      const shown = result < 0 ? "" : resultText(call, result, row.result);
      const text = [...call.texts, shown].join(", ");
      assert.ok(text.length < 100_000, `${row.name}: ${text.length} characters`);
      assert.ok(!/undefined|NaN|\[object/.test(text), `${row.name}(${text})`);
    }
  }
});
