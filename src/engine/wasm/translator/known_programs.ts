/**
 * What was translated of each program, kept from run to run: regions are learnt while a program runs, saved when no
 * guest runs, and loaded when the same program starts again. A region serves only where memory holds exactly the code
 * that it was made of, so a wrong or an old archive costs time, nothing else.
 */
import type { RegionStore } from "../../region_store.ts";
import type { WasmAddressSpace } from "../address_space.ts";
import { packRegions, unpackRegions } from "./archive.ts";
import type { RegionObject } from "./region_object.ts";
import type { Translator } from "./translator.ts";

/** Bytes of translated code that one archive holds at most. */
const MAX_BYTES = 32 * 2 ** 20;
/**
 * An archive is written again when it lacks more than this share of what is known: every run finds a few more. A region
 * costs the next run 6 ms where it is missing, and this one 0.08 ms to write. Measured in seconds of CPU, the second run,
 * which lacked some, and the third: cc1 of gcc 8.0 and 7.6, `python3 -c pass` 0.85 and 0.78. With 1/16 neither was
 * written again.
 */
const WORTH_SAVING = 1 / 64;

interface KnownProgram {
  readonly objects: RegionObject[];
  bytes: number;
  /** Regions that its archive does not have. */
  fresh: number;
}

export class KnownPrograms {
  readonly #programs = new Map<string, KnownProgram>();

  /** A region was translated for a program, perhaps in place of another. */
  learn(program: string, object: RegionObject, replaced?: RegionObject): void {
    const known = this.#of(program), old = known.objects.findIndex((each) => each === replaced);
    if (old >= 0) known.bytes -= known.objects.splice(old, 1)[0]!.body.length;
    if (known.bytes + object.body.length > MAX_BYTES) return;
    known.objects.push(object);
    known.bytes += object.body.length;
    known.fresh++;
  }

  /** Takes over what an archive holds, and puts it in place in the address spaces that are there. */
  async adopt(
    program: string,
    archive: Uint8Array,
    translator: Translator,
    spaces: () => Iterable<WasmAddressSpace>,
  ): Promise<void> {
    let objects: RegionObject[] | undefined;
    try {
      objects = unpackRegions(archive);
      if (objects === undefined) return;
      await translator.adopt(objects);
    } catch {
      return; // Damaged: it will be written again.
    }
    const known = this.#of(program);
    for (const object of objects) {
      known.objects.push(object);
      known.bytes += object.body.length;
    }
    for (const space of spaces()) space.meetRegions();
  }

  /** Saves what is worth it. */
  save(store: RegionStore): void {
    for (const [program, known] of this.#programs) {
      if (known.fresh <= known.objects.length * WORTH_SAVING) continue;
      store.save(program, packRegions(known.objects));
      known.fresh = 0;
    }
  }

  #of(program: string): KnownProgram {
    let known = this.#programs.get(program);
    if (known === undefined) this.#programs.set(program, known = { objects: [], bytes: 0, fresh: 0 });
    return known;
  }
}
