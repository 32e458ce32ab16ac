/** What an attached debugger costs: a workload with one, with a breakpoint that is never hit, beside one without. */
import { frame, PacketReader } from "../src/debug/gdb/packet.ts";

/** The debugger's end of a connection. */
class Client {
  readonly #reader = new PacketReader(1 << 20);
  readonly #buffer = new Uint8Array(65536);

  constructor(private readonly conn: Deno.Conn) {}

  async ask(packet: string): Promise<string> {
    await this.conn.write(frame(packet));
    for (;;) {
      const count = await this.conn.read(this.#buffer);
      if (count === null) throw new Error(`elftap has hung up at ${packet}`);
      for (const incoming of this.#reader.feed(this.#buffer.subarray(0, count))) {
        if (incoming.kind === "packet") return incoming.data;
      }
    }
  }
}

/**
 * Runs a program to its end under a debugger, as gdb does it after `continue`; what it printed.
 *
 * @param command elftap's words up to and with `run`
 */
export async function runDebugged(
  command: readonly string[],
  program: string,
  args: readonly string[],
): Promise<string> {
  const [deno, verb, ...rest] = command;
  const child = new Deno.Command(deno!, {
    args: [verb!, "--allow-net=127.0.0.1", ...rest, "--gdb", "0", "--gdb-stop-on-entry", program, ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    cwd: "/",
  }).spawn();
  const printed = new Response(child.stdout).text();
  const port = await listeningPort(child.stderr);
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const client = new Client(conn);
  await client.ask("qSupported:multiprocess+;swbreak+;hwbreak+");
  await client.ask("QStartNoAckMode");
  const entry = /;20:([0-9a-f]{16});/.exec(await client.ask("?"))?.[1];
  if (entry === undefined) throw new Error("the guest is not stopped at its entry");
  const address = entry.match(/../g)!.reverse().join("").replace(/^0+/, "");
  // The entry is behind: nothing comes here again.
  await client.ask("vCont;s");
  await client.ask(`Z0,${address},4`);
  const end = await client.ask("vCont;c");
  if (!end.startsWith("W00")) throw new Error(`the guest ended with ${end}`);
  return await printed;
}

/** The port that elftap names on stderr; what it says afterwards is read and dropped. */
function listeningPort(stderr: ReadableStream<Uint8Array>): Promise<number> {
  return new Promise((resolve, reject) => {
    const read = async () => {
      let text = "";
      for await (const part of stderr.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)) {
        text += part;
        const port = /target remote [^\s:]+:(\d+)/.exec(text);
        if (port) resolve(Number(port[1]));
      }
      reject(new Error(text.split("\n")[0]));
    };
    void read();
  });
}
