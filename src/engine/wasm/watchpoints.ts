/**
 * Watched bytes of one address space. A page that holds some is without the plain right to the watched kind of access
 * in its rights byte, whatever the kernel allows, so that every such access comes to the question {@link hits}.
 */
import { type Access, PAGE_SIZE, type Va, type WatchKind } from "../engine.ts";
import { PageBits } from "./layout.ts";

interface Watchpoint {
  readonly va: Va;
  readonly length: number;
  readonly kind: WatchKind;
}

/** An access that met watched bytes. */
export interface WatchHit {
  /** First watched byte of the access. */
  readonly address: Va;
  readonly access: Access;
}

/** Accesses that a kind meets. */
const MEETS: Readonly<Record<WatchKind, number>> = {
  read: PageBits.read,
  write: PageBits.write,
  access: PageBits.read | PageBits.write,
};
/** Rights that a kind takes from its pages: a page that cannot be read cannot be written ({@link PageBits}). */
const WITHHELD: Readonly<Record<WatchKind, number>> = { ...MEETS, read: PageBits.read | PageBits.write };

const same = (a: Watchpoint, b: Watchpoint) => a.va === b.va && a.length === b.length && a.kind === b.kind;

export class Watchpoints {
  readonly #list: Watchpoint[] = [];
  /** Rights withheld, by page. */
  readonly #withheld = new Map<number, number>();
  #hit: WatchHit | undefined;

  /** Adds or removes a watchpoint. Returns the first page concerned and the one behind the last. */
  set(point: Watchpoint, on: boolean): [from: number, to: number] {
    const at = this.#list.findIndex((each) => same(each, point));
    if (on && at < 0) this.#list.push(point);
    if (!on && at >= 0) this.#list.splice(at, 1);
    this.#withheld.clear();
    for (const { va, length, kind } of this.#list) {
      const [from, to] = pagesOf(va, length);
      for (let page = from; page < to; page++) {
        this.#withheld.set(page, (this.#withheld.get(page) ?? 0) | WITHHELD[kind]);
      }
    }
    return pagesOf(point.va, point.length);
  }

  /** {@link PageBits} that a page must not have. */
  withheld(page: number): number {
    return this.#withheld.get(page) ?? 0;
  }

  /** Whether an access meets watched bytes; if so it is kept for {@link takeHit}. @param need read or write right */
  hits(va: Va, size: number, need: number): boolean {
    for (const point of this.#list) {
      if (!(MEETS[point.kind] & need)) continue;
      const address = Math.max(va, point.va);
      if (address >= Math.min(va + size, point.va + point.length)) continue;
      this.#hit = { address, access: need === PageBits.write ? "write" : "read" };
      return true;
    }
    return false;
  }

  takeHit(): WatchHit | undefined {
    const hit = this.#hit;
    this.#hit = undefined;
    return hit;
  }
}

function pagesOf(va: Va, length: number): [from: number, to: number] {
  return [Math.floor(va / PAGE_SIZE), Math.ceil((va + length) / PAGE_SIZE)];
}
