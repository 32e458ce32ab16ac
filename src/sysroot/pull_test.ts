import assert from "node:assert/strict";
import { join } from "node:path";
import { deb, pin, profileOf, type TarItem } from "../../tests/sysroot/archive_builder.ts";
import { MirrorServer } from "../../tests/sysroot/mirror_server.ts";
import type { Profile } from "./profile.ts";
import { pull, type PullEvent } from "./pull.ts";
import { resolveSysroot } from "./resolve.ts";
import { entryNames, Store } from "./store.ts";
import { list, pulledNames, remove } from "./sysroots.ts";
import { verify } from "./verify.ts";

interface Setting {
  readonly server: MirrorServer;
  readonly store: Store;
  readonly events: PullEvent[];
  /** Puts packages on the server and gives a profile of them. */
  profile(packages: Readonly<Record<string, readonly TarItem[]>>, changes?: Partial<Profile>): Profile;
  pull(profile: Profile): Promise<string>;
}

async function setting(work: (setting: Setting) => Promise<void>): Promise<void> {
  await using server = new MirrorServer();
  const store = new Store(await Deno.makeTempDir());
  const events: PullEvent[] = [];
  try {
    await work({
      server,
      store,
      events,
      profile(packages, changes = {}) {
        const pins = Object.entries(packages).map(([name, items]) => {
          const bytes = deb(items);
          server.serve(`pool/${name}.deb`, bytes);
          return pin(name, bytes);
        });
        return profileOf(pins, changes);
      },
      pull: (profile) => pull(profile, { store, mirror: server.url, onProgress: (event) => events.push(event) }),
    });
  } finally {
    await Deno.remove(store.path, { recursive: true });
  }
}

const hello = { hello: [{ path: "./bin/hello", content: "hello", mode: 0o755 }] };

Deno.test("pull makes the tree of all packages and of the profile itself", async () => {
  await setting(async (it) => {
    const profile = it.profile({
      ...hello,
      libx: [{ path: "./lib/", type: "5" }, { path: "./lib/libx.so.1", content: "x" }],
    }, {
      files: { "etc/passwd": { text: "root:x:0:0::/:/bin/sh\n" } },
      links: { "usr/bin/sh": "hello", "etc/mtab": "/proc/self/mounts" },
    });
    const root = await it.pull(profile);
    assert.equal(root, await it.store.rootFolder(profile));
    assert.equal(await Deno.readTextFile(join(root, "bin/hello")), "hello");
    assert.equal(await Deno.readTextFile(join(root, "usr/lib/libx.so.1")), "x");
    assert.equal(await Deno.readTextFile(join(root, "etc/passwd")), "root:x:0:0::/:/bin/sh\n");
    assert.equal(await Deno.readLink(join(root, "lib")), "usr/lib");
    assert.equal(await Deno.readLink(join(root, "etc/mtab")), "../proc/self/mounts");
    assert.deepEqual((await verify(await it.store.sysrootName(profile), it.store)).damages, []);
  });
});

Deno.test("pull does nothing when the sysroot is there", async () => {
  await setting(async (it) => {
    const profile = it.profile(hello);
    await it.pull(profile);
    it.events.length = 0;
    await it.pull(profile);
    assert.deepEqual([it.events, it.server.requests], [[], ["pool/hello.deb"]]);
  });
});

Deno.test("pull tells of its progress up to the last byte", async () => {
  await setting(async (it) => {
    const profile = it.profile({ ...hello, other: [{ path: "./x", content: "x" }] });
    await it.pull(profile);
    const size = profile.packages.reduce((sum, { size }) => sum + size, 0);
    assert.deepEqual(it.events[0], { type: "started", profile, packages: 2, size });
    assert.deepEqual(it.events.findLast(({ type }) => type === "received"), { type: "received", bytes: size });
    assert.deepEqual(
      it.events.filter(({ type }) => type === "unpacked").map((event) => "count" in event && event.count),
      [1, 2],
    );
    assert.equal(it.events.at(-1)?.type, "finished");
  });
});

Deno.test("pull shares packages between profiles", async () => {
  await setting(async (it) => {
    const profile = it.profile(hello);
    await it.pull(profile);
    await it.pull({ ...profile, name: "second" });
    assert.deepEqual(it.server.requests, ["pool/hello.deb"]);
  });
});

Deno.test("pull downloads a stored package again that has rotted", async () => {
  await setting(async (it) => {
    const profile = it.profile(hello);
    await it.store.prepare();
    const [pinned] = profile.packages;
    assert(pinned !== undefined);
    await Deno.writeFile(it.store.blobPath(pinned.sha256), new Uint8Array(pinned.size));
    const root = await it.pull(profile);
    assert.equal(await Deno.readTextFile(join(root, "bin/hello")), "hello");
    assert(
      it.events.some((event) => event.type === "notice" && /hello: the stored package is damaged/.test(event.line)),
    );
  });
});

Deno.test("pull clears up what a killed pull left", async () => {
  await setting(async (it) => {
    const profile = it.profile(hello);
    await it.store.prepare();
    const stale = it.store.stagingFolder(await it.store.sysrootName(profile));
    await Deno.mkdir(join(stale, "root", "half"), { recursive: true });
    await it.pull(profile);
    assert.deepEqual(await entryNames(join(it.store.path, "staging")), []);
  });
});

Deno.test("pull leaves nothing but blobs behind when a package is refused", async () => {
  await setting(async (it) => {
    const profile = it.profile({ ...hello, evil: [{ path: "../../evil", content: "x" }] });
    await assert.rejects(it.pull(profile), /^SysrootError: evil 1.0: path "..\/..\/evil" leaves the sysroot$/);
    assert.deepEqual(await it.store.sysrootNames(), []);
    assert.deepEqual(await entryNames(join(it.store.path, "staging")), []);
  });
});

Deno.test("pull refuses two packages with the same file", async () => {
  await setting(async (it) => {
    const profile = it.profile({ a: [{ path: "./x", content: "a" }], b: [{ path: "./x", content: "b" }] });
    await assert.rejects(it.pull(profile), /"x" is there already, from another package/);
  });
});

Deno.test("pull refuses a link out of the sysroot, and makes none", async () => {
  await setting(async (it) => {
    const profile = it.profile({ evil: [{ path: "./etc/x", type: "2", target: "../../../../etc/passwd" }] });
    await assert.rejects(
      it.pull(profile),
      /evil 1.0: link "etc\/x" to "..\/..\/..\/..\/etc\/passwd" leaves the sysroot/,
    );
  });
});

Deno.test("pull refuses an absolute link to a file that only the host has", async () => {
  await setting(async (it) => {
    const profile = it.profile({ evil: [{ path: "./etc/x", type: "2", target: "/etc/passwd" }] });
    await assert.rejects(it.pull(profile), /is absolute, and there is no such file in the sysroot/);
  });
});

Deno.test("pull stops when it is told to, and the next one completes it", async () => {
  await setting(async (it) => {
    const profile = it.profile({ ...hello, other: [{ path: "./x", content: "x" }] });
    const stop = new AbortController();
    const stopped = pull(profile, {
      store: it.store,
      mirror: it.server.url,
      signal: stop.signal,
      onProgress: (event) => event.type === "unpacked" && stop.abort(),
    });
    await assert.rejects(stopped, { name: "AbortError" });
    assert.deepEqual(await it.store.sysrootNames(), []);
    await it.pull(profile);
    assert.deepEqual((await verify(await it.store.sysrootName(profile), it.store)).damages, []);
  });
});

Deno.test("verify finds what is missing, changed, added and of another kind", async () => {
  await setting(async (it) => {
    const files = ["gone", "changed", "longer", "mode", "kind"].map((name) => ({ path: `d/${name}`, content: "text" }));
    const profile = it.profile({ a: [...files, { path: "d/link", type: "2", target: "gone" }] });
    const d = join(await it.pull(profile), "d");
    await Deno.remove(join(d, "gone"));
    await Deno.writeTextFile(join(d, "changed"), "TEXT");
    await Deno.writeTextFile(join(d, "longer"), "text and more");
    await Deno.chmod(join(d, "mode"), 0o777);
    await Deno.remove(join(d, "kind"));
    await Deno.mkdir(join(d, "kind"));
    await Deno.remove(join(d, "link"));
    await Deno.symlink("elsewhere", join(d, "link"));
    await Deno.writeTextFile(join(d, "added"), "");
    const { damages } = await verify(await it.store.sysrootName(profile), it.store);
    assert.deepEqual(Object.fromEntries(damages.map(({ path, what }) => [path, what])), {
      "d/gone": "is missing",
      "d/changed": "has other content",
      "d/longer": "has 13 bytes, not 4",
      "d/mode": "has mode 777, not 644",
      "d/kind": "is a folder, not a file",
      "d/link": "points elsewhere",
      "d/added": "does not belong there",
    });
  });
});

Deno.test("verify finds a rotten package", async () => {
  await setting(async (it) => {
    const profile = it.profile(hello);
    await it.pull(profile);
    const blob = it.store.blobPath(profile.packages[0]?.sha256 ?? "");
    await Deno.writeFile(blob, new Uint8Array(3));
    const { damages } = await verify(await it.store.sysrootName(profile), it.store);
    assert.deepEqual(damages, [{ path: blob, what: "has other content" }]);
  });
});

Deno.test("verify says in one line that a manifest is damaged", async () => {
  await setting(async (it) => {
    const profile = it.profile(hello);
    await it.pull(profile);
    const name = await it.store.sysrootName(profile);
    await Deno.writeTextFile(join(it.store.sysrootFolder(name), "manifest.json"), '{"version":1,"entries":[{}]}');
    await assert.rejects(verify(name, it.store), /^SysrootError: .*manifest.json is damaged$/);
  });
});

Deno.test("remove removes a sysroot, and the packages that no other one needs", async () => {
  await setting(async (it) => {
    const profile = it.profile({ ...hello, other: [{ path: "./x", content: "x" }] });
    const second = { ...profile, name: "second", packages: profile.packages.slice(0, 1) };
    await it.pull(profile);
    await it.pull(second);
    const { sysroots, blobBytes } = await remove("tiny", it.store);
    assert.deepEqual(sysroots, [await it.store.sysrootName(profile)]);
    assert.equal(blobBytes, profile.packages[1]?.size);
    assert.deepEqual(await it.store.sysrootNames(), [await it.store.sysrootName(second)]);
    assert.deepEqual(await entryNames(it.store.blobFolder), [profile.packages[0]?.sha256]);
  });
});

Deno.test("remove keeps all packages while a pull is going on", async () => {
  await setting(async (it) => {
    const profile = it.profile(hello);
    await it.pull(profile);
    using _pull = await it.store.shareBlobs();
    assert.equal((await remove("tiny", it.store)).blobBytes, 0);
    assert.equal((await entryNames(it.store.blobFolder)).length, 1);
  });
});

Deno.test("remove refuses a sysroot that is being pulled", async () => {
  await setting(async (it) => {
    const profile = it.profile(hello);
    await it.pull(profile);
    using _pull = await it.store.lockSysroot(await it.store.sysrootName(profile), {});
    await assert.rejects(remove("tiny", it.store), /is being pulled or removed right now$/);
    assert(await it.store.has(profile));
  });
});

Deno.test("remove says that a profile was not pulled", async () => {
  await setting(async (it) => {
    await assert.rejects(remove("debian-12-musl-aarch64", it.store), /debian-12-musl-aarch64 was not pulled$/);
  });
});

Deno.test("pulledNames does not take one profile for another that begins alike", async () => {
  await setting(async (it) => {
    const profile = it.profile(hello);
    await it.pull({ ...profile, name: "tiny-two" });
    assert.deepEqual(await pulledNames("tiny", it.store), []);
  });
});

Deno.test("list shows shipped and other pulled profiles with their state", async () => {
  await setting(async (it) => {
    await it.pull(it.profile(hello));
    await it.pull(it.profile(hello, { name: "debian-12-musl-aarch64" }));
    const states = (await list(it.store)).map(({ profile, state, path }) => [profile.name, state, path !== undefined]);
    assert.deepEqual(states, [
      ["debian-12-glib-tests-aarch64", "available", false],
      ["debian-12-glibc-aarch64", "available", false],
      ["debian-12-musl-aarch64", "available", false],
      ["debian-12-musl-aarch64", "outdated", true],
      ["tiny", "pulled", true],
    ]);
  });
});

Deno.test("list of a store that does not exist is what could be pulled", async () => {
  const store = new Store("/nonexistent/elftap");
  assert.deepEqual((await list(store)).map(({ state }) => state), ["available", "available", "available"]);
});

Deno.test("resolveSysroot gives a folder as an absolute path", async () => {
  const folder = await Deno.makeTempDir();
  assert.deepEqual(await resolveSysroot(folder), { path: folder });
  await Deno.remove(folder);
});

Deno.test("resolveSysroot says how to pull a profile", async () => {
  await setting(async (it) => {
    await assert.rejects(resolveSysroot("debian-12-glibc-aarch64", it.store), {
      message: "the sysroot debian-12-glibc-aarch64 is not there yet",
      hint: "elftap sysroot pull debian-12-glibc-aarch64",
    });
  });
});

Deno.test("resolveSysroot gives the root of a pulled profile", async () => {
  await setting(async (it) => {
    const profile = it.profile(hello);
    await it.pull(profile);
    const file = join(it.store.path, "p.json");
    await Deno.writeTextFile(file, JSON.stringify(profile));
    assert.equal((await resolveSysroot(file, it.store)).path, await it.store.rootFolder(profile));
  });
});

Deno.test("resolveSysroot names the profiles when a name is nothing", async () => {
  await assert.rejects(resolveSysroot("debian-99"), /debian-99 is neither a sysroot profile nor a folder/);
});
