/** A test double of a mapped file: numbered pages that count how often they were asked for. */
import { FakeFrame } from "./fake_space.ts";
import type { MapObject } from "./map_object.ts";

/** A file of whole pages, each filled with its index + 1. */
export class FakeObject implements MapObject {
  readonly kind: "file" | "shmem" = "file";
  readonly major = 0;
  readonly minor = 7;
  readonly ino = 42;
  references = 0;
  readonly frames: FakeFrame[];
  readonly writtenPages: number[] = [];
  readonly written?: (pageIndex: number) => void;

  constructor(pages: number, notes = false) {
    this.frames = Array.from({ length: pages }, (_, i) => new FakeFrame(new Uint8Array(4096).fill(i + 1)));
    if (notes) this.written = (pageIndex) => this.writtenPages.push(pageIndex);
  }
  frame(pageIndex: number): FakeFrame | undefined {
    return this.frames[pageIndex];
  }
  label(): string {
    return "/fake";
  }
  ref(): number {
    this.references++;
    return 0;
  }
  unref(): void {
    this.references--;
  }
}
