/**
 * The thread that unpacks: decompression and thousands of file writes would stall downloads and progress on the main
 * one. Its Deno permissions are narrowed to the blobs (read) and its staging folder (write), so that an archive which
 * outwits {@link RootBuilder} still cannot touch anything else.
 */
/// <reference lib="deno.worker" />
import type { PinnedPackage, Profile } from "./profile.ts";
import { SysrootError } from "./sysroot_error.ts";
import { type UnpackedTree, Unpacker } from "./unpacker.ts";

/** What the worker is told, one message at a time: it answers each before the next is sent. */
export type UnpackRequest =
  | { readonly type: "begin"; readonly staging: string; readonly profile: Profile }
  | { readonly type: "package"; readonly pinned: PinnedPackage; readonly blobPath: string }
  | { readonly type: "finish" };

/** What it answers. */
export type UnpackReply =
  | { readonly type: "ready" }
  | { readonly type: "unpacked" }
  /** The blob is not what is pinned; it may be sent again. */
  | { readonly type: "damaged" }
  | { readonly type: "finished"; readonly tree: UnpackedTree }
  | { readonly type: "failed"; readonly message: string; readonly hint: string | undefined };

let unpacker: Unpacker | undefined;

async function serve(request: UnpackRequest): Promise<UnpackReply> {
  switch (request.type) {
    case "begin":
      unpacker = new Unpacker(request.staging, request.profile);
      return { type: "ready" };
    case "package":
      return { type: await started().unpack(request.pinned, request.blobPath) ? "unpacked" : "damaged" };
    case "finish":
      return { type: "finished", tree: started().finish() };
  }
}

function started(): Unpacker {
  if (unpacker === undefined) throw new Error("no unpacking was begun");
  return unpacker;
}

self.onmessage = async (event: MessageEvent<UnpackRequest>) => {
  let reply: UnpackReply;
  try {
    reply = await serve(event.data);
  } catch (error) {
    if (!(error instanceof SysrootError)) throw error;
    reply = { type: "failed", message: error.message, hint: error.hint };
  }
  self.postMessage(reply);
};
