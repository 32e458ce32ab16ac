/**
 * The demo: pulls GLib's own installed tests for aarch64 (real programs of a distribution, built by it) with the
 * libraries they need, runs a selection of them here in parallel, and writes what came of it as TAP, JUnit and text.
 *
 *     deno task demo [FOLDER]
 *
 * Nothing is compiled, no root is needed, and the programs see nothing of the host but their pulled root.
 */
import { Outputs } from "../src/cli/outputs.ts";
import { PullProgress } from "../src/cli/sysroot_progress.ts";
import { processIo } from "../src/cli/sysroot.ts";
import { reportFailure, talk } from "../src/cli/talk.ts";
import { describeFailure, ExitCode } from "../src/failure.ts";
import { discoverTests } from "../src/runner/discover.ts";
import { runTestCases } from "../src/runner/run_tests.ts";
import { pull } from "../src/sysroot/pull.ts";

const PROFILE = "debian-12-glib-tests-aarch64";
/** Where Debian's package puts the programs. */
const TESTS = "/usr/libexec/installed-tests/glib";

/** Programs of that folder that the demo leaves out. */
const LEFT_OUT: Readonly<Record<string, RegExp>> = {
  "not tests: what tests start":
    /^(apps|assert-msg-test|dbus-launch|echo-script.*|fake-.*|.*-helper|.*-preload|gdbus-testserver|gdbus-connection-flush-helper|gsubprocess-testprog|test-spawn-echo|taptestrunner\.py|empty|autoptr.*|services|modules)$/,
  "need the desktop's MIME database": /^contenttype$/,
  "need Python or a message bus with services": /(\.py$|^gdbus-|^dbus-appinfo$|^gapplication$|^appmonitor$|^actions$)/,
  "fail on a real kernel too":
    /^(1bit-mutex|gmenumodel|gsocketclient-slow|gvariant|mainloop|objects-refcount2|performance|sequence|static-link)$/,
  "take long by design: timers, stress, statistics":
    /^(4096-random-bytes|642026(-ec)?|application-command-line|cancellable|io-channel-basic|network-address|network-monitor-race|mutex|rec-mutex|rwlock|properties-refcount[23]|slice-.*|thread-deprecated|thread-pool-slow|threadtests|timeout|performance-threaded|gsubprocess|queue|regex|gdatetime|debugcontroller|checksum|closure-refcount|converter-stream|data-input-stream|date|srvtarget|unicode|unicode-normalize|utf8-pointer)$/,
};

async function demo(folder: string): Promise<number> {
  const progress = new PullProgress(processIo());
  talk(`pulling ${PROFILE}`);
  const sysroot = Deno.realPathSync(await pull(PROFILE, { onProgress: progress.take }));
  progress.end();

  const tests = discoverTests([`${TESTS}/*`], { sysroot })
    .map((each) => ({ ...each, name: each.path.slice(TESTS.length + 1) }))
    .filter(({ name }) => !Object.values(LEFT_OUT).some((pattern) => pattern.test(name)));
  Deno.mkdirSync(folder, { recursive: true });
  using outputs = new Outputs([
    { reporter: "pretty", file: undefined },
    { reporter: "pretty", file: `${folder}/summary.txt` },
    { reporter: "tap", file: `${folder}/results.tap` },
    { reporter: "junit", file: `${folder}/junit.xml` },
  ], { live: true });
  const { summary } = await runTestCases({
    tests,
    jobs: navigator.hardwareConcurrency ?? 1,
    world: {
      sysroot,
      hostFallback: false,
      // nobody: the one ordinary user that the profile's /etc/passwd knows.
      uid: 65534,
      gid: 65534,
      workdir: "/tmp",
      timeout: 60_000,
      env: {
        PATH: "/usr/bin:/bin",
        HOME: "/tmp",
        USER: "user",
        LANG: "C.UTF-8",
        TZ: "UTC",
      },
    },
    onEvent: (event) => outputs.event(event),
  });
  console.log(`written: ${folder}/summary.txt ${folder}/results.tap ${folder}/junit.xml`);
  return summary.failed > 0 ? ExitCode.testsFailed : 0;
}

if (import.meta.main) {
  try {
    Deno.exit(await demo(Deno.args[0] ?? "elftap-demo"));
  } catch (error) {
    Deno.exit(reportFailure(describeFailure(error)));
  }
}
