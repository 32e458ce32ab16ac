/**
 * `elftap doctor`: what this host can run guests with, one line a condition, and what to do about each that is not met.
 */
import { checkHypervisor, chooseEngine, type EngineHost, hypervisorOf, thisHost } from "../runner/engine_choice.ts";
import type { Check } from "../runner/engine_choice.ts";
import { VERSION } from "../version.ts";
import { type CommandSyntax, helpText, parseCommandLine } from "./command_line.ts";
import { ENTITLEMENTS, hasSignedDeno, signDeno, signedDenoPath } from "./signed_deno.ts";
import { print } from "./talk.ts";

const syntax: CommandSyntax = {
  name: "elftap doctor",
  operands: "",
  summary: "Says which engines work here, and what the others lack.",
  groups: [{
    title: "Options",
    options: [
      { name: "help", short: "h", help: "Show this text." },
      {
        name: "sign",
        help: "macOS: make a copy of deno in elftap's cache and sign it, for itself, so that it may use the " +
          "hypervisor. elftap then runs through it. Needs --allow-run=codesign and --allow-write.",
      },
    ],
  }],
  epilogue: "Exit status: 0 when the fastest engine of this kind of host works, 1 when only wasm does.",
};

/** Runs the command; resolves with the exit status. */
export async function doctor(args: readonly string[]): Promise<number> {
  const line = parseCommandLine(syntax, args);
  if (line.has("help")) return print(helpText(syntax));
  if (line.has("sign")) return print(`signed ${await signDeno()}\n`);
  const { text, healthy } = diagnose(thisHost);
  print(text);
  return healthy ? 0 : 1;
}

/** The report for a host. */
export function diagnose(host: EngineHost): { text: string; healthy: boolean } {
  const { checks, shim } = checkHypervisor(host);
  const choice = chooseEngine("auto", host);
  const rows: Check[] = [
    { ok: true, text: `elftap ${VERSION}, Deno ${Deno.version.deno}, ${host.os} on ${host.arch}` },
    { ok: true, text: "wasm works everywhere" },
    ...checks,
    ...(host.os === "darwin" && shim === undefined ? [signature()] : []),
    { ok: true, text: `--engine auto is ${choice.name}` },
  ];
  const lines = rows.flatMap(({ ok, text, hint }) => [
    `${ok ? "ok" : "no"}  ${text}`,
    ...(ok || hint === undefined ? [] : [`    ${hint}`]),
  ]);
  return { text: lines.join("\n") + "\n", healthy: shim !== undefined || hypervisorOf(host) === undefined };
}

/** Whether there is a deno that may use Hypervisor.framework. */
function signature(): Check {
  const entitlement = ENTITLEMENTS.at(-1);
  try {
    if (Deno.execPath() === signedDenoPath()) return { ok: true, text: `this deno was signed with ${entitlement}` };
    if (hasSignedDeno()) {
      const hint = `run elftap with --allow-run=${signedDenoPath()}`;
      return { ok: false, text: "the signed copy of deno is there but may not be run", hint };
    }
  } catch (error) {
    return { ok: false, text: (error as Error).message };
  }
  return {
    ok: false,
    text: `deno is not signed with ${entitlement}`,
    hint: "elftap doctor --sign makes a copy that is",
  };
}
