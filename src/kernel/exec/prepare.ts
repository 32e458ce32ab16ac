/**
 * execve up to the point of no return: finds out what a file is, follows `#!` lines, and builds the new address
 * space with the program, its interpreter, the vDSO and the stack beside the old one. Whatever goes wrong is a
 * negative errno and has changed nothing; {@link commitExec} then only swaps.
 */
import { contentName } from "../../content_name.ts";
import { ElfError } from "../../elf/elf_error.ts";
import { isElf } from "../../elf/header.ts";
import { type ElfFile, parseElf } from "../../elf/parse.ts";
import { EXEC_HEAD_SIZE, parseScriptLine } from "../../elf/script.ts";
import type { Engine } from "../../engine/engine.ts";
import { E2BIG, EIO, ELIBBAD, ELOOP, ENOENT, ENOEXEC, ETXTBSY } from "../abi/errno.ts";
import { RLIMIT_STACK } from "../abi/resource.ts";
import { PSR_SSBS_BIT } from "../abi/sigframe.ts";
import type { FileContext, OpenFile } from "../fs/file.ts";
import { fileObject } from "../mm/file_object.ts";
import { type Limits, Mm } from "../mm/mm.ts";
import { UserFault } from "../mm/user_fault.ts";
import type { Task } from "../task/task.ts";
import { checkArguments } from "./arguments.ts";
import { openFileSource } from "./exec_source.ts";
import { wantsFarStack } from "./far_stack.ts";
import { layOut, type Program } from "./program.ts";

/** Identity the new program starts with: for the auxiliary vector. */
export interface ExecIdentity {
  readonly uid: number;
  readonly euid: number;
  readonly gid: number;
  readonly egid: number;
  /** AT_SECURE: the program gained rights its caller did not have. */
  readonly secure: boolean;
}

/** What to execute. Strings are byte strings, one UTF-16 unit per byte. */
export interface ExecRequest {
  readonly engine: Engine;
  /** The program, opened and checked for execution. The caller keeps its reference. */
  readonly file: OpenFile;
  /** As the program was named: AT_EXECFN, and a script's own name for its interpreter. */
  readonly filename: string;
  /** The name cannot be opened again by an interpreter (execveat on a close-on-exec descriptor): scripts fail. */
  readonly pathInaccessible?: boolean;
  readonly argv: readonly string[];
  readonly envp: readonly string[];
  /** Opens an interpreter with execve's checks; the reference becomes ours. Negative errno otherwise. */
  readonly open: (path: string) => OpenFile | number;
  /** Identity for the file that finally runs (the set-user-ID bits that count are those of a script's interpreter). */
  readonly identity: (file: OpenFile) => ExecIdentity;
  readonly limits: Limits;
  /** For reading files. */
  readonly context: FileContext;
  /** AT_RANDOM's 16 bytes. */
  readonly random: Uint8Array;
}

/** A new program, ready to take the place of the old one. */
export interface PreparedExec {
  readonly mm: Mm;
  readonly pc: number;
  readonly sp: number;
  /** comm: base name of the file named, at most 15 bytes. */
  readonly name: string;
  /** The file that runs: a script's interpreter, not the script. The address space holds the reference. */
  readonly file: OpenFile;
}

/** How many times a file may name another one (Linux: exec_binprm). */
const MAX_REWRITES = 5;

/** Bytes of a file by which it is known again: ELF header, program headers, build ID. */
const PROGRAM_HEAD = 4096;

/** Builds the new program, or returns a negative errno. */
export function prepareExec(request: ExecRequest): PreparedExec | number {
  /** Files opened here; the address space takes references of its own. */
  const opened: OpenFile[] = [];
  let mm: Mm | undefined;
  try {
    const found = resolveProgram(request, opened);
    if (typeof found === "number") return found;
    const { file, elf, argv } = found;
    const loader = openInterpreter(request, elf, opened);
    if (typeof loader === "number") return loader;
    const tooBig = checkArguments(argv, request.envp, request.filename, request.limits[RLIMIT_STACK]?.[0] ?? Infinity);
    if (tooBig < 0) return tooBig;

    mm = new Mm(request.engine);
    mm.limits = request.limits;
    mm.setExeFile(file);
    const { engine, filename, envp, random } = request;
    const identity = request.identity(file);
    const source = openFileSource(file, request.context);
    const program = contentName(source.read(0, PROGRAM_HEAD), source.size);
    const isFarStack = wantsFarStack(program, elf, envp);
    const entry = layOut(mm, { program: found, loader, engine, argv, envp, filename, random, identity, isFarStack });
    if (typeof entry === "number") return entry;
    mm.space.setProgram?.(program);
    const prepared = { mm, file, name: baseName(filename).slice(0, 15), ...entry };
    mm = undefined;
    return prepared;
  } catch (error) {
    if (error instanceof ElfError) return -error.errno;
    // Only the arguments are written through the guest's rights: a stack too small for them.
    if (error instanceof UserFault) return -E2BIG;
    throw error;
  } finally {
    mm?.release();
    for (const file of opened) file.unref();
  }
}

/** Follows `#!` lines to an ELF file. */
function resolveProgram(request: ExecRequest, opened: OpenFile[]): (Program & { argv: readonly string[] }) | number {
  let { file, filename: name } = request;
  // An empty argv becomes one empty argument (since Linux 5.18).
  let argv = request.argv.length > 0 ? request.argv : [""];
  for (let depth = 0; depth <= MAX_REWRITES; depth++) {
    if (file.inode.writers > 0) return -ETXTBSY;
    const source = openFileSource(file, request.context);
    const head = source.read(0, EXEC_HEAD_SIZE);
    if (head.length === 0 && source.size > 0) return -EIO;
    const script = parseScriptLine(head);
    if (script === undefined) {
      if (!isElf(head)) return -ENOEXEC;
      const object = fileObject(file);
      return typeof object === "number" ? -ENOEXEC : { file, elf: parseElf(source), object, argv };
    }
    if (request.pathInaccessible) return -ENOENT;
    const argument = script.argument === undefined ? [] : [script.argument];
    argv = [script.interpreter, ...argument, name, ...argv.slice(1)];
    name = script.interpreter;
    const next = request.open(name);
    if (typeof next === "number") return next;
    opened.push(next);
    file = next;
  }
  return -ELOOP;
}

/** The program's interpreter, opened and read; undefined for a program without one. */
function openInterpreter(request: ExecRequest, elf: ElfFile, opened: OpenFile[]): Program | undefined | number {
  if (elf.interpreter === undefined) return undefined;
  const file = request.open(elf.interpreter);
  if (typeof file === "number") return file;
  opened.push(file);
  const object = fileObject(file);
  if (typeof object === "number") return -ELIBBAD;
  try {
    return { file, object, elf: parseElf(openFileSource(file, request.context)) };
  } catch (error) {
    if (error instanceof ElfError) return error.errno === ENOEXEC ? -ELIBBAD : -error.errno;
    throw error;
  }
}

/**
 * The point of no return: the task gets the new address space and registers. Signal handlers, descriptors, other
 * threads and credentials are the caller's.
 */
export function commitExec(task: Task, prepared: PreparedExec): void {
  const old = task.mm;
  task.mm = prepared.mm;
  task.name = prepared.name;
  const { regs } = task.cpu;
  regs.reset();
  // Linux mitigates speculative store bypass for those who ask (prctl PR_SET_SPECULATION_CTRL): others have it set.
  if (task.kernel.engine.features.has("SSBS")) regs.flags = PSR_SSBS_BIT;
  regs.pc = BigInt(prepared.pc);
  regs.sp = BigInt(prepared.sp);
  old.release();
}

/** Gives a prepared program up. */
export function discardExec(prepared: PreparedExec): void {
  prepared.mm.release();
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
