/**
 * How many pieces of work are under way at a time: as many that are quick as the host has cores, and beside them those
 * that wait or take long, up to the limit. A Worker takes 30 ms to start and some hundred tests until V8 has optimised
 * it, which short tests do not repay when the cores are busy with them already.
 */

/**
 * Milliseconds after which a piece of work is one that waits or takes long. The first in its lane waits for its Worker,
 * up to 500 ms where others keep the cores busy, and those after it for V8: of a thousand tests that take 3 ms on a
 * busy machine, the third took up to 120, the 22nd up to 100, and the Worker that was started because of that cost as
 * much as a hundred tests.
 */
const PATIENCE = 100, FIRST_PATIENCE = 600;
const patienceAfter = (done: number): number => PATIENCE + (FIRST_PATIENCE - PATIENCE) / (1 + done);
/** Milliseconds between looks. */
const INTERVAL = 25;

/** What {@link inLanes} may be told by tests. */
export interface LaneOptions {
  /** Work that begins at once. Default: the host's cores. */
  readonly cores?: number;
  /** Calls back every so many milliseconds until what it returns is called. */
  readonly every?: (milliseconds: number, look: () => void) => () => void;
  /** Milliseconds. */
  readonly now?: () => number;
}

/**
 * Does piece after piece in up to `limit` lanes.
 *
 * @param work does the next piece; false: there is none
 * @returns when all lanes have come to their end
 * @throws what a piece throws, at once: the other lanes end with the pieces that they are at
 */
export async function inLanes(limit: number, work: () => Promise<boolean>, options: LaneOptions = {}): Promise<void> {
  if (limit < 1) return;
  const { cores = navigator.hardwareConcurrency || 1, every = interval, now = () => performance.now() } = options;
  /** The lanes, each with the time from which on its piece is one that takes long. */
  const lanes = new Set<{ due: number }>();
  let isOver = false, fail: (error: unknown) => void = () => {}, finish = () => {};
  const ended = new Promise<void>((resolve, reject) => (finish = resolve, fail = reject));
  const quick = () => {
    let count = 0;
    for (const { due } of lanes) if (due > now()) count++;
    return count;
  };

  const begin = async () => {
    const lane = { due: now() + patienceAfter(0) };
    let done = 0;
    lanes.add(lane);
    try {
      do {
        isOver ||= !await work();
        lane.due = now() + patienceAfter(++done);
      } while (!isOver && quick() <= cores);
    } catch (error) {
      isOver = true;
      fail(error);
    }
    lanes.delete(lane);
    if (isOver && lanes.size === 0) finish();
  };
  const widen = () => {
    while (!isOver && lanes.size < limit && quick() < cores) void begin();
  };
  widen();
  const stop = limit > lanes.size ? every(INTERVAL, widen) : undefined;
  try {
    await ended;
  } finally {
    stop?.();
  }
}

function interval(milliseconds: number, look: () => void): () => void {
  const timer = setInterval(look, milliseconds);
  return () => clearInterval(timer);
}
