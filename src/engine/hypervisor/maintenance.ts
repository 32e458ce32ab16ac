/**
 * What the CPU has to be told after the host has edited translation tables or written instructions: a queue that the
 * stub works off before it enters the guest again. ASIDs are given out here as well, since giving one out again is a
 * matter of maintenance.
 *
 * The host edits tables only while no vCPU can use them (vectors.S takes them out of TTBR0_EL1), so the order of edits
 * within a queue does not matter, and a page that was taken from one process can be given to another at once: the first
 * one does not run before its entry is gone from the TLB.
 */
import { PAGE_SIZE } from "../engine.ts";
import { linear } from "./boot.ts";
import { Control, Op, OP_MAX } from "./layout.ts";
import type { Ram } from "./ram.ts";

/**
 * Pages of one address space that are invalidated one by one; more are invalidated as a whole. (Linux draws the line at
 * 512 for the kernel's own pages; here each takes a slot of the queue.)
 */
const BY_PAGE = 32;

const TWO32 = 2 ** 32;

/** How much maintenance there was. */
export interface MaintenanceCounts {
  /** TLB entries of single pages, of whole address spaces, and everything. */
  tlbiPage: number;
  tlbiSpace: number;
  tlbiAll: number;
  /** Pages made visible to the instruction side. */
  codePages: number;
}

/** An address space, as far as the TLB knows it. */
export interface TlbUser {
  /** Its ASID in this generation. */
  asid: number;
  generation: number;
}

export class Maintenance {
  readonly counts: MaintenanceCounts = { tlbiPage: 0, tlbiSpace: 0, tlbiAll: 0, codePages: 0 };
  /** Pages to invalidate by address space; null: all of it. */
  readonly #pages = new Map<number, number[] | null>();
  #all = false;
  readonly #code: number[] = [];
  #generation = 1;
  #nextAsid: number;
  readonly #freeAsids: number[] = [];
  /** Set while something is queued. */
  #pending = false;
  /** How many ASIDs the CPU has: no more than 8 bits' worth until a vCPU has said so. */
  count = 256;

  /**
   * @param offset this machine's ASIDs are those that are `offset` modulo `stride`; the lowest is the idle table's
   */
  constructor(private readonly offset: number, private readonly stride: number) {
    this.#nextAsid = offset + stride;
  }

  /** The ASID of the table without entries. */
  get idleAsid(): number {
    return this.offset;
  }

  /** Gives an address space the ASID to run with. When all are in use, everybody gets a new one. */
  asidOf(user: TlbUser): number {
    if (user.generation === this.#generation) return user.asid;
    let asid = this.#freeAsids.pop();
    if (asid === undefined) {
      if (this.#nextAsid >= this.count) {
        this.#generation++;
        this.#nextAsid = this.offset + this.stride;
        this.#all = this.#pending = true;
      }
      asid = this.#nextAsid;
      this.#nextAsid += this.stride;
    }
    user.generation = this.#generation;
    return user.asid = asid;
  }

  /**
   * Gives several address spaces ASIDs to run with at the same time. Giving one of them the last may take back what
   * others got before.
   *
   * @returns whether there are enough ASIDs
   */
  asidsOf(users: readonly TlbUser[]): boolean {
    for (let tries = 0; tries < 2; tries++) {
      for (const user of users) this.asidOf(user);
      if (users.every(({ generation }) => generation === this.#generation)) return true;
    }
    return false;
  }

  /** A valid entry of the table has been changed. */
  changed(user: TlbUser, va: number): void {
    // What has never run in this generation is in no TLB.
    if (user.generation !== this.#generation || this.#all) return;
    const pages = this.#pages.get(user.asid);
    if (pages === undefined) this.#pages.set(user.asid, [va / PAGE_SIZE]);
    else if (pages !== null) {
      if (pages.length < BY_PAGE) pages.push(va / PAGE_SIZE);
      else this.#pages.set(user.asid, null);
    }
    this.#pending = true;
  }

  /** An address space is gone. */
  freed(user: TlbUser): void {
    if (user.generation !== this.#generation) return;
    this.#pages.set(user.asid, null);
    this.#freeAsids.push(user.asid);
    this.#pending = true;
    user.generation = 0;
  }

  /** The host wrote instructions into this page of guest memory, or it becomes executable. */
  codeWritten(page: number): void {
    this.#code.push(page);
    this.#pending = true;
  }

  /** Puts the queue into a control block. */
  flush(ram: Ram, control: number): void {
    if (!this.#pending) return;
    const { counts } = this;
    let used = 0;
    const push = (op: number, low: number, high: number) => {
      const at = (control + Control.opList) / 4 + 4 * used++;
      ram.u32[at] = op;
      ram.u32[at + 1] = 0;
      ram.u32[at + 2] = low;
      ram.u32[at + 3] = high;
    };
    const invalidations = this.#all ? 1 : [...this.#pages.values()].reduce((sum, list) => sum + (list?.length ?? 1), 0);
    // Room for code and for the one operation that finishes it.
    const room = OP_MAX - 1;
    if (this.#all || invalidations > room) {
      counts.tlbiAll++;
      push(Op.tlbiAll, 0, 0);
    } else {
      for (const [asid, pages] of this.#pages) {
        if (pages === null) {
          counts.tlbiSpace++;
          push(Op.tlbiAsid, 0, asid << 16);
        } else {
          for (const page of pages) {
            counts.tlbiPage++;
            push(Op.tlbiVa, page % TWO32, (asid << 16) | Math.floor(page / TWO32));
          }
        }
      }
    }
    this.#pages.clear();
    this.#all = false;
    const code = this.#code.splice(0, room - used);
    for (const page of code) {
      const address = linear(ram, page * PAGE_SIZE);
      push(Op.cleanPage, Number(address & 0xffffffffn), Number(address >> 32n));
    }
    if (code.length > 0) push(Op.icAll, 0, 0);
    counts.codePages += code.length;
    ram.u32[(control + Control.ops) / 4] = used;
    this.#pending = this.#code.length > 0;
  }

  /** Whether there is more than went into the control block: the stub has to be run for it alone first. */
  get pending(): boolean {
    return this.#pending;
  }
}
