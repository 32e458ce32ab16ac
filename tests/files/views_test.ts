/**
 * What one guest leaves on the host is what the next one sees, and a file of a read-write bind has one content for all
 * who look at it; a layer over the same folder has it for those who open the file after the change.
 */
import assert from "node:assert/strict";
import { runGuest } from "../../src/runner/guest.ts";
import { GuestPool } from "../../src/runner/guest_pool.ts";
import type { GuestSpec } from "../../src/runner/guest_spec.ts";
import { buildGuests } from "../guests/build.ts";
import { ElftapRunner } from "../guests/elftap.ts";
import { install, temporaryFolder } from "../support/elftap.ts";
import { prints } from "../support/programs.ts";

const built = await buildGuests(["fs/views"]);
for (const { title, why } of built.skipped) console.error(`skipped guest ${title}: ${why}`);
const views = built.guests[0];

Deno.test({
  name: "views of a file agree in a read-write bind, and in a layer over it",
  ignore: views === undefined,
  // Workers are kept from one program to the next.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    assert.deepEqual(built.failed, []);
    const runner = new ElftapRunner();
    using pool = new GuestPool({ keep: 1 });
    using folder = temporaryFolder();
    const spec = runner.spec(views!);
    const { stdout, outcome } = await runGuest({
      ...spec,
      argv: [...spec.argv, "/mnt/layer"],
      cwd: "/mnt/bind",
      binds: [
        ...spec.binds,
        { host: folder.path, guest: "/mnt/bind", readOnly: false },
        { host: folder.path, guest: "/mnt/layer", readOnly: true },
      ],
    }, { pool });
    const text = new TextDecoder().decode(stdout);
    assert.match(text, /mapping stored is read from the layer/);
    assert.deepEqual(outcome.ending, { kind: "exit", code: 0 }, text);
    runner.close();
  },
});

for (const [place, readOnly] of [["layer", true], ["read-write bind", false]] as const) {
  Deno.test({
    name: `a program that is built again runs as it is now, at once: ${place}`,
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      using pool = new GuestPool({ keep: 1 });
      using folder = temporaryFolder();
      const path = `${folder.path}/program`, argv = ["/mnt/program"];
      const spec: GuestSpec = {
        path: argv[0]!,
        argv,
        env: {},
        cwd: "/",
        hostFallback: false,
        binds: [{ host: folder.path, guest: "/mnt", readOnly }],
        uid: 1000,
        gid: 1000,
        hostname: "elftap",
        engine: "auto",
        watchdog: 60,
        timeout: 60_000,
        verbose: 0,
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      };
      for (const word of ["one", "two", "six"]) {
        install(path, prints(word));
        const { stdout } = await runGuest(spec, { pool });
        assert.equal(new TextDecoder().decode(stdout), word);
      }
    },
  });
}
