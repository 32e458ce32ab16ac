/**
 * `deno task corpus-kvm-arm64`: rows of the corpus (tests/corpus) on the kvm engine, in the emulated arm64 machine.
 *
 *     deno task corpus-kvm-arm64 --root DIR [--corpus DIR] [--cpu NAME] [options of `deno task corpus`…]
 *
 * The root must be finished (`deno task corpus` makes one); the machine gets it as a disk. Rows have a limit of twenty
 * minutes each (--time-limit SECONDS is another), since a hypervisor on an emulated processor is slow: a system call is
 * a few tenths of a millisecond, and glib-rwlock makes 4.6 million. Results go to tests/kvm/build/results-CPU/.
 */
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { HERE, MachineUnavailable, makeDisk, runMachine } from "./machine.ts";
import { buildForTest, shimName } from "./shims.ts";
import { stage } from "./stage.ts";

const { values, tokens } = parseArgs({
  args: Deno.args,
  options: {
    corpus: { type: "string", default: "../shared/corpus" },
    root: { type: "string", default: join(HERE, "../corpus/build/root") },
    cpu: { type: "string", default: "max" },
  },
  strict: false,
  tokens: true,
});
const corpus = resolve(values.corpus as string), root = resolve(values.root as string);
const table = join(corpus, "truth-visible.tsv");
for (const [path, what] of [[table, "--corpus DIR has the table"], [join(root, "opt/rw"), "--root DIR is finished"]]) {
  try {
    Deno.statSync(path!);
  } catch {
    console.log(`SKIPPED the corpus in the machine: no ${path} (${what})`);
    Deno.exit(0);
  }
}

/** The arguments that are not ours. */
const own = new Set(["corpus", "root", "cpu"]);
const ours = new Set(
  tokens.flatMap((token) =>
    token.kind === "option" && own.has(token.name) ? [token.index, ...(token.inlineValue ? [] : [token.index + 1])] : []
  ),
);
const rest = Deno.args.filter((_, index) => !ours.has(index));
const quoted = rest.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
const script = `export DENO_DIR=/tmp/deno NO_COLOR=1
cd /payload
deno run -A --no-prompt --no-check tests/corpus/run.ts --corpus corpus --root root --engine kvm --time-limit 1200 ${quoted}
echo $? > /results/status
cp -r tests/corpus/build/. /results/
`;

/** The exit status of the corpus in the machine. */
function statusIn(folder: string): number {
  try {
    return Number(Deno.readTextFileSync(join(folder, "status")));
  } catch {
    console.error("the machine has ended before the corpus had");
    return 1;
  }
}

try {
  const shim = await buildForTest("kvm", "trap");
  const payload = stage({
    lists: {},
    shims: { [shimName("kvm", "trap")]: shim },
    files: { corpus: [table] },
    folders: ["root"],
    script,
  });
  const image = join(HERE, "build/corpus.ext4");
  console.log(`the root as a disk: ${root}`);
  await makeDisk(root, image);
  const started = performance.now();
  const folder = await runMachine({
    payload,
    disk: { image, folder: "root" },
    cpu: values.cpu as string,
    timeLimit: 4 * 3600,
    line: (text) => console.log(text),
  });
  console.log(`${((performance.now() - started) / 1000).toFixed(0)} s; results in ${folder}`);
  Deno.exit(statusIn(folder));
} catch (error) {
  if (!(error instanceof MachineUnavailable)) throw error;
  console.log(`SKIPPED the emulated arm64 machine: ${error.message}`);
}
