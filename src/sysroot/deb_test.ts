import assert from "node:assert/strict";
import { ar, deb, debOf, tar } from "../../tests/sysroot/archive_builder.ts";
import { readDeb } from "./deb.ts";

async function filesOf(bytes: Uint8Array): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  let path = "";
  await readDeb(bytes, {
    entry: (header) => {
      path = header.path;
      files[path] = "";
    },
    data: (part) => files[path] += new TextDecoder().decode(part),
    end: () => {},
  }, "x 1.0");
  return files;
}

/** `tar -c hello.txt | xz -9` by GNU tar 1.34 and XZ Utils 5.4. */
const XZ =
  "/Td6WFoAAATm1rRGAgAhARwAAAAQz1jM4Cf/AHtdADQZSe6N8LrI/5v/8gxprxHrY1SJHfcrvkt7lumT8TpF9WGiAbXtduFkSremIO5ZGOH+lCRw5rAvniC9k05nLkmum1UcDZTMEzd6N/XdVw1parDwJCrX4Qxt5ZpmAPgbm1PKkxxIL73zs6X1Uz1imxXXvZQV0e2aDziCwAAA0umiKBcVIV0AAZcBgFAAAB1Ds3+xxGf7AgAAAAAEWVo=";

const xzBytes = () => Uint8Array.from(atob(XZ), (char) => char.charCodeAt(0));
const xzDeb = (data: Uint8Array) =>
  ar([{ name: "debian-binary", data: new TextEncoder().encode("2.0\n") }, { name: "data.tar.xz", data }]);

for (const compression of ["", ".gz", ".zst"] as const) {
  Deno.test(`readDeb reads data.tar${compression}`, async () => {
    const content = "line\n".repeat(50_000);
    assert.deepEqual(await filesOf(deb([{ path: "./a", content }], compression)), { "./a": content });
  });
}

Deno.test("readDeb reads data.tar.xz", async () => {
  assert.deepEqual(await filesOf(xzDeb(xzBytes())), { "hello.txt": "hello from xz\n" });
});

Deno.test("readDeb refuses xz data that is cut short", async () => {
  await assert.rejects(filesOf(xzDeb(xzBytes().subarray(0, 100))), /x 1.0 (has damaged xz data|ends early)/);
});

Deno.test("readDeb refuses damaged xz data", async () => {
  const bytes = xzBytes();
  bytes.fill(0x55, 40, 80);
  await assert.rejects(filesOf(xzDeb(bytes)), /^SysrootError: x 1.0 has damaged xz data$/);
});

Deno.test("readDeb reads xz data after damaged xz data", async () => {
  const bytes = xzBytes();
  bytes.fill(0x55, 40, 80);
  await assert.rejects(filesOf(xzDeb(bytes)));
  assert.deepEqual(Object.keys(await filesOf(xzDeb(xzBytes()))), ["hello.txt"]);
});

for (const compression of [".gz", ".zst"] as const) {
  Deno.test(`readDeb refuses damaged ${compression} data`, async () => {
    const bytes = deb([{ path: "a", content: "text" }], compression);
    bytes.fill(0x55, bytes.length - 40, bytes.length - 10);
    await assert.rejects(filesOf(bytes), /^SysrootError: x 1.0 has damaged (gz|zst) data$/);
  });
}

Deno.test("readDeb refuses a compression it does not know", async () => {
  const bytes = ar([
    { name: "debian-binary", data: new TextEncoder().encode("2.0\n") },
    { name: "data.tar.lzma", data: tar([]) },
  ]);
  await assert.rejects(filesOf(bytes), /data archive named "data.tar.lzma" is not supported/);
});

Deno.test("readDeb refuses an ar archive that is no package", async () => {
  await assert.rejects(
    filesOf(ar([{ name: "a.o", data: new Uint8Array(4) }])),
    /^SysrootError: x 1.0 is not a Debian package$/,
  );
});

Deno.test("readDeb refuses a package without data", async () => {
  const bytes = ar([{ name: "debian-binary", data: new TextEncoder().encode("2.0\n") }]);
  await assert.rejects(filesOf(bytes), /x 1.0 has no data archive/);
});

Deno.test("readDeb passes on what its sink throws", async () => {
  const sink = {
    entry: () => {
      throw new RangeError("mine");
    },
    data: () => {},
    end: () => {},
  };
  await assert.rejects(readDeb(debOf(tar([{ path: "a" }])), sink, "x"), new RangeError("mine"));
});
