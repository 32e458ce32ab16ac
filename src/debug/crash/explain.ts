/** What a fatal signal means, in a line: what lies at the fault address, who sent the signal, what abort() said. */
import { siginfoLayout } from "../../kernel/abi/siginfo.ts";
import type { Siginfo } from "../../kernel/abi/siginfo.ts";
import {
  BUS_ADRALN,
  BUS_ADRERR,
  SEGV_ACCERR,
  SIGABRT,
  SIGBUS,
  SIGFPE,
  SIGILL,
  SIGSEGV,
  SIGTRAP,
} from "../../kernel/abi/signal.ts";
import type { Mm } from "../../kernel/mm/mm.ts";
import { Vm, type Vma } from "../../kernel/mm/vma.ts";
import type { Task } from "../../kernel/task/task.ts";
import { moduleAt } from "../modules.ts";
import { hex } from "./frames.ts";

/** A field of a structure behind a null pointer lies no farther off. */
const NULL_ZONE = 0x10000;
/** A stack that overflows is touched at most so far beyond its end: the size of a large local array. */
const STACK_REACH = 0x100000;

/** The explanation, where there is something to say. */
export function explain(task: Task, info: Siginfo): { explanation?: string } {
  const text = explanationOf(task, info);
  return text === undefined ? {} : { explanation: text };
}

function explanationOf(task: Task, info: Siginfo): string | undefined {
  const { signo, code } = info;
  const isFault = siginfoLayout(signo, code) === "fault" && info.raw === undefined;
  if (isFault && (signo === SIGSEGV || signo === SIGBUS)) return faultText(task, info);
  if (isFault && signo === SIGILL) {
    const word = wordAt(task.mm, Number(task.cpu.regs.pc));
    return word === undefined ? undefined : `instruction 0x${word.toString(16).padStart(8, "0")}`;
  }
  if (isFault && (signo === SIGTRAP || signo === SIGFPE)) return undefined;
  if (signo === SIGABRT) return abortMessage(task) ?? senderText(task, info);
  return senderText(task, info);
}

/** Who sent a signal that no instruction raised. */
function senderText(task: Task, { pid }: Siginfo): string | undefined {
  if (pid === undefined || pid === 0) return undefined;
  return pid === task.pid ? "the program sent it to itself" : `sent by pid ${pid}`;
}

function faultText(task: Task, { signo, code, address: exact = 0 }: Siginfo): string {
  const address = Number(exact),
    { mm } = task,
    pc = Number(task.cpu.regs.pc),
    vma = address < 0 ? undefined : mm.vmas.find(address);
  if (signo === SIGBUS && code === BUS_ADRALN) return `${hex(exact)} is not aligned`;
  if (signo === SIGBUS && code === BUS_ADRERR && vma) return `behind the end of ${label(mm, vma)}`;
  const overflow = stackOverflow(task, address);
  if (overflow !== undefined) return overflow;
  if (address === pc) {
    if (vma && code === SEGV_ACCERR) return `pc is in memory that may not be executed: ${describe(mm, vma)}`;
    return pc < NULL_ZONE ? "a call through a null pointer" : "pc points to nothing: a call through a bad pointer";
  }
  if (address >= 0 && address < NULL_ZONE) {
    return address === 0 ? "a null pointer" : `offset ${hex(address)} from a null pointer`;
  }
  if (address < 0 || address >= mm.addressLimit) return "not an address that a program can have";
  if (vma) return `in ${describe(mm, vma)}`;
  const index = mm.vmas.indexAbove(address), below = mm.vmas.at(index - 1), above = mm.vmas.at(index);
  if (below && address - below.end < STACK_REACH) return `${hex(address - below.end)} behind ${describe(mm, below)}`;
  if (above && above.start - address < STACK_REACH) {
    return `${hex(above.start - address)} before ${describe(mm, above)}`;
  }
  return "nothing is mapped near it";
}

/** Whether the fault is just below the stack that sp is on, or sp has left it already. */
function stackOverflow({ mm, cpu }: Task, address: number): string | undefined {
  const sp = Number(cpu.regs.sp);
  if (!(address >= 0) || Math.abs(sp - address) > STACK_REACH) return undefined;
  const at = mm.vmas.find(address);
  // A thread's stack has a guard: pages without rights, and the stack itself right above.
  if (at) {
    const above = at.prot === 0 ? mm.vmas.find(at.end) : undefined;
    return above && (above.prot & 2) !== 0 ? `in the guard below ${stackName(mm, above)}: stack overflow` : undefined;
  }
  const above = mm.vmas.at(mm.vmas.indexAbove(address));
  if (!above || !(above.flags & Vm.growsDown) || above.start - address > STACK_REACH) return undefined;
  return `just below ${stackName(mm, above)}: stack overflow`;
}

function stackName(mm: Mm, vma: Vma): string {
  const size = `${Math.round((vma.end - vma.start) / 1024)} KiB`;
  return vma.start <= mm.startStack && vma.end >= mm.startStack
    ? `the main stack of ${size}`
    : `the thread's stack of ${size}`;
}

function describe(mm: Mm, vma: Vma): string {
  const rights = (vma.prot & 1 ? "r" : "-") + (vma.prot & 2 ? "w" : "-") + (vma.prot & 4 ? "x" : "-");
  return `${hex(vma.start)}-${hex(vma.end)} ${rights} ${label(mm, vma)}`;
}

function label(mm: Mm, vma: Vma): string {
  if (vma.object !== undefined) return vma.object.label() || "a shared mapping";
  if (vma.start <= mm.brk && vma.end >= mm.startBrk && mm.startBrk !== 0) return "[heap]";
  if (vma.start <= mm.startStack && vma.end >= mm.startStack) return "[stack]";
  return "anonymous memory";
}

function wordAt(mm: Mm, va: number): number | undefined {
  if (!(va >= 0 && va < mm.space.limit)) return undefined;
  const bytes = mm.space.view(va, 4, "read", true);
  return bytes === undefined || bytes.length < 4
    ? undefined
    : (bytes[0]! | bytes[1]! << 8 | bytes[2]! << 16 | bytes[3]! << 24) >>> 0;
}

/** Longest message taken. */
const MAX_MESSAGE = 4096;

/**
 * What glibc printed before abort(): failed assertions, smashed stacks, corrupted heaps. It keeps the text in
 * `__abort_msg` for debuggers (a pointer to its length as an int, and its characters).
 */
function abortMessage(task: Task): string | undefined {
  const { mm } = task;
  for (const va of librariesWithAbort(mm)) {
    const place = moduleAt(mm, va, task), symbol = place?.module.find("__abort_msg");
    if (!place || symbol === undefined) continue;
    const pointer = peek(mm, symbol + place.bias);
    if (!pointer) return undefined;
    const size = wordAt(mm, pointer) ?? 0, view = mm.space.view(pointer + 4, MAX_MESSAGE, "read", true);
    if (!view) return undefined;
    const nul = view.subarray(0, size).indexOf(0);
    return new TextDecoder().decode(view.slice(0, nul < 0 ? Math.min(size, view.length) : nul)).trim() || undefined;
  }
  return undefined;
}

/** An address in the code of the C library, or of a program that has it inside. */
function* librariesWithAbort(mm: Mm): Generator<number> {
  for (const vma of mm.vmas) {
    const name = vma.object?.label() ?? "";
    if (vma.prot & 4 && /\/libc[.-]/.test(name)) yield vma.start;
  }
  for (const vma of mm.vmas) {
    if (vma.prot & 4 && vma.start < mm.endCode && vma.end > mm.startCode && vma.object) yield vma.start;
  }
}

function peek(mm: Mm, va: number): number | undefined {
  const low = wordAt(mm, va), high = wordAt(mm, va + 4);
  return low === undefined || high === undefined ? undefined : high * 2 ** 32 + low;
}
