/** The numbers of one panel: values and ranges, what is redrawn after a change and when, and who hears of it. */

import { numbers } from "./arrays.js";
import { compile, product } from "./evaluator.js";
import { nice, widen } from "./geometry.js";
import { short } from "./print.js";

const { floor, max, round } = Math;

/** @typedef {import("./types.js").Label} Label */
/** @typedef {import("./types.js").Name} Name */
/** @typedef {import("./types.js").Pair} Pair */
/** @typedef {{name: Name, k: number, key: string, label: string}} Axis an axis of a picture: a number, or an entry of a vector */

/** The key of an entry: x[2], W[1,2]; a number's is its own. @param {string} key @param {number[]} shape @param {number} k */
export const entryKey = (key, shape, k) =>
  shape.length === 0 ? key
    : shape.length === 1 ? key + "[" + (k + 1) + "]"
      : key + "[" + (floor(k / shape[1]) + 1) + "," + ((k % shape[1]) + 1) + "]";

/** Entries beyond this many of one name are in no formula. */
const WRITTEN = 2000;

/** @param {any} spec @param {Window & typeof globalThis} view */
export function hold(spec, view) {
  const engine = compile(spec.graph);
  /** @type {Name[]} */
  const names = spec.names;
  const byKey = new Map(names.map((name) => [name.key, name]));
  const start = new Map(names.map((name) => [name.key, numbers(name.value)]));
  const values = new Map([...start].map(([key, list]) => [key, list.slice()]));
  const ranges = new Map(names.map((name) => [name.key, /** @type {Pair} */ ([name.min, name.max])]));
  /** Run in the input event, after each change. @type {(() => void)[]} */
  const now = [];
  /** Run in the next animation frame. @type {(() => void)[]} */
  const later = [];
  /** Run once the hand rests: what would cost a frame. @type {(() => void)[]} */
  const resting = [];
  /** Run when the panel has another width. @type {(() => void)[]} */
  const resized = [];
  /** Hear which entry of J is meant. @type {((i: number, j: number) => void)[]} */
  const lit = [];
  /** Hear which factor of the chain rule is lit, and which are done; null where all are. @type {((lit: string | null, done: Set<string> | null) => void)[]} */
  const stepped = [];
  /** How new each value is: of two panels of one result the newer value wins, whichever was drawn last. */
  const serials = new Map(names.map((name) => [name.key, name.serial ?? 0]));
  let frame = 0;
  let unsent = false;
  let rest = 0;
  /** What the hand changed last, in words. */
  let touched = "";
  const main = /** @type {string} */ (spec.result?.matrix ?? spec.chain?.value ?? "J");
  const rows = /** @type {Label[]} */ (spec.result?.rows ?? []);
  const columns = /** @type {Label[]} */ (spec.result?.columns ?? []);
  /** J as it is shown: in denominator layout its transpose, with a row for each variable. */
  const table = spec.turned ? { output: main + "^T", rows: columns, columns: rows } : { output: main, rows, columns };
  /** Set by who carries values elsewhere, and by who says aloud what changed. */
  const hears = { sent() {}, changed() {} };

  /** Where the value of a key in a formula is: a number, an entry of an array, a value of a definition. @type {Map<string, () => number>} */
  let places = new Map();
  /** Where an axis of a picture lives. @type {Map<string, Axis>} */
  const axes = new Map();
  const name = (/** @type {Name} */ one) => {
    const size = product(one.shape);
    for (let k = 0; k < Math.min(size, WRITTEN); k++) {
      const key = entryKey(one.key, one.shape, k);
      axes.set(key, { name: one, k, key: one.key, label: key });
      places.set(key, () => valueAt(one.key, k));
    }
  };
  for (const one of Object.keys(spec.graph.outputs)) {
    if (one.startsWith("put:")) {
      /** @type {ArrayLike<number>} */
      let list = [];
      let at = NaN;
      const read = (/** @type {number} */ k) => { engine.get(one); if (at !== (at = engine.stamp(one))) list = engine.shown(one); return list[k]; };
      for (let k = 0; k < product(engine.shape(one)); k++) places.set(one + "[" + (k + 1) + "]", () => read(k));
    }
    if (!one.startsWith("forward:")) continue;
    const [key, shape] = [one.slice(8), engine.shape(one)];
    for (let k = 0; k < Math.min(product(shape), WRITTEN); k++) places.set(entryKey(key, shape, k), () => engine.get(one)[k]);
  }
  for (const one of names) name(one);

  const valueAt = (/** @type {string} */ key, /** @type {number} */ k) => /** @type {Float64Array} */ (values.get(key))[k];
  const stepOf = (/** @type {Name} */ name) => name.step || (name.whole ? 1 : nice((name.max - name.min) / 150) || 0.1);
  /** @param {Name} name @param {number} v */
  const snap = (name, v) => {
    const step = stepOf(name);
    return +(name.min + round((v - name.min) / step) * step).toPrecision(12);
  };

  /** Tell the engine and redraw the numbers; pictures follow in the next frame. @param {Iterable<string>} keys */
  function refresh(keys) {
    for (const key of keys) engine.set(key, /** @type {Float64Array} */ (values.get(key)));
    for (const update of now) update();
    schedule();
  }
  function schedule() {
    if (frame) return;
    frame = view.requestAnimationFrame(() => {
      frame = 0;
      for (const update of later) update();
      if (unsent) { unsent = false; hears.sent(); }
      view.clearTimeout(rest);
      rest = view.setTimeout(() => { for (const update of resting) update(); }, 120);
    });
  }
  /** These values were set here, later than all that is known; .5, as the kernel counts in whole numbers. @param {Iterable<string>} keys */
  function renew(keys) {
    const latest = floor(max(0, ...serials.values())) + 1.5;
    for (const key of keys) serials.set(key, latest);
    unsent = true;
  }
  /** What was before each change by hand, and what was undone. @type {Record<"past" | "future", Map<string, Float64Array>[]>} */
  const history = { past: [], future: [] };
  let [latest, lastly] = [-Infinity, ""];
  /** What has not changed since the last copy is that one. */
  const copied = () => {
    const last = history.past[history.past.length - 1];
    return new Map([...values].map(([key, list]) => [key, [last?.get(key), start.get(key)].find((one) => one?.every((v, k) => v === list[k])) ?? list.slice()]));
  };
  /** Changes of one entry in a row are one. @param {string} what */
  function remember(what) {
    const time = view.performance.now();
    if (what !== lastly || time - latest > 700) {
      history.past.push(copied());
      if (history.past.length > 200) history.past.shift();
      history.future.length = 0;
    }
    [latest, lastly] = [time, what];
  }
  /** Go back to before the last change, or forth again. @param {"past" | "future"} where */
  function travel(where) {
    const found = history[where].pop();
    if (!found) return;
    history[where === "past" ? "future" : "past"].push(copied());
    for (const [key, list] of found) {
      /** @type {Float64Array} */ (values.get(key)).set(list);
      for (const v of list) ranges.set(key, widen(/** @type {Pair} */ (ranges.get(key)), v));
    }
    if (atStart()) restore();
    lastly = "";
    touched = where === "past" ? "undone" : "done again";
    renew(values.keys());
    refresh(values.keys());
    hears.changed();
  }
  /** Entries set by hand, one change together. @param {[Name, number, number][]} changes */
  function assignAll(changes) {
    const news = changes.filter(([name, k, v]) => !Number.isNaN(v) && valueAt(name.key, k) !== v);
    if (!news.length) return;
    remember(changes.map(([name, k]) => entryKey(name.key, name.shape, k)).join());
    for (const [name, k, v] of news) {
      /** @type {Float64Array} */ (values.get(name.key))[k] = v;
      ranges.set(name.key, widen(/** @type {Pair} */ (ranges.get(name.key)), v));
    }
    touched = news.map(([name, k, v]) => entryKey(name.key, name.shape, k) + " = " + short(v, 6)).join(", ");
    const keys = new Set(news.map(([name]) => name.key));
    renew(keys);
    refresh(keys);
    hears.changed();
  }
  /** One entry of a name. @param {Name} name @param {number} k @param {number} v */
  const assign = (name, k, v) => assignAll([[name, k, v]]);
  /** Whether a name has its first value, or all have. @param {string} [only] */
  const atStart = (only) => [...start].every(([key, list]) => {
    const now = /** @type {Float64Array} */ (values.get(key));
    return (only && only !== key) || list.every((v, k) => v === now[k]);
  });
  const restore = () => { for (const name of names) ranges.set(name.key, [name.min, name.max]); };
  /** Values from elsewhere: another panel, the kernel. @param {Record<string, any>} news @param {Record<string, number>} [numbered] their serials; without them they are the newest */
  function receive(news, numbered) {
    const changed = [];
    let moved = false;
    if (!numbered) renew(Object.keys(news ?? {}).filter((key) => values.has(key)));
    for (const [key, value] of Object.entries(news ?? {})) {
      const list = values.get(key);
      if (list && numbered && !(numbered[key] > (serials.get(key) ?? 0))) continue;
      const given = [value].flat(2).map(Number);
      moved ||= !list && !given.some(Number.isNaN) && engine.set(key, given);
      if (!list || given.length !== list.length || given.some(Number.isNaN)) continue;
      if (numbered) serials.set(key, numbered[key]);
      if (given.every((v, k) => v === list[k])) continue;
      list.set(given);
      for (const v of given) ranges.set(key, widen(/** @type {Pair} */ (ranges.get(key)), v));
      changed.push(key);
    }
    // Another panel was reset: ranges that typing had widened go back too.
    if (atStart()) restore();
    if (changed.length || moved) refresh(changed);
  }
  function reset() {
    remember("reset");
    for (const [key, list] of start) /** @type {Float64Array} */ (values.get(key)).set(list);
    restore();
    touched = "reset";
    renew(values.keys());
    refresh(values.keys());
    hears.changed();
  }
  /** @param {string} [output] @param {number} [tall] how many rows it has, where that is known */
  function matrixShape(output = main, tall = rows.length) {
    if (!engine.has(output)) return [0, 0];
    const shape = engine.shape(output);
    const m = tall || (shape.length > 1 ? shape[0] : 1);
    return [m, product(shape) / m];
  }
  return {
    engine, names, byKey, values, ranges, serials, now, later, resting, resized, lit, stepped, main, rows, columns, table, hears, axes, places,
    valueAt, stepOf, snap, remember, refresh, schedule, assign, assignAll, atStart, receive, reset, travel, matrixShape,
    touched: () => touched,
    has: () => engine.has(main),
    snapshot: () => Object.fromEntries(names.map((name) => {
      const list = /** @type {Float64Array} */ (values.get(name.key));
      return [name.key, name.shape.length ? Array.from(list) : list[0]];
    })),
    end() {
      view.cancelAnimationFrame(frame);
      view.clearTimeout(rest);
    },
  };
}
