/**
 * From an address of a running guest to a function's name: the VMA says which file and where in it, the file's own
 * symbol table, or that of its debug file, says what is there.
 */
import { vdsoFunctions } from "../kernel/exec/vdso.ts";
import type { FileContext } from "../kernel/fs/file.ts";
import type { Mm } from "../kernel/mm/mm.ts";
import { demangle } from "./demangle/demangle.ts";
import { moduleAt } from "./modules.ts";

/** Where an address is. */
export interface Location {
  /** Function or object, demangled, where the file names one. */
  readonly symbol: string | undefined;
  /** Bytes from the symbol's start; without a symbol, offset in the file. */
  readonly offset: number;
  /** Guest path, or `[vdso]`. */
  readonly file: string;
  /** Offset in the file. */
  readonly fileOffset: number;
}

/** What is at `va`; undefined where no file is mapped. */
export function locate(mm: Mm, va: number, context: FileContext): Location | undefined {
  const vma = mm.vmas.find(va);
  const object = vma?.object;
  if (vma === undefined || object === undefined) return undefined;
  const fileOffset = vma.pageOffset * 4096 + (va - vma.start), file = object.label();
  if (object.kind === "special") {
    const found = vdsoFunctions().find(({ start, end }) => fileOffset >= start && fileOffset < end);
    return { symbol: found?.name, offset: fileOffset - (found?.start ?? 0), file, fileOffset };
  }
  const place = moduleAt(mm, va, context), match = place?.module.symbol(place.address);
  return match
    ? { symbol: demangle(match.name), offset: match.offset, file, fileOffset }
    : { symbol: undefined, offset: fileOffset, file, fileOffset };
}

/**
 * `symbol+0x1c (/path/of/file)`, or `(/path/of/file+0x1234)` without a symbol; undefined where no file is mapped.
 *
 * @param caller `va` is a return address: the call before it counts, which may be a function's last instruction
 */
export function describeAddress(mm: Mm, va: number, context: FileContext, caller = false): string | undefined {
  const location = locate(mm, caller ? va - 4 : va, context);
  if (location === undefined) return undefined;
  const offset = "0x" + (location.offset + (caller ? 4 : 0)).toString(16);
  return location.symbol === undefined
    ? `(${location.file}+${offset})`
    : `${location.symbol}+${offset} (${location.file})`;
}
