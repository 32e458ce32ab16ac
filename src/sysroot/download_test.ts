import assert from "node:assert/strict";
import { noise, pin } from "../../tests/sysroot/archive_builder.ts";
import { MirrorServer, ranged } from "../../tests/sysroot/mirror_server.ts";
import { Downloader } from "./download.ts";
import type { PinnedPackage } from "./profile.ts";
import { exists, Store } from "./store.ts";

const bytes = noise(10_000);
const pinned = pin("a", bytes);

interface Setting {
  readonly server: MirrorServer;
  readonly store: Store;
  readonly notices: string[];
  /** Downloads from the server, then from further mirrors. */
  fetch(what?: PinnedPackage, ...more: MirrorServer[]): Promise<void>;
}

async function setting(work: (setting: Setting) => Promise<void>): Promise<void> {
  await using server = new MirrorServer();
  const store = new Store(await Deno.makeTempDir());
  const notices: string[] = [];
  try {
    await store.prepare();
    await work({
      server,
      store,
      notices,
      fetch: async (what = pinned, ...more) => {
        const mirrors = [server, ...more].map(({ url }) => ({ base: new URL(url), from: "option" as const }));
        using downloader = new Downloader(store, mirrors);
        await downloader.fetch(what, { retryMs: 1, onNotice: (line) => notices.push(line) });
      },
    });
  } finally {
    await Deno.remove(store.path, { recursive: true });
  }
}

Deno.test("Downloader stores a package under its hash", async () => {
  await setting(async ({ server, store, fetch }) => {
    server.serve("pool/a.deb", bytes);
    await fetch();
    assert.deepEqual(await Deno.readFile(store.blobPath(pinned.sha256)), bytes);
    assert(!(await exists(store.partialPath(pinned.sha256))));
  });
});

Deno.test("Downloader asks for nothing that is there", async () => {
  await setting(async ({ server, fetch }) => {
    server.serve("pool/a.deb", bytes);
    await fetch();
    await fetch();
    assert.deepEqual(server.requests, ["pool/a.deb"]);
  });
});

Deno.test("Downloader resumes a partial download", async () => {
  await setting(async ({ server, store, fetch }) => {
    server.serve("pool/a.deb", bytes);
    await Deno.writeFile(store.partialPath(pinned.sha256), bytes.subarray(0, 4000));
    await fetch();
    assert.deepEqual(server.requests, ["pool/a.deb@4000"]);
    assert.deepEqual(await Deno.readFile(store.blobPath(pinned.sha256)), bytes);
  });
});

Deno.test("Downloader completes a partial download that lacks nothing but its name", async () => {
  await setting(async ({ server, store, fetch }) => {
    await Deno.writeFile(store.partialPath(pinned.sha256), bytes);
    await fetch();
    assert.deepEqual(server.requests, []);
    assert(await exists(store.blobPath(pinned.sha256)));
  });
});

Deno.test("Downloader begins anew when a partial download was rotten", async () => {
  await setting(async ({ server, store, fetch }) => {
    server.serve("pool/a.deb", bytes);
    await Deno.writeFile(store.partialPath(pinned.sha256), new Uint8Array(4000));
    await fetch();
    assert.deepEqual(server.requests, ["pool/a.deb@4000", "pool/a.deb"]);
    assert.deepEqual(await Deno.readFile(store.blobPath(pinned.sha256)), bytes);
  });
});

Deno.test("Downloader begins anew when a partial download is too long", async () => {
  await setting(async ({ server, store, fetch }) => {
    server.serve("pool/a.deb", bytes);
    await Deno.writeFile(store.partialPath(pinned.sha256), noise(20_000));
    await fetch();
    assert.deepEqual(server.requests, ["pool/a.deb"]);
  });
});

Deno.test("Downloader copes with a server that cannot resume", async () => {
  await setting(async ({ server, store, fetch }) => {
    server.answer("pool/a.deb", () => new Response(bytes));
    await Deno.writeFile(store.partialPath(pinned.sha256), bytes.subarray(0, 4000));
    await fetch();
    assert.deepEqual(await Deno.readFile(store.blobPath(pinned.sha256)), bytes);
  });
});

Deno.test("Downloader tries again after a server's trouble", async () => {
  await setting(async ({ server, notices, fetch }) => {
    let troubles = 2;
    server.answer(
      "pool/a.deb",
      (from) => troubles-- > 0 ? new Response("", { status: 503 }) : ranged(bytes.subarray(from), from, bytes.length),
    );
    await fetch();
    assert.equal(notices.length, 2);
    assert.match(notices[0] ?? "", /^a: HTTP 503 from http:\/\/127.0.0.1:\d+\/pool\/a.deb; trying again$/);
  });
});

Deno.test("Downloader goes on where a connection broke", async () => {
  await setting(async ({ server, store, fetch }) => {
    let first = true;
    server.answer("pool/a.deb", (from) => {
      const end = first ? 6000 : bytes.length;
      first = false;
      // No length: the end of the stream is the end of the file, as far as the client can tell.
      const part = new ReadableStream({
        start(controller) {
          controller.enqueue(bytes.slice(from, end));
          controller.close();
        },
      });
      return from === 0 ? new Response(part) : ranged(part, from, bytes.length);
    });
    await fetch();
    assert.deepEqual(server.requests, ["pool/a.deb", "pool/a.deb@6000"]);
    assert.deepEqual(await Deno.readFile(store.blobPath(pinned.sha256)), bytes);
  });
});

Deno.test("Downloader takes the next mirror when one does not have the file", async () => {
  await setting(async ({ server, notices, fetch }) => {
    await using second = new MirrorServer();
    second.serve("pool/a.deb", bytes);
    await fetch(pinned, second);
    assert.deepEqual([server.requests, second.requests], [["pool/a.deb"], ["pool/a.deb"]]);
    assert.match(notices[0] ?? "", /HTTP 404 from .*; trying http:\/\/127.0.0.1:\d+\/$/);
  });
});

Deno.test("Downloader takes the next mirror when one has another file of that name", async () => {
  await setting(async ({ server, store, fetch }) => {
    await using second = new MirrorServer();
    server.serve("pool/a.deb", new Uint8Array(10_000));
    second.serve("pool/a.deb", bytes);
    await fetch(pinned, second);
    assert.deepEqual(await Deno.readFile(store.blobPath(pinned.sha256)), bytes);
  });
});

async function failure(work: Promise<void>): Promise<string> {
  try {
    await work;
  } catch (error) {
    assert.equal((error as Error).name, "SysrootError");
    return (error as Error).message;
  }
  throw new Error("nothing was thrown");
}

Deno.test("Downloader says in one line that a file is not there", async () => {
  await setting(async ({ fetch }) => {
    assert.match(await failure(fetch()), /^cannot download a 1.0: HTTP 404 from http:\/\/127.0.0.1:\d+\/pool\/a.deb$/);
  });
});

Deno.test("Downloader says which hash it found, and keeps nothing of the file", async () => {
  await setting(async ({ server, store, fetch }) => {
    server.serve("pool/a.deb", new Uint8Array(10_000));
    assert.match(
      await failure(fetch()),
      /has SHA-256 95b532cc4381affdff0d956e12520a04129ed49d37e154228368fe5621f0b9a2, pinned is /,
    );
    assert(!(await exists(store.blobPath(pinned.sha256))));
    assert.equal((await Deno.stat(store.partialPath(pinned.sha256))).size, 0);
  });
});

Deno.test("Downloader refuses a file of another length before reading it", async () => {
  await setting(async ({ server, fetch }) => {
    server.serve("pool/a.deb", noise(9_999));
    assert.match(await failure(fetch()), /has 9999 bytes, pinned are 10000$/);
  });
});

Deno.test("Downloader stops reading a file that does not end", async () => {
  await setting(async ({ server, fetch }) => {
    server.answer("pool/a.deb", () => {
      let pulls = 0;
      const endless = new ReadableStream({
        pull(controller) {
          assert(++pulls < 10_000, "read on and on");
          controller.enqueue(new Uint8Array(5000));
        },
      });
      return new Response(endless);
    });
    assert.match(await failure(fetch()), /is longer than the 10000 bytes that are pinned$/);
  });
});

Deno.test("Downloader says that a server is not there", async () => {
  await setting(async ({ store }) => {
    const gone = new MirrorServer();
    const base = new URL(gone.url);
    await gone[Symbol.asyncDispose]();
    using downloader = new Downloader(store, [{ base, from: "option" }]);
    assert.match(await failure(downloader.fetch(pinned, { retryMs: 1 })), /pool\/a.deb: .*[Cc]onnection refused$/);
  });
});

Deno.test("Downloader gives up on a server that sends nothing more", async () => {
  await setting(async ({ server, store }) => {
    server.stallAfter("pool/a.deb", bytes, 4000);
    using downloader = new Downloader(store, [{ base: new URL(server.url), from: "option" }]);
    assert.match(await failure(downloader.fetch(pinned, { stallMs: 20, retryMs: 1 })), /no answer for 0.02 s$/);
    assert.equal((await Deno.stat(store.partialPath(pinned.sha256))).size, 4000);
  });
});

Deno.test("Downloader does not ask a mirror again that is down", async () => {
  await setting(async ({ server, store }) => {
    await using second = new MirrorServer();
    const other = pin("b", noise(50));
    for (const path of ["pool/a.deb", "pool/b.deb"]) server.answer(path, () => new Response("", { status: 500 }));
    second.serve("pool/a.deb", bytes);
    second.serve("pool/b.deb", noise(50));
    const mirrors = [server, second].map(({ url }) => ({ base: new URL(url), from: "apt" as const }));
    using downloader = new Downloader(store, mirrors);
    for (const each of [pinned, other]) await downloader.fetch(each, { retryMs: 1 });
    assert.deepEqual(server.requests, ["pool/a.deb", "pool/a.deb", "pool/a.deb"]);
  });
});

Deno.test("Downloader downloads once when asked twice at once", async () => {
  await setting(async ({ server, fetch }) => {
    server.serve("pool/a.deb", bytes);
    await Promise.all([fetch(), fetch(), fetch()]);
    assert.deepEqual(server.requests, ["pool/a.deb"]);
  });
});

Deno.test("Downloader stops when it is told to", async () => {
  await setting(async ({ server, store }) => {
    server.stallAfter("pool/a.deb", bytes, 4000);
    const stop = new AbortController();
    using downloader = new Downloader(store, [{ base: new URL(server.url), from: "option" }]);
    const onBytes = (received: number) => received > 0 && stop.abort();
    await assert.rejects(downloader.fetch(pinned, { signal: stop.signal, onBytes }), { name: "AbortError" });
    assert(!(await exists(store.blobPath(pinned.sha256))));
  });
});
