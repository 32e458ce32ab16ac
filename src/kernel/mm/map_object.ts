/**
 * What a VMA maps when it does not map private zero pages: pages of a file or of shared memory
 * (Linux: `vm_file` and its `address_space`).
 */
import type { Mappable } from "../fs/file.ts";

/** An address space, as the things it maps see it. */
export interface MapUser {
  /**
   * Pages [first, end) of an object are gone or were replaced: the next access asks the object again.
   * @param copies also pages that private mappings have copied (a truncated file; Linux: even_cows)
   */
  dropObjectPages(object: MapObject, first: number, end: number, copies: boolean): void;
}

/**
 * A source of pages with the identity that `/proc/self/maps` shows. One reference is held per VMA.
 *
 * - `file`: pages of a file; a private mapping copies them on the first write.
 * - `shmem`: memory without a file (MAP_SHARED|MAP_ANONYMOUS, System V segments).
 * - `special`: pages the kernel provides, such as the vDSO.
 */
export interface MapObject extends Pick<Mappable, "frame" | "isWriteSealed"> {
  readonly kind: "file" | "shmem" | "special";
  /** The last column of `/proc/self/maps`. */
  label(): string;
  readonly major: number;
  readonly minor: number;
  readonly ino: number;
  /** One more VMA of `user` maps this; `vmFlags` are the VMA's. A negative errno refuses a new mapping. */
  ref(user: MapUser, vmFlags: number): number;
  /** One VMA of `user` less maps this. */
  unref(user: MapUser, vmFlags: number): void;
  /** Called before a page is first written through a shared mapping, so that the owner can write it back. */
  readonly written?: ((pageIndex: number) => void) | undefined;
  /** msync(MS_SYNC): writes changed pages in [first, end) back; 0 or a negative errno. */
  readonly sync?: ((first: number, end: number) => number) | undefined;
  /** MADV_REMOVE: frees the pages in [first, end); absent where the object cannot. */
  readonly punch?: ((first: number, end: number) => void) | undefined;
}
