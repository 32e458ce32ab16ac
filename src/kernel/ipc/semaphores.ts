/** System V semaphores (semop(2), semctl(2)). */
import { EAGAIN, EFBIG, EIDRM, ERANGE } from "../abi/errno.ts";
import { IPC_NOWAIT, SEM_UNDO, SEMID_DS, SEMVMX } from "../abi/ipc.ts";
import type { Credentials } from "../task/credentials.ts";
import { WaitQueue } from "../wait.ts";
import { IpcObject } from "./sysv_registry.ts";

/** struct sembuf */
export interface SemOperation {
  readonly number: number;
  readonly op: number;
  /** IPC_NOWAIT, SEM_UNDO */
  readonly flags: number;
}

/** Who operates; adjustments made with SEM_UNDO are kept per process. */
export interface SemProcess {
  readonly pid: number;
}

export class SemaphoreSet extends IpcObject {
  readonly values: Uint16Array;
  /** Who operated last on each. */
  readonly pids: Int32Array;
  /** Seconds since the epoch. */
  otime = 0;
  ctime: number;
  /** Woken at every change. */
  readonly wait: WaitQueue = new WaitQueue();
  /** Calls that wait, by what they wait for: an increase or zero. */
  readonly #waiting = new Set<SemOperation>();
  /** What to give back when a process ends. */
  readonly #undo = new Map<SemProcess, Int32Array>();

  constructor(key: number, mode: number, creator: Credentials, count: number, now: number) {
    super(key, mode, creator);
    this.values = new Uint16Array(count);
    this.pids = new Int32Array(count);
    this.ctime = now;
  }

  /**
   * Tries a list of operations, all or none.
   *
   * @returns 0; the operation that has to wait; or a negative errno
   */
  attempt(operations: readonly SemOperation[], process: SemProcess, now: number): SemOperation | number {
    if (this.removed) return -EIDRM;
    const { values } = this;
    for (const { number } of operations) if (number >= values.length) return -EFBIG;
    const undo = operations.some(({ flags }) => flags & SEM_UNDO) ? this.#undoOf(process) : undefined;
    for (let i = 0; i < operations.length; i++) {
      const operation = operations[i]!, { number, op } = operation;
      const value = values[number]!;
      const after = value + op;
      const blocked = op === 0 ? value !== 0 : after < 0;
      const out = after > SEMVMX || (operation.flags & SEM_UNDO && op !== 0 && this.#undoOverflows(undo!, number, op));
      if (!blocked && !out) {
        values[number] = after;
        if (operation.flags & SEM_UNDO) undo![number]! -= op;
        continue;
      }
      // Back to the start: nothing has happened.
      for (let j = i - 1; j >= 0; j--) {
        const done = operations[j]!;
        values[done.number]! -= done.op;
        if (done.flags & SEM_UNDO) undo![done.number]! += done.op;
      }
      if (out && !blocked) return -ERANGE;
      return operation.flags & IPC_NOWAIT ? -EAGAIN : operation;
    }
    this.otime = now;
    let changed = false;
    for (const { number, op } of operations) {
      this.pids[number] = process.pid;
      changed ||= op !== 0;
    }
    if (changed) this.wait.wake();
    return 0;
  }

  #undoOverflows(undo: Int32Array, number: number, op: number): boolean {
    const adjusted = undo[number]! - op;
    return adjusted < -SEMVMX - 1 || adjusted > SEMVMX;
  }

  #undoOf(process: SemProcess): Int32Array {
    let undo = this.#undo.get(process);
    if (undo === undefined) {
      undo = new Int32Array(this.values.length);
      this.#undo.set(process, undo);
    }
    return undo;
  }

  /** Whether a process has something to give back. */
  hasUndo(process: SemProcess): boolean {
    return this.#undo.has(process);
  }

  /** The process has ended: what it took comes back. */
  undo(process: SemProcess): void {
    const undo = this.#undo.get(process);
    if (undo === undefined) return;
    this.#undo.delete(process);
    undo.forEach((adjust, number) => {
      if (adjust === 0) return;
      this.values[number] = Math.min(SEMVMX, Math.max(0, this.values[number]! + adjust));
      this.pids[number] = process.pid;
    });
    this.wait.wake();
  }

  startWaiting(operation: SemOperation): void {
    this.#waiting.add(operation);
  }
  stopWaiting(operation: SemOperation): void {
    this.#waiting.delete(operation);
  }
  /** GETNCNT and GETZCNT. */
  waiters(number: number, forZero: boolean): number {
    let count = 0;
    for (const operation of this.#waiting) {
      if (operation.number === number && (operation.op === 0) === forZero) count++;
    }
    return count;
  }

  /** SETVAL, and SETALL one by one: adjustments of that semaphore are void. */
  setValue(number: number, value: number, process: SemProcess, now: number): void {
    this.values[number] = value;
    this.pids[number] = process.pid;
    for (const undo of this.#undo.values()) undo[number] = 0;
    this.ctime = now;
    this.wait.wake();
  }

  /** struct semid64_ds */
  encode(): Uint8Array {
    const bytes = new Uint8Array(SEMID_DS.size), view = new DataView(bytes.buffer);
    this.encodePerm(view);
    view.setBigInt64(SEMID_DS.otime, BigInt(this.otime), true);
    view.setBigInt64(SEMID_DS.ctime, BigInt(this.ctime), true);
    view.setBigUint64(SEMID_DS.nsems, BigInt(this.values.length), true);
    return bytes;
  }
}
