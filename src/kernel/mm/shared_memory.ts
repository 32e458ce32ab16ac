/** Memory that processes share without a file: MAP_SHARED|MAP_ANONYMOUS and System V segments (Linux: shmem). */
import type { Engine, Frame } from "../../engine/engine.ts";
import type { MapObject, MapUser } from "./map_object.ts";
import { gaugeOf } from "./memory_gauge.ts";
import { MapUsers } from "./map_users.ts";

/** Where pages come from. */
export type FrameMaker = Pick<Engine, "createFrame" | "memory">;

let nextInode = 1;

/** Zero pages, made when first touched, that live as long as something maps or holds them. */
export class SharedMemory implements MapObject {
  readonly kind = "shmem";
  readonly major = 0;
  readonly minor = 1;
  readonly ino: number;
  #frames = new Map<number, Frame>();
  #users = new MapUsers();
  /** Content outlives the last mapping (a System V segment without attachments). */
  keep = false;

  /**
   * @param pages size; accesses behind it are SIGBUS.
   * @param name shown in `/proc/self/maps`.
   * @param inode shown there; a System V segment shows its id.
   */
  constructor(
    private readonly frames: FrameMaker,
    readonly pages: number,
    private readonly name = "/dev/zero (deleted)",
    inode?: number,
  ) {
    this.ino = inode ?? nextInode++;
  }

  frame(pageIndex: number): Frame | undefined {
    let frame = this.#frames.get(pageIndex);
    if (frame === undefined && pageIndex < this.pages) {
      const gauge = gaugeOf(this.frames);
      // SIGBUS, as when Linux's shmem finds no memory.
      if (gauge.exhausted) return undefined;
      gauge.pages++;
      frame = this.frames.createFrame();
      this.#frames.set(pageIndex, frame);
    }
    return frame;
  }

  label(): string {
    return this.name;
  }

  ref(user: MapUser): number {
    this.#users.add(user);
    return 0;
  }

  unref(user: MapUser): void {
    if (this.#users.remove(user) && !this.keep) this.clear();
  }

  punch(first: number, end: number): void {
    for (const index of this.#frames.keys()) {
      if (index >= first && index < end && this.#frames.delete(index)) gaugeOf(this.frames).pages--;
    }
    for (const user of this.#users) user.dropObjectPages(this, first, end, false);
  }

  /** Frees all pages: nobody maps or keeps them. */
  clear(): void {
    gaugeOf(this.frames).pages -= this.#frames.size;
    this.#frames.clear();
  }

  /** Pages that exist. */
  get residentPages(): number {
    return this.#frames.size;
  }
}
