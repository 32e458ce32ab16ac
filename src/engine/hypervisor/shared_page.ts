/** A page of a file or of shared memory, which any number of address spaces map. */
import { type Frame, PAGE_SIZE } from "../engine.ts";
import type { Maintenance } from "./maintenance.ts";
import type { Evictable, Ram } from "./ram.ts";

/** What shared pages of a machine have in common. */
export interface SharedPages {
  readonly ram: Ram;
  readonly maintenance: Maintenance;
  /** The shared page whose content a page of guest memory is. */
  readonly byPage: Map<number, SharedPage>;
}

/**
 * The content is in JavaScript's memory until the page is first mapped, then in guest memory; it comes home when no
 * mapping is left and the space is wanted.
 */
export class SharedPage implements Frame, Evictable {
  /** Undefined: zeros, or in guest memory. */
  #home: Uint8Array | undefined;
  /** The page of guest memory, or -1. */
  #page = -1;

  /** Adopts the content: it must not be changed behind the page's back. */
  constructor(private readonly pages: SharedPages, content?: Uint8Array) {
    this.#home = content;
  }

  read(offset: number, into: Uint8Array): void {
    if (this.#page >= 0) into.set(this.pages.ram.bytes(this.#page).subarray(offset, offset + into.length));
    else {
      into.fill(0);
      if (this.#home !== undefined) into.set(this.#home.subarray(offset, offset + into.length));
    }
  }

  write(offset: number, from: Uint8Array): void {
    const { ram, maintenance } = this.pages;
    if (this.#page >= 0) {
      ram.bytes(this.#page).set(from, offset);
      if (ram.markSynced(this.#page)) maintenance.codeWritten(this.#page);
      else ram.markWritten(this.#page);
      return;
    }
    if (this.#home?.length !== PAGE_SIZE) {
      const home = new Uint8Array(PAGE_SIZE);
      if (this.#home !== undefined) home.set(this.#home.subarray(0, PAGE_SIZE));
      this.#home = home;
    }
    this.#home.set(from, offset);
  }

  /** One mapping more. @returns the page of guest memory */
  map(): number {
    const { ram, byPage } = this.pages;
    if (this.#page < 0) {
      this.#page = ram.allot(this.#home?.length !== PAGE_SIZE);
      if (this.#home !== undefined) ram.bytes(this.#page).set(this.#home.subarray(0, PAGE_SIZE));
      this.#home = undefined;
      byPage.set(this.#page, this);
    } else {
      if (ram.refs(this.#page) === 0) ram.removeIdle(this);
      ram.hold(this.#page);
    }
    return this.#page;
  }

  /** One mapping less. */
  unmap(): void {
    if (this.pages.ram.release(this.#page) === 0) this.pages.ram.addIdle(this);
  }

  evict(): void {
    const { ram, byPage } = this.pages;
    this.#home = ram.bytes(this.#page).slice();
    byPage.delete(this.#page);
    ram.free(this.#page);
    this.#page = -1;
  }
}
