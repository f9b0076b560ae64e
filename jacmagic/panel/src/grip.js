/** A number of a formula as a handle: dragged sideways, or by the arrow keys. */

/** @typedef {import("./types.js").Panel} Panel */
/** @typedef {import("./state.js").Axis} Axis */

/** Pixels of a drag that are a step. */
const PIXELS = 4;

/** @param {Panel} panel @param {any} node the number's element @param {Axis} axis @param {boolean} [stop] whether Tab comes there; what is inside of a formula is for the pointer alone, whose sliders hear keys */
export function grip({ dom: { on, put }, state: { assign, now, ranges, stepOf, valueAt } }, node, { name, k, key, label }, stop = false) {
  const set = (/** @type {number} */ from, /** @type {number} */ steps) => assign(name, k, +(from + steps * stepOf(name)).toPrecision(12));
  node.classList.add("jm-grip");
  let [from, at, moved] = [0, 0, false];
  on(node, "pointerdown", (event) => {
    if (event.button) return;
    [from, at, moved] = [event.clientX, valueAt(key, k), false];
    node.setPointerCapture(event.pointerId);
    event.preventDefault();
    if (stop) node.focus({ preventScroll: true });
  });
  on(node, "pointermove", (event) => {
    if (!node.hasPointerCapture(event.pointerId)) return;
    const steps = Math.round((event.clientX - from) / PIXELS);
    moved ||= !!steps;
    if (moved) set(at, steps);
  });
  if (!stop) return;
  for (const [what, value] of Object.entries({ role: "slider", tabindex: 0, "aria-label": label + ", in the formula", "data-lm-suppress-shortcuts": "true" })) put(node, what, value);
  on(node, "keydown", (event) => {
    const steps = /** @type {Record<string, number>} */ ({ ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 10, PageDown: -10 })[event.key];
    if (!steps || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    set(valueAt(key, k), steps * (event.shiftKey ? 10 : 1));
  });
  now.push(() => {
    const [lo, hi] = /** @type {[number, number]} */ (ranges.get(key));
    put(node, "aria-valuenow", valueAt(key, k));
    put(node, "aria-valuemin", lo);
    put(node, "aria-valuemax", hi);
  });
}
