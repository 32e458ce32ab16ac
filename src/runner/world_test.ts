import { deepEqual, equal, throws } from "node:assert/strict";
import { temporaryFolder } from "../../tests/support/elftap.ts";
import { guestSpec, parseBind, type World } from "./world.ts";

const spec = (path: string, world: World = {}, args: string[] = []) =>
  guestSpec({ path, args, stdin: "null", stdout: "null", stderr: "null" }, world);

/** The binds but that of the working folder, which is there where the tests themselves run below /tmp. */
const bindsBesideCwd = (path: string, world: World = {}) =>
  spec(path, world).binds.filter(({ host }) => host !== Deno.cwd());

Deno.test("guestSpec keeps the program's name word for word in argv", () => {
  deepEqual(spec("./cli.ts", {}, ["-x", ""]).argv, ["./cli.ts", "-x", ""]);
});

Deno.test("guestSpec resolves a relative program from the working directory", () => {
  equal(spec("./cli.ts").path, `${Deno.cwd()}/cli.ts`);
});

Deno.test("guestSpec refuses a relative program that does not exist", () => {
  throws(() => spec("./nothing"), /^Failure: \.\/nothing: no such file$/);
});

Deno.test("guestSpec leaves an absolute path to the guest", () => {
  deepEqual([spec("/no/such").path, bindsBesideCwd("/no/such")], ["/no/such", []]);
});

Deno.test("guestSpec binds the program where the host is not visible", () => {
  const path = `${Deno.cwd()}/cli.ts`;
  deepEqual(spec("cli.ts", { hostFallback: false }).binds, [{ host: path, guest: path, readOnly: true }]);
});

Deno.test("guestSpec shows the folder of a program that lies below /tmp", () => {
  using folder = temporaryFolder();
  Deno.writeTextFileSync(`${folder.path}/program`, "");
  deepEqual(bindsBesideCwd(`${folder.path}/program`), [{
    host: folder.path,
    guest: folder.path,
    readOnly: true,
    copyOnWrite: true,
  }]);
});

Deno.test("guestSpec binds a relative program that the sysroot hides", () => {
  using folder = temporaryFolder();
  const path = `${Deno.cwd()}/cli.ts`;
  Deno.mkdirSync(folder.path + Deno.cwd(), { recursive: true });
  Deno.writeTextFileSync(folder.path + path, "");
  deepEqual(bindsBesideCwd("./cli.ts", { sysroot: folder.path }), [{ host: path, guest: path, readOnly: true }]);
});

Deno.test("guestSpec takes an absolute program from the sysroot", () => {
  using folder = temporaryFolder();
  Deno.mkdirSync(`${folder.path}/bin`);
  Deno.writeTextFileSync(`${folder.path}/bin/sh`, "");
  deepEqual(spec("/bin/sh", { sysroot: folder.path, hostFallback: false }).binds, []);
});

Deno.test("guestSpec finds a bare name in the PATH of the sysroot", () => {
  using folder = temporaryFolder();
  Deno.mkdirSync(`${folder.path}/usr/bin`, { recursive: true });
  Deno.writeTextFileSync(`${folder.path}/usr/bin/tool`, "");
  equal(spec("tool", { sysroot: folder.path, env: { PATH: "/bin:/usr/bin" } }).path, "/usr/bin/tool");
});

Deno.test("guestSpec starts in the current folder, or in / where the guest cannot see it", () => {
  equal(spec("cli.ts").cwd, Deno.cwd());
  equal(spec("cli.ts", { hostFallback: false }).cwd, "/");
  equal(spec("cli.ts", { hostFallback: false, workdir: "/data" }).cwd, "/data");
});

Deno.test("guestSpec refuses arguments that execve would", () => {
  throws(() => spec("cli.ts", {}, ["a\0b"]), /NUL/);
  throws(() => spec("cli.ts", {}, ["x".repeat(200_000)]), /longer than 128 KiB/);
});

Deno.test("parseBind reads host, guest and mode", () => {
  using folder = temporaryFolder();
  const { path } = folder;
  deepEqual(parseBind(`${path}:/data`), { host: path, guest: "/data", readOnly: false });
  deepEqual(parseBind(`${path}:/data/:ro`), { host: path, guest: "/data", readOnly: true });
  deepEqual(parseBind(`${path}:/a/../b:rw`), { host: path, guest: "/b", readOnly: false });
});

for (const text of ["/etc", "/etc:", ":/etc", "/etc:data", "/etc:/a:/b", "/no/such:/a", "/etc:/a:rx"]) {
  Deno.test(`parseBind refuses ${text}`, () => throws(() => parseBind(text), /^Failure: --bind /));
}
