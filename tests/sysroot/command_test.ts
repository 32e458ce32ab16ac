/** End to end: `elftap sysroot` on the command line, with the permissions that its task has. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { deb, pin, profileOf } from "./archive_builder.ts";
import { MirrorServer } from "./mirror_server.ts";

const PROJECT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

interface Ending {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function setting(
  work: (elftap: (...args: string[]) => Promise<Ending>, file: string) => Promise<void>,
): Promise<void> {
  await using server = new MirrorServer();
  const folder = await Deno.makeTempDir();
  const bytes = deb([{ path: "./usr/bin/hello", content: "hello", mode: 0o755 }]);
  server.serve("pool/hello.deb", bytes);
  const file = join(folder, "tiny.json");
  await Deno.writeTextFile(file, JSON.stringify(profileOf([pin("hello", bytes)])));
  const elftap = async (...args: string[]): Promise<Ending> => {
    const flags = ["--no-prompt", "--allow-read", "--allow-write", "--allow-env", "--allow-net"];
    const command = new Deno.Command(Deno.execPath(), {
      args: ["run", ...flags, join(PROJECT, "cli.ts"), "sysroot", ...args],
      env: { ELFTAP_CACHE: join(folder, "cache"), ELFTAP_MIRROR: server.url, NO_COLOR: "1" },
    });
    const { code, stdout, stderr } = await command.output();
    return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
  };
  try {
    await work(elftap, file);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("sysroot pull prints the root's path, which sysroot path then knows", async () => {
  await setting(async (elftap, file) => {
    const pulled = await elftap("pull", file);
    assert.equal(pulled.code, 0, pulled.stderr);
    const root = pulled.stdout.trimEnd();
    assert.equal(await Deno.readTextFile(join(root, "bin/hello")), "hello");
    assert.match(pulled.stderr, /^elftap: tiny: 1 package, 0.0 MB\n(elftap: tiny: .*\n)*elftap: tiny: ready: /);
    assert.deepEqual(await elftap("path", file), { code: 0, stdout: `${root}\n`, stderr: "" });
  });
});

Deno.test("sysroot pull of what is there says nothing but its path", async () => {
  await setting(async (elftap, file) => {
    const { stdout } = await elftap("pull", file);
    assert.deepEqual(await elftap("pull", file), { code: 0, stdout, stderr: "" });
  });
});

Deno.test("sysroot path of what was not pulled has status 1 and says how", async () => {
  await setting(async (elftap) => {
    assert.deepEqual(await elftap("path", "debian-12-musl-aarch64"), {
      code: 1,
      stdout: "",
      stderr: "elftap: the sysroot debian-12-musl-aarch64 is not there yet\n" +
        "elftap: hint: elftap sysroot pull debian-12-musl-aarch64\n",
    });
  });
});

Deno.test("sysroot ls lists what is pulled and what could be", async () => {
  await setting(async (elftap, file) => {
    await elftap("pull", file);
    const { stdout } = await elftap("ls");
    assert.match(stdout, /^debian-12-musl-aarch64 +available +1.5 MB {2}musl/m);
    assert.match(stdout, /^tiny +pulled +0.0 MB {2}A profile for tests$/m);
    const rows = JSON.parse((await elftap("ls", "--json")).stdout) as { profile: string; state: string }[];
    assert.deepEqual(rows.filter(({ state }) => state === "pulled").map(({ profile }) => profile), ["tiny"]);
  });
});

Deno.test("sysroot verify has status 0 for what is intact and 1 for what is not", async () => {
  await setting(async (elftap, file) => {
    const root = (await elftap("pull", file)).stdout.trimEnd();
    const intact = await elftap("verify");
    assert.equal(intact.code, 0);
    assert.match(intact.stdout, /^tiny-[0-9a-f]{16}: \d+ files are as they were unpacked\n$/);
    await Deno.writeTextFile(join(root, "usr/bin/hello"), "HELLO");
    const damaged = await elftap("verify", "tiny");
    assert.equal(damaged.code, 1);
    assert.match(damaged.stdout, /^tiny-[0-9a-f]{16}: usr\/bin\/hello has other content\n$/);
    assert.match(damaged.stderr, /^elftap: hint: elftap sysroot rm tiny-[0-9a-f]{16}, then pull it again\n$/);
  });
});

Deno.test("sysroot rm removes it, and then it is gone", async () => {
  await setting(async (elftap, file) => {
    await elftap("pull", file);
    const removed = await elftap("rm", "tiny");
    assert.equal(removed.code, 0, removed.stderr);
    assert.match(removed.stderr, /^elftap: removed tiny-[0-9a-f]{16}\n/);
    assert.equal((await elftap("path", file)).code, 1);
  });
});

Deno.test("sysroot pull of an unknown profile is one line and the names there are", async () => {
  await setting(async (elftap) => {
    const { code, stderr } = await elftap("pull", "debian-11");
    assert.equal(code, 125);
    assert.match(
      stderr,
      /^elftap: there is no sysroot profile debian-11\nelftap: hint: there are: debian-12-[^\n]*\n$/,
    );
  });
});

Deno.test("sysroot pull from what is no URL is one line and a hint", async () => {
  await setting(async (elftap, file) => {
    const { code, stderr } = await elftap("pull", "--mirror", "mirror", file);
    assert.equal(code, 125);
    assert.match(stderr, /^elftap: --mirror is not a URL: "mirror"\nelftap: hint: give the folder [^\n]*\n$/);
  });
});
