import assert from "node:assert/strict";
import { join } from "node:path";
import { profileOf } from "../../tests/sysroot/archive_builder.ts";
import { mirrorsFor, showUrl } from "./mirror.ts";

const profile = profileOf([], { snapshot: "https://snapshot.example/archive/20260101T000000Z/" });
const noEnv = () => undefined;

async function withApt(
  files: Readonly<Record<string, string>>,
  work: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [path, text] of Object.entries(files)) {
      await Deno.mkdir(join(folder, path, ".."), { recursive: true });
      await Deno.writeTextFile(join(folder, path), text);
    }
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("mirrorsFor takes the option and nothing else", async () => {
  const mirrors = await mirrorsFor(profile, { mirror: "http://mine.example/debian", env: () => "http://env.example/" });
  assert.deepEqual(mirrors.map(({ base, from }) => [base.href, from]), [["http://mine.example/debian/", "option"]]);
});

Deno.test("mirrorsFor takes ELFTAP_MIRROR before the host's mirrors", async () => {
  const env = (name: string) => name === "ELFTAP_MIRROR" ? "http://env.example/d/" : undefined;
  const mirrors = await mirrorsFor(profile, { env });
  assert.deepEqual(mirrors.map(({ base, from }) => [base.href, from]), [["http://env.example/d/", "environment"]]);
});

Deno.test("mirrorsFor uses the host's apt sources with their proxy, then the snapshot archive", async () => {
  await withApt({
    "sources.list": "deb http://old.example/debian trixie main\n",
    "sources.list.d/debian.sources": "Types: deb\nURIs: http://m.example/debian\nSuites: bookworm\nComponents: main\n",
    "sources.list.d/debian.sources.save": "Types: deb\nURIs: http://no.example/\nSuites: bookworm\nComponents: main\n",
    "apt.conf.d/01proxy": 'Acquire::http::Proxy::m.example "http://proxy.example:3142";\n',
  }, async (aptFolder) => {
    const mirrors = await mirrorsFor(profile, { env: noEnv, aptFolder });
    assert.deepEqual(mirrors.map(({ base, from, proxy }) => [base.href, from, proxy]), [
      ["http://m.example/debian/", "apt", "http://proxy.example:3142"],
      ["http://old.example/debian/", "apt", undefined],
      ["https://snapshot.example/archive/20260101T000000Z/", "snapshot", undefined],
    ]);
  });
});

Deno.test("mirrorsFor falls back to the snapshot archive where there is no apt", async () => {
  const mirrors = await mirrorsFor(profile, { env: noEnv, aptFolder: "/nonexistent" });
  assert.deepEqual(mirrors.map(({ from }) => from), ["snapshot"]);
});

for (const mirror of ["", "mirror.example", "ftp://m.example/", "javascript:alert(1)"]) {
  Deno.test(`mirrorsFor refuses ${JSON.stringify(mirror)} as a mirror`, async () => {
    await assert.rejects(mirrorsFor(profile, { mirror }), /^SysrootError: --mirror is not a URL: /);
  });
}

Deno.test("showUrl leaves the password out", () => {
  assert.equal(showUrl(new URL("http://user:secret@m.example/x")), "http://m.example/x");
});
