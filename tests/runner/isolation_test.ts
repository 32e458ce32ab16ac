/** What a guest can reach of the host: what it was given, even when the kernel personality has a hole. */
import { deepEqual } from "node:assert/strict";
import { ENOENT } from "../../src/kernel/abi/errno.ts";
import { runGuest } from "../../src/runner/guest.ts";
import { GuestPool } from "../../src/runner/guest_pool.ts";
import { guestSpec, type World } from "../../src/runner/world.ts";
import { install, temporaryFolder } from "../support/elftap.ts";
import { readsFile } from "../support/programs.ts";

const leaky = new URL("leaky_worker.ts", import.meta.url);

/** Lets a guest read a file; returns how it ended and what it printed. */
async function read(file: string, folder: string, world: World, pool = new GuestPool()): Promise<unknown[]> {
  const path = install(`${folder}/program`, readsFile(file));
  const spec = guestSpec({ path, args: [], stdin: "null", stdout: "piped", stderr: "null" }, world);
  const { outcome, stdout } = await runGuest(spec, { pool });
  return [outcome.ending, new TextDecoder().decode(stdout)];
}

const exit = (code: number) => ({ kind: "exit", code });

Deno.test("a guest reads what is bound", async () => {
  using folder = temporaryFolder();
  Deno.mkdirSync(`${folder.path}/shared`);
  Deno.writeTextFileSync(`${folder.path}/shared/file`, "shared");
  const binds = [{ host: `${folder.path}/shared`, guest: "/shared", readOnly: true }];
  deepEqual(await read("/shared/file", folder.path, { hostFallback: false, binds }), [exit(0), "shared"]);
});

Deno.test("a guest without the host does not find the host's files", async () => {
  deepEqual(await withSecret((secret, folder) => read(secret, folder, { hostFallback: false })), [exit(ENOENT), ""]);
});

for (const escape of ["/shared/../../secret", "/shared/link", "/shared/sub/../../secret"]) {
  Deno.test(`a guest does not leave a bind by ${escape}`, async () => {
    const result = await withSecret((secret, folder) => {
      Deno.mkdirSync(`${folder}/shared/sub`, { recursive: true });
      Deno.symlinkSync(secret, `${folder}/shared/link`);
      const binds = [{ host: `${folder}/shared`, guest: "/shared", readOnly: true }];
      return read(escape, folder, { hostFallback: false, binds });
    });
    deepEqual(result, [exit(ENOENT), ""]);
  });
}

Deno.test("a guest that falls back to the host reads its files", async () => {
  deepEqual(await withSecret((secret, folder) => read(secret, folder, {})), [exit(0), "secret"]);
});

Deno.test("Deno refuses a host path that a hole in the kernel lets the guest reach", async () => {
  const result = await withSecret(async (_secret, folder) => {
    const world = { hostFallback: false, sysroot: `${folder}/root` };
    const [ending, stdout] = await read("/leak/secret", folder, world, new GuestPool({ entry: leaky }));
    return [(ending as { message: string }).message.replace(folder, "FOLDER"), stdout];
  });
  deepEqual(result, ["cannot bind FOLDER: EACCES", ""]);
});

/** Runs with a file on the host that is not the guest's business; it does not lie where guests have a fresh folder. */
async function withSecret<T>(use: (secret: string, folder: string) => Promise<T>): Promise<T> {
  const folder = Deno.realPathSync(
    Deno.makeTempDirSync({ dir: new URL(".", import.meta.url).pathname, prefix: ".tmp-" }),
  );
  try {
    Deno.mkdirSync(`${folder}/root`);
    Deno.writeTextFileSync(`${folder}/secret`, "secret");
    return await use(`${folder}/secret`, folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}
