/** A number that runs there and back between the ends of its range. */

/** @typedef {import("./types.js").Name} Name */
/** @typedef {import("./types.js").Pair} Pair */

const { abs } = Math;

/** Seconds from end to end. */
const ACROSS = 4;

/** @param {import("./types.js").State} state @param {Window & typeof globalThis} view */
export function player({ assign, ranges, valueAt }, view) {
  /** @type {Map<string, {name: Name, k: number, way: number, at: number, told: (on: boolean) => void}>} */
  const running = new Map();
  const still = view.matchMedia("(prefers-reduced-motion: reduce)");
  /** What else runs; each ends it, and says whether it did. @type {(() => boolean)[]} */
  const others = [];
  let [frame, before] = [0, 0];
  const rounded = (/** @type {Pair} */ [lo, hi], /** @type {number} */ v) => { const step = (hi - lo) / 1000; return +(lo + Math.round((v - lo) / step) * step).toPrecision(4); };
  const turn = (/** @type {any} */ one, /** @type {number} */ part) => {
    const [lo, hi] = /** @type {Pair} */ (ranges.get(one.name.key));
    one.at += one.way * part * (hi - lo);
    if (one.at > hi || one.at < lo) { one.at = one.way > 0 ? hi : lo; one.way = -one.way; }
    assign(one.name, one.k, rounded([lo, hi], one.at));
  };
  const run = (/** @type {number} */ time) => {
    frame = running.size ? view.requestAnimationFrame(run) : 0;
    const part = Math.min(0.1, (time - before) / 1000 / ACROSS);
    before = time;
    for (const one of running.values()) turn(one, part);
  };
  const stop = (/** @type {string} */ id) => {
    running.get(id)?.told(false);
    running.delete(id);
  };
  return {
    others,
    /** Start or stop; where no motion is wanted, one tenth of the range a press. @param {string} id @param {Name} name @param {number} k @param {(on: boolean) => void} told */
    toggle(id, name, k, told) {
      if (running.has(id)) return stop(id);
      const one = { name, k, way: 1, at: valueAt(name.key, k), told };
      if (still.matches) {
        const [lo, hi] = /** @type {Pair} */ (ranges.get(name.key));
        return assign(name, k, one.at >= hi - 1e-9 * abs(hi - lo) ? lo : Math.min(hi, +(one.at + (hi - lo) / 10).toPrecision(12)));
      }
      running.set(id, one);
      told(true);
      before = view.performance.now();
      frame ||= view.requestAnimationFrame(run);
    },
    /** Whether anything ran. */
    stop() {
      const some = running.size > 0;
      for (const id of [...running.keys()]) stop(id);
      return others.map((end) => end()).some(Boolean) || some;
    },
    end() {
      view.cancelAnimationFrame(frame);
      for (const end of others) end();
    },
  };
}
