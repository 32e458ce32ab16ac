/** Structures by their descriptions in abi/layouts.ts, compiled once each. */
import { LAYOUTS } from "../../../kernel/abi/layouts.ts";
import type { Mm } from "../../../kernel/mm/mm.ts";
import type { Call, ShowAt } from "./call.ts";
import { numberFormat } from "./scalar.ts";
import { quote } from "./text.ts";

/** A type of C with what it takes to show a value of it. */
interface Type {
  readonly size: number;
  readonly align: number;
  readonly show: ShowAt;
}

/** A type that a layout cannot describe: unions, lengths that are elsewhere, what depends on the call. */
export interface CustomType {
  readonly size: number;
  readonly show: ShowAt;
  /** Shown after a failed call too, instead of its address. */
  readonly onFailure?: boolean;
  /** inout: what to keep from the beginning of the call. */
  readonly keep?: (call: Call, address: number) => number;
  /** inout: shown when the call has ended, instead of `show`. */
  readonly late?: ShowAt;
  /** inout: what the call has added, shown behind `=>`; `show` is for its beginning. */
  readonly change?: ShowAt;
}

/** Custom types by name. */
export type CustomTypes = Readonly<Record<string, CustomType>>;

const customTypes = new Map<string, CustomType>();

/** Makes custom types known; they may be fields of layouts. */
export function addCustomTypes(types: CustomTypes): void {
  for (const [name, type] of Object.entries(types)) customTypes.set(name, type);
}

/** The custom type of this name. */
export function customType(name: string): CustomType | undefined {
  return customTypes.get(name);
}

type Read = (mm: Mm, address: number) => number | bigint;

const READS: Readonly<Record<string, readonly [number, Read]>> = {
  i8: [1, (mm, at) => mm.readU8(at) << 24 >> 24],
  u8: [1, (mm, at) => mm.readU8(at)],
  i16: [2, (mm, at) => mm.readU16(at) << 16 >> 16],
  u16: [2, (mm, at) => mm.readU16(at)],
  i32: [4, (mm, at) => mm.readI32(at)],
  u32: [4, (mm, at) => mm.readU32(at)],
  i64: [8, (mm, at) => exact(mm.readLong(at), () => mm.readI64(at))],
  u64: [8, (mm, at) => exact(mm.readNumber(at), () => mm.readU64(at))],
  ptr: [8, (mm, at) => exact(mm.readNumber(at), () => mm.readU64(at))],
};

/** The number, where a double holds it. */
function exact(value: number, whole: () => bigint): number | bigint {
  return Number.isSafeInteger(value) ? value : whole();
}

const types = new Map<string, Type>();

/** The type of this name. @throws Error for one that nobody has described: a bug in a table */
export function typeNamed(name: string): Type {
  let type = types.get(name);
  if (!type) types.set(name, type = makeType(name));
  return type;
}

/** Whether a name is one of a number type. */
export function isNumberType(name: string): boolean {
  return READS[name] !== undefined;
}

function makeType(name: string): Type {
  const custom = customTypes.get(name);
  if (custom) return { align: Math.min(8, custom.size), ...custom };
  const array = /^(.+)\[(\d+)\](:.*)?$/.exec(name);
  if (array) return arrayType(array[1]!, Number(array[2]), array[3] ?? "");
  const colon = name.indexOf(":");
  const base = colon < 0 ? name : name.slice(0, colon);
  const read = READS[base];
  if (read) return numberType(read, colon < 0 ? base === "ptr" ? "ptr" : "long" : name.slice(colon + 1));
  const layout = LAYOUTS[name];
  if (layout === undefined) throw new Error(`no layout for ${name}`);
  return structureType(layout);
}

function numberType([size, read]: readonly [number, Read], format: string): Type {
  const show = numberFormat(format);
  if (!show) throw new Error(`no number format ${format}`);
  return { size, align: size, show: (call, at) => show(call, read(call.task.mm, at)) };
}

function arrayType(element: string, count: number, format: string): Type {
  if (element === "char") {
    return {
      size: count,
      align: 1,
      show: ({ task, style }, at) => quote(task.mm.readString(at, count), false, style.hexStrings),
    };
  }
  const { size, align, show } = typeNamed(element + format);
  return {
    size: size * count,
    align,
    show: (call, at, index) =>
      `[${Array.from({ length: count }, (_, n) => show(call, at + n * size, index)).join(", ")}]`,
  };
}

function structureType(layout: string): Type {
  let end = 0, align = 1;
  const shown: { name: string; offset: number; hidden: boolean; show: ShowAt }[] = [];
  for (const field of layout.split(" ")) {
    const [, hidden, name, , at, typeName] = /^(~?)(\w+)(@(\d+))?:(.+)$/.exec(field)!;
    const type = typeNamed(typeName!);
    const offset = at === undefined ? Math.ceil(end / type.align) * type.align : Number(at);
    end = Math.max(end, offset + type.size);
    align = Math.max(align, type.align);
    if (name !== "_") shown.push({ name: name!, offset, hidden: hidden === "~", show: type.show });
  }
  const hasHidden = shown.some(({ hidden }) => hidden);
  const show = (call: Call, at: number, index: number): string => {
    const short = hasHidden && call.style.abbreviate;
    let text = "{";
    for (const field of shown) {
      if (short && field.hidden) continue;
      text += `${text.length > 1 ? ", " : ""}${field.name}=${field.show(call, at + field.offset, index)}`;
    }
    return text + (short ? ", ...}" : "}");
  };
  return { size: Math.ceil(end / align) * align, align, show };
}
