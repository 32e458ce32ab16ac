import assert from "node:assert/strict";
import { buildDynamic, buildElf, type DynamicSpec } from "../../tests/support/elf_builder.ts";
import { ELIBBAD, ELOOP, ENOENT, ENOEXEC } from "../kernel/abi/errno.ts";
import { absolute, baseName, type GuestFiles, parentOf } from "./guest_files.ts";
import { checkProgram } from "./preflight.ts";
import { bytesSource } from "./source.ts";

type Content = Uint8Array | string | { link: string } | DynamicSpec;

/** A guest tree in memory. Links to files only, which is all that is needed here. */
function tree(entries: Record<string, Content>): GuestFiles {
  const follow = (path: string): string | undefined => {
    for (let at = absolute(path, "/").replace(/\/[^/]+\/\.\.(?=\/|$)/g, ""), n = 0; n < 10; n++) {
      const content = entries[at];
      if (content === undefined) return undefined;
      if (typeof content !== "object" || !("link" in content)) return at;
      at = absolute(content.link, parentOf(at));
    }
    return undefined;
  };
  return {
    open(path) {
      const at = follow(path);
      const content = at === undefined ? undefined : entries[at];
      if (content === undefined) return undefined;
      const bytes = typeof content === "string"
        ? new TextEncoder().encode(content)
        : content instanceof Uint8Array
        ? content
        : buildDynamic(content as DynamicSpec);
      return { ...bytesSource(bytes), kind: "file", executable: true, close() {} };
    },
    realpath: follow,
    list: (path) => Object.keys(entries).filter((each) => parentOf(each) === path).map(baseName),
  };
}

const GLIBC = "/lib/ld-linux-aarch64.so.1", MUSL = "/lib/ld-musl-aarch64.so.1";
const glibc = { [GLIBC]: {}, "/lib/aarch64-linux-gnu/libc.so.6": { soname: "libc.so.6", needed: [baseName(GLIBC)] } };
const loaderByName = { [`/lib/aarch64-linux-gnu/${baseName(GLIBC)}`]: { soname: baseName(GLIBC) } };

function fine(entries: Record<string, Content>, env: Record<string, string> = {}): void {
  const error = checkProgram("/bin/prog", tree(entries), { env });
  assert.equal(error?.message, undefined);
}

function wrong(entries: Record<string, Content>, message: RegExp, env: Record<string, string> = {}) {
  const error = checkProgram("/bin/prog", tree(entries), {
    env,
    providers: (name) => name === GLIBC || name === "libz.so.1" ? ["debian-12-glibc-aarch64"] : [],
  });
  assert.match(error?.message ?? "was accepted", message);
  return error!;
}

Deno.test("checkProgram accepts a static program", () => fine({ "/bin/prog": buildElf() }));

Deno.test("checkProgram accepts a program whose libraries are in Debian's folders", () => {
  fine({ ...glibc, ...loaderByName, "/bin/prog": { interpreter: GLIBC, needed: ["libc.so.6"] } });
});

Deno.test("checkProgram names a missing program", () => {
  const error = wrong({}, /^\/bin\/prog: no such file$/);
  assert.equal(error.exitCode, 127);
  assert.equal(error.errno, ENOENT);
});

Deno.test("checkProgram names a missing interpreter and the profile that holds it", () => {
  const error = wrong(
    { "/bin/prog": { interpreter: GLIBC } },
    /^interpreter \/lib\/ld-linux-aarch64\.so\.1 of \/bin\/prog not found$/,
  );
  assert.equal(error.exitCode, 127);
  assert.match(error.hint ?? "", /--sysroot debian-12-glibc-aarch64/);
});

Deno.test("checkProgram names an interpreter for another machine", () => {
  const error = wrong(
    { "/bin/prog": { interpreter: GLIBC }, [GLIBC]: buildElf({ machine: 62 }) },
    /^interpreter .* of \/bin\/prog: a program for x86-64/,
  );
  assert.equal(error.errno, ELIBBAD);
});

Deno.test("checkProgram names a missing library, who needs it and the profile that holds it", () => {
  const error = wrong({
    ...glibc,
    ...loaderByName,
    "/usr/lib/libpng.so": { soname: "libpng.so", needed: ["libz.so.1"] },
    "/bin/prog": { interpreter: GLIBC, needed: ["libpng.so", "libc.so.6"] },
  }, /^shared library libz\.so\.1, needed by \/usr\/lib\/libpng\.so, not found$/);
  assert.equal(error.exitCode, 127);
  assert.match(error.hint ?? "", /debian-12-glibc-aarch64/);
});

Deno.test("checkProgram searches DT_RUNPATH with $ORIGIN behind a link", () => {
  fine({
    ...glibc,
    "/bin/prog": { link: "/opt/app/bin/prog" },
    "/opt/app/bin/prog": { interpreter: GLIBC, needed: ["liba.so"], runpath: "${ORIGIN}/../lib" },
    "/opt/app/lib/liba.so": {},
  });
});

Deno.test("checkProgram does not pass DT_RUNPATH on to libraries, as ld.so does not", () => {
  wrong({
    ...glibc,
    "/bin/prog": { interpreter: GLIBC, needed: ["liba.so"], runpath: "/opt/lib" },
    "/opt/lib/liba.so": { needed: ["libb.so"] },
    "/opt/lib/libb.so": {},
  }, /^shared library libb\.so, needed by \/opt\/lib\/liba\.so, not found$/);
});

Deno.test("checkProgram passes DT_RPATH on to libraries, as ld.so does", () => {
  fine({
    ...glibc,
    "/bin/prog": { interpreter: GLIBC, needed: ["liba.so"], rpath: "/opt/lib" },
    "/opt/lib/liba.so": { needed: ["libb.so"] },
    "/opt/lib/libb.so": {},
  });
});

Deno.test("checkProgram searches LD_LIBRARY_PATH", () => {
  const entries = { ...glibc, "/bin/prog": { interpreter: GLIBC, needed: ["liba.so"] }, "/opt/lib/liba.so": {} };
  fine(entries, { LD_LIBRARY_PATH: "/nowhere:/opt/lib" });
  wrong(entries, /liba\.so/);
});

Deno.test("checkProgram searches folders named in ld.so.conf.d", () => {
  fine({
    ...glibc,
    "/etc/ld.so.conf": "include /etc/ld.so.conf.d/*.conf\n",
    "/etc/ld.so.conf.d/fake.conf": "# comment\n/opt/lib # more\n",
    "/opt/lib/liba.so": {},
    "/bin/prog": { interpreter: GLIBC, needed: ["liba.so"] },
  });
});

Deno.test("checkProgram leaves a name in ld.so.cache to the loader", () => {
  fine({
    ...glibc,
    "/etc/ld.so.cache": "glibc-ld.so.cache1.1\0liba.so\0/elsewhere/liba.so\0",
    "/bin/prog": { interpreter: GLIBC, needed: ["liba.so"] },
  });
});

Deno.test("checkProgram takes a library for another machine as absent and searches on", () => {
  const entries = {
    ...glibc,
    "/bin/prog": { interpreter: GLIBC, needed: ["liba.so"] },
    "/lib/aarch64-linux-gnu/liba.so": buildElf({ machine: 62 }),
  };
  wrong(entries, /liba\.so/);
  fine({ ...entries, "/usr/lib/liba.so": {} });
});

Deno.test("checkProgram takes a name as satisfied by a preloaded library's soname", () => {
  fine({
    ...glibc,
    "/bin/prog": { interpreter: GLIBC, needed: ["liba.so.1"] },
    "/opt/mine.so": { soname: "liba.so.1" },
  }, { LD_PRELOAD: "/opt/mine.so:/not/there.so" });
});

Deno.test("checkProgram copes with libraries that need each other", () => {
  fine({
    ...glibc,
    "/bin/prog": { interpreter: GLIBC, needed: ["liba.so"] },
    "/lib/liba.so": { soname: "liba.so", needed: ["libb.so"] },
    "/lib/libb.so": { soname: "libb.so", needed: ["liba.so"] },
  });
});

Deno.test("checkProgram knows that musl's loader is its libc", () => {
  fine({
    [MUSL]: {},
    "/bin/prog": { interpreter: MUSL, needed: ["libc.so", "libc.musl-aarch64.so.1", "libpthread.so"] },
  });
});

Deno.test("checkProgram reads musl's search path file", () => {
  const entries = { [MUSL]: {}, "/bin/prog": { interpreter: MUSL, needed: ["liba.so"] }, "/opt/lib/liba.so": {} };
  wrong(entries, /^shared library liba\.so, needed by \/bin\/prog/);
  fine({ ...entries, "/etc/ld-musl-aarch64.path": "/usr/lib\n/opt/lib\n" });
});

Deno.test("checkProgram leaves the libraries of an unknown loader to it", () => {
  fine({ "/opt/own-loader": {}, "/bin/prog": { interpreter: "/opt/own-loader", needed: ["liba.so"] } });
});

Deno.test("checkProgram follows a script to its interpreter's libraries", () => {
  wrong({
    ...glibc,
    "/bin/prog": "#! /usr/bin/perl -w\nprint 1;\n",
    "/usr/bin/perl": { interpreter: GLIBC, needed: ["libperl.so.5"] },
  }, /^shared library libperl\.so\.5, needed by \/usr\/bin\/perl, not found$/);
});

Deno.test("checkProgram names a script's missing interpreter", () => {
  const error = wrong(
    { "/bin/prog": "#!/usr/bin/python9\n" },
    /^interpreter \/usr\/bin\/python9 of script \/bin\/prog not found$/,
  );
  assert.equal(error.exitCode, 127);
});

Deno.test("checkProgram explains Windows line endings", () => {
  const error = wrong({ "/bin/sh": {}, "/bin/prog": "#!/bin/sh\r\necho\r\n" }, /^interpreter \/bin\/sh\\x0d of script/);
  assert.match(error.hint ?? "", /Windows line endings/);
});

Deno.test("checkProgram gives up on a script that interprets itself", () => {
  assert.equal(wrong({ "/bin/prog": "#!/bin/prog\n" }, /too many times/).errno, ELOOP);
});

Deno.test("checkProgram says what a file is that is no program", () => {
  const error = wrong({ "/bin/prog": "just text\n" }, /^\/bin\/prog: not an ELF file$/);
  assert.equal(error.errno, ENOEXEC);
  assert.equal(error.exitCode, 126);
});
