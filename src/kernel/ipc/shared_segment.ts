/** System V shared memory (shmop(2), shmctl(2)): a segment and who has it attached. */
import { PAGE_SIZE } from "../../engine/engine.ts";
import { SHM_DEST, SHMID_DS } from "../abi/ipc.ts";
import type { MapUser } from "../mm/map_object.ts";
import { type FrameMaker, SharedMemory } from "../mm/shared_memory.ts";
import type { Credentials } from "../task/credentials.ts";
import { IpcObject } from "./sysv_registry.ts";

/** The pages of a segment; it counts attachments, which are the VMAs that map it. */
class SegmentMemory extends SharedMemory {
  constructor(frames: FrameMaker, readonly segment: SharedSegment, key: number) {
    super(frames, Math.ceil(segment.size / PAGE_SIZE), `/SYSV${(key >>> 0).toString(16).padStart(8, "0")} (deleted)`);
    this.keep = true;
  }
  override ref(user: MapUser): number {
    this.segment.attachments++;
    return super.ref(user);
  }
  override unref(user: MapUser): void {
    super.unref(user);
    this.segment.detached();
  }
}

export class SharedSegment extends IpcObject {
  readonly memory: SharedMemory;
  attachments = 0;
  /** Seconds since the epoch. */
  atime = 0;
  dtime = 0;
  ctime: number;
  lastPid = 0;
  /** IPC_RMID: gone with the last attachment. */
  #destroyed = false;

  /** @param size bytes as asked for @param gone called when the segment is no more */
  constructor(
    key: number,
    mode: number,
    creator: Credentials,
    readonly size: number,
    readonly creatorPid: number,
    frames: FrameMaker,
    readonly now: () => number,
    readonly gone: (segment: SharedSegment) => void,
  ) {
    super(key, mode, creator);
    this.ctime = now();
    this.memory = new SegmentMemory(frames, this, key);
  }

  /** A VMA less maps it. */
  detached(): void {
    this.attachments--;
    this.dtime = this.now();
    if (this.#destroyed && this.attachments === 0) this.#vanish();
  }

  /** IPC_RMID */
  destroy(): void {
    this.#destroyed = true;
    if (this.attachments === 0) this.#vanish();
  }

  #vanish(): void {
    this.memory.keep = false;
    this.memory.clear();
    this.gone(this);
  }

  /** struct shmid64_ds */
  encode(): Uint8Array {
    const bytes = new Uint8Array(SHMID_DS.size), view = new DataView(bytes.buffer);
    this.encodePerm(view, this.mode | (this.#destroyed ? SHM_DEST : 0));
    const long = (at: number, value: number) => view.setBigInt64(at, BigInt(value), true);
    long(SHMID_DS.segsz, this.size);
    long(SHMID_DS.atime, this.atime);
    long(SHMID_DS.dtime, this.dtime);
    long(SHMID_DS.ctime, this.ctime);
    view.setInt32(SHMID_DS.cpid, this.creatorPid, true);
    view.setInt32(SHMID_DS.lpid, this.lastPid, true);
    long(SHMID_DS.nattch, this.attachments);
    return bytes;
  }
}
