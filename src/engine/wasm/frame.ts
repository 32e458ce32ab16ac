/**
 * Shared pages. WebAssembly memories cannot alias, so a page that several mappings share is kept coherent the way
 * caches are: any number of mappings hold a readable copy, or one holds the writable original. As only one guest
 * thread runs at a time, the moves happen between instructions and cannot be observed.
 */
import { type Frame, PAGE_SIZE } from "../engine.ts";

/** A place where a frame is mapped. */
export interface Link {
  readonly frame: WasmFrame;
  readonly page: number;
  /** Snapshot semantics: the first write detaches the page with a copy. */
  readonly copyOnWrite: boolean;
  /** The bytes of the page in its guest memory; only meaningful while the page is present there. */
  bytes(): Uint8Array;
  /** Puts the content there, whatever rights the page has; undefined: zeros. */
  put(content: Uint8Array | undefined): void;
  isPresent(): boolean;
  /** Takes the right to write directly away. */
  denyWrite(): void;
  /** The copy is stale: forget it. */
  invalidate(): void;
  /** Decoded code of this page is stale. */
  forgetCode(): void;
}

/** The mappings of a frame. Mostly it is one, which comes and goes with each process and needs no set. */
class Links {
  #only: Link | undefined;
  #several: Set<Link> | undefined;

  get size(): number {
    return this.#several?.size ?? (this.#only === undefined ? 0 : 1);
  }
  add(link: Link): void {
    if (this.#several) this.#several.add(link);
    else if (this.#only === undefined) this.#only = link;
    else {
      this.#several = new Set([this.#only, link]);
      this.#only = undefined;
    }
  }
  delete(link: Link): void {
    if (this.#several) this.#several.delete(link);
    else if (this.#only === link) this.#only = undefined;
  }
  forEach(visit: (link: Link) => void): void {
    if (this.#several) this.#several.forEach(visit);
    else if (this.#only) visit(this.#only);
  }
}

export class WasmFrame implements Frame {
  /** The content while no mapping owns it; undefined: zeros. */
  #home: Uint8Array | undefined;
  /** The mapping that holds the only valid, writable copy. */
  owner: Link | undefined;
  readonly links = new Links();
  /** Decoded block shared by all mappings, 0 if none. */
  block = 0;
  /** When it last got a block or lost a mapping, by the count of such events. */
  lastUse = 0;

  /** Adopts the content: it must not be changed behind the frame's back. */
  constructor(content?: Uint8Array) {
    if (content === undefined) return;
    if (content.length === PAGE_SIZE) this.#home = content;
    else {
      this.#home = new Uint8Array(PAGE_SIZE);
      this.#home.set(content.subarray(0, PAGE_SIZE));
    }
  }

  read(offset: number, into: Uint8Array): void {
    const from = this.owner ? this.owner.bytes() : this.#home;
    if (from === undefined) into.fill(0);
    else into.set(from.subarray(offset, offset + into.length));
  }

  write(offset: number, from: Uint8Array): void {
    this.settle();
    this.#writableHome().set(from, offset);
    this.links.forEach((link) => {
      if (!link.isPresent()) return;
      link.bytes().set(from, offset);
      link.forgetCode();
    });
  }

  /** Brings the content home, so that everyone may read it. */
  settle(): void {
    const owner = this.owner;
    if (owner === undefined) return;
    this.#writableHome().set(owner.bytes());
    owner.denyWrite();
    this.owner = undefined;
  }

  /** Copies the content into a mapping's page. */
  fetch(link: Link): void {
    if (this.owner !== undefined && this.owner !== link) this.settle();
    link.put(this.#home);
  }

  /** Makes a mapping the writable owner; its page must be present. */
  acquire(link: Link): void {
    if (this.owner === link) return;
    this.settle();
    this.links.forEach((other) => {
      if (other !== link) other.invalidate();
    });
    this.owner = link;
  }

  /** A mapping goes away; its page is still readable. */
  detach(link: Link): void {
    if (this.owner === link) {
      // A snapshot that nobody else holds needs no home.
      if (link.copyOnWrite && this.links.size === 1) this.owner = undefined;
      else this.settle();
    }
    this.links.delete(link);
  }

  #writableHome(): Uint8Array {
    return this.#home ??= new Uint8Array(PAGE_SIZE);
  }
}
