/**
 * Unit tests that nobody here wrote: some of GLib's, as Debian installs them (libglib2.0-tests). Tests per second
 * through `elftap test` and through qemu-user started by xargs, with the same number of jobs at most.
 *
 * Left out are those that wait more than they compute, that start other programs, that need a bus or a network, and
 * those that fail under qemu-user or take longer than a second there.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { JOBS, xargs } from "./suite.ts";

const FOLDER = "/usr/libexec/installed-tests/glib";
const NAMES = `
642026 642026-ec accumulator async-close-output-stream async-splice-output-stream atomic autoptr autoptr-gio
base64 basic-signals basics-gobject binding bindinggroup bitlock bookmarkfile boxed buffered-input-stream
buffered-output-stream bytes cache charset checksum closure closure-refcount collate completion contenttype
contexts credentials custom-dispatch data-input-stream data-output-stream defaultiface defaultvalue deftype
dir dynamictests dynamictype enums environment error file-thumbnail fileattributematcher filter-streams flags
g-file g-file-info g-file-info-filesystem-readonly g-icon gobject-private gutils-user-database guuid hmac hook
hostutils ifaceproperties include inet-address io-channel io-stream keyfile macros mappedfile markup markup-collect
markup-escape markup-parse markup-subparser memchunk memory-input-stream memory-monitor memory-output-stream
memory-settings-backend mimeapps module-test-library module-test-plugin mount-operation node notify-init
notify-init2 null-settings-backend object once onceinit option-argv0 overflow overflow-fallback override
pattern permission pollable power-profile-monitor properties-refcount4 qdata rand rcbox readwrite reference
references refstring regex relation search-utils shell signal-handler simple-async-result simple-proxy singleton
sleepy-stream slice slice-known-pages slist sort stream-rw_all strfuncs string strvbuilder testfilemonitor
thread thumbnail-verification timer tls-certificate tls-database tls-interaction trash tree type type-flags
types unicode unicode-encoding unicode-normalize unix-fd unix-mounts uri utf8-misc utf8-performance utf8-validate
value vfs volumemonitor
`.trim().split(/\s+/);

/** The tests that a root has, as paths in it; none where the package is not installed. */
export function installedTests(root: string): string[] {
  return NAMES.map((name) => `${FOLDER}/${name}`).filter((path) => existsSync(root + path));
}

/** The commands that run them. @param list a file that is written for xargs */
export function installedCommands(
  root: string,
  tests: readonly string[],
  elftap: readonly string[],
  list: string,
): readonly (readonly string[])[] {
  Deno.writeTextFileSync(list, tests.map((path) => join(root, path) + "\0").join(""));
  return [
    [...elftap, "test", "--jobs", String(JOBS), "--no-host", "--sysroot", root, ...tests],
    ["sh", "-c", `${xargs(`-a "${list}"`, root)} >/dev/null`],
  ];
}
