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
  /** Blocks of frames that nobody maps, the one unused for longest first. */
  readonly #idle = new Map<number, WeakRef<WasmFrame>>();
  /** Gives the block of a frame back when the frame is gone. */
  readonly #gone = new FinalizationRegistry<number>((block) => {
    this.#idle.delete(block);
    this.#memory.freeBlock(block);
  });

  constructor(memory: EngineMemory) {
    this.#memory = memory;
  }

  /** The block of a frame, made if there is none. */
  of(frame: WasmFrame): number {
    if (frame.block === 0) this.adopt(frame, this.#memory.allotBlock());
    return frame.block;
  }

  /** Makes a block the frame's. */
  adopt(frame: WasmFrame, block: number): void {
    frame.block = block;
    this.#gone.register(frame, block, frame);
  }

  /** The frame's content is another: what was decoded from it is void. */
  drop(frame: WasmFrame): void {
    if (frame.block === 0) return;
    this.#idle.delete(frame.block);
    this.#gone.unregister(frame);
    this.#memory.freeBlock(frame.block);
    frame.block = 0;
  }

  /** The frame has been mapped. */
  linked(frame: WasmFrame): void {
    if (frame.block !== 0) this.#idle.delete(frame.block);
  }

  /** A mapping of the frame has gone. */
  unlinked(frame: WasmFrame): void {
    if (frame.block === 0 || frame.links.size > 0) return;
    this.#idle.set(frame.block, new WeakRef(frame));
    if (this.#idle.size <= MAX_IDLE) return;
    const [block, oldest] = this.#idle.entries().next().value!;
    this.#idle.delete(block);
    const owner = oldest.deref();
    // Else its block is given back in a moment.
    if (owner) this.drop(owner);
  }
}
