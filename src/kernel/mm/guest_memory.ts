/**
 * Guest memory as the kernel's own code reads and writes it (Linux: copy_from_user and its family): every access
 * obeys the rights of the guest, faults pages in, and throws {@link UserFault} where the guest would have faulted.
 *
 * Addresses are what the guest passed, as JS numbers. One with a non-zero top byte is far above every mapping and
 * faults: system calls do not take tagged pointers (Linux, Documentation/arm64/tagged-pointers.rst).
 *
 * Views are windows into the engine's storage: each is good until the next call of anything that may reach the engine.
 */
import type { Access, AddressSpace } from "../../engine/engine.ts";
import { EINVAL } from "../abi/errno.ts";
import { IOVEC_BASE, IOVEC_LEN, IOVEC_SIZE, UIO_MAXIOV } from "../abi/uio.ts";
import type { UserMemory } from "../fs/file.ts";
import type { FaultResult } from "./fault.ts";
import { UserFault } from "./user_fault.ts";

/** A struct iovec. */
export interface Iovec {
  readonly base: number;
  readonly length: number;
}

const TWO_32 = 0x1_0000_0000;
/** Most bytes that one {@link GuestMemory.readBytes} may copy: no caller needs more, and a guest must not choose our allocations. */
const MAX_COPY = 256 * 1024 * 1024;

const scratch64 = new BigUint64Array(1);
const scratch32 = new Uint32Array(scratch64.buffer);
const scratchI64 = new BigInt64Array(scratch64.buffer);
const scratchF64 = new Float64Array(scratch64.buffer);
const scratch8 = new Uint8Array(scratch64.buffer);

/** Typed access to guest memory over an engine's address space and a fault handler. */
export abstract class GuestMemory implements UserMemory {
  abstract readonly space: AddressSpace;

  /** First address that no mapping can reach. */
  get addressLimit(): number {
    return this.space.far?.to ?? this.space.limit;
  }

  /** Makes the page of `va` accessible if the guest may access it. */
  abstract handleFault(va: number, access: Access): FaultResult;

  /**
   * The guest's bytes from `va` for as long as they are contiguous in the engine: at least 1, at most `length`.
   * @throws {UserFault} if the first byte is not accessible.
   */
  view(va: number, length: number, access: "read" | "write"): Uint8Array {
    const view = this.tryView(va, length, access);
    if (view === undefined) throw new UserFault(va);
    return view;
  }

  /** As {@link view}, but undefined where the first byte is not accessible. */
  tryView(va: number, length: number, access: "read" | "write"): Uint8Array | undefined {
    const space = this.space;
    // Written so that NaN and negative numbers fail as well.
    if (!(va >= 0 && va < this.addressLimit)) return undefined;
    const view = space.view(va, length, access);
    if (view !== undefined) return view;
    if (this.handleFault(va, access) !== "ok") return undefined;
    return space.view(va, length, access);
  }

  /** The `length` (at most 8) bytes at `va` in scratch8, for values that straddle two views. */
  #gather(va: number, length: number): void {
    for (let i = 0; i < length; i++) scratch8[i] = this.view(va + i, 1, "read")[0]!;
  }

  #scatter(va: number, length: number): void {
    // All of the bytes must be writable before the first is written.
    this.view(va, 1, "write");
    this.view(va + length - 1, 1, "write");
    for (let i = 0; i < length; i++) this.view(va + i, 1, "write")[0] = scratch8[i]!;
  }

  readU8(va: number): number {
    return this.view(va, 1, "read")[0]!;
  }

  readU16(va: number): number {
    const view = this.view(va, 2, "read");
    if (view.length === 2) return view[0]! | view[1]! << 8;
    this.#gather(va, 2);
    return scratch8[0]! | scratch8[1]! << 8;
  }

  readI32(va: number): number {
    const at = this.space.place(va, 4, "read");
    if (at >= 0) return this.space.data.getInt32(at, true);
    const view = this.view(va, 4, "read");
    if (view.length === 4) return view[0]! | view[1]! << 8 | view[2]! << 16 | view[3]! << 24;
    this.#gather(va, 4);
    return scratch32[0]! | 0;
  }

  readU32(va: number): number {
    return this.readI32(va) >>> 0;
  }

  /** Puts the 8 bytes at `va` into the scratch words. */
  #load64(va: number): void {
    const at = this.space.place(va, 8, "read");
    if (at >= 0) {
      scratch32[0] = this.space.data.getUint32(at, true);
      scratch32[1] = this.space.data.getUint32(at + 4, true);
      return;
    }
    const view = this.view(va, 8, "read");
    if (view.length === 8) scratch8.set(view);
    else this.#gather(va, 8);
  }

  #store64(va: number): void {
    const at = this.space.place(va, 8, "write");
    if (at >= 0) {
      this.space.data.setUint32(at, scratch32[0]!, true);
      this.space.data.setUint32(at + 4, scratch32[1]!, true);
      return;
    }
    const view = this.view(va, 8, "write");
    if (view.length === 8) view.set(scratch8);
    else this.#scatter(va, 8);
  }

  readU64(va: number): bigint {
    this.#load64(va);
    return scratch64[0]!;
  }

  readI64(va: number): bigint {
    this.#load64(va);
    return scratchI64[0]!;
  }

  readF64(va: number): number {
    this.#load64(va);
    return scratchF64[0]!;
  }

  /** An unsigned 64-bit value as a number: exact below 2^53, the nearest double above. For pointers and sizes. */
  readNumber(va: number): number {
    this.#load64(va);
    return scratch32[1]! * TWO_32 + scratch32[0]!;
  }

  /** A signed 64-bit value as a number: exact within ±2^53. For offsets and times. */
  readLong(va: number): number {
    this.#load64(va);
    return (scratch32[1]! | 0) * TWO_32 + scratch32[0]!;
  }

  writeU8(va: number, value: number): void {
    this.view(va, 1, "write")[0] = value;
  }

  writeU16(va: number, value: number): void {
    const view = this.view(va, 2, "write");
    scratch32[0] = value;
    if (view.length === 2) {
      view[0] = value;
      view[1] = value >> 8;
    } else this.#scatter(va, 2);
  }

  writeU32(va: number, value: number): void {
    const at = this.space.place(va, 4, "write");
    if (at >= 0) return this.space.data.setUint32(at, value, true);
    const view = this.view(va, 4, "write");
    if (view.length === 4) {
      view[0] = value;
      view[1] = value >> 8;
      view[2] = value >> 16;
      view[3] = value >> 24;
    } else {
      scratch32[0] = value;
      this.#scatter(va, 4);
    }
  }

  /** The same bytes as {@link writeU32}; the value may be negative. */
  writeI32(va: number, value: number): void {
    this.writeU32(va, value);
  }

  writeU64(va: number, value: bigint): void {
    scratch64[0] = value;
    this.#store64(va);
  }

  /** Writes an integral number (|value| < 2^53) as a 64-bit two's complement value. */
  writeLong(va: number, value: number): void {
    scratch32[0] = value % TWO_32;
    scratch32[1] = Math.floor(value / TWO_32);
    this.#store64(va);
  }

  writeF64(va: number, value: number): void {
    scratchF64[0] = value;
    this.#store64(va);
  }

  /** A copy of guest bytes. The caller bounds `length`. */
  readBytes(va: number, length: number): Uint8Array {
    if (length > MAX_COPY) throw new UserFault(va);
    const bytes = new Uint8Array(length);
    this.readInto(va, bytes);
    return bytes;
  }

  /** Fills `into` from guest memory. */
  readInto(va: number, into: Uint8Array): void {
    let done = 0;
    while (done < into.length) {
      const view = this.view(va + done, into.length - done, "read");
      into.set(view, done);
      done += view.length;
    }
  }

  writeBytes(va: number, bytes: Uint8Array): void {
    const first = bytes.length === 0 ? bytes : this.view(va, bytes.length, "write");
    if (first.length === bytes.length) {
      if (bytes.length !== 0) first.set(bytes);
      return;
    }
    let done = 0;
    while (done < bytes.length) {
      const view = this.view(va + done, bytes.length - done, "write");
      view.set(bytes.subarray(done, done + view.length));
      done += view.length;
    }
  }

  /** Writes zeros (Linux: clear_user). */
  writeZeros(va: number, length: number): void {
    for (let done = 0; done < length;) {
      const view = this.view(va + done, length - done, "write");
      view.fill(0);
      done += view.length;
    }
  }

  /**
   * A NUL-terminated byte string, one UTF-16 unit per byte (U+0000…U+00FF), without its NUL. Reads at most `max`
   * bytes: a result of length `max` means that there was no NUL among them.
   */
  readString(va: number, max: number): string {
    let text = "";
    while (text.length < max) {
      const at = va + text.length;
      // To the end of the page only: the string may end before a page that is not there.
      const view = this.view(at, Math.min(max - text.length, 4096 - at % 4096), "read");
      const nul = view.indexOf(0);
      text += String.fromCharCode.apply(null, (nul < 0 ? view : view.subarray(0, nul)) as unknown as number[]);
      if (nul >= 0) break;
    }
    return text;
  }

  /** Views of guest bytes to read, in order. Ends early at a fault; throws if not even the first byte is accessible. */
  readableSegments(va: number, length: number): Generator<Uint8Array, void> {
    return this.#segments(va, length, "read");
  }

  /** Views of guest bytes to fill, in order. Ends early at a fault; throws if not even the first byte is accessible. */
  writableSegments(va: number, length: number): Generator<Uint8Array, void> {
    return this.#segments(va, length, "write");
  }

  *#segments(va: number, length: number, access: "read" | "write"): Generator<Uint8Array, void> {
    for (let done = 0; done < length;) {
      const view = done === 0 ? this.view(va, length, access) : this.tryView(va + done, length - done, access);
      if (view === undefined) return;
      const size = view.length;
      yield view;
      done += size;
    }
  }

  /** An array of struct iovec, or -EINVAL for a count or a length that Linux refuses (readv(2)). */
  readIovec(va: number, count: number): Iovec[] | number {
    if (!(count >= 0 && count <= UIO_MAXIOV)) return -EINVAL;
    const vector: Iovec[] = [];
    let total = 0;
    for (let i = 0; i < count; i++) {
      const entry = va + i * IOVEC_SIZE;
      const base = this.readNumber(entry + IOVEC_BASE), length = this.readNumber(entry + IOVEC_LEN);
      total += length;
      // ssize_t; far above what fits the address space, so doubles are exact enough.
      if (length >= 2 ** 63 || total >= 2 ** 63) return -EINVAL;
      vector.push({ base, length });
    }
    return vector;
  }

  /**
   * Replaces the 32-bit word at `va` if it still is `expected`; returns the word found. Atomic, because guest
   * threads do not run while the kernel does.
   */
  compareExchangeU32(va: number, expected: number, value: number): number {
    this.view(va, 4, "write");
    const found = this.readU32(va);
    if (found === expected >>> 0) this.writeU32(va, value);
    return found;
  }
}
