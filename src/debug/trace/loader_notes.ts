/**
 * What the loader does, for -vv: where the kernel put a program and its interpreter, which libraries each object
 * needs (DT_NEEDED, System V gABI), and where the guest's own loader found and mapped them. Seen from outside, by
 * what is mapped: no loader is asked, and any will do.
 */
import type { DynamicInfo } from "../../elf/dynamic.ts";
import { ElfError } from "../../elf/elf_error.ts";
import { parseElf } from "../../elf/parse.ts";
import { openFileSource } from "../../kernel/exec/exec_source.ts";
import type { FileContext } from "../../kernel/fs/file.ts";
import type { Mm } from "../../kernel/mm/mm.ts";
import { FileObject } from "../../kernel/mm/file_object.ts";
import { mapsLine } from "../../kernel/mm/maps_text.ts";
import type { Task } from "../../kernel/task/task.ts";

/** What is known about one address space. */
interface Loading {
  /** Libraries asked for and not yet seen, with who asked. */
  readonly needed: Map<string, string>;
  /** Files told about. */
  readonly told: Set<string>;
}

const baseName = (path: string) => path.slice(path.lastIndexOf("/") + 1);

export class LoaderNotes {
  readonly #spaces = new WeakMap<Mm, Loading>();

  /** A program was mapped: it, its interpreter, its stack. */
  execed(task: Task): string[] {
    const { mm } = task, loading: Loading = { needed: new Map(), told: new Set() };
    this.#spaces.set(mm, loading);
    const notes: string[] = [];
    for (const vma of mm.vmas) notes.push(`loader: mapped ${mapsLine(mm, vma).trimEnd()}`);
    for (const { object } of mm.vmas) {
      if (!(object instanceof FileObject) || loading.told.has(object.label())) continue;
      const dynamic = dynamicOf(object, task);
      if (dynamic) notes.push(...tell(object.label(), dynamic, loading));
    }
    return notes;
  }

  /** A mapping was made: maybe the first of a library. */
  mapped(task: Task, address: number): string[] {
    const vma = task.mm.vmas.find(address), object = vma?.object, loading = this.#spaces.get(task.mm);
    if (vma === undefined || !(object instanceof FileObject) || loading === undefined) return [];
    const path = object.label();
    if (vma.pageOffset !== 0 || loading.told.has(path)) return [];
    const dynamic = dynamicOf(object, task);
    if (dynamic === undefined) return [];
    const name = [dynamic.soname, baseName(path)].find((each) => each !== undefined && loading.needed.has(each));
    const by = name === undefined ? "" : `, needed by ${loading.needed.get(name)}`;
    if (name !== undefined) loading.needed.delete(name);
    const range = `0x${vma.start.toString(16)}-0x${vma.end.toString(16)}`;
    return [
      `loader: ${name ?? dynamic.soname ?? baseName(path)} is ${path} at ${range}${by}`,
      ...tell(path, dynamic, loading),
    ];
  }
}

/** What an object needs, and where it wants that searched. */
function tell(path: string, { needed, rpath, runpath }: DynamicInfo, loading: Loading): string[] {
  loading.told.add(path);
  for (const name of needed) if (!loading.needed.has(name)) loading.needed.set(name, path);
  const search = (rpath === undefined ? "" : `, RPATH ${rpath}`) +
    (runpath === undefined ? "" : `, RUNPATH ${runpath}`);
  return needed.length === 0 ? [] : [`loader: ${path} needs ${needed.join(", ")}${search}`];
}

/** The dynamic section of a mapped file; undefined for what is no dynamic object. */
function dynamicOf(object: FileObject, context: FileContext): DynamicInfo | undefined {
  try {
    return parseElf(openFileSource(object.file, context)).dynamic;
  } catch (error) {
    if (!(error instanceof ElfError)) throw error;
    return undefined;
  }
}
