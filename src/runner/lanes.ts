/**
 * How many pieces of work are under way at a time: as many as the host has cores, and beside those that wait others, up
 * to the limit. A Worker takes 30 ms to start, some hundred tests until V8 has optimised it, and has V8 compile what is
 * translated once more, which tests do not repay when the cores are busy already. Measured with 141 tests of GLib that
 * compute, four at a time and two cores: a Worker more for whatever took long 6.6 seconds, not while the cores were busy
 * 5.7.
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
/** Milliseconds over which is seen how busy the cores are, and how much of them may be idle when they are. */
const WINDOW = 100, IDLE = 0.5;
/**
 * Milliseconds after which a piece may be one that computes without end: another gets its core's place. Not more of
 * them than there are cores, as each takes time from all others, which have limits of time.
 */
const ENDLESS = 10_000;

/** What {@link inLanes} may be told by tests. */
export interface LaneOptions {
  /** Work that begins at once. Default: the host's cores. */
  readonly cores?: number;
  /** Calls back every so many milliseconds until what it returns is called. */
  readonly every?: (milliseconds: number, look: () => void) => () => void;
  /** Milliseconds. */
  readonly now?: () => number;
  /** Milliseconds of processor time that this process has taken. */
  readonly cpu?: () => number;
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
  const { cores = navigator.hardwareConcurrency || 1, every = interval } = options;
  const { now = () => performance.now(), cpu = processorTime } = options;
  const isBusy = busyness(cores, now, cpu);
  /** The lanes, with when their pieces were begun and from when on these are ones that take long. */
  const lanes = new Set<{ begun: number; due: number }>();
  let isOver = false, fail: (error: unknown) => void = () => {}, finish = () => {};
  const ended = new Promise<void>((resolve, reject) => (finish = resolve, fail = reject));
  const quick = () => {
    let count = 0;
    for (const { due } of lanes) if (due > now()) count++;
    return count;
  };
  /** Lanes that there may be however busy the cores are. */
  const least = () => {
    let endless = 0;
    for (const { begun } of lanes) if (now() - begun > ENDLESS) endless++;
    return cores + Math.min(endless, cores);
  };

  const begin = async () => {
    const lane = { begun: now(), due: now() + patienceAfter(0) };
    let done = 0;
    lanes.add(lane);
    try {
      do {
        isOver ||= !await work();
        lane.begun = now();
        lane.due = lane.begun + patienceAfter(++done);
      } while (!isOver && (lanes.size <= least() || (quick() <= cores && !isBusy())));
    } catch (error) {
      isOver = true;
      fail(error);
    }
    lanes.delete(lane);
    if (isOver && lanes.size === 0) finish();
  };
  const widen = () => {
    while (!isOver && lanes.size < limit && quick() < cores && (lanes.size < least() || !isBusy())) void begin();
  };
  widen();
  const stop = limit > lanes.size ? every(INTERVAL, widen) : undefined;
  try {
    await ended;
  } finally {
    stop?.();
  }
}

/**
 * Tells at every look whether the cores have been busy with this process lately: in the last {@link WINDOW}, or since
 * the look before. The first one counts what was used before the beginning, too.
 */
function busyness(cores: number, now: () => number, cpu: () => number): () => boolean {
  const looks = [{ at: now(), used: 0 }];
  return () => {
    const look = { at: now(), used: cpu() };
    looks.push(look);
    while (looks.length > 2 && look.at - looks[1]!.at >= WINDOW) looks.shift();
    const { at, used } = looks[0]!;
    return look.used - used > (cores - IDLE) * (look.at - at);
  };
}

/** Milliseconds of it that this process has taken. Loads Node's process, 15 ms: only where something takes long. */
export function processorTime(): number {
  const { user, system } = globalThis.process.cpuUsage();
  return (user + system) / 1000;
}

function interval(milliseconds: number, look: () => void): () => void {
  const timer = setInterval(look, milliseconds);
  return () => clearInterval(timer);
}
