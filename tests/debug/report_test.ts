/** Crash reports of children, and of programs whose debugging information is elsewhere. */
import { equal, match, ok } from "node:assert/strict";
import { elftap, FLAGS, temporaryFolder } from "../support/elftap.ts";
import { HAS_TOOLS } from "./crash_programs.ts";

/** A child that reads through a null pointer, two calls deep; the parent takes it in its stride and ends with 3. */
const CHILD = `
#include <sys/wait.h>
#include <unistd.h>
__attribute__((noinline)) static int deep(volatile int *p)
{
	return *p;
}
__attribute__((noinline)) static int middle(int *p)
{
	return deep(p) + 1;
}
int main(void)
{
	int status;
	if (fork() == 0)
		return middle(0);
	wait(&status);
	return WTERMSIG(status) == 11 ? 3 : 4;
}
`;

const FRAMES =
  /#0 0x[0-9a-f]+ deep\+\S+ .* at .*child\.c:6\n.*#1 .* middle\+\S+ .* at .*child\.c:10\n.*#2 .* main\+\S+ .* at .*child\.c:16\n/;

function tool(name: string, ...args: string[]): string {
  const { success, stdout, stderr } = new Deno.Command(`aarch64-linux-gnu-${name}`, { args }).outputSync();
  ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** Builds the program in a folder, without debugging information, and that beside it. */
function buildStripped(folder: string): { program: string; debug: string; buildId: string } {
  const program = `${folder}/child`, debug = `${folder}/child.debug`;
  Deno.writeTextFileSync(`${folder}/child.c`, CHILD);
  tool("gcc", "-g", "-O1", "-static", "-Wl,--build-id", "-o", program, `${folder}/child.c`);
  tool("objcopy", "--only-keep-debug", program, debug);
  tool("strip", program);
  const [, buildId] = /Build ID: ([0-9a-f]+)/.exec(tool("readelf", "-n", debug))!;
  return { program, debug, buildId: buildId! };
}

async function crash(folder: string, ...options: string[]): Promise<string> {
  const flags = [...FLAGS, `--allow-write=${folder}`];
  const { code, stderr } = await elftap(["run", ...options, `${folder}/child`], { flags });
  equal(code, 3);
  return stderr;
}

Deno.test(
  "a crash report tells of a child as of the first program, with a core file",
  { ignore: !HAS_TOOLS },
  async () => {
    using folder = temporaryFolder();
    const { path } = folder;
    Deno.writeTextFileSync(`${path}/child.c`, CHILD);
    tool("gcc", "-g", "-O1", "-static", "-o", `${path}/child`, `${path}/child.c`);
    const stderr = await crash(path, "--core", `${path}/cores`, "--crash-reports", `${path}/reports`);
    match(stderr, /SIGSEGV \(SEGV_MAPERR\) at address 0x0, pc .*, child pid 102\n/);
    match(stderr, FRAMES);
    const [core, ...more] = Array.from(Deno.readDirSync(`${path}/cores`), ({ name }) => name);
    equal(core, "core.child.102");
    equal(more.length, 0);
    const args = ["-nx", "-batch", "-ex", "backtrace", `${path}/child`, `${path}/cores/${core}`];
    const { stdout } = await new Deno.Command("gdb-multiarch", { args, stderr: "null" }).output();
    match(new TextDecoder().decode(stdout), /#0 +deep \(.*child\.c:6[^]*#1 .* middle [^]*#2 .* main /);
  },
);

Deno.test("a crash report finds the debug file that .gnu_debuglink names", { ignore: !HAS_TOOLS }, async () => {
  using folder = temporaryFolder();
  const { program, debug } = buildStripped(folder.path);
  tool("objcopy", `--add-gnu-debuglink=${debug}`, program);
  match(await crash(folder.path), FRAMES);
  // Of another build: the checksum tells.
  Deno.writeTextFileSync(debug, "x", { append: true });
  match(await crash(folder.path), /#0 0x[0-9a-f]+ \(.*child\+0x/);
});

Deno.test(
  "a crash report finds the debug file with the program's build id in the sysroot",
  { ignore: !HAS_TOOLS },
  async () => {
    using folder = temporaryFolder();
    const { debug, buildId } = buildStripped(folder.path), root = `${folder.path}/root`;
    const place = `${root}/usr/lib/debug/.build-id/${buildId.slice(0, 2)}`;
    Deno.mkdirSync(place, { recursive: true });
    Deno.renameSync(debug, `${place}/${buildId.slice(2)}.debug`);
    match(await crash(folder.path, "--sysroot", root), FRAMES);
    match(await crash(folder.path), /#0 0x[0-9a-f]+ \(.*child\+0x/);
  },
);
