/**
 * Which calls are executed often enough that the function called is to be part of the region. A sample is taken where a
 * time slice ends, every million instructions or so: the link register tells which call was the last, where that is at the
 * entry of the function called or in a loop around the call. Calls cost nothing for that. More samples would not be free:
 * behind each, all callers in the guest go on in the interpreter until they come to the next region.
 */
import { decode } from "../../../isa/a64/decode.ts";
import type { CallProfile } from "./inline_calls.ts";
import { callTarget, isCall } from "./region.ts";

/**
 * Instructions of a function that any call may take in, and one that is hot. For any call, measured in seconds of CPU time
 * with cc1 and in MB of translated code: 24 instructions 13.0 and 12.9; 12: 12.4 and 12.1; 6: 12.0 and 11.9, as with
 * none. For hot ones, measured in seconds with a loop of functions of up to 44 instructions: 24: 1.30; 48: 1.11; 64:
 * 1.03; none 1.91 (qemu-user 2.04).
 */
const SMALL = 6, LARGEST = 64;

/**
 * Samples that make a call hot: what contains it is translated again. Others there that have some samples are taken for
 * hot with it. Measured with two samples where there is one now, with Lua, whose calls change all the time, in seconds
 * of CPU time: 6 samples 2.2, 24 samples 2.1, never 2.1; with recursive calls and nothing else, in seconds: 6: 0.95, 24:
 * 1.01, never 1.64 (qemu-user 2.05).
 */
const HOT_CALL = 12, WARM_CALL = 3;

/** Calls that are counted at a time, and functions that one goes to; programs come and go in a Worker. */
const MAX_CALLS = 16_384, MAX_CALLED = 16;

/** Functions that one BLR is taken to call, and the samples of it that tell so: one in so many. */
const MAX_TARGETS = 3, SHARE = 5;

/** How often a call was met, by the function that it went to. */
type Samples = Map<number, number>;

export class HotCalls implements CallProfile {
  /** By the address of the call. */
  readonly #samples = new Map<number, Samples>();

  most(call: number): number {
    return total(this.#samples.get(call)) >= WARM_CALL ? LARGEST : SMALL;
  }

  targets(call: number): readonly number[] {
    const samples = this.#samples.get(call), all = total(samples);
    if (samples === undefined || all < WARM_CALL) return [];
    const often = [...samples].filter(([, count]) => count * SHARE >= all).sort(([, a], [, b]) => b - a);
    return often.slice(0, MAX_TARGETS).map(([target]) => target);
  }

  /**
   * Takes a sample.
   *
   * @param at where control is: the entry of a region
   * @param link what the link register holds
   * @param read the instruction word at an address, undefined where there is none
   * @param hasCall whether the region has the call itself: then that is over, and the entry a place behind it
   * @returns the address of the call, whenever it has become hot, or as often again
   */
  sample(
    at: number,
    link: number,
    read: (pc: number) => number | undefined,
    hasCall: (call: number) => boolean,
  ): number | undefined {
    const call = link - 4, word = link % 4 === 0 && call >= 0 ? read(call) : undefined;
    const decoded = word === undefined ? undefined : decode(word);
    if (decoded === undefined || !isCall(decoded)) return undefined;
    const known = callTarget(call, decoded), isOver = hasCall(call);
    if (known === undefined ? isOver : known !== at && !isOver) return undefined;
    if (this.#samples.size >= MAX_CALLS) this.#samples.clear();
    const target = known ?? at;
    let samples = this.#samples.get(call);
    if (samples === undefined) this.#samples.set(call, samples = new Map());
    if (samples.size >= MAX_CALLED && !samples.has(target)) return undefined;
    samples.set(target, (samples.get(target) ?? 0) + 1);
    return total(samples) % HOT_CALL === 0 ? call : undefined;
  }
}

const total = (samples: Samples | undefined): number =>
  samples === undefined ? 0 : [...samples.values()].reduce((sum, count) => sum + count, 0);

/** Where everything is translated when it is first reached: every other call takes in what it can, to have both. */
export const WHERE_ALL_IS: CallProfile = { most: (call) => call % 8 === 0 ? LARGEST : 0, targets: () => [] };
