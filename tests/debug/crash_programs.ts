/** The crashing programs of this folder, built; and gdb's view of a crash. */
import { fileURLToPath } from "node:url";
import { RootUnavailable } from "../support/arm64_root.ts";
import { GLIBC_SYSROOT, hasCommand, type Musl, prepareMusl } from "../guests/toolchain.ts";

const HERE = fileURLToPath(new URL(".", import.meta.url));

/** Whether the compilers and gdb are there; tests that need them are skipped loudly. */
export const HAS_TOOLS = ["aarch64-linux-gnu-gcc", "aarch64-linux-gnu-g++", "gdb-multiarch"].every(hasCommand);

/** musl for the cross compiler; undefined where it cannot be had. */
export const MUSL: Musl | undefined = HAS_TOOLS
  ? await prepareMusl(fileURLToPath(new URL("../guests/build", import.meta.url))).catch((error) => {
    if (!(error instanceof RootUnavailable)) throw error;
    console.error(`skipped: crashes of musl programs: ${error.message}`);
    return undefined;
  })
  : undefined;

export type Build = "dynamic" | "static" | "unoptimised" | "c++" | "musl-static" | "musl-dynamic";

const FLAGS: Record<Build, readonly string[]> = {
  "dynamic": ["-O2", "-fomit-frame-pointer"],
  "static": ["-O2", "-fomit-frame-pointer", "-static"],
  "unoptimised": ["-O0", "-gdwarf-4"],
  "c++": ["-O1"],
  "musl-static": ["-O1", "-static"],
  "musl-dynamic": ["-O1", "-pie", "-fPIE"],
};

/** Builds a program into a folder. */
export function build(folder: string, build: Build, ...flags: string[]): string {
  const isCxx = build === "c++", path = `${folder}/${build === "c++" ? "cxx" : build}`;
  const { success, stderr } = new Deno.Command(isCxx ? "aarch64-linux-gnu-g++" : "aarch64-linux-gnu-gcc", {
    args: [
      "-g",
      "-w",
      "-fstack-protector-strong",
      ...FLAGS[build],
      ...flags,
      ...build.startsWith("musl") ? [`-specs=${MUSL!.specs}`] : [],
      "-o",
      path,
      `${HERE}crash.${isCxx ? "cc" : "c"}`,
    ],
  }).outputSync();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return path;
}

/** The root with the C library that a program runs with. */
export function sysrootOf(build: Build): string {
  return build.startsWith("musl") ? MUSL!.root : GLIBC_SYSROOT;
}

/** Prints the selected thread's frames in a form that can be compared. */
export const FRAMES_SCRIPT = `
import gdb
def elftap_frames(mark):
    frame, count = gdb.newest_frame(), 0
    while frame is not None and count < 40:
        function, line = frame.function(), frame.find_sal().line
        print(mark, hex(frame.pc()), function.name.split("(")[0] if function else "-", line if function else 0)
        frame, count = frame.older(), count + 1
def elftap_threads():
    for thread in sorted(gdb.selected_inferior().threads(), key=lambda each: each.ptid[1]):
        thread.switch()
        elftap_frames("THREAD%d" % thread.num)
`;

/** Runs gdb in batch with these commands; both streams together. */
export async function gdb(folder: string, sysroot: string, ...commands: string[]): Promise<string> {
  Deno.writeTextFileSync(`${folder}/frames.py`, FRAMES_SCRIPT);
  const settings = ["set pagination off", "set backtrace past-main on", "set backtrace past-entry on"];
  const lines = [...settings, `set sysroot ${sysroot}`, `source ${folder}/frames.py`, ...commands];
  const { stdout, stderr } = await new Deno.Command("gdb-multiarch", {
    args: ["-nx", "-batch", ...lines.flatMap((line) => ["-ex", line])],
    env: { LC_ALL: "C", DEBUGINFOD_URLS: "", HOME: folder },
    stdin: "null",
  }).output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

/** The lines with a mark, without it. */
export function marked(output: string, mark: string): string[] {
  return output.split("\n").filter((line) => line.startsWith(`${mark} `)).map((line) => line.slice(mark.length + 1));
}
