/**
 * Which engine runs guests: what the user asks for, or the fastest that works here. Each condition of the hypervisor
 * engines is a check with a line of its own; `elftap doctor` shows the same ones.
 */
import { HypervisorError, Shim } from "../engine/hypervisor/shim.ts";
import { Failure } from "../failure.ts";
import { PROJECT, projectPath } from "../project.ts";
import type { GuestSpec } from "./guest_spec.ts";

/** An engine, and why it is this one. */
export interface EngineChoice {
  readonly name: "wasm" | "hvf" | "kvm";
  readonly why: string;
  /** The native library of hvf and kvm. */
  readonly shim?: string;
}

/** A condition: met, or not, and then what to do. */
export interface Check {
  readonly ok: boolean;
  /** One line. */
  readonly text: string;
  readonly hint?: string;
}

/** The host as the checks see it; tests have others. */
export interface EngineHost {
  readonly os: string;
  readonly arch: string;
  /** File of the shim for a hypervisor, and the SHA-256 that was recorded for it; undefined where there is none. */
  findShim(name: "hvf" | "kvm"): { path: string; recorded: string } | undefined;
  /** SHA-256 of a file. @throws Deno.errors.NotCapable */
  hash(path: string): string;
  mayLoad(path: string): boolean;
  /** Loads it and makes a virtual machine. @throws {HypervisorError} */
  probe(path: string): void;
}

/** The hypervisor of an operating system on arm64. */
export function hypervisorOf({ os, arch }: Pick<EngineHost, "os" | "arch">): "hvf" | "kvm" | undefined {
  return arch !== "aarch64" ? undefined : os === "darwin" ? "hvf" : os === "linux" ? "kvm" : undefined;
}

/** The conditions of this host's hypervisor engine, in order, up to the first that is not met. */
export function checkHypervisor(host: EngineHost, wanted?: "hvf" | "kvm"): { checks: Check[]; shim?: string } {
  const checks: Check[] = [];
  const name = hypervisorOf(host);
  if (name === undefined || (wanted !== undefined && wanted !== name)) {
    const needs = { hvf: "hvf needs macOS on Apple Silicon", kvm: "kvm needs Linux on arm64" };
    const need = wanted === undefined ? `${needs.hvf}, ${needs.kvm}` : needs[wanted];
    checks.push({ ok: false, text: `${need}; this is ${host.os} on ${host.arch}`, hint: "use --engine wasm" });
    return { checks };
  }
  checks.push({ ok: true, text: `${host.os} on ${host.arch}: the hypervisor engine is ${name}` });
  const shim = host.findShim(name);
  if (shim === undefined) {
    checks.push({ ok: false, text: "the native shim is not there", hint: "deno task shim builds it" });
    return { checks };
  }
  try {
    if (host.hash(shim.path) !== shim.recorded) {
      checks.push({
        ok: false,
        text: `the native shim ${shim.path} is not the one whose hash was recorded`,
        hint: "deno task shim builds it anew",
      });
      return { checks };
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    const hint = `run elftap with --allow-read=${shim.path}`;
    checks.push({ ok: false, text: `no permission to read the native shim ${shim.path}`, hint });
    return { checks };
  }
  checks.push({ ok: true, text: `native shim ${shim.path}` });
  if (!host.mayLoad(shim.path)) {
    const hint = `run elftap with --allow-ffi=${shim.path}`;
    checks.push({ ok: false, text: "no permission to load the native shim", hint });
    return { checks };
  }
  try {
    host.probe(shim.path);
  } catch (error) {
    if (!(error instanceof HypervisorError)) throw error;
    checks.push({ ok: false, text: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) });
    return { checks };
  }
  checks.push({ ok: true, text: `${name} gives this process a virtual machine` });
  return { checks, shim: shim.path };
}

/**
 * Chooses.
 *
 * @throws {Failure} when a hypervisor engine is asked for by name and cannot be had
 */
export function chooseEngine(wanted: GuestSpec["engine"], host: EngineHost = thisHost): EngineChoice {
  if (wanted === "wasm") return { name: "wasm", why: "asked for" };
  const name = wanted === "auto" ? hypervisorOf(host) : wanted;
  const { checks, shim } = checkHypervisor(host, name);
  const last = checks.at(-1)!;
  if (name !== undefined && shim !== undefined) {
    return { name, shim, why: wanted === "auto" ? `${last.text}` : "asked for" };
  }
  if (wanted === "auto") return { name: "wasm", why: last.text };
  throw new Failure(`--engine ${wanted}: ${last.text}`, { hint: last.hint });
}

const choices = new Map<GuestSpec["engine"], EngineChoice>();

/**
 * The engine for guests here, chosen once per process and wish.
 *
 * @throws {Failure} as {@link chooseEngine}
 */
export function engineFor(wanted: GuestSpec["engine"]): EngineChoice {
  let choice = choices.get(wanted);
  if (choice === undefined) choices.set(wanted, choice = chooseEngine(wanted));
  return choice;
}

/** Files that `deno task shim` makes, and the one that comes with elftap. */
const SHIMS = {
  hvf: ["ffi/build/libelftap-hvf.dylib", "ffi/prebuilt/libelftap-hvf.dylib"],
  kvm: ["ffi/build/libelftap-kvm.so"],
} as const;

/** A module of node's, loaded now. */
function builtin(name: "node:crypto"): typeof import("node:crypto") {
  // deno-lint-ignore no-process-global
  return process.getBuiltinModule(name);
}

/** The host that elftap runs on. */
export const thisHost: EngineHost = {
  os: Deno.build.os,
  arch: Deno.build.arch,
  findShim(name) {
    if (PROJECT.protocol !== "file:") return undefined;
    for (const file of SHIMS[name]) {
      const path = projectPath(file);
      try {
        return { path, recorded: Deno.readTextFileSync(`${path}.sha256`).trim() };
      } catch {
        // Not built, or not ours to read: then it is not ours to load either.
      }
    }
    return undefined;
  },
  // Where there is something to hash: node's modules take 15 ms to load, elftap's start but for them 40.
  hash: (path) => builtin("node:crypto").createHash("sha256").update(Deno.readFileSync(path)).digest("hex"),
  mayLoad: (path) => Deno.permissions.querySync({ name: "ffi", path }).state === "granted",
  probe(path) {
    using shim = new Shim(path);
    shim.probe();
  },
};
