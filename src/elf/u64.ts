/** 64-bit fields as JS numbers. */

/**
 * A little-endian unsigned 64-bit field. Exact below 2^53; above, rounded to the nearest double, which is good enough
 * to see that an offset or size is out of every bound.
 */
export function u64(view: DataView, offset: number): number {
  return view.getUint32(offset, true) + view.getUint32(offset + 4, true) * 0x1_0000_0000;
}
