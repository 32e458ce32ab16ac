/** A test double: a real task in a real tree, whose calls are made one by one with paths and bytes put in its memory. */
import { fromBytes, toBytes } from "../fs/byte_string.ts";
import { GuestTree } from "../fs/guest_tree.ts";
import { fakeFrames } from "../fs/test_guest.ts";
import { openFifo } from "../ipc/fifo.ts";
import { DATA, scripted } from "../task/scripted_kernel.ts";
import type { Task } from "../task/task.ts";
import type { Blocking, Wake } from "../wait.ts";
import { SYSCALLS } from "./table.ts";

/** Memory for what calls write; {@link FileTask.put} goes on from here. */
export const BUFFER: number = DATA + 0x4_0000;

export class FileTask {
  readonly task: Task;
  readonly tree: GuestTree;
  #next = DATA;

  constructor(uid = 1000) {
    const { kernel, task } = scripted([], { uid, hostname: "testhost" });
    this.task = task;
    this.tree = new GuestTree({ hostFallback: false, binds: [], uid, gid: uid }, fakeFrames);
    this.tree.special.fifo = openFifo;
    this.tree.proc.root.kernel = kernel;
    const context = this.tree.context("/tmp");
    if (typeof context === "number") throw new Error("no /tmp");
    task.fs = context;
  }

  /** A call that must not wait. Strings are put in memory. */
  call(name: string, ...args: (number | string)[]): number {
    const result = this.start(name, ...args);
    if (typeof result !== "object") return Number(result);
    const step = result.next("event");
    if (!step.done) throw new Error(`${name} waits`);
    return Number(step.value);
  }

  /** A call that may wait. */
  start(name: string, ...args: (number | string)[]): number | bigint | Blocking {
    const row = SYSCALLS.find((candidate) => candidate.name === name)!;
    return row.handler(this.task, ...args.map((arg) => typeof arg === "string" ? this.put(arg) : arg));
  }

  /** Puts a NUL-terminated string in memory. */
  put(text: string): number {
    const va = this.#next;
    this.task.mm.writeBytes(va, toBytes(text + "\0"));
    this.#next += (text.length + 8) & ~7;
    return va;
  }

  /** Puts 64-bit words in memory. */
  words(...values: (number | bigint)[]): number {
    const va = this.#next;
    values.forEach((value, i) => this.task.mm.writeU64(va + 8 * i, BigInt.asUintN(64, BigInt(value))));
    this.#next += 8 * values.length;
    return va;
  }

  bytes(va: number, length: number): string {
    return fromBytes(this.task.mm.readBytes(va, length));
  }

  /** The content of a file, by path. */
  read(path: string): string {
    const fd = this.call("openat", -100, path, 0, 0);
    if (fd < 0) throw new Error(`open ${path}: ${fd}`);
    let text = "";
    for (let count; (count = this.call("read", fd, BUFFER, 65536)) !== 0;) {
      if (count < 0) throw new Error(`read ${path}: ${count}`);
      text += this.bytes(BUFFER, count);
    }
    this.call("close", fd);
    return text;
  }
}

/** Goes on with a call that waits: its result, or undefined when it waits on. */
export function resume(call: number | bigint | Blocking, reason: Wake = "event"): number | undefined {
  if (typeof call !== "object") return Number(call);
  const step = call.next(reason);
  return step.done ? Number(step.value) : undefined;
}
