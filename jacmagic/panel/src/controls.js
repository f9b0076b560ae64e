/** Sliders, fields and grids of fields: what a hand sets. */

import { largest, tint } from "./colours.js";
import { product } from "./evaluator.js";
import { heat } from "./matrices.js";
import { compact, short, stepped, typed } from "./print.js";
import { entryKey } from "./state.js";

const { abs, ceil, max, min, round, sqrt } = Math;

/** @typedef {import("./types.js").Name} Name */
/** @typedef {import("./types.js").Pair} Pair */
/** @typedef {import("./types.js").Panel} Panel */

// What is written out as numbers; anything larger is a heat-map with the value under the pointer.
const FIELDS = { size: 60, columns: 5 };

/** A field for one number: typed, stepped by arrow keys; in a grid also dragged. @param {Panel} panel @param {Name} name @param {() => number} index @param {string} says @param {boolean} grid @param {boolean} [dragged] */
function numberField({ dom: { el, on }, state: { assign, now, stepOf, valueAt } }, name, index, says, grid, dragged = grid) {
  const field = el("input", { type: "text", inputmode: "decimal", autocomplete: "off", spellcheck: "false", class: "jm-field", "aria-label": says });
  let active = false;
  let shown = NaN;
  const update = () => {
    const v = valueAt(name.key, index());
    if (active || Object.is(v, shown)) return;
    shown = v;
    field.value = grid ? compact(v) : stepped(v, stepOf(name));
  };
  const full = () => { field.value = String(valueAt(name.key, index())).replace("-", "\u2212"); };
  const move = (/** @type {number} */ steps) => {
    const step = stepOf(name);
    assign(name, index(), +(valueAt(name.key, index()) + steps * step).toPrecision(12));
  };
  on(field, "focus", () => {
    active = true;
    if (typed(field.value) === valueAt(name.key, index())) return;
    full();
    field.select();
  });
  on(field, "blur", () => { active = false; shown = NaN; field.removeAttribute("aria-invalid"); update(); });
  on(field, "input", () => {
    const v = typed(field.value);
    field.setAttribute("aria-invalid", Number.isNaN(v));
    assign(name, index(), name.whole ? round(v) : v);
  });
  on(field, "keydown", (event) => {
    const steps = /** @type {Record<string, number>} */ ({ ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 })[event.key];
    if (event.key === "Enter") { full(); field.select(); }
    if (!steps) return;
    event.preventDefault();
    move(steps * (event.shiftKey ? 10 : 1));
    full();
  });
  if (dragged) {
    let [from, at, dragging] = [0, 0, false];
    on(field, "pointerdown", (event) => {
      if (active || event.button) return;
      [from, at, dragging] = [event.clientX, valueAt(name.key, index()), false];
      field.setPointerCapture(event.pointerId);
    });
    on(field, "pointermove", (event) => {
      if (!field.hasPointerCapture(event.pointerId)) return;
      const away = event.clientX - from;
      if (!dragging && abs(away) < 4) return;
      if (!dragging) { dragging = true; field.blur(); field.classList.add("jm-dragging"); }
      event.preventDefault();
      assign(name, index(), +(at + round(away / 4) * stepOf(name)).toPrecision(12));
    });
    on(field, "pointerup pointercancel", () => { if (dragging) { field.blur(); field.classList.remove("jm-dragging"); } });
  }
  now.push(update);
  return field;
}

/** Name, track, number field. @param {Panel} panel @param {Name} name @param {number} k */
function slider(panel, name, k) {
  const { hues, play, dom: { page, el, on, put }, state: { assign, now, ranges, snap, stepOf, valueAt }, label } = panel;
  const says = entryKey(name.key, name.shape, k);
  const range = el("input", { type: "range", step: "any", "aria-label": says + ", slider" });
  const field = numberField(panel, name, () => k, says, false, true);
  const move = (/** @type {number} */ v) => {
    const [lo, hi] = /** @type {Pair} */ (ranges.get(name.key));
    assign(name, k, min(hi, max(lo, v)));
  };
  on(range, "input", () => move(snap(name, +range.value)));
  on(range, "keydown", (event) => {
    const steps = /** @type {Record<string, number>} */ ({ ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 10, PageDown: -10 })[event.key];
    const [lo, hi] = /** @type {Pair} */ (ranges.get(name.key));
    if (!steps && event.key !== "Home" && event.key !== "End") return;
    event.preventDefault();
    if (!steps) move(event.key === "Home" ? lo : hi);
    else move(+(valueAt(name.key, k) + steps * stepOf(name) * (event.shiftKey ? 10 : 1)).toPrecision(12));
  });
  let shown = "";
  now.push(() => {
    const v = valueAt(name.key, k);
    const [lo, hi] = /** @type {Pair} */ (ranges.get(name.key));
    const state = lo + " " + hi + " " + v;
    if (state === shown) return;
    shown = state;
    put(range, "min", lo);
    put(range, "max", hi);
    range.value = v;
    range.style.setProperty("--at", ((v - lo) / (hi - lo || 1)).toFixed(4));
    range.setAttribute("aria-valuetext", short(v, 6));
  });
  const hue = hues.get(says) ?? "";
  const sign = page.createTextNode("\u25b6");
  const run = el("button", { type: "button", class: "jm-run", "aria-pressed": "false", "aria-label": "play " + says }, sign);
  on(run, "click", () => play.toggle(says, name, k, (going) => {
    sign.data = going ? "\u23f8\ufe0e" : "\u25b6";
    run.setAttribute("aria-pressed", String(going));
  }));
  return el("div", { class: "jm-slider " + hue }, el("span", { class: "jm-name" }, label(says)), range, field, run);
}

/** A vector or matrix as fields; a large one as a heat-map with a field for the cell chosen. @param {Panel} panel @param {Name} name */
function grid(panel, name) {
  const { dom: { page, view, el, on, write }, state: { now, values }, label } = panel;
  const size = product(name.shape);
  const flat = name.shape.length < 2;
  const columns = flat ? 1 : name.shape[1];
  const head = el("span", { class: "jm-name" }, label(name.key));
  if (size > FIELDS.size || columns > FIELDS.columns) {
    let chosen = 0;
    const place = page.createTextNode("");
    const field = numberField(panel, name, () => chosen, name.key + ", entry chosen in the picture", false);
    const pick = (/** @type {number} */ k) => {
      chosen = k;
      write(place, entryKey(name.key, name.shape, k));
      field.blur();
      field.dispatchEvent(new view.Event("blur"));
    };
    // A long vector is folded, 784 entries into 28 by 28.
    const across = flat ? (sqrt(size) % 1 ? ceil(2 * sqrt(size)) : sqrt(size)) : columns;
    const map = heat(panel, () => /** @type {Float64Array} */ (values.get(name.key)), ceil(size / across), across, { says: name.key, max: flat ? 150 : 90, folded: flat, pick, place: (k) => entryKey(name.key, name.shape, k) });
    pick(0);
    return el("div", { class: "jm-grid jm-tall" }, head, el("div", {}, map.node, el("div", { class: "jm-readout" }, place, " ", field)));
  }
  // A long vector is folded into rows of one length.
  const cells = el("div", { class: "jm-cells", style: "--n:" + (flat && size > 8 ? ceil(size / ceil(size / 6)) : columns) });
  const fields = Array.from({ length: size }, (_, k) => numberField(panel, name, () => k, entryKey(name.key, name.shape, k), true));
  cells.append(...fields);
  // One Tab into the matrix; the arrows go on from the ends of a number.
  fields.forEach((field, k) => {
    field.tabIndex = k ? -1 : 0;
    on(field, "focus", () => { for (const one of fields) one.tabIndex = one === field ? 0 : -1; });
    on(field, "keydown", (event) => {
      const way = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : 0;
      const { selectionStart: from, selectionEnd: to, value } = field;
      if (!way || event.shiftKey || !fields[k + way] || (from === to && from !== (way < 0 ? 0 : value.length))) return;
      event.preventDefault();
      fields[k + way].focus();
      fields[k + way].select();
    });
  });
  let state = [""];
  now.push(() => {
    const list = /** @type {Float64Array} */ (values.get(name.key));
    const top = largest(list);
    state = fields.map((field, k) => {
      const colour = tint(list[k], top);
      if (state[k] !== colour) field.style.backgroundColor = colour;
      return colour;
    });
  });
  return el("div", { class: "jm-grid" }, head, cells);
}

/** All sliders and fields, the weights of a net folded. @param {Panel} panel */
export function controls(panel) {
  const { dom: { el }, state: { names } } = panel;
  const box = el("div", { class: "jm-controls" });
  const weights = [];
  for (const name of names) {
    const size = product(name.shape);
    if (name.role === "weight") weights.push(name);
    else if (size <= 4 && name.shape.length < 2) for (let k = 0; k < size; k++) box.append(slider(panel, name, k));
    else box.append(grid(panel, name));
  }
  const entries = weights.reduce((sum, name) => sum + product(name.shape), 0);
  // So many are nobody's to set.
  box.classList.toggle("jm-inputs", weights.length > 0);
  if (weights.length && entries <= 20000) {
    const fold = el("details", { class: "jm-weights", open: entries <= 8 }, el("summary", {}, "weights"));
    for (const name of weights) fold.append(name.shape.length ? grid(panel, name) : slider(panel, name, 0));
    box.append(fold);
  }
  return box;
}
