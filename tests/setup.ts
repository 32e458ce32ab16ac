/**
 * What the tests need beyond Deno, and how it gets here: on Debian and its kin, as root, missing packages are
 * installed; elsewhere one line says what to install. Tests whose tools stay missing are skipped, loudly.
 */

/** A program that tests use, and the Debian package that has it. */
const TOOLS: readonly { readonly program: string; readonly package: string; readonly why: string }[] = [
  { program: "aarch64-linux-gnu-gcc", package: "gcc-aarch64-linux-gnu", why: "builds the guest programs" },
  { program: "aarch64-linux-gnu-g++", package: "g++-aarch64-linux-gnu", why: "builds the C++ guest programs" },
  { program: "gcc", package: "gcc", why: "builds the exerciser of files for the host's own Linux" },
  { program: "qemu-aarch64", package: "qemu-user", why: "the oracle of guest programs, the peer of the benchmarks" },
  { program: "gdb-multiarch", package: "gdb-multiarch", why: "debugs guests" },
  { program: "lldb", package: "lldb", why: "debugs guests" },
  { program: "prove", package: "perl", why: "reads our TAP" },
  { program: "clang", package: "clang", why: "compiles the macOS shim" },
  { program: "lld-link", package: "lld", why: "links the macOS shim" },
  { program: "llvm-nm", package: "llvm", why: "looks into the macOS shim" },
  { program: "clang-tidy", package: "clang-tidy", why: "reads the shim's sources" },
];

/** Programs that are not on the PATH. */
export function missingTools(): { program: string; package: string; why: string }[] {
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  return TOOLS.filter(({ program }) => !folders.some((folder) => exists(`${folder}/${program}`)));
}

/** Installs what is missing where that is possible; returns what still is. */
export async function setup(): Promise<string[]> {
  let missing = missingTools();
  if (missing.length === 0) return [];
  const packages = missing.map((each) => each.package);
  if (Deno.uid() === 0 && exists("/usr/bin/apt-get")) {
    console.error(`setup: installing ${packages.join(" ")}`);
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    const apt = async (...args: string[]) => {
      const { success } = await new Deno.Command("apt-get", { args, env, stdin: "null", stdout: "null" }).output();
      return success;
    };
    // A fresh machine has no package lists; one with old lists asks for versions that are gone.
    const install = () => apt("install", "-y", "--no-install-recommends", ...packages, "libc6-dev-arm64-cross");
    if (!await install()) {
      await apt("update");
      await install();
    }
    missing = missingTools();
  }
  if (missing.length > 0) {
    const list = missing.map((each) => each.package).join(" ");
    console.error(
      `setup: tests will be skipped; to run them all: sudo apt-get install ${list} (or your system's like)`,
    );
  }
  return missing.map((each) => each.program);
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

if (import.meta.main) Deno.exit((await setup()).length === 0 ? 0 : 1);
