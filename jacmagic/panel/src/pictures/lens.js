/** The part of a picture that is shown: nearer by the wheel with Ctrl, two fingers or + and −; moved by Shift and a drag, the middle button or Ctrl and arrows; 0 shows all. */

/** @typedef {import("../types.js").Pair} Pair */
/** @typedef {import("../types.js").Place} Place */
/** @typedef {{k: number, x: number, y: number}} Lens how many times nearer, and where the shown part begins, from left and from below, as parts of the whole */

const { max, min } = Math;
const [NEAREST, FARTHEST] = [1e4, 0.2];
/** Pixels below which a picture has no room for two planes beside each other. */
export const NARROW = 420;

/** @returns {Lens} */
export const whole = () => ({ k: 1, x: 0, y: 0 });
/** Nearer by a factor, about a point of what is shown. @param {Lens} lens @param {number} by @param {number} u from the left, as a part @param {number} v from below */
export function nearer(lens, by, u, v) {
  const k = max(FARTHEST, min(NEAREST, lens.k * by));
  // What is nothing but rounding is the whole.
  const next = Math.abs(k - 1) < 1e-9 ? 1 : k;
  lens.x += u * (1 / lens.k - 1 / next);
  lens.y += v * (1 / lens.k - 1 / next);
  lens.k = next;
}
/** @param {Lens} lens @param {number} u @param {number} v */
export function panned(lens, u, v) {
  lens.x -= u / lens.k;
  lens.y -= v / lens.k;
}
/** What a lens shows of a range. @param {Pair} range @param {number} k @param {number} from @returns {Pair} */
export const through = ([lo, hi], k, from) => [lo + from * (hi - lo), lo + (from + 1 / k) * (hi - lo)];
/** A range, nearer about a number in it. @param {Pair} range @param {number} k @param {number} at @returns {Pair} */
export const about = ([lo, hi], k, at) => [at + (lo - at) / k, at + (hi - at) / k];

/**
 * Let wheel, fingers and a drag change what is shown.
 * @param {Place} place @param {any} svg @param {any[]} targets what is touched @param {(event: any) => Pair} part where that is in the picture, as parts from the left and from below
 */
export function gestures({ dom: { on }, height, lens, redraw, width }, svg, targets, part) {
  /** @type {Map<number, Pair>} */
  const fingers = new Map();
  let panning = false;
  on(svg, "wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    nearer(lens, 2 ** max(-0.5, min(0.5, -0.01 * event.deltaY)), ...part(event));
    redraw();
  });
  const spread = () => {
    const [[a, b], [c, d]] = [...fingers.values()];
    return { wide: Math.hypot((a - c) * width, (b - d) * height) || 1, u: (a + c) / 2, v: (b + d) / 2 };
  };
  for (const target of targets) {
    on(target, "pointerdown", (event) => {
      panning = event.button === 1 || (!event.button && event.shiftKey);
      if (event.button && !panning) return;
      fingers.set(event.pointerId, part(event));
      if (panning) { target.setPointerCapture(event.pointerId); event.preventDefault(); }
    });
    on(target, "pointermove", (event) => {
      const before = fingers.get(event.pointerId);
      if (!before) return;
      const now = part(event);
      if (fingers.size === 2) {
        const old = spread();
        fingers.set(event.pointerId, now);
        const { wide, u, v } = spread();
        panned(lens, u - old.u, v - old.v);
        nearer(lens, wide / old.wide, u, v);
      } else if (panning) panned(lens, now[0] - before[0], now[1] - before[1]);
      fingers.set(event.pointerId, now);
      if (fingers.size === 2 || panning) redraw();
    });
    on(target, "pointerup pointercancel", (event) => { fingers.delete(event.pointerId); if (!fingers.size) panning = false; });
  }
  return {
    /** Whether the hand moves the picture, not what is in it. */
    busy: () => panning || fingers.size > 1,
    /** Whether a key was one of these. @param {any} event @param {Pair} at the point in the picture */
    key(event, [u, v]) {
      const { key, ctrlKey } = event;
      const by = /** @type {Record<string, number>} */ ({ "+": 1.25, "=": 1.25, "-": 0.8, "\u2212": 0.8 })[key];
      const way = ctrlKey && /** @type {Record<string, Pair>} */ ({ ArrowLeft: [0.1, 0], ArrowRight: [-0.1, 0], ArrowUp: [0, -0.1], ArrowDown: [0, 0.1] })[key];
      if (way) panned(lens, way[0], way[1]);
      else if (ctrlKey || event.altKey || event.metaKey) return false;
      else if (by) nearer(lens, by, u, v);
      else if (key === "0") Object.assign(lens, whole());
      else return false;
      event.preventDefault();
      redraw();
      return true;
    },
  };
}
