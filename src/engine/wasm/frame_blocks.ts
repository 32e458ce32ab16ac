/**
 * The decoded blocks of shared pages. A block outlives the mappings of its page, so that the next process that runs
 * the same file finds it decoded; of those that nobody maps, the ones unused for longest make room.
 */
import type { WasmFrame } from "./frame.ts";
import type { EngineMemory } from "./memory.ts";

/** Blocks (16 KiB each) kept for pages that nobody maps: Python with its libraries executes some 400 pages. */
const MAX_IDLE = 2048;

export class FrameBlocks {
  readonly #memory: EngineMemory;
  /** Frames that have a block, by it. */
  readonly #frames = new Map<number, WeakRef<WasmFrame>>();
  /** Gives the block of a frame back when the frame is gone. */
  readonly #gone = new FinalizationRegistry<number>((block) => {
    this.#frames.delete(block);
    this.#memory.freeBlock(block);
  });
  readonly #maxIdle: number;
  /** Blocks at which the idle ones are counted. */
  #limit: number;
  #uses = 0;

  constructor(memory: EngineMemory, maxIdle = MAX_IDLE) {
    this.#memory = memory;
    this.#maxIdle = this.#limit = maxIdle;
  }

  /** The block of a frame, made if there is none. */
  of(frame: WasmFrame): number {
    if (frame.block === 0) this.adopt(frame, this.#memory.allotBlock());
    return frame.block;
  }

  /** Makes a block the frame's. */
  adopt(frame: WasmFrame, block: number): void {
    frame.block = block;
    frame.lastUse = ++this.#uses;
    this.#frames.set(block, new WeakRef(frame));
    this.#gone.register(frame, block, frame);
    if (this.#frames.size > this.#limit) this.#makeRoom();
  }

  /** The frame's content is another: what was decoded from it is void. */
  drop(frame: WasmFrame): void {
    if (frame.block === 0) return;
    this.#frames.delete(frame.block);
    this.#gone.unregister(frame);
    this.#memory.freeBlock(frame.block);
    frame.block = 0;
  }

  /** A mapping of the frame has gone. */
  unlinked(frame: WasmFrame): void {
    if (frame.block !== 0) frame.lastUse = ++this.#uses;
  }

  /** Drops the idle blocks that have not been used for longest, and some more: this is not due again at once. */
  #makeRoom(): void {
    const idle: WasmFrame[] = [];
    for (const each of this.#frames.values()) {
      const frame = each.deref();
      if (frame && frame.links.size === 0) idle.push(frame);
    }
    const some = Math.ceil(this.#maxIdle / 8), excess = idle.length - this.#maxIdle;
    if (excess > 0) {
      idle.sort((a, b) => a.lastUse - b.lastUse);
      for (const frame of idle.slice(0, excess + some)) this.drop(frame);
    }
    this.#limit = this.#frames.size + some;
  }
}
