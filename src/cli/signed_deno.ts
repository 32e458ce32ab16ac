/**
 * A copy of `deno` that may use Hypervisor.framework. Apple asks for the entitlement com.apple.security.hypervisor in
 * the program's signature, which Deno's own lacks; an ad hoc signature of one's own with it will do. The copy lies in
 * elftap's cache, named after Deno's version; nothing else is touched.
 */
import { Failure } from "../failure.ts";
import { cacheDirectory } from "../sysroot/cache_dir.ts";

/** The entitlements of Deno's own signature, which V8 needs, and the one that it lacks. */
export const ENTITLEMENTS: readonly string[] = [
  "com.apple.security.cs.allow-jit",
  "com.apple.security.cs.allow-unsigned-executable-memory",
  "com.apple.security.cs.disable-library-validation",
  "com.apple.security.hypervisor",
];

/** The property list for `codesign --entitlements`. */
export function entitlementsPlist(): string {
  const rows = ENTITLEMENTS.map((name) => `  <key>${name}</key>\n  <true/>\n`).join("");
  return '<?xml version="1.0" encoding="UTF-8"?>\n' +
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n' +
    `<plist version="1.0">\n<dict>\n${rows}</dict>\n</plist>\n`;
}

/** Where the copy is, or would be. */
export const signedDenoPath = (): string => `${cacheDirectory()}/deno-${Deno.version.deno}-hypervisor`;

/** True if the copy is there. */
export function hasSignedDeno(): boolean {
  try {
    return Deno.statSync(signedDenoPath()).isFile;
  } catch {
    return false;
  }
}

/**
 * Makes the copy. @returns its path
 *
 * @throws {Failure} where this is no Mac, or codesign refuses
 */
export async function signDeno(os: string = Deno.build.os): Promise<string> {
  if (os !== "darwin") {
    throw new Failure("--sign is for macOS: elsewhere no signature is needed", { hint: "see elftap doctor" });
  }
  const path = signedDenoPath(), partial = `${path}.partial`, plist = `${path}.entitlements`;
  Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  Deno.copyFileSync(Deno.execPath(), partial);
  Deno.writeTextFileSync(plist, entitlementsPlist());
  const args = ["--force", "--sign", "-", "--entitlements", plist, partial];
  const { success, stderr } = await new Deno.Command("codesign", { args, stdin: "null" }).output();
  Deno.removeSync(plist);
  if (!success) {
    Deno.removeSync(partial);
    throw new Failure(`codesign failed: ${new TextDecoder().decode(stderr).trim().split("\n").at(-1)}`);
  }
  Deno.renameSync(partial, path);
  return path;
}

/** What may be passed on: permissions that are held without a limit, by the name of their flag. */
const KINDS = ["read", "write", "net", "env", "sys", "run", "ffi"] as const;

/** Arguments for the copy to run elftap as it runs now, with no more permissions than it holds now. */
export function copyArguments(main: string, args: readonly string[], shim: string | undefined): string[] {
  const granted = (descriptor: Deno.PermissionDescriptor) => Deno.permissions.querySync(descriptor).state === "granted";
  const flags = KINDS.filter((name) => granted({ name })).map((name) => `--allow-${name}`);
  if (shim !== undefined && !flags.includes("--allow-ffi") && granted({ name: "ffi", path: shim })) {
    flags.push(`--allow-ffi=${shim}`);
  }
  return ["run", "--no-prompt", ...flags, main, ...args];
}
