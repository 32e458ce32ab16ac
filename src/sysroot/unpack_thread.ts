/** The main thread's side of {@link file://./unpack_worker.ts}: start it narrowed, ask, end it. */
import type { PinnedPackage, Profile } from "./profile.ts";
import type { Store } from "./store.ts";
import { explainHostError, SysrootError } from "./sysroot_error.ts";
import type { UnpackReply, UnpackRequest } from "./unpack_worker.ts";
import type { UnpackedTree } from "./unpacker.ts";

/** An unpacking thread for one staging folder. Calls are made one after the other; disposing ends the thread. */
export class UnpackThread implements Disposable {
  readonly #store: Store;
  readonly #worker: Worker;
  #settle: { resolve(reply: UnpackReply): void; reject(error: unknown): void } | undefined;
  #failure: Error | undefined;

  private constructor(store: Store, staging: string) {
    this.#store = store;
    this.#worker = new Worker(new URL("./unpack_worker.ts", import.meta.url), {
      type: "module",
      name: "unpack",
      deno: { permissions: { read: [store.blobFolder, staging], write: [staging] } },
    });
    this.#worker.onmessage = (event: MessageEvent<UnpackReply>) => this.#settle?.resolve(event.data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#failure = new Error(`the unpacking thread failed: ${event.message}`);
      this.#settle?.reject(this.#failure);
    };
  }

  /** Starts a thread that unpacks `profile` into the existing, empty folder `staging`. */
  static async start(store: Store, staging: string, profile: Profile): Promise<UnpackThread> {
    let thread: UnpackThread;
    try {
      thread = new UnpackThread(store, staging);
    } catch (error) {
      throw explainHostError(error, "start the unpacking thread");
    }
    try {
      await thread.#ask({ type: "begin", staging, profile });
    } catch (error) {
      thread[Symbol.dispose]();
      throw error;
    }
    return thread;
  }

  /** Unpacks a package from its blob; false when the blob is damaged. */
  async unpack(pinned: PinnedPackage): Promise<boolean> {
    const reply = await this.#ask({ type: "package", pinned, blobPath: this.#store.blobPath(pinned.sha256) });
    return reply.type === "unpacked";
  }

  /** Completes the tree. */
  async finish(): Promise<UnpackedTree> {
    const reply = await this.#ask({ type: "finish" });
    if (reply.type !== "finished") throw new Error(`unexpected reply ${reply.type}`);
    return reply.tree;
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
    this.#failure ??= new Error("the unpacking thread was ended");
    this.#settle?.reject(this.#failure);
  }

  async #ask(request: UnpackRequest): Promise<UnpackReply> {
    if (this.#failure !== undefined) throw this.#failure;
    const answer = Promise.withResolvers<UnpackReply>();
    this.#settle = answer;
    this.#worker.postMessage(request);
    const reply = await answer.promise;
    this.#settle = undefined;
    if (reply.type === "failed") {
      throw new SysrootError(reply.message, reply.hint === undefined ? {} : { hint: reply.hint });
    }
    return reply;
  }
}
