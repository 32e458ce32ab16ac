/** Spreads packages over unpacking threads; see `unpack_worker.ts`. */
import { PROJECT } from "../project.ts";
import type { PackageEntry, RootLayout } from "./package_writer.ts";
import type { PinnedPackage } from "./profile.ts";
import { SysrootError } from "./sysroot_error.ts";
import type { UnpackReply, UnpackRequest } from "./unpack_worker.ts";

/** More threads than this wait for the disk. */
const MAX_THREADS = 8;

interface Job {
  readonly request: UnpackRequest;
  readonly answer: PromiseWithResolvers<UnpackReply>;
}

/** Threads that unpack into one staged root. Disposing ends them, whatever they are at. */
export class UnpackPool implements Disposable {
  readonly #layout: RootLayout;
  readonly #blobFolder: string;
  readonly #maxThreads = Math.min(MAX_THREADS, navigator.hardwareConcurrency);
  readonly #threads = new Set<Worker>();
  readonly #idle: Worker[] = [];
  readonly #waiting: Job[] = [];
  readonly #running = new Set<Job>();
  #ended: Error | undefined;

  constructor(layout: RootLayout, blobFolder: string) {
    this.#layout = layout;
    this.#blobFolder = blobFolder;
  }

  /**
   * Unpacks a package from its blob when a thread is free.
   *
   * @returns what it has, or undefined when the blob is damaged.
   */
  async unpack(pinned: PinnedPackage, blobPath: string): Promise<readonly PackageEntry[] | undefined> {
    if (this.#ended !== undefined) throw this.#ended;
    const job = { request: { pinned, blobPath, layout: this.#layout }, answer: Promise.withResolvers<UnpackReply>() };
    this.#waiting.push(job);
    this.#dispatch();
    const reply = await job.answer.promise;
    switch (reply.type) {
      case "unpacked":
        return reply.entries;
      case "damaged":
        return undefined;
      case "failed":
        throw new SysrootError(reply.message, reply.hint === undefined ? {} : { hint: reply.hint });
    }
  }

  [Symbol.dispose](): void {
    this.#end(new Error("the unpacking threads were ended"));
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const thread = this.#idle.pop() ?? (this.#threads.size < this.#maxThreads ? this.#start() : undefined);
      if (thread === undefined) return;
      const job = this.#waiting.shift() as Job;
      this.#running.add(job);
      thread.onmessage = ({ data }: MessageEvent<UnpackReply>) => {
        this.#running.delete(job);
        this.#idle.push(thread);
        job.answer.resolve(data);
        this.#dispatch();
      };
      thread.postMessage(job.request);
    }
  }

  #start(): Worker {
    const thread = new Worker(new URL("src/sysroot/unpack_worker.ts", PROJECT), {
      type: "module",
      name: "unpack",
      deno: { permissions: { read: [this.#blobFolder, this.#layout.root], write: [this.#layout.root] } },
    });
    thread.onerror = (event) => {
      event.preventDefault();
      this.#end(new Error(`an unpacking thread failed: ${event.message}`));
    };
    this.#threads.add(thread);
    return thread;
  }

  #end(why: Error): void {
    this.#ended ??= why;
    for (const thread of this.#threads) thread.terminate();
    this.#threads.clear();
    for (const { answer } of [...this.#running, ...this.#waiting]) answer.reject(this.#ended);
    this.#running.clear();
    this.#waiting.length = 0;
  }
}
