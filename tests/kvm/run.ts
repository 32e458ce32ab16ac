import { buildGuests } from "../guests/build.ts";
import { buildShim } from "../../ffi/build.ts";
import { runMachine } from "./machine.ts";
import { stage } from "./stage.ts";

const { guests } = await buildGuests(Deno.args.filter((a) => !a.startsWith("-")));
const shim = await buildShim("linux");
const folder = stage(
  guests,
  { "libelftap-kvm.so": shim },
  `
export DENO_DIR=/tmp/deno NO_COLOR=1
cd /payload
deno run -A --no-prompt --no-check tests/kvm/inside_guests.ts kvm /payload/libelftap-kvm.so /results/guests.jsonl
`,
);
const t = performance.now();
await runMachine({
  payload: folder,
  timeLimit: Number(Deno.env.get("LIMIT") ?? 100),
  line: (text) => console.log(`| ${text}`),
});
console.log(((performance.now() - t) / 1000).toFixed(1));
