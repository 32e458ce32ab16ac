import assert from "node:assert/strict";
import { linkTrouble, relativeTarget, type TreeView } from "./link_check.ts";

/** A tree from paths: a string is a link's target, true a folder. */
function treeOf(nodes: Readonly<Record<string, string | true>>): TreeView {
  return (path) => {
    const node = nodes[path];
    return node === undefined ? undefined : node === true ? "folder" : { target: node };
  };
}

Deno.test("relativeTarget climbs from the link's folder to the root", () => {
  assert.equal(relativeTarget("usr/lib/ssl/certs", "/etc/ssl/certs"), "../../../etc/ssl/certs");
  assert.equal(relativeTarget("top", "/etc"), "etc");
});

Deno.test("relativeTarget clamps .. at the root, as the root does", () => {
  assert.equal(relativeTarget("a/b", "/../../etc/passwd"), "../etc/passwd");
});

Deno.test("relativeTarget of the root itself", () => {
  assert.equal(relativeTarget("top", "/"), ".");
});

Deno.test("linkTrouble accepts a relative link that dangles inside", () => {
  assert.equal(
    linkTrouble("usr/lib/a.so", false, treeOf({ "usr/lib/a.so": "a.so.1", usr: true, "usr/lib": true })),
    undefined,
  );
});

Deno.test("linkTrouble refuses a link that climbs above the root", () => {
  assert.equal(linkTrouble("a/l", false, treeOf({ a: true, "a/l": "../../etc/passwd" })), "leaves the sysroot");
});

Deno.test("linkTrouble follows links on the way before it climbs", () => {
  // a/l goes down through d, which is really the top: the .. after it leaves.
  const tree = treeOf({ a: true, "a/d": "..", "a/l": "d/../x" });
  assert.equal(linkTrouble("a/l", false, tree), "leaves the sysroot");
});

Deno.test("linkTrouble refuses a circle", () => {
  assert.equal(linkTrouble("a", false, treeOf({ a: "b", b: "a" })), "leads in a circle");
});

Deno.test("linkTrouble refuses an absolute link to what the sysroot does not have", () => {
  assert.match(linkTrouble("l", true, treeOf({ l: "etc/shadow" })) ?? "", /is absolute, and there is no such file/);
});

Deno.test("linkTrouble accepts an absolute link to what the sysroot has", () => {
  assert.equal(linkTrouble("l", true, treeOf({ l: "etc/ssl", etc: true, "etc/ssl": true })), undefined);
});

Deno.test("linkTrouble accepts an absolute link into what the guest's kernel fills", () => {
  assert.equal(linkTrouble("etc/mtab", true, treeOf({ etc: true, "etc/mtab": "../proc/self/mounts" })), undefined);
});

Deno.test("linkTrouble accepts an absolute link to what was left out", () => {
  const tree: TreeView = (path) =>
    path === "l" ? { target: "usr/share/doc/x" } : path.includes("doc") ? "absent" : "folder";
  assert.equal(linkTrouble("l", true, tree), undefined);
});
