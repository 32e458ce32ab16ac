import { deepEqual, equal, throws } from "node:assert/strict";
import { GatheredOutput } from "./gathered_output.ts";

/** A sink that takes three bytes at a time. */
function sink() {
  const pieces: string[] = [];
  return {
    pieces,
    writeSync(bytes: Uint8Array): number {
      pieces.push(new TextDecoder().decode(bytes.subarray(0, 3)));
      return Math.min(3, bytes.length);
    },
  };
}

Deno.test("GatheredOutput writes all that has gathered when it is flushed, in order", () => {
  const to = sink(), output = new GatheredOutput(to);
  output.write("ab");
  output.write("cd");
  deepEqual(to.pieces, []);
  output.flush();
  deepEqual(to.pieces, ["abc", "d"]);
  output.flush();
  equal(to.pieces.length, 2);
});

Deno.test("GatheredOutput writes at once when there is much", () => {
  let count = 0;
  const output = new GatheredOutput({ writeSync: (bytes) => (count += bytes.length, bytes.length) });
  output.write("x".repeat(20_000));
  equal(count, 20_000);
});

Deno.test("GatheredOutput writes in a while by itself", async () => {
  const written = Promise.withResolvers<string>();
  const output = new GatheredOutput({
    writeSync(bytes) {
      written.resolve(new TextDecoder().decode(bytes));
      return bytes.length;
    },
  });
  output.write("alone");
  equal(await written.promise, "alone");
});

Deno.test("GatheredOutput throws later what nobody could catch", async () => {
  const tried = Promise.withResolvers<void>();
  const output = new GatheredOutput({
    writeSync() {
      tried.resolve();
      throw new Deno.errors.BrokenPipe("gone");
    },
  });
  output.write("lost");
  await tried.promise;
  await Promise.resolve();
  throws(() => output.write("more"), Deno.errors.BrokenPipe);
});
