/**
 * A thread that unpacks packages: decompression is most of a pull's work, and would stall downloads and progress on
 * the main thread. Its Deno permissions are narrowed to the blobs (read) and the staged root (write), so that an
 * archive which outwits {@link PackageWriter} still cannot touch anything else.
 */
/// <reference lib="deno.worker" />
import type { PackageEntry, RootLayout } from "./package_writer.ts";
import type { PinnedPackage } from "./profile.ts";
import { SysrootError } from "./sysroot_error.ts";
import { unpackPackage } from "./unpack_package.ts";

/** What the thread is asked, one package at a time. */
export interface UnpackRequest {
  readonly pinned: PinnedPackage;
  readonly blobPath: string;
  readonly layout: RootLayout;
}

/** What it answers. */
export type UnpackReply =
  | { readonly type: "unpacked"; readonly entries: readonly PackageEntry[] }
  /** The blob is not what is pinned. */
  | { readonly type: "damaged" }
  | { readonly type: "failed"; readonly message: string; readonly hint: string | undefined };

self.onmessage = async ({ data }: MessageEvent<UnpackRequest>) => {
  self.postMessage(await reply(data));
};

async function reply({ pinned, blobPath, layout }: UnpackRequest): Promise<UnpackReply> {
  try {
    const entries = await unpackPackage(pinned, blobPath, layout);
    return entries === undefined ? { type: "damaged" } : { type: "unpacked", entries };
  } catch (error) {
    if (!(error instanceof SysrootError)) throw error;
    return { type: "failed", message: error.message, hint: error.hint };
  }
}
