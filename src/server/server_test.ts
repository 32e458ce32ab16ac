import { deepEqual, equal, match, throws } from "node:assert/strict";
import { fakeGuest, fakeGuestWorker } from "../../tests/runner/fake_guest.ts";
import { Failure } from "../failure.ts";
import { GuestPool } from "../runner/guest_pool.ts";
import type { GuestOutcome, GuestSpec } from "../runner/guest_spec.ts";
import { type Message, MessageLine } from "./message_line.ts";
import { IDENTITY, type ToServer } from "./messages.ts";
import { GuestServer } from "./server.ts";

const entry = fakeGuestWorker;

/** A guest with all streams piped. */
const spec = (steps: readonly string[], more: Partial<GuestSpec> = {}) => fakeGuest(steps, { stdin: "piped", ...more });

const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);

/** A server on a Worker that follows scripts. */
class Fixture implements Disposable {
  readonly #folder = Deno.makeTempDirSync({ prefix: "elftap-test-" });
  readonly #pool = new GuestPool({ entry, keep: 1 });
  readonly server = new GuestServer(`${this.#folder}/socket`, this.#pool);

  async connect(): Promise<MessageLine<Message>> {
    return new MessageLine(await Deno.connect({ transport: "unix", path: this.server.path }));
  }

  /** Asks for a guest. */
  async start(steps: readonly string[], more: Partial<GuestSpec> = {}): Promise<MessageLine<ToServer>> {
    const line = await this.connect() as MessageLine<ToServer>;
    line.send({ type: "run", identity: IDENTITY, spec: spec(steps, more) });
    return line;
  }

  /** Says something, anything, and waits for the end. */
  async say(message: unknown): Promise<GuestOutcome["ending"]> {
    const line = await this.connect();
    line.send(message as Message);
    return (await allOf(line)).ending;
  }

  /** All clients have gone. */
  async settled(): Promise<void> {
    while (this.server.clients > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  [Symbol.dispose](): void {
    this.server[Symbol.dispose]();
    this.#pool[Symbol.dispose]();
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

/** Everything that a server says to the end, with all output taken. */
async function allOf(line: MessageLine<Message>) {
  const outputs: [string, string][] = [], others: Message[] = [];
  let ending: GuestOutcome["ending"] = { kind: "error", message: "no outcome", exitCode: 0 };
  for (let message; (message = await line.receive());) {
    if (message.type === "output") {
      outputs.push([(message as { stream?: string }).stream!, text(message.bytes)]);
      line.send({ type: "taken" });
    } else if (message.type === "outcome") {
      ending = (message as unknown as { outcome: GuestOutcome }).outcome.ending;
    } else others.push(message);
  }
  line.close();
  return { outputs, others, ending };
}

Deno.test("GuestServer runs a guest and tells what it writes and how it ends", async () => {
  using fixture = new Fixture();
  const { outputs, ending } = await allOf(await fixture.start(["out:a", "exit:3"]));
  deepEqual(outputs, [["stdout", "a"]]);
  deepEqual(ending, { kind: "exit", code: 3 });
});

Deno.test("GuestServer keeps its Worker for the next guest", async () => {
  using fixture = new Fixture();
  await allOf(await fixture.start([]));
  deepEqual((await allOf(await fixture.start(["attempt"]))).outputs, [["stdout", "2"]]);
});

Deno.test("GuestServer asks for input when the guest wants some", async () => {
  using fixture = new Fixture();
  const line = await fixture.start(["cat"]);
  deepEqual(await line.receive(), { type: "pull" });
  line.send({ type: "stdin", bytes: new TextEncoder().encode("hello") });
  const said = [await line.receive(), await line.receive()];
  deepEqual(said.map((message) => message?.type).sort(), ["output", "pull"]);
  line.send({ type: "taken" });
  line.send({ type: "stdin" });
  deepEqual((await allOf(line)).ending, { kind: "exit", code: 0 });
});

Deno.test("GuestServer keeps the order of streams that may end in one terminal", async () => {
  using fixture = new Fixture();
  const farEnd = { terminals: [] };
  const line = await fixture.start(["mix:a,b,c,d"], { farEnd });
  deepEqual((await allOf(line)).outputs, [["stdout", "a"], ["stderr", "b"], ["stdout", "c"], ["stderr", "d"]]);
});

Deno.test("GuestServer asks what the input is when the guest wants to know", async () => {
  using fixture = new Fixture();
  for (const isNull of [true, false]) {
    const line = await fixture.start(["null"], { farEnd: { terminals: [] } });
    deepEqual(await line.receive(), { type: "probe" });
    line.send({ type: "probed", isNull });
    deepEqual((await allOf(line)).outputs, [["stdout", String(isNull)]]);
  }
});

Deno.test("GuestServer does not wait for a client that has gone to say what its input is", async () => {
  using fixture = new Fixture();
  const line = await fixture.start(["null", "wait"], { farEnd: { terminals: [] } });
  await line.receive();
  line.close();
  await fixture.settled();
  deepEqual((await allOf(await fixture.start(["attempt"]))).outputs, [["stdout", "2"]]);
});

Deno.test("GuestServer holds a guest back whose output is not taken", async () => {
  using fixture = new Fixture();
  const line = await fixture.start(["bytes:3000000"]);
  let received = 0;
  while (received < 1 << 20) received += (await line.receive())!.bytes!.length;
  equal(received, 1 << 20);
  for (let took = 0; took < 100; took++) line.send({ type: "taken" });
  for (let message; (message = await line.receive()) && message.type === "output";) {
    received += message.bytes!.length;
    line.send({ type: "taken" });
  }
  equal(received, 3_000_000);
  line.close();
});

Deno.test("GuestServer passes signals on, and lets a guest write into a closed stream", async () => {
  using fixture = new Fixture();
  const line = await fixture.start(["out:ready", "wait"]);
  equal(text((await line.receive())?.bytes), "ready");
  line.send({ type: "taken" });
  line.send({ type: "close", stream: "stdout" });
  line.send({ type: "interrupt", signal: 15 });
  deepEqual((await allOf(line)).ending, { kind: "signal", signal: 15, signalName: "SIG15" });
});

Deno.test("GuestServer ends the guest of a client that has gone, and keeps its Worker", async () => {
  using fixture = new Fixture();
  const line = await fixture.start(["out:ready", "wait"]);
  await line.receive();
  line.close();
  await fixture.settled();
  deepEqual((await allOf(await fixture.start(["attempt"]))).outputs, [["stdout", "2"]]);
});

Deno.test("GuestServer waits for nobody's answer when its client has gone", async () => {
  using fixture = new Fixture();
  for (const steps of [["bytes:3000000", "wait"], ["cat", "wait"]]) {
    const line = await fixture.start(steps);
    await line.receive();
    line.close();
    await fixture.settled();
  }
});

Deno.test("GuestServer turns another elftap away", async () => {
  using fixture = new Fixture();
  const ending = await fixture.say({ type: "run", identity: "0.0.1 in file:///else/", spec: {}, more: 1 });
  equal(ending.kind, "error");
  match((ending as { message: string }).message, /^the server is another elftap: .*, not 0\.0\.1 in file:/);
});

for (
  const [title, message, why] of [
    ["no type", { hello: 1 }, /^not a message: it has no type$/],
    ["an unknown type", { type: "constructor" }, /^no message is called "constructor"$/],
    ["another type first", { type: "taken" }, /^taken: no guest runs yet$/],
    ["no spec", { type: "run", identity: IDENTITY }, /^run: a bad spec$/],
    ["a relative path", { type: "run", identity: IDENTITY, spec: spec([], { path: "fake" }) }, /^run: a bad spec$/],
    [
      "the server's own streams",
      { type: "run", identity: IDENTITY, spec: spec([], { stdout: "inherit" }) },
      /^run: a bad spec$/,
    ],
    ["a field too many", { type: "run", identity: IDENTITY, spec: { ...spec([]), more: 1 } }, /^run: a bad spec$/],
    [
      "a bind that is none",
      { type: "run", identity: IDENTITY, spec: { ...spec([]), binds: [{ host: "/" }] } },
      /^run: a bad spec$/,
    ],
    ["a field too many beside the spec", { type: "run", identity: IDENTITY, spec: spec([]), a: 1 }, /^run: a bad a$/],
    [
      "a time without end",
      { type: "run", identity: IDENTITY, spec: spec([], { timeout: 2 ** 31 }) },
      /^run: a bad spec$/,
    ],
    [
      "a bad trace",
      { type: "run", identity: IDENTITY, spec: { ...spec([]), trace: { a: [[[]]] } } },
      /^run: a bad spec$/,
    ],
    [
      "a debugger",
      { type: "run", identity: IDENTITY, spec: spec([], { debug: { stopOnEntry: true, holdOnFailure: false } }) },
      /^run: a bad spec$/,
    ],
  ] as const
) {
  Deno.test(`GuestServer turns ${title} away with one line, and serves on`, async () => {
    using fixture = new Fixture();
    const ending = await fixture.say(message);
    equal(ending.kind, "error");
    match((ending as { message: string }).message, why);
    deepEqual((await allOf(await fixture.start(["exit:4"]))).ending, { kind: "exit", code: 4 });
  });
}

Deno.test("GuestServer survives any bytes", async () => {
  using fixture = new Fixture();
  const frame = (text: number, bytes: number, ...rest: number[]) => {
    const head = new Uint8Array(8 + rest.length), view = new DataView(head.buffer);
    view.setUint32(0, text, true);
    view.setUint32(4, bytes, true);
    head.set(rest, 8);
    return head;
  };
  const garbage = Uint8Array.from({ length: 4096 }, (_, at) => at * 197 & 255);
  const cases = [
    new Uint8Array(0),
    new Uint8Array(3),
    frame(0, 0),
    frame(2, 0, 0x7b, 0x7d),
    frame(4, 0, 0x6e, 0x75, 0x6c, 0x6c),
    frame(2, 0, 0xff, 0xfe),
    frame(100, 0, 0x7b),
    frame(0xffffffff, 0),
    frame(0, 0xffffffff),
    garbage,
  ];
  for (const bytes of cases) {
    const conn = await Deno.connect({ transport: "unix", path: fixture.server.path });
    if (bytes.length > 0) await conn.write(bytes);
    await conn.closeWrite();
    // It hangs up, rather than wait.
    const sink = new Uint8Array(4096);
    while (await conn.read(sink).catch(() => null));
    conn.close();
  }
  await fixture.settled();
  deepEqual((await allOf(await fixture.start(["exit:4"]))).ending, { kind: "exit", code: 4 });
});

Deno.test("GuestServer gives a guest up whose client talks nonsense", async () => {
  using fixture = new Fixture();
  for (const nonsense of [{ type: "interrupt", signal: "TERM" }, { type: "interrupt", signal: 65 }, { type: "sing" }]) {
    const line = await fixture.start(["out:ready", "wait"]) as MessageLine<Message>;
    await line.receive();
    line.send({ type: "taken" });
    line.send(nonsense);
    deepEqual((await allOf(line)).ending, { kind: "timeout", which: "timeout" });
  }
});

Deno.test("GuestServer says why it cannot listen", () => {
  using pool = new GuestPool({ entry });
  throws(() => new GuestServer("/no/where/socket", pool), Failure);
});

Deno.test("GuestServer leaves the socket of another that has come in its place", () => {
  using pool = new GuestPool({ entry });
  const folder = Deno.makeTempDirSync({ prefix: "elftap-test-" }), path = `${folder}/socket`;
  const old = new GuestServer(path, pool);
  Deno.removeSync(path);
  const other = new GuestServer(path, pool);
  old[Symbol.dispose]();
  equal(Deno.lstatSync(path).isSocket, true);
  // Whoever may write to it may connect.
  equal(Deno.lstatSync(path).mode! & 0o777, 0o600);
  other[Symbol.dispose]();
  throws(() => Deno.lstatSync(path), Deno.errors.NotFound);
  Deno.removeSync(folder);
});
