/** The Worker's way to what was translated in earlier runs: the thread that started it may read and write files. */
import type { RegionStore } from "../engine/region_store.ts";
import type { Post } from "./worker_stdio.ts";

export class MessageRegionStore implements RegionStore {
  readonly #run: number;
  readonly #post: Post;
  readonly #waiting = new Map<string, (archive: Uint8Array | null | undefined) => void>();

  constructor(run: number, post: Post) {
    this.#run = run;
    this.#post = post;
  }

  load(program: string): Promise<Uint8Array | null | undefined> {
    this.#post({ type: "recall", run: this.#run, program });
    return new Promise((resolve) => this.#waiting.set(program, resolve));
  }

  save(program: string, archive: Uint8Array<ArrayBuffer>): void {
    this.#post({ type: "keep", run: this.#run, program, archive }, [archive.buffer]);
  }

  /** The answer has come. */
  deliver(program: string, archive: Uint8Array | null): void {
    this.#waiting.get(program)?.(archive);
    this.#waiting.delete(program);
  }

  /** The run is over: nobody answers any more. */
  close(): void {
    for (const resolve of this.#waiting.values()) resolve(undefined);
    this.#waiting.clear();
  }
}
