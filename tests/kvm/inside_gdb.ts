/**
 * Inside the emulated machine: a session of GDB's remote protocol with a guest on the kvm engine, by the command line
 * that a user has: breakpoint, watchpoint, step, registers, memory, to the guest's own end.
 *
 *     deno run -A tests/kvm/inside_gdb.ts PROGRAM RESULTS SYMBOLS
 */
import assert from "node:assert/strict";
import { tested } from "./rows.ts";

const [program, results, symbolFile] = Deno.args as [string, string, string];
const symbols = JSON.parse(Deno.readTextFileSync(symbolFile)) as Record<string, string>;
const address = (name: string): string => BigInt(`0x${symbols[name]}`).toString(16);

/** One connection: packets with checksums, each acknowledged. */
class Remote {
  #buffer = "";
  constructor(private readonly connection: Deno.TcpConn) {}

  async ask(packet: string): Promise<string> {
    const sum = [...packet].reduce((all, char) => all + char.charCodeAt(0), 0) & 0xff;
    await this.#send(`$${packet}#${sum.toString(16).padStart(2, "0")}`);
    for (;;) {
      const match = /\$([^#]*)#[0-9a-f]{2}/.exec(this.#buffer);
      if (match) {
        this.#buffer = this.#buffer.slice(match.index + match[0].length);
        await this.#send("+");
        return match[1]!;
      }
      const bytes = new Uint8Array(4096), count = await this.connection.read(bytes);
      if (count === null) throw new Error("the connection ended");
      this.#buffer += new TextDecoder().decode(bytes.subarray(0, count));
    }
  }
  async #send(text: string): Promise<void> {
    await this.connection.write(new TextEncoder().encode(text));
  }
}

/** The pc in an answer to `g`: behind X0..X30 and SP. */
const pcOf = (registers: string): number => {
  const bytes = registers.slice(32 * 16, 33 * 16).match(/../g)!.reverse().join("");
  return Number(BigInt(`0x${bytes}`));
};

async function session(): Promise<void> {
  const args = ["run", "-A", "--no-prompt", "--no-check", "cli.ts", "run", "--engine", "kvm", "--gdb", "0"];
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args, "--gdb-stop-on-entry", program],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const errors = child.stderr.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>).getReader();
  let text = "";
  while (!/target remote \S+:(\d+)/.test(text)) {
    const { value, done } = await errors.read();
    if (done) throw new Error(`elftap has ended: ${text}`);
    text += value;
  }
  const port = Number(/target remote \S+:(\d+)/.exec(text)![1]);
  const remote = new Remote(await Deno.connect({ hostname: "127.0.0.1", port }));
  await remote.ask("qSupported:swbreak+;hwbreak+");
  assert.match(await remote.ask("?"), /^[ST][0-9a-f]{2}/);
  assert.equal(await remote.ask(`Z0,${address("main")},4`), "OK");
  assert.match(await remote.ask("c"), /^T05/);
  assert.equal(pcOf(await remote.ask("g")).toString(16), address("main"));
  assert.match(await remote.ask("s"), /^T05/);
  assert.equal(pcOf(await remote.ask("g")).toString(16), (BigInt(`0x${symbols["main"]}`) + 4n).toString(16));
  assert.equal(await remote.ask(`Z2,${address("global")},4`), "OK");
  assert.match(await remote.ask("c"), new RegExp(`^T05.*watch:0*${address("global")};`));
  assert.equal(await remote.ask(`z2,${address("global")},4`), "OK");
  assert.match(await remote.ask(`m${address("main")},4`), /^[0-9a-f]{8}$/);
  assert.equal(await remote.ask(`z0,${address("main")},4`), "OK");
  assert.match(await remote.ask("c"), /^W00/);
  await child.stdout.cancel();
  await errors.cancel();
  await child.status;
}

const isRight = await tested(results, "kvm session: gdb's remote protocol", session);
console.log(`gdb session: ${isRight ? "right" : "wrong"}`);
Deno.exit();
