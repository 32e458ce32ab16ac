/** End to end: pulls in processes of their own, killed, raced, starved of disk and of permissions. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Profile } from "../../src/sysroot/profile.ts";
import { entryNames, Store } from "../../src/sysroot/store.ts";
import { verify } from "../../src/sysroot/verify.ts";
import { deb, noise, pin, profileOf, sha256, type TarItem } from "./archive_builder.ts";
import { MirrorServer } from "./mirror_server.ts";

const PROJECT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const PULL = ["run", "--no-prompt", `--config=${join(PROJECT, "deno.json")}`];
const ALL = ["--allow-read", "--allow-write", "--allow-net", "--allow-env"];

interface Setting {
  readonly server: MirrorServer;
  readonly folder: string;
  readonly store: Store;
  /** Puts packages on the server and writes a profile of them; gives its file. */
  profile(
    packages: Readonly<Record<string, readonly TarItem[]>>,
    changes?: Partial<Profile>,
  ): Promise<[Profile, string]>;
  /** Starts a pull. */
  start(file: string, options?: { flags?: readonly string[]; wrap?: readonly string[] }): PullProcess;
}

async function setting(work: (setting: Setting) => Promise<void>): Promise<void> {
  await using server = new MirrorServer();
  const folder = await Deno.makeTempDir();
  const store = new Store(join(folder, "cache"));
  try {
    await work({
      server,
      folder,
      store,
      async profile(packages, changes = {}) {
        const pins = Object.entries(packages).map(([name, items]) => {
          const bytes = deb(items);
          server.serve(`pool/${name}.deb`, bytes);
          return pin(name, bytes);
        });
        const profile = profileOf(pins, changes);
        const file = join(folder, `${profile.name}.json`);
        await Deno.writeTextFile(file, JSON.stringify(profile));
        return [profile, file];
      },
      start(file, { flags = ALL, wrap = [] } = {}) {
        const command = [
          ...wrap,
          Deno.execPath(),
          ...PULL,
          ...flags,
          join(PROJECT, "tests/sysroot/pull_process.ts"),
          file,
        ];
        const env = { ELFTAP_CACHE: store.path, ELFTAP_MIRROR: server.url, NO_COLOR: "1" };
        return new PullProcess(command, env);
      },
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

interface ReportedEvent {
  readonly type: string;
  readonly bytes?: number;
  readonly root?: string;
}

/** A running pull: its events as they come, its ending. */
class PullProcess {
  readonly #child: Deno.ChildProcess;
  readonly #stderr: Promise<string>;
  readonly #events: AsyncGenerator<ReportedEvent>;

  constructor([program = "", ...args]: readonly string[], env: Record<string, string>) {
    this.#child = new Deno.Command(program, { args, env, stdout: "piped", stderr: "piped" }).spawn();
    this.#stderr = new Response(this.#child.stderr).text();
    this.#events = jsonLines(this.#child.stdout);
  }

  /** Kills the process, as nothing can be done against, when an event comes that fits. */
  async killAt(fits: (event: ReportedEvent) => boolean): Promise<void> {
    for (let next = await this.#events.next(); !next.done; next = await this.#events.next()) {
      if (!fits(next.value)) continue;
      this.#child.kill("SIGKILL");
      break;
    }
    await this.end();
  }

  /** Kills the process now. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.end();
  }

  /** Waits for the first event of a type. */
  async until(type: string): Promise<void> {
    for (let next = await this.#events.next(); !next.done; next = await this.#events.next()) {
      if (next.value.type === type) return;
    }
    throw new Error(`no event ${type}: ${await this.#stderr}`);
  }

  async end(): Promise<{ code: number; stderr: string; root: string | undefined; events: ReportedEvent[] }> {
    const events: ReportedEvent[] = [];
    for await (const event of this.#events) events.push(event);
    const { code } = await this.#child.status;
    return { code, stderr: await this.#stderr, root: events.at(-1)?.root, events };
  }
}

async function* jsonLines(stream: ReadableStream<Uint8Array>): AsyncGenerator<ReportedEvent> {
  let rest = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield JSON.parse(line) as ReportedEvent;
  }
}

/** Whatever stands under `blobs` and `sysroots` is whole. */
async function assertValid(store: Store): Promise<void> {
  for (const name of await entryNames(store.blobFolder)) {
    assert.equal(sha256(await Deno.readFile(store.blobPath(name))), name, "a blob under a wrong name");
  }
  for (const name of await store.sysrootNames()) assert.deepEqual((await verify(name, store)).damages, []);
}

const big = (name: string, length: number): TarItem => ({ path: `./usr/lib/${name}`, content: noise(length) });

Deno.test("a pull killed in a download is resumed at that byte", async () => {
  await setting(async (it) => {
    const bytes = deb([big("big", 300_000)]);
    const pinned = pin("big", bytes);
    const profile = profileOf([pinned]);
    const file = join(it.folder, "p.json");
    await Deno.writeTextFile(file, JSON.stringify(profile));
    it.server.stallAfter("pool/big.deb", bytes, 100_000);
    await it.start(file).killAt(({ type, bytes }) => type === "received" && bytes === 100_000);
    await assertValid(it.store);
    assert.deepEqual([await it.store.sysrootNames(), await entryNames(it.store.blobFolder)], [[], []]);

    it.server.serve("pool/big.deb", bytes);
    const { code, root, stderr } = await it.start(file).end();
    assert.equal(code, 0, stderr);
    assert.deepEqual(it.server.requests, ["pool/big.deb", "pool/big.deb@100000"]);
    assert.deepEqual(await Deno.readFile(join(root ?? "", "usr/lib/big")), noise(300_000));
    await assertValid(it.store);
  });
});

Deno.test("a pull killed at any of its steps leaves the store valid, and the next one completes it", async () => {
  await setting(async (it) => {
    const names = ["a", "b", "c"];
    const items = names.map((name) => [name, [big(name, 50_000), { path: `./etc/${name}`, type: "2", target: "x" }]]);
    const [profile, file] = await it.profile(Object.fromEntries(items) as Record<string, TarItem[]>);
    for (let steps = 1;; steps++) {
      let seen = 0;
      const process = it.start(file);
      await process.killAt(() => ++seen === steps);
      await assertValid(it.store);
      if (await it.store.has(profile)) break;
      assert(steps < 50, "no pull came to its end");
    }
    const { code, stderr } = await it.start(file).end();
    assert.equal(code, 0, stderr);
    // Whatever was killed: each package was downloaded to its last byte once, by resuming or in one go.
    assert.deepEqual(
      (await entryNames(it.store.blobFolder)).sort(),
      profile.packages.map(({ sha256 }) => sha256).sort(),
    );
    await assertValid(it.store);
  });
});

Deno.test("two pulls of one sysroot at once: one works, the other waits, both have it", async () => {
  await setting(async (it) => {
    const go = Promise.withResolvers<void>();
    const bytes = deb([big("slow", 100_000)]);
    const profile = profileOf([pin("slow", bytes)]);
    const file = join(it.folder, "p.json");
    await Deno.writeTextFile(file, JSON.stringify(profile));
    it.server.answer("pool/slow.deb", async () => {
      await go.promise;
      return new Response(bytes);
    });
    const first = it.start(file);
    await first.until("started");
    const second = it.start(file);
    await second.until("waiting");
    go.resolve();
    const [one, two] = await Promise.all([first.end(), second.end()]);
    assert.deepEqual([one.code, two.code], [0, 0], one.stderr + two.stderr);
    assert.equal(one.root, two.root);
    assert.deepEqual(it.server.requests, ["pool/slow.deb"]);
    await assertValid(it.store);
  });
});

Deno.test("a pull goes on when the one it waits for is killed", async () => {
  await setting(async (it) => {
    const bytes = deb([big("slow", 100_000)]);
    const profile = profileOf([pin("slow", bytes)]);
    const file = join(it.folder, "p.json");
    await Deno.writeTextFile(file, JSON.stringify(profile));
    it.server.stallAfter("pool/slow.deb", bytes, 60_000);
    const first = it.start(file);
    await first.until("received");
    const second = it.start(file);
    await second.until("waiting");
    it.server.serve("pool/slow.deb", bytes);
    await first.kill();
    const { code, stderr } = await second.end();
    assert.equal(code, 0, stderr);
    await assertValid(it.store);
  });
});

Deno.test("two pulls at once that share a package download it once", async () => {
  await setting(async (it) => {
    const [profile, first] = await it.profile({ shared: [big("shared", 200_000)], one: [big("one", 10)] });
    const second = join(it.folder, "second.json");
    await Deno.writeTextFile(
      second,
      JSON.stringify({ ...profile, name: "second", packages: profile.packages.slice(0, 1) }),
    );
    const ends = await Promise.all([it.start(first).end(), it.start(second).end()]);
    assert.deepEqual(ends.map(({ code }) => code), [0, 0], ends.map(({ stderr }) => stderr).join(""));
    assert.equal(it.server.requests.filter((request) => request.includes("shared")).length, 1);
    assert.equal((await it.store.sysrootNames()).length, 2);
    await assertValid(it.store);
  });
});

/** Runs a pull that must fail; gives the lines that the user sees. */
async function failure(it: Setting, file: string, options: Parameters<Setting["start"]>[1] = {}): Promise<string[]> {
  const { code, stderr } = await it.start(file, options).end();
  assert.equal(code, 125, stderr);
  return stderr.trimEnd().split("\n");
}

Deno.test("a package that is not on the mirror is one line and a hint", async () => {
  await setting(async (it) => {
    const [profile] = await it.profile({ a: [big("a", 10)] });
    const file = join(it.folder, "p.json");
    const pins = profile.packages.map((each) => ({ ...each, path: "pool/gone.deb" }));
    await Deno.writeTextFile(file, JSON.stringify({ ...profile, packages: pins }));
    assert.deepEqual(await failure(it, file), [
      `elftap: cannot download a 1.0: HTTP 404 from ${it.server.url}pool/gone.deb`,
      "elftap: hint: --mirror URL or ELFTAP_MIRROR names another mirror",
    ]);
  });
});

Deno.test("a package with a wrong hash is one line and a hint, and is never unpacked", async () => {
  await setting(async (it) => {
    const [profile, file] = await it.profile({ a: [big("a", 1000)] });
    const other = noise(profile.packages[0]?.size ?? 0);
    it.server.serve("pool/a.deb", other);
    const [line, hint, ...more] = await failure(it, file);
    assert.equal(
      line,
      `elftap: cannot download a 1.0: ${it.server.url}pool/a.deb has SHA-256 ${sha256(other)}, ` +
        `pinned is ${profile.packages[0]?.sha256}`,
    );
    assert.deepEqual([hint, more], ["elftap: hint: --mirror URL or ELFTAP_MIRROR names another mirror", []]);
    assert.deepEqual([await entryNames(it.store.blobFolder), await it.store.sysrootNames()], [[], []]);
  });
});

const hostile: readonly [what: string, item: TarItem, message: RegExp][] = [
  ["..", { path: "../../outside", content: "x" }, /^elftap: evil 1.0: path "..\/..\/outside" leaves the sysroot$/],
  ["an absolute path", { path: "/outside", content: "x" }, /^elftap: evil 1.0: absolute path "\/outside"$/],
  [
    "an absolute link",
    { path: "l", type: "2", target: "/etc/shadow" },
    /^elftap: evil 1.0: link "l" to "\/etc\/shadow" is absolute/,
  ],
  [
    "a link out",
    { path: "l", type: "2", target: "../../../x" },
    /^elftap: evil 1.0: link "l" to "..\/..\/..\/x" leaves the sysroot$/,
  ],
  ["a device node", { path: "dev/mem", type: "3" }, /^elftap: evil 1.0: "dev\/mem" is a character device$/],
  [
    "a huge size",
    { path: "huge", size: 0o77777777777 },
    /^elftap: evil 1.0: "huge" of 8589934591 bytes is more than is unpacked$/,
  ],
];

for (const [what, item, message] of hostile) {
  Deno.test(`a hostile archive with ${what} is one line, and leaves nothing`, async () => {
    await setting(async (it) => {
      const [, file] = await it.profile({ evil: [item] });
      const lines = await failure(it, file);
      assert.equal(lines.length, 1, lines.join("\n"));
      assert.match(lines[0] ?? "", message);
      assert.deepEqual((await entryNames(it.folder)).sort(), ["cache", "tiny.json"]);
      assert.deepEqual([await it.store.sysrootNames(), await entryNames(join(it.store.path, "staging"))], [[], []]);
    });
  });
}

/** Runs a command with a small disk at the store; undefined where this machine does not let us. */
async function smallDisk(store: Store, size: string): Promise<string[] | undefined> {
  const script = `mkdir -p "$0" && mount -t tmpfs -o size=${size} none "$0" && exec "$@"`;
  const wrap = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, store.path];
  try {
    const { success } = await new Deno.Command("unshare", { args: [...wrap.slice(1), "true"], stderr: "null" })
      .output();
    return success ? wrap : undefined;
  } catch {
    return undefined;
  }
}

const probe = await Deno.makeTempDir();
const canMount = await smallDisk(new Store(probe), "64k") !== undefined;
await Deno.remove(probe, { recursive: true });
if (!canMount) console.warn("SKIPPED: the tests with a full disk need unshare(1) and user namespaces");

for (
  const [when, item] of [
    ["while downloading", big("big", 1_000_000)],
    ["while unpacking", { path: "./zeros", content: new Uint8Array(4_000_000) }],
  ] as const
) {
  Deno.test({
    name: `a disk that is full ${when} is one line and a hint`,
    ignore: !canMount,
    fn: async () => {
      await setting(async (it) => {
        const [, file] = await it.profile({ big: [item] });
        const wrap = await smallDisk(it.store, "600k") ?? [];
        const [line, hint, ...more] = await failure(it, file, { wrap });
        assert.match(line ?? "", /^elftap: cannot write .*: no space left on device$/);
        assert.match(hint ?? "", /^elftap: hint: free some space, or let ELFTAP_CACHE name a folder on another disk/);
        assert.deepEqual(more, []);
      });
    },
  });
}

const denied: readonly [flag: string, message: RegExp][] = [
  [
    "--allow-net",
    /^elftap: cannot download from 127.0.0.1:\d+: Deno refused net access to "127.0.0.1:\d+"; hint: run elftap with --allow-net$/,
  ],
  [
    "--allow-env",
    /^elftap: cannot read the environment variable ELFTAP_CACHE: Deno refused env access to "ELFTAP_CACHE"; hint: run elftap with --allow-env$/,
  ],
  [
    "--allow-write",
    /^elftap: cannot unpack a sysroot: Deno makes symbolic links only with full read and write access; hint: run elftap with --allow-read and --allow-write, without paths$/,
  ],
  [
    "--allow-read",
    /^elftap: cannot read the profile .*: Deno refused read access to ".*"; hint: run elftap with --allow-read$/,
  ],
];

for (const [flag, message] of denied) {
  Deno.test(`a pull without ${flag} says so in one line and a hint`, async () => {
    await setting(async (it) => {
      const [, file] = await it.profile({ a: [big("a", 10)] });
      const lines = await failure(it, file, { flags: ALL.filter((each) => each !== flag) });
      assert.match(lines.join("; ").replace("; elftap: hint", "; hint"), message);
    });
  });
}
