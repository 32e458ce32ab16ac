/**
 * Pulls a profile in a process of its own, which tests can kill: `pull_process.ts PROFILE.json`. Each event is a JSON
 * line on stdout, the root's path the last line; what goes wrong is on stderr, as elftap says it.
 */
import { describeFailure } from "../../src/failure.ts";
import { pull } from "../../src/sysroot/pull.ts";

const encoder = new TextEncoder();
const [profile = ""] = Deno.args;
try {
  const root = await pull(profile, {
    jobs: 2,
    onProgress: (event) => {
      // The profile is known to the reader.
      const shown = event.type === "started" ? { type: event.type } : event;
      Deno.stdout.writeSync(encoder.encode(`${JSON.stringify(shown)}\n`));
    },
  });
  console.log(JSON.stringify({ type: "root", root }));
} catch (error) {
  const { message, hint, exitCode } = describeFailure(error);
  console.error(`elftap: ${message}`);
  if (hint !== undefined) console.error(`elftap: hint: ${hint}`);
  Deno.exit(exitCode);
}
