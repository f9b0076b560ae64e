/** The panel under a result: draws a spec and keeps its numbers in step. To be taken apart: controls, formulas, pictures. */

import { NEGATIVE, POSITIVE, largest, strength, tint } from "./colours.js";
import { compile, kernel, product } from "./evaluator.js";
import { bend, beside, contours, counted, depths, equalUnits, extent, nice, shelves, steady, ticks, uphill, widen } from "./geometry.js";
import { SPACING, slanted, symbol } from "./letters.js";
import { norm, settled, stretch, stretches, svd, volume } from "./numeric.js";
import { compact, format, short, signed, typed } from "./print.js";

const { abs, sqrt, max, min, floor, ceil, round, PI } = Math;

/** @typedef {import("./types.js").Bridge} Bridge */
/** @typedef {import("./types.js").Label} Label */
/** @typedef {import("./types.js").Name} Name */
/** @typedef {import("./types.js").Pair} Pair */

/**
 * Whether a key is the business of the panel's control that has it: such a key goes no further, since slides and
 * notebooks listen above and would turn the page or press nothing.
 * @param {{key: string, ctrlKey: boolean, metaKey: boolean, defaultPrevented: boolean, target: any}} event
 */
export function owns({ key, ctrlKey, metaKey, defaultPrevented, target }) {
  if (defaultPrevented) return true;
  if (ctrlKey || metaKey) return false;
  if (target.matches("button, summary")) return key === " " || key === "Enter";
  return target.matches("input") && (key.length === 1 || /^(Arrow|Page|Home|End|Enter|Backspace|Delete)/.test(key));
}

export const EXPLAIN = /** @type {Record<string, string>} */ ({
  det: "Determinant of J: the factor by which the function scales areas or volumes near this point. Negative: it also flips orientation.",
  rank: "Rank of J: how many independent directions survive. Below the smaller side of J, some direction is squashed to nothing.",
  "\u03c3": "Singular values of J: the half-axes of the ellipse that J makes of the unit circle, largest first.",
  cond: "Condition number of J: largest singular value divided by the smallest. Large: J is nearly singular.",
  "\u03c3max": "Largest singular value: the most by which this Jacobian stretches a vector.",
  norm: "Length of the gradient: the steepest slope of the function at this point.",
  "\u03b4": "Delta: the derivative of the output by this node, carried back by the transposed local Jacobians.",
});
export const SVG = "http://www.w3.org/2000/svg";
export const MATHML = "http://www.w3.org/1998/Math/MathML";
export const SAFE_ELEMENT = /^(m([ions]|text|space|row|frac|sqrt|root|style|padded|phantom|enclose|sub|sup|subsup|under|over|underover|table|tr|td))$/;
export const SAFE_ATTRIBUTE = /^(mathvariant|display|displaystyle|scriptlevel|stretchy|symmetric|fence|separator|form|[lr]space|m(in|ax)size|largeop|movablelimits|accent|linethickness|width|notation|(column|row)(align|spacing|lines)|data-(name|tight))$/;
// What is written out as numbers; anything larger is a heat-map with the value under the pointer.
export const FIELDS = { size: 60, columns: 5 };
export const CELLS = { size: 96, columns: 8 };
export let mounts = 0;

/**
 * Draw a spec into an element; returns what takes it away again.
 * @param {HTMLElement} root @param {any} spec @param {Bridge} [bridge]
 * @returns {() => void}
 */
export function mount(root, spec, bridge) {
  const page = root.ownerDocument;
  const view = /** @type {Window & typeof globalThis} */ (page.defaultView);
  const own = "jm" + ++mounts + "-" + Math.random().toString(36).slice(2, 8);
  const stop = new AbortController();
  const { signal } = stop;
  const engine = compile(spec.graph);
  const still = view.matchMedia("(prefers-reduced-motion: reduce)");
  /** @type {Name[]} */
  const names = spec.names;
  const byKey = new Map(names.map((name) => [name.key, name]));
  const start = new Map(names.map((name) => [name.key, Float64Array.from([name.value].flat())]));
  const values = new Map([...start].map(([key, list]) => [key, list.slice()]));
  const ranges = new Map(names.map((name) => [name.key, /** @type {Pair} */ ([name.min, name.max])]));
  /** Run in the input event, after each change. @type {(() => void)[]} */
  const now = [];
  /** Run in the next animation frame. @type {(() => void)[]} */
  const later = [];
  /** Run once the hand rests: what would cost a frame. @type {(() => void)[]} */
  const resting = [];
  /** @type {Map<string, Label>} */
  const labels = new Map();
  /** How new each value is: of two panels of one result the newer value wins, whichever was drawn last. */
  const serials = new Map(names.map((name) => [name.key, name.serial ?? 0]));
  let frame = 0;
  let unsent = false;
  let moved = false;
  let announcement = 0;
  let rest = 0;
  let touched = "";
  let ids = 0;

  // ---------------------------------------------------------------- nodes

  /** @param {string} tag @param {Record<string, any>} [attributes] @param {...(Node | string | null | undefined | false)} children @returns {any} */
  function el(tag, attributes = {}, ...children) {
    const node = page.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) if (value !== false && value != null) node.setAttribute(key, value === true ? "" : value);
    // JupyterLab takes the arrow keys unless the focused element itself says no.
    if (/^(input|button|summary)$/.test(tag) || "tabindex" in attributes) node.setAttribute("data-lm-suppress-shortcuts", "true");
    node.append(.../** @type {Node[]} */ (children.filter((child) => child != null && child !== false)));
    return node;
  }
  /** @param {string} tag @param {Record<string, any>} [attributes] @param {...(Node | string)} children @returns {any} */
  function draw(tag, attributes = {}, ...children) {
    const node = page.createElementNS(SVG, tag);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  }
  const on = (/** @type {EventTarget} */ target, /** @type {string} */ types, /** @type {(event: any) => void} */ heard) => {
    for (const type of types.split(" ")) target.addEventListener(type, heard, { signal });
  };
  /** Text for screen readers alone. @param {string} text */
  const unseen = (text) => el("span", { class: "jm-hidden" }, text);
  /** Change a text only where it differs. @param {any} node @param {string} text */
  const write = (node, text) => { if (node.data !== text) node.data = text; };
  const put = (/** @type {any} */ node, /** @type {string} */ key, /** @type {any} */ value) => {
    const text = String(value);
    if (node.getAttribute(key) !== text) node.setAttribute(key, text);
  };

  /**
   * MARKUP: the one place where a string becomes elements. It is MathML that Python made; it is parsed in an
   * inert document, and only what draws formulas is copied from there, element by element.
   * @param {string} mathml @returns {any}
   */
  function typeset(mathml) {
    const parsed = new DOMParser().parseFromString(mathml, "text/html").querySelector("math");
    const copy = (/** @type {Element} */ from) => {
      const to = page.createElementNS(MATHML, from.localName);
      for (const { name, value } of from.attributes) if (SAFE_ATTRIBUTE.test(name)) to.setAttribute(name, value);
      // A bracket that begins or ends no row of its own would get the space of a plus.
      if (from.localName === "mo" && /^[()[\]{}|\u2016\u2308-\u230b]$/.test(from.textContent ?? "")) {
        to.setAttribute("lspace", "0em");
        to.setAttribute("rspace", "0em");
        // Chromium gives a bracket that may stretch the width of its largest form.
        if (!from.parentElement?.querySelector("mfrac, mtable, msqrt, mover, munder, munderover")) to.setAttribute("stretchy", "false");
      }
      for (const child of from.childNodes) {
        if (child.nodeType === 3) to.append(child.nodeValue ?? "");
        else if (child instanceof view.Element && child.namespaceURI === MATHML && SAFE_ELEMENT.test(child.localName)) to.append(copy(child));
      }
      // A strut, so that rows without tall letters stand as far apart as the others; at the end, where it makes no minus infix.
      if (from.localName === "mtd") {
        const strut = math("mspace");
        strut.setAttribute("height", ".8em");
        strut.setAttribute("depth", ".3em");
        to.append(strut);
      }
      return to;
    };
    return parsed ? copy(parsed) : el("span");
  }
  const math = (/** @type {string} */ tag, /** @type {...(Node | string)} */ ...children) => {
    const node = page.createElementNS(MATHML, tag);
    node.append(...children);
    return node;
  };
  /** Text and formulas in a line. @param {any} content */
  const line = (content) => [content ?? []].flat().map((part) => (typeof part === "string" ? part : part.mathml ? typeset(part.mathml) : part.text ?? ""));

  /** The typeset name of a row, a column, a name or one of its entries. @param {string} key @param {number} [index] */
  function label(key, index) {
    const name = byKey.get(key);
    const place = index === undefined || !name ? key : entryKey(name, index);
    const known = labels.get(place);
    if (known?.mathml) return typeset(known.mathml);
    const whole = name?.mathml ? typeset(name.mathml) : null;
    if (index === undefined || !name || !name.shape.length) {
      if (whole) return whole;
      const [letter, under] = symbol(key);
      return math("math", under ? math("msub", math("mi", String(letter)), math("mn", String(under))) : math("mi", String(letter)));
    }
    const under = math("mn", place.slice(key.length + 1, -1));
    const inner = whole ? [...whole.childNodes] : [math("mi", key)];
    const only = inner.length === 1 && inner[0].localName === "mrow" && inner[0].childNodes.length === 1 ? inner[0].firstChild : inner[0];
    if (inner.length === 1 && only.localName === "msub") {
      only.lastChild.replaceWith(math("mrow", only.lastChild.cloneNode(true), math("mo", ","), under));
      return math("math", only);
    }
    return math("math", math("msub", math("mrow", ...inner), under));
  }
  /** @param {Name} name @param {number} k */
  const entryKey = (name, k) =>
    name.shape.length === 0 ? name.key
      : name.shape.length === 1 ? name.key + "[" + (k + 1) + "]"
        : name.key + "[" + (floor(k / name.shape[1]) + 1) + "," + ((k % name.shape[1]) + 1) + "]";
  /** A key as text in a picture. @param {string} key @param {Record<string, any>} [attributes] */
  function textName(key, attributes = {}) {
    const [letter, under] = symbol(key);
    const accent = letter.length === 2 ? SPACING[letter[1]] : undefined;
    const up = accent ? (/[A-Z\u0391-\u03a9bdfhklt\u03b2\u03b4\u03b6\u03b8\u03bb\u03be\u03c8]/.test(letter[0]) ? 0.28 : 0.06) : 0;
    return draw("text", { class: "jm-symbol", ...attributes }, draw("tspan", {}, slanted(accent ? letter[0] : letter)),
      ...(accent ? [draw("tspan", { dx: "-.42em", dy: -up + "em" }, accent)] : []),
      ...(under ? [draw("tspan", { dx: accent ? ".2em" : "0", dy: (up / 0.7 + 0.28) + "em", "font-size": "70%" }, under.length > 1 ? under : slanted(under))] : []));
  }

  // ---------------------------------------------------------------- explanations

  const bubble = el("div", { class: "jm-tip", role: "tooltip", id: own + "-tip", hidden: true });
  /** A word that says in full what it is, on hover and focus. @param {string} word @param {string} [key] */
  function term(word, key = word) {
    const node = el("button", { type: "button", class: "jm-term", "aria-describedby": own + "-tip" }, ...line(word));
    const show = () => {
      bubble.textContent = EXPLAIN[key] ?? key;
      bubble.hidden = false;
      const [box, base] = [node.getBoundingClientRect(), root.getBoundingClientRect()];
      bubble.style.left = max(0, min(box.left - base.left, base.width - bubble.offsetWidth)) + "px";
      bubble.style.top = box.bottom - base.top + 6 + "px";
    };
    const hide = () => { bubble.hidden = true; };
    on(node, "pointerenter focus click", show);
    on(node, "pointerleave blur", hide);
    on(node, "keydown", (event) => {
      if (event.key !== "Escape" || bubble.hidden) return;
      event.preventDefault();
      hide();
    });
    return node;
  }
  const spoken = el("div", { class: "jm-hidden", "aria-live": "polite" });

  // ---------------------------------------------------------------- values

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
      if (unsent) send();
      view.clearTimeout(rest);
      rest = view.setTimeout(() => { for (const update of resting) update(); }, 120);
    });
  }
  const snapshot = () => Object.fromEntries(names.map((name) => {
    const list = /** @type {Float64Array} */ (values.get(name.key));
    return [name.key, name.shape.length ? Array.from(list) : list[0]];
  }));
  function send() {
    unsent = false;
    moved = true;
    const state = snapshot();
    bridge?.onChange?.(state);
    say("values", state);
  }
  /** These values were set here, later than all that is known; .5, as the kernel counts in whole numbers. @param {Iterable<string>} keys */
  function renew(keys) {
    const latest = floor(max(0, ...serials.values())) + 1.5;
    for (const key of keys) serials.set(key, latest);
    unsent = true;
  }
  /** Tell the other panels of this result, and its kernel. @param {string} what */
  function say(what, state = snapshot()) {
    if (spec.uid) page.dispatchEvent(new view.CustomEvent("jacmagic:" + what, { detail: { uid: spec.uid, source: own, root, values: state, serials: Object.fromEntries(serials) } }));
  }
  /** One entry of a name, set by hand. @param {Name} name @param {number} k @param {number} v */
  function assign(name, k, v) {
    if (Number.isNaN(v)) return;
    const list = /** @type {Float64Array} */ (values.get(name.key));
    if (list[k] === v) return;
    list[k] = v;
    ranges.set(name.key, widen(/** @type {Pair} */ (ranges.get(name.key)), v));
    touched = entryKey(name, k) + " = " + short(v, 6);
    renew([name.key]);
    refresh([name.key]);
    announce();
  }
  const atStart = () => [...start].every(([key, list]) => list.every((v, k) => v === valueAt(key, k)));
  const restore = () => { for (const name of names) ranges.set(name.key, [name.min, name.max]); };
  /** Values from elsewhere: another panel, the kernel. @param {Record<string, any>} news @param {Record<string, number>} [numbered] their serials; without them they are the newest */
  function receive(news, numbered) {
    const changed = [];
    if (!numbered) renew(Object.keys(news ?? {}).filter((key) => values.has(key)));
    for (const [key, value] of Object.entries(news ?? {})) {
      const list = values.get(key);
      const given = [value].flat(2).map(Number);
      if (!list || given.length !== list.length || given.some(Number.isNaN)) continue;
      if (numbered && !(numbered[key] > (serials.get(key) ?? 0))) continue;
      if (numbered) serials.set(key, numbered[key]);
      if (given.every((v, k) => v === list[k])) continue;
      list.set(given);
      for (const v of given) ranges.set(key, widen(/** @type {Pair} */ (ranges.get(key)), v));
      changed.push(key);
    }
    // Another panel was reset: ranges that typing had widened go back too.
    if (atStart()) restore();
    if (changed.length) refresh(changed);
  }
  /** Say what changed once the hand rests. */
  function announce() {
    view.clearTimeout(announcement);
    announcement = view.setTimeout(() => {
      const [rows, columns] = matrixShape();
      const list = rows * columns <= 6 ? [...settled(engine.get(mainMatrix))].map((v) => format(v)).join(", ") : "";
      spoken.textContent = touched + (list ? "; J = " + list : "") + (noteText ? "; " + noteText : "");
    }, 600);
  }
  let noteText = "";

  const mainMatrix = spec.result?.matrix ?? spec.chain?.value ?? "J";
  const hasMatrix = engine.has(mainMatrix);
  const rowLabels = /** @type {Label[]} */ (spec.result?.rows ?? []);
  const columnLabels = /** @type {Label[]} */ (spec.result?.columns ?? []);
  /** @param {string} [output] @param {number} [rows] */
  function matrixShape(output = mainMatrix, rows = rowLabels.length) {
    if (!engine.has(output)) return [0, 0];
    const shape = engine.shape(output);
    const size = product(shape);
    const m = rows || (shape.length > 1 ? shape[0] : 1);
    return [m, size / m];
  }
  for (const one of [...rowLabels, ...columnLabels, ...(spec.chain?.cards ?? []).flatMap((/** @type {any} */ card) => [...(card.rows ?? []), ...(card.columns ?? [])])]) labels.set(one.key, one);
  for (const name of names) labels.set(name.key, name);

  // ---------------------------------------------------------------- fields and sliders

  /** A field for one number: typed, stepped by arrow keys; in a grid also dragged. @param {Name} name @param {() => number} index @param {string} says @param {boolean} grid */
  function numberField(name, index, says, grid) {
    const field = el("input", { type: "text", inputmode: "decimal", autocomplete: "off", spellcheck: "false", class: "jm-field", "aria-label": says });
    const decimals = (/\.(\d+)$/.exec(String(stepOf(name))) ?? ["", ""])[1].length;
    let active = false;
    let shown = NaN;
    const update = () => {
      const v = valueAt(name.key, index());
      if (active || Object.is(v, shown)) return;
      shown = v;
      const whole = v.toFixed(decimals);
      field.value = grid ? compact(v) : +whole === v && abs(v) < 1e7 ? whole.replace("-", "\u2212") : short(v, 6);
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
    if (grid) {
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

  /** Name, track, number field. @param {Name} name @param {number} k */
  function slider(name, k) {
    const says = entryKey(name, k);
    const range = el("input", { type: "range", step: "any", "aria-label": says + ", slider" });
    const field = numberField(name, () => k, says, false);
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
    const quiet = !["variable", "input"].includes(name.role);
    return el("div", { class: "jm-slider" + (quiet ? " jm-quiet" : "") }, el("span", { class: "jm-name" }, label(name.key, product(name.shape) > 1 ? k : undefined)), range, field);
  }

  /** A vector or matrix as fields; a large one as a heat-map with a field for the cell chosen. @param {Name} name */
  function grid(name) {
    const size = product(name.shape);
    const flat = name.shape.length < 2;
    const columns = flat ? 1 : name.shape[1];
    const head = el("span", { class: "jm-name" }, label(name.key));
    if (size > FIELDS.size || columns > FIELDS.columns) {
      let chosen = 0;
      const place = page.createTextNode("");
      const field = numberField(name, () => chosen, name.key + ", entry chosen in the picture", false);
      const pick = (/** @type {number} */ k) => {
        chosen = k;
        write(place, entryKey(name, k));
        field.blur();
        field.dispatchEvent(new view.Event("blur"));
      };
      // A long vector is folded, 784 entries into 28 by 28.
      const across = flat ? (sqrt(size) % 1 ? ceil(2 * sqrt(size)) : sqrt(size)) : columns;
      const map = heat(() => /** @type {Float64Array} */ (values.get(name.key)), ceil(size / across), across, { says: name.key, max: flat ? 150 : 90, folded: flat, pick, place: (k) => entryKey(name, k) });
      pick(0);
      return el("div", { class: "jm-grid jm-tall" }, head, el("div", {}, map.node, el("div", { class: "jm-readout" }, place, " ", field)));
    }
    const cells = el("div", { class: "jm-cells", style: "--n:" + (flat && size > 8 ? "3;--rows:" + ceil(size / 3) : columns) });
    cells.classList.toggle("jm-long", flat && size > 8);
    const fields = Array.from({ length: size }, (_, k) => numberField(name, () => k, entryKey(name, k), true));
    cells.append(...fields);
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

  function controls() {
    const box = el("div", { class: "jm-controls" });
    const weights = [];
    for (const name of names) {
      const size = product(name.shape);
      if (name.role === "weight") weights.push(name);
      else if (size <= 4 && name.shape.length < 2) for (let k = 0; k < size; k++) box.append(slider(name, k));
      else box.append(grid(name));
    }
    if (weights.length) {
      const entries = weights.reduce((sum, name) => sum + product(name.shape), 0);
      const fold = el("details", { class: "jm-weights", open: entries <= 24 }, el("summary", {}, "weights"));
      for (const name of weights) fold.append(name.shape.length ? grid(name) : slider(name, 0));
      box.append(fold);
    }
    return box;
  }

  // ---------------------------------------------------------------- matrices of numbers

  /** A small matrix as tinted cells; numbers change in place. @param {string} output @param {Label[]} rows @param {Label[]} columns @param {{m: number, n: number, says: string, heads?: boolean, card?: boolean, over?: (i: number, j: number) => void}} how */
  function numbers(output, rows, columns, { m, n, says, heads = true, card = false, over }) {
    const fine = card || n > 4;
    const table = el("table", { class: "jm-numbers" + (fine ? " jm-fine" : ""), "aria-label": says });
    const head = (/** @type {string} */ scope, /** @type {Label | undefined} */ one) => {
      if (!one) return el("td");
      const seen = label(one.key);
      seen.setAttribute("aria-hidden", "true");
      return el("th", { scope }, unseen(one.key), seen);
    };
    const body = el("tbody");
    if (heads) table.append(el("thead", {}, el("tr", {}, el("td"), ...Array.from({ length: n }, (_, j) => head("col", columns[j])))));
    /** @type {{cell: any, text: Text, colour: string, wide: boolean}[]} */
    const cells = [];
    for (let i = 0; i < m; i++) {
      const row = el("tr", {}, heads && head("row", rows[i]));
      for (let j = 0; j < n; j++) {
        const text = page.createTextNode("");
        const cell = el("td", {}, el("span", { class: "jm-number" }, text));
        if (over) on(cell, "pointerenter", () => over(i, j));
        cells.push({ cell, text, colour: "", wide: false });
        row.append(cell);
      }
      body.append(row);
    }
    table.append(body);
    now.push(() => {
      const list = settled(engine.get(output));
      const top = largest(list);
      for (let k = 0; k < cells.length; k++) {
        const one = cells[k];
        const shown = fine ? compact(list[k]) : format(list[k]);
        write(one.text, shown);
        const wide = shown.length > (fine ? 6 : 10);
        if (wide !== one.wide) one.cell.classList.toggle("jm-wide", (one.wide = wide));
        const colour = tint(list[k], top);
        if (colour !== one.colour) one.cell.style.backgroundColor = one.colour = colour;
      }
    });
    return table;
  }

  /**
   * A large matrix as a canvas, one pixel an entry, with the value under the pointer or the cursor keys.
   * @param {() => Float64Array} read @param {number} m @param {number} n
   * @param {{says: string, max?: number, rows?: Label[], columns?: Label[], folded?: boolean, pick?: (k: number) => void, place?: (k: number) => string}} how
   */
  function heat(read, m, n, { says, max: limit = 360, rows = [], columns = [], folded = false, pick, place }) {
    const canvas = el("canvas", { width: n, height: m });
    const cell = max(min(26, limit / m), 0.5);
    const mark = el("div", { class: "jm-mark", hidden: true });
    const [wide, high] = [max(n * (m * n > 900 ? max(cell, 3) : cell), min(26 * n, folded ? 90 : 220)), max(cell * m, min(limit, 34))];
    const frameBox = el("div", { class: "jm-heat", tabindex: "0", role: "group", "aria-label": says + ", " + m + " by " + n + "; arrow keys read its entries", style: "height:" + high + "px" }, canvas, mark);
    const tick = (/** @type {string} */ side, /** @type {number} */ k, /** @type {number} */ count) => frameBox.append(el("span", { class: "jm-tick", "aria-hidden": "true", style: side + ":" + (100 * (k - 0.5)) / count + "%" }, String(k)));
    const ticked = !folded && [m, n].some((count) => count > 1);
    if (ticked && m > 1) for (const k of counted(m, high, 15)) tick("top", k, m);
    if (ticked && n > 1) for (const k of counted(n, min(wide, 420), 10 + 8 * String(n).length)) tick("left", k, n);
    const readout = page.createTextNode("\u00a0");
    const scale = page.createTextNode("");
    const wanted = el("div", { class: "jm-readout", "aria-live": "polite" }, readout);
    const ink = canvas.getContext("2d");
    const image = ink?.createImageData(n, m);
    let chosen = -1;
    let top = 0;
    let version = -1;
    const named = (/** @type {Label[]} */ list, /** @type {number} */ k) => symbol(list[k]?.key ?? "").join("") || String(k + 1);
    const tell = () => {
      if (chosen < 0) return;
      const [i, j] = [floor(chosen / n), chosen % n];
      const where = place ? place(chosen) : rows.length ? "\u2202" + named(rows, i) + "/\u2202" + named(columns, j) : "row " + (i + 1) + ", column " + (j + 1);
      write(readout, where + " = " + format(read()[chosen]));
    };
    const choose = (/** @type {number} */ i, /** @type {number} */ j) => {
      chosen = min(min(m - 1, max(0, i)) * n + min(n - 1, max(0, j)), read().length - 1);
      mark.hidden = false;
      mark.style.cssText = "left:" + (100 * (chosen % n)) / n + "%;top:" + (100 * floor(chosen / n)) / m + "%;width:" + 100 / n + "%;height:" + 100 / m + "%";
      tell();
    };
    const under = (/** @type {PointerEvent} */ event) => {
      const box = canvas.getBoundingClientRect();
      choose(floor(((event.clientY - box.top) / box.height) * m), floor(((event.clientX - box.left) / box.width) * n));
    };
    on(canvas, "pointermove", under);
    on(canvas, "click", (event) => { under(event); pick?.(chosen); });
    on(frameBox, "keydown", (event) => {
      const way = /** @type {Record<string, Pair>} */ ({ ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] })[event.key];
      if (!way) return;
      event.preventDefault();
      const at = max(chosen, 0);
      choose(floor(at / n) + (chosen < 0 ? 0 : way[0]), (at % n) + (chosen < 0 ? 0 : way[1]));
      pick?.(chosen);
    });
    const seen = new Float64Array(m * n).fill(NaN);
    (m * n > 20000 ? resting : later).push(() => {
      const list = read();
      let same = version >= 0;
      for (let k = 0; same && k < list.length; k++) same = Object.is(list[k], seen[k]);
      if (same || !image) return;
      seen.set(list);
      version++;
      top = largest(list);
      for (let k = 0; k < list.length; k++) {
        const v = list[k];
        const hue = isFinite(v) ? (v > 0 ? POSITIVE : NEGATIVE) : [128, 128, 128];
        image.data[4 * k] = hue[0];
        image.data[4 * k + 1] = hue[1];
        image.data[4 * k + 2] = hue[2];
        image.data[4 * k + 3] = isFinite(v) ? 255 * (v === 0 ? 0 : 0.06 + 0.9 * strength(v, top)) : 120;
      }
      ink.putImageData(image, 0, 0);
      write(scale, "largest " + format(top));
      tell();
    });
    return {
      node: el("div", { class: "jm-heatbox" + (ticked ? " jm-ticked" : ""), style: "max-width:" + (wide + (ticked ? 37 : 0)) + "px" }, frameBox, el("div", { class: "jm-under" }, wanted, el("span", { class: "jm-scale" }, scale))),
      canvas,
    };
  }

  const fits = (/** @type {number} */ m, /** @type {number} */ n, card = false) => m * n <= (card ? 24 : CELLS.size) && n <= (card ? 4 : CELLS.columns);
  /** A matrix of numbers in the form its size asks for. @param {string} output @param {Label[]} rows @param {Label[]} columns @param {{m: number, n: number, says: string, max?: number, card?: boolean, over?: (i: number, j: number) => void}} how */
  const matrix = (output, rows, columns, how) =>
    fits(how.m, how.n, how.card)
      ? numbers(output, rows, columns, how)
      : heat(() => settled(engine.get(output)), how.m, how.n, { says: how.says, rows, columns, max: how.max }).node;

  /** The largest singular value of a matrix, as it moves. @param {string} output @param {number} m @param {number} n */
  function stretchText(output, m, n) {
    const text = page.createTextNode("");
    const small = m * n * min(m, n) <= 2000;
    const guess = new Float64Array(n).fill(1).map((_, k) => 1 + k / n / 7);
    let stamp = -2;
    (small ? now : m * n < 5000 ? later : resting).push(() => {
      const list = engine.get(output);
      if (engine.stamp(output) === stamp) return;
      stamp = engine.stamp(output);
      write(text, " " + format(small ? svd(list, m, n).s[0] : stretch(list, m, n, guess)));
    });
    return text;
  }

  // ---------------------------------------------------------------- the result and the entry last touched

  /** The number behind a placeholder: a name, an entry of one, a layer's value. @type {Map<string, () => number>} */
  const behind = new Map();
  /** @param {string} key */
  function lookUp(key) {
    const found = behind.get(key);
    if (found) return found;
    const [, base, inside] = /^(.*?)(?:\[([\d,]+)\])?$/.exec(key) ?? [key, key];
    const name = byKey.get(base) ?? byKey.get(key.replace(/_?\d+$/, ""));
    const forward = "forward:" + base;
    const shape = name?.shape ?? (engine.has(forward) ? engine.shape(forward) : []);
    const places = (inside ?? (byKey.has(key) ? "1" : /\d+$/.exec(key)?.[0] ?? "1")).split(",").map((place) => +place - 1);
    const k = places.length === 2 ? places[0] * shape[1] + places[1] : shape.length ? places[0] : 0;
    const read = () => (name ? valueAt(name.key, k) : engine.has(forward) ? engine.get(forward)[k] : NaN);
    behind.set(key, read);
    return read;
  }
  /** A formula with numbers that follow the values in the place of its names. @param {string} mathml */
  function live(mathml) {
    const node = typeset(mathml);
    /** @type {{text: Text, key: string, tight: boolean, first: boolean}[]} */
    const holes = [];
    for (const one of node.querySelectorAll("[data-name]")) {
      const key = one.getAttribute("data-name");
      const base = key.split("[")[0];
      if (!byKey.has(base) && !engine.has("forward:" + base)) continue;
      const text = page.createTextNode("");
      const number = math("mn", text);
      const before = one.previousElementSibling;
      holes.push({ text, key, tight: one.hasAttribute("data-tight"), first: !before || before.textContent === "(" });
      // x_1^2 is one element; its third part is no part of the name.
      one.replaceWith(one.localName === "msubsup" ? math("msup", number, one.lastElementChild) : number);
    }
    const update = () => {
      for (const { text, key, tight, first } of holes) {
        const v = lookUp(key)();
        // Beside another factor or below an exponent a number needs its brackets, behind a sign a negative one.
        const digits = short(v);
        write(text, tight || (!first && v < 0) ? "(" + digits + ")" : digits);
      }
    };
    return { node, update, holes: holes.length };
  }

  /** symbol = numbers put in = value, of the entry under the pointer or the focus; a click pins it. */
  function entryLine() {
    const entries = spec.result?.entries;
    const box = el("div", { class: "jm-entry", role: "group", "aria-label": "entry with its numbers put in" });
    const made = new Map();
    const cells = () => /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll(".jm-cell"));
    let current = "";
    let pinned = "";
    /** @param {string} at */
    const make = (at) => {
      if (made.has(at)) return made.get(at);
      const [i, j] = at.split(",").map(Number);
      const entry = entries?.[i]?.[j];
      if (!entry) return null;
      const filled = live(entry.mathml);
      const text = page.createTextNode("");
      const node = el("div", {}, typeset(entry.mathml), ...(filled.holes ? [el("span", { class: "jm-value" }, " = "), filled.node] : []), el("span", { class: "jm-value" }, " = ", text));
      node.append(copies(entry));
      const one = { node, i, j, update: () => { filled.update(); write(text, short(settled(engine.get(mainMatrix))[i * matrixShape()[1] + j])); } };
      made.set(at, one);
      return one;
    };
    const show = (/** @type {string} */ at) => {
      const one = make(at);
      if (!one || at === current) return;
      current = at;
      one.update();
      box.replaceChildren(one.node);
      for (const button of cells()) button.classList.toggle("jm-on", button.dataset.at === at);
    };
    if (entries) now.push(() => made.get(current)?.update());
    return {
      box,
      over: (/** @type {number} */ i, /** @type {number} */ j) => show(i + "," + j),
      leave: () => { if (pinned) show(pinned); },
      /** @param {number} i @param {number} j */
      pin(i, j) {
        pinned = pinned === i + "," + j ? "" : i + "," + j;
        for (const button of cells()) button.setAttribute("aria-pressed", String(button.dataset.at === pinned));
        show(i + "," + j);
      },
      /** The first entry that has a number to put in. */
      first() {
        for (const [i, row] of entries.entries()) for (const [j, entry] of row.entries()) if (live(entry.mathml).holes) return show(i + "," + j);
      },
    };
  }
  const entry = entryLine();

  /** Buttons that copy a formula. @param {any} of */
  const copies = (of) => el("span", { class: "jm-copies" }, of.tex && copyButton("Copy LaTeX", of.tex), of.code && copyButton("Copy SymPy", of.code));
  /** A button that copies. @param {string} word @param {string} content */
  function copyButton(word, content) {
    const text = page.createTextNode(word);
    const button = el("button", { type: "button", class: "jm-word" }, text);
    on(button, "click", async () => {
      try {
        await view.navigator.clipboard.writeText(content);
      } catch {
        const area = el("textarea", { class: "jm-hidden", "aria-hidden": "true" });
        area.value = content;
        root.append(area);
        area.select();
        page.execCommand("copy");
        area.remove();
        button.focus();
      }
      text.data = "Copied";
      spoken.textContent = word + ": done";
      view.setTimeout(() => { text.data = word; }, 1400);
    });
    return button;
  }

  function echo() {
    return (spec.echo ?? []).map((/** @type {any} */ part) => el("div", { class: "jm-echo" }, ...[part.mathml ?? []].flat().map((one) => el("div", { class: "jm-formula" }, typeset(one))), part.note && el("div", { class: "jm-note" }, ...line(part.note))));
  }

  /** J in symbols: rows labelled by function, columns by variable, each entry a button. */
  function symbolic() {
    const { title, rows = [], columns = [], entries, formulas = [], extra = [] } = spec.result;
    const box = el("div", { class: "jm-result jm-formula" });
    const beside = el("div", { class: "jm-extra" }, ...extra.map((/** @type {any} */ one) => el("div", {}, typeset(one.mathml))));
    if (entries) {
      const [m, n] = [rows.length, columns.length];
      const grid = el("div", { class: "jm-matrix", role: "group", "aria-label": "Jacobian, " + m + " by " + n, style: "grid-template-columns:auto auto 7px repeat(" + n + ",auto) 7px" });
      const at = (/** @type {any} */ node, /** @type {number} */ row, /** @type {number} */ column, tall = 1) => {
        node.style.gridArea = row + "/" + column + "/span " + tall;
        grid.append(node);
      };
      columns.forEach((/** @type {Label} */ one, /** @type {number} */ j) => at(el("span", { class: "jm-label" }, label(one.key)), 1, j + 4));
      at(el("span", { class: "jm-title" }, typeset(title)), 2, 1, m);
      at(el("span", { class: "jm-bracket" }), 2, 3, m);
      rows.forEach((/** @type {Label} */ one, /** @type {number} */ i) => {
        at(el("span", { class: "jm-label" }, label(one.key)), i + 2, 2);
        columns.forEach((/** @type {Label} */ other, /** @type {number} */ j) => {
          const button = el("button", { type: "button", class: "jm-cell", "aria-pressed": "false", "data-at": i + "," + j }, unseen("d " + one.key + " by d " + other.key + ": "), typeset(entries[i][j].mathml));
          on(button, "pointerenter focus", () => entry.over(i, j));
          on(button, "pointerleave blur", () => entry.leave());
          on(button, "click", () => entry.pin(i, j));
          on(button, "keydown", (event) => {
            const way = /** @type {Record<string, Pair>} */ ({ ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] })[event.key];
            if (!way) return;
            event.preventDefault();
            grid.querySelector('[data-at="' + min(m - 1, max(0, i + way[0])) + "," + min(n - 1, max(0, j + way[1])) + '"]').focus();
          });
          at(button, i + 2, j + 4);
        });
      });
      at(el("span", { class: "jm-bracket jm-right" }), 2, n + 4, m);
      box.append(grid);
    }
    box.append(...formulas.map((/** @type {string} */ one) => el("div", {}, typeset(one))));
    if (extra.length) box.append(beside);
    return box;
  }

  /** det, rank and singular values under the numbers of J; the functions' values. */
  function statistics() {
    const box = el("div", { class: "jm-stats" });
    const [m, n] = matrixShape();
    /** @param {string} word @param {string} key @param {() => string} read */
    const add = (word, key, read) => {
      const text = page.createTextNode("");
      box.append(el("span", { class: "jm-stat" }, term(word, key), " ", text));
      return () => write(text, read());
    };
    const side = min(m, n);
    const light = m * n * side <= 1000;
    if (m === 1 && n > 1) {
      const update = add("\u2016\u2207\u2016", "norm", () => format(norm(engine.get(mainMatrix))));
      now.push(update);
    } else if (side > 1 && side <= 40) {
      /** @type {number[]} */
      let s = [];
      /** @type {(() => void)[]} */
      const updates = [];
      if (m === n) updates.push(add("det", "det", () => format(volume(engine.get(mainMatrix), n, s))));
      updates.push(add("rank", "rank", () => String(s.filter(Boolean).length)));
      updates.push(add("\u03c3", "\u03c3", () => s.slice(0, 4).map((x) => format(x)).join(", ") + (side > 4 ? " \u2026 " + format(s[side - 1]) : "")));
      if (side > 2) updates.push(add("cond", "cond", () => format(s[side - 1] ? s[0] / s[side - 1] : Infinity)));
      let stamp = -2;
      (light ? now : later).push(() => {
        const list = engine.get(mainMatrix);
        if (engine.stamp(mainMatrix) === stamp) return;
        stamp = engine.stamp(mainMatrix);
        const finite = list.every(isFinite);
        s = finite ? stretches(list, m, n) : Array(side).fill(NaN);
        for (const update of updates) update();
      });
    }
    return box;
  }

  /** Values of the functions at the point, where they are few. */
  function outcomes() {
    const functions = spec.functions ?? [];
    const total = functions.reduce((/** @type {number} */ sum, /** @type {any} */ one) => sum + product(engine.shape(one.forward)), 0);
    if (!total || total > 6) return null;
    const box = el("div", { class: "jm-outcomes" });
    const values = () => settled(functions.flatMap((/** @type {any} */ one) => [...engine.get(one.forward)]));
    let k = 0;
    for (const one of functions) {
      for (let i = 0; i < product(engine.shape(one.forward)); i++, k++) {
        const [text, at] = [page.createTextNode(""), k];
        const named = rowLabels.length === total ? label(rowLabels[k].key) : one.mathml ? typeset(one.mathml) : label(one.key);
        box.append(el("span", { class: "jm-stat" }, named, " = ", text));
        now.push(() => write(text, format(values()[at])));
      }
    }
    return box;
  }

  /** What is said of the point: kinks under it, why a number is missing, and a point that has one. */
  function remarks() {
    const box = el("div", { class: "jm-remarks", role: "status" });
    const outputs = [mainMatrix, spec.chain?.value, ...(spec.functions ?? []).map((/** @type {any} */ one) => one.forward)].filter((output) => output && engine.has(output));
    const small = outputs.filter((output) => product(engine.shape(output)) <= 20000);
    const rules = /** @type {Record<string, (v: number) => boolean>} */ ({ "<=0": (v) => v <= 0, "<0": (v) => v < 0, "==0": (v) => v === 0, ">1": (v) => v > 1, ">=1": (v) => v >= 1, ">=0": (v) => v >= 0, "<1": (v) => v < 1, "<=1": (v) => v <= 1 });
    const rescue = el("button", { type: "button", class: "jm-word" });
    if (spec.rescue) {
      rescue.append("use " + Object.entries(spec.rescue).map(([key, v]) => symbol(key).join("") + " = " + [v].flat().map((one) => short(/** @type {number} */ (one))).join(", ")).join(", "));
      on(rescue, "click", () => { receive(spec.rescue); schedule(); announce(); });
    }
    let shown = "";
    (small.every((output) => product(engine.shape(output)) <= 500) ? now : later).push(() => {
      const notes = (spec.kinks ?? []).filter((/** @type {any} */ kink) => engine.has(kink.value) && engine.get(kink.value).some((v) => v === 0)).map((/** @type {any} */ kink) => kink.text);
      const broken = small.some((output) => !engine.get(output).every(isFinite));
      if (broken) {
        // The first reason is the function's own; those of its slope follow from it.
        const why = (spec.reasons ?? []).find((/** @type {any} */ one) => engine.has(one.value) && engine.get(one.value).some(rules[one.when.replace(/\s/g, "")] ?? (() => false)));
        const endless = small.some((output) => engine.get(output).some((v) => abs(v) === Infinity));
        notes.push(why || endless ? "no number here: " + (why?.text ?? "a pole, or beyond 1.8\u00b710\u00b3\u2070\u2078") : "no finite number at this point");
      }
      const state = [...new Set(notes)].join("\n") + broken;
      if (state === shown) return;
      shown = state;
      noteText = notes.join("; ");
      box.replaceChildren(...[...new Set(notes)].map((text) => el("div", {}, text)), ...(broken && spec.rescue ? [rescue] : []));
    });
    return box;
  }

  // ---------------------------------------------------------------- the chain rule, a card a layer

  function chain() {
    const { formulas = [], title, value, check, cards } = spec.chain;
    const head = el("div", { class: "jm-chain jm-formula" }, typeset(title));
    const [m, n] = matrixShape(value);
    if (m * n === 1) {
      const text = page.createTextNode("");
      head.append(el("output", { class: "jm-big-number" }, text));
      now.push(() => { const v = engine.get(value)[0]; write(text, (v > 0 ? "+" : "") + format(v)); });
    } else if (m * n) head.append(matrix(value, rowLabels, columnLabels, { m, n, says: "the derivative", max: 160 }));
    if (check && engine.has(check.product) && engine.has(check.direct)) {
      const text = page.createTextNode("");
      const box = el("span", { class: "jm-check" }, text);
      head.append(box);
      (m * n <= CELLS.size ? now : resting).push(() => {
        const [p, q] = [engine.get(check.product), engine.get(check.direct)];
        let error = 0;
        for (let k = 0; k < p.length; k++) error = max(error, abs(p[k] - q[k]));
        const good = error <= 1e-9 * (1 + largest(q));
        box.classList.toggle("jm-bad", !good);
        write(text, good ? "\u2713 product = direct derivative, to rounding" : "product and direct derivative differ by " + short(error, 1));
      });
    }
    const ladder = el("div", { class: "jm-cards" + (spec.chain.single ? " jm-product" : "") });
    for (const card of cards) {
      const [rows, columns] = matrixShape(card.matrix, card.rows?.length ?? 0);
      const box = el("div", { class: "jm-card" }, el("div", { class: "jm-law" }, typeset(card.formula)), el("div", { class: "jm-local" }, typeset(card.jacobian)));
      if (rows * columns === 1) box.lastChild.append(el("span", { class: "jm-value" }, "="), numbers(card.matrix, [], [], { m: 1, n: 1, says: "local derivative of " + card.key, heads: false, card: true }));
      else if (rows * columns) {
        box.append(matrix(card.matrix, card.rows ?? [], card.columns ?? [], { m: rows, n: columns, says: "local Jacobian of " + card.key, max: 120, card: true }));
        box.append(el("div", { class: "jm-foot" }, el("span", {}, card.shape), el("span", {}, term("\u03c3", "\u03c3max"), el("sub", {}, "max"), stretchText(card.matrix, rows, columns))));
      }
      box.lastChild.append(copies(card));
      ladder.append(box);
    }
    return [...formulas.map((/** @type {string} */ one) => el("div", { class: "jm-chain jm-formula" }, typeset(one))), head, ladder];
  }

  // ---------------------------------------------------------------- pictures

  const scratch = compile(spec.graph);
  /** Values other than some, as one string: what a picture's background hangs on. @param {string[]} but */
  const background = (...but) => names.map((name) => (but.includes(name.key) ? ranges.get(name.key) : Array.from(/** @type {Float64Array} */ (values.get(name.key))))).join("|");
  /** Where a picture's axis lives: a scalar name, or an entry of a vector. @param {string} key */
  function axis(key) {
    const name = byKey.get(key);
    if (name) return { name, k: 0, key, label: key };
    const [, base, place] = /^(.*?)[_[]?([\d,]+)\]?$/.exec(key) ?? ["", key, "1"];
    const of = /** @type {Name} */ (byKey.get(base));
    const [i, j] = place.split(",").map(Number);
    return { name: of, k: j ? (i - 1) * of?.shape[1] + j - 1 : i - 1, key: base, label: key };
  }
  const readAxis = (/** @type {any} */ one) => valueAt(one.key, one.k);
  const rangeOf = (/** @type {any} */ one) => /** @type {Pair} */ (ranges.get(one.key));
  /** An output at another point of the picture. @param {string[]} outputs @param {any[]} axes */
  function sampler(outputs, axes) {
    for (const name of names) scratch.set(name.key, /** @type {Float64Array} */ (values.get(name.key)));
    const moved = new Map(axes.map((one) => [one.key, /** @type {Float64Array} */ (values.get(one.key)).slice()]));
    return (/** @type {number[]} */ ...at) => {
      axes.forEach((one, k) => { /** @type {Float64Array} */ (moved.get(one.key))[one.k] = at[k]; });
      for (const [key, list] of moved) scratch.set(key, list);
      if (outputs.length === 1) return scratch.get(outputs[0]);
      return outputs.flatMap((output) => [...scratch.get(output)]);
    };
  }
  /** A piece of a picture with coordinates of its own. @param {any} svg @param {number} left @param {number} top @param {number} width @param {number} height */
  function plane(svg, left, top, width, height) {
    const clip = own + "-clip" + ++ids;
    const axes = draw("g", { class: "jm-axes" });
    const inside = draw("g", { "clip-path": "url(#" + clip + ")" });
    const over = draw("g");
    svg.append(draw("clipPath", { id: clip }, draw("rect", { x: left, y: top, width, height })), axes, inside, over);
    let [x0, x1, y0, y1] = [0, 1, 0, 1];
    let drawn = "";
    const x = (/** @type {number} */ v) => left + ((v - x0) / (x1 - x0)) * width;
    const y = (/** @type {number} */ v) => top + height - ((v - y0) / (y1 - y0)) * height;
    const dot = (/** @type {Pair} */ [p, q]) => max(-1e4, min(1e4, x(p))).toFixed(1) + " " + max(-1e4, min(1e4, y(q))).toFixed(1);
    return {
      inside, over, x, y, left, top, width, height,
      /** @param {ArrayLike<number>[]} points */
      path(points) {
        let [text, pen] = ["", "M"];
        for (const point of points) {
          if (isFinite(point[0]) && isFinite(point[1])) { text += pen + dot(/** @type {Pair} */ (point)); pen = "L"; } else pen = "M";
        }
        return text;
      },
      /** @param {MouseEvent} event @returns {Pair} */
      at(event) {
        const box = svg.getScreenCTM().inverse();
        const p = new view.DOMPoint(event.clientX, event.clientY).matrixTransform(box);
        return [x0 + ((p.x - left) / width) * (x1 - x0), y0 + ((top + height - p.y) / height) * (y1 - y0)];
      },
      /** @param {Pair} xr @param {Pair} yr @param {boolean} [bare] */
      range(xr, yr, bare = false) {
        // Where J is singular its image may be flat.
        [[x0, x1], [y0, y1]] = [xr, yr].map(([lo, hi]) => (hi - lo > 1e-9 * (1 + abs(hi)) ? [lo, hi] : [lo - 1, hi + 1]));
        const state = [x0, x1, y0, y1].join();
        if (state === drawn) return;
        drawn = state;
        axes.replaceChildren();
        for (const v of ticks(x0, x1, width / (bare ? 56 : 70))) {
          axes.append(draw("line", { x1: x(v), x2: x(v), y1: top, y2: top + height, class: v ? "" : "jm-zero" }));
          axes.append(draw("text", { x: x(v), y: top + height + 15, "text-anchor": "middle" }, short(v)));
        }
        for (const v of ticks(y0, y1, height / 48)) {
          axes.append(draw("line", { x1: left, x2: left + width, y1: y(v), y2: y(v), class: v ? "" : "jm-zero" }));
          axes.append(draw("text", { x: left - 6, y: y(v) + 4, "text-anchor": "end" }, short(v)));
        }
      },
    };
  }
  /** The point of a picture, for hand and keyboard. @param {any} svg @param {any} space @param {any} xa @param {any} [ya] */
  function handle(svg, space, xa, ya) {
    const ring = draw("circle", { r: 16, class: "jm-reach" });
    const knob = draw("g", { class: "jm-handle", tabindex: 0, role: "slider", "data-lm-suppress-shortcuts": "true", "aria-label": "point in the picture; arrow keys move it" }, ring, draw("circle", { r: 6 }));
    const area = draw("rect", { x: space.left, y: space.top, width: space.width, height: space.height, class: "jm-area" });
    const within = (/** @type {any} */ one, /** @type {number} */ v) => { const [lo, hi] = rangeOf(one); assign(one.name, one.k, min(hi, max(lo, snap(one.name, v)))); };
    const follow = (/** @type {PointerEvent} */ event) => {
      const [x, y] = space.at(event);
      within(xa, x);
      if (ya) within(ya, y);
    };
    for (const target of [area, knob]) {
      on(target, "pointerdown", (event) => {
        if (event.button) return;
        target.setPointerCapture(event.pointerId);
        event.preventDefault();
        knob.focus({ preventScroll: true });
        follow(event);
      });
      on(target, "pointermove", (event) => { if (target.hasPointerCapture(event.pointerId)) follow(event); });
    }
    on(knob, "keydown", (event) => {
      const way = /** @type {Record<string, Pair>} */ ({ ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: ya ? [0, 1] : [1, 0], ArrowDown: ya ? [0, -1] : [-1, 0] })[event.key];
      if (!way) return;
      event.preventDefault();
      const many = event.shiftKey ? 10 : 1;
      if (way[0]) within(xa, readAxis(xa) + way[0] * many * stepOf(xa.name));
      if (ya && way[1]) within(ya, readAxis(ya) + way[1] * many * stepOf(ya.name));
    });
    space.over.append(area, knob);
    return (/** @type {number} */ y) => {
      put(knob, "transform", "translate(" + space.x(readAxis(xa)).toFixed(2) + " " + (isFinite(y) ? max(-99, min(9999, space.y(y))) : 0).toFixed(2) + ")");
      knob.style.display = isFinite(y) ? "" : "none";
      put(knob, "aria-valuenow", readAxis(xa));
      put(knob, "aria-valuemin", rangeOf(xa)[0]);
      put(knob, "aria-valuemax", rangeOf(xa)[1]);
      put(knob, "aria-valuetext", xa.label + " = " + short(readAxis(xa)) + (ya ? ", " + ya.label + " = " + short(readAxis(ya)) : ""));
    };
  }
  /** @param {number} width @param {number} height @param {string} says */
  const canvasFor = (width, height, says) => draw("svg", { viewBox: "0 0 " + width + " " + height, class: "jm-svg", role: "group", "aria-label": says });
  /** An arrow as one path. @param {number} x @param {number} y @param {number} dx @param {number} dy */
  const arrow = (x, y, dx, dy) => {
    const long = Math.hypot(dx, dy);
    if (!(long > 1)) return "";
    const [ux, uy, tip] = [dx / long, dy / long, min(9, long / 2)];
    const [ex, ey] = [x + dx, y + dy];
    const side = (/** @type {number} */ s) => (ex - tip * ux + s * tip * 0.5 * uy).toFixed(1) + " " + (ey - tip * uy - s * tip * 0.5 * ux).toFixed(1);
    return "M" + x.toFixed(1) + " " + y.toFixed(1) + "L" + ex.toFixed(1) + " " + ey.toFixed(1) + "M" + side(1) + "L" + ex.toFixed(1) + " " + ey.toFixed(1) + "L" + side(-1);
  };

  /** One variable: the curve and its tangent. @param {any} picture */
  function curve(picture) {
    const xa = axis(picture.x);
    const svg = canvasFor(480, 320, "curve and tangent");
    const space = plane(svg, 46, 12, 420, 270);
    const f = [picture.f].flat();
    const many = f.reduce((sum, output) => sum + product(engine.shape(output)), 0);
    const J = picture.J ?? mainMatrix;
    const lines = Array.from({ length: many }, (_, k) => ({
      curve: draw("path", { class: "jm-curve", "stroke-dasharray": k ? 3 * k + 2 + " 3" : "none" }),
      tangent: draw("path", { class: "jm-tangent" }),
      dot: draw("circle", { r: 4, class: "jm-dot" }),
    }));
    for (const one of lines) space.inside.append(one.curve, one.tangent, one.dot);
    svg.append(textName(xa.label, { x: 470, y: 316, "text-anchor": "end" }), textName((spec.functions?.[0]?.key ?? "f"), { x: 8, y: 20 }));
    const move = handle(svg, space, xa);
    /** @type {Pair | null} */
    let yr = null;
    let seen = "";
    later.push(() => {
      const state = background(picture.x);
      const xr = rangeOf(xa);
      if (state !== seen) {
        seen = state;
        const sample = sampler(f, [xa]);
        const points = lines.map(() => /** @type {Pair[]} */ ([]));
        const every = [];
        for (let k = 0; k <= 300; k++) {
          const x = xr[0] + (k / 300) * (xr[1] - xr[0]);
          const list = sample(x);
          for (let i = 0; i < many; i++) {
            points[i].push([x, list[i]]);
            every.push(list[i]);
          }
        }
        yr = steady(yr, extent(every));
        space.range(xr, yr);
        const tall = yr[1] - yr[0];
        lines.forEach((one, i) => {
          // A jump over the whole picture between neighbours is a pole or a step, not a line.
          const cut = points[i].flatMap((p, k) => (k && abs(p[1] - points[i][k - 1][1]) > tall ? [[NaN, NaN], p] : [p]));
          put(one.curve, "d", space.path(cut));
        });
      }
      const at = f.flatMap((output) => [...engine.get(output)]);
      const slopes = engine.get(J);
      const x = readAxis(xa);
      const reach = 0.3 * (xr[1] - xr[0]);
      lines.forEach((one, i) => {
        put(one.tangent, "d", space.path([[x - reach, at[i] - reach * slopes[i]], [x + reach, at[i] + reach * slopes[i]]]));
        put(one.tangent, "class", "jm-tangent " + (slopes[i] < 0 ? "jm-neg" : "jm-pos"));
        put(one.dot, "cx", space.x(x));
        put(one.dot, "cy", isFinite(at[i]) ? space.y(at[i]) : -99);
      });
      move(at[0]);
    });
    const slope = page.createTextNode("");
    now.push(() => write(slope, many === 1 ? "slope of the tangent " + format(engine.get(J)[0]) : "one curve a row, its tangent beside it"));
    return { svg, caption: [slope] };
  }

  /** Two variables, one function: contours and the gradient. @param {any} picture */
  function contour(picture) {
    const [xa, ya] = [axis(picture.x), axis(picture.y)];
    const svg = canvasFor(440, 390, "contours and gradient");
    const space = plane(svg, 42, 10, 385, 345);
    const sheet = draw("g", { class: "jm-contours" });
    const through = draw("path", { class: "jm-through" });
    const gradient = draw("path", { class: "jm-gradient" });
    space.inside.append(sheet, through);
    space.over.append(gradient);
    svg.append(textName(xa.label, { x: 427, y: 387, "text-anchor": "end" }), textName(ya.label, { x: 4, y: 20 }));
    const move = handle(svg, space, xa, ya);
    const size = 57;
    const field = new Float64Array(size * size);
    /** What the axes show: the sliders' ranges, and more of the shorter one. @type {[Pair, Pair]} */
    let shown = [[0, 1], [0, 1]];
    /** @type {Pair | null} */
    let zr = null;
    let seen = "";
    /** @param {Pair} point @returns {Pair} */
    const place = ([i, j]) => {
      const [xr, yr] = shown;
      return [xr[0] + (i / (size - 1)) * (xr[1] - xr[0]), yr[0] + (j / (size - 1)) * (yr[1] - yr[0])];
    };
    const trace = (/** @type {number} */ level) => contours(field, size, size, level).map((one) => one.map(place));
    const J = picture.J ?? mainMatrix;
    later.push(() => {
      const state = background(picture.x, picture.y);
      if (state !== seen) {
        seen = state;
        shown = equalUnits(rangeOf(xa), rangeOf(ya), space.width, space.height, 4);
        space.range(...shown);
        const sample = sampler([picture.f], [xa, ya]);
        for (let j = 0; j < size; j++) for (let i = 0; i < size; i++) field[j * size + i] = sample(...place([i, j]))[0];
        zr = steady(zr, extent(field));
        sheet.replaceChildren();
        const levels = ticks(zr[0], zr[1], 18);
        const top = largest(levels);
        /** @type {Pair[]} */
        const written = [];
        for (const level of levels) {
          const lines = trace(level);
          const hue = level > 0 ? "jm-pos" : level < 0 ? "jm-neg" : "jm-level0";
          sheet.append(draw("path", { d: lines.map((one) => space.path(one)).join(""), class: hue, "stroke-opacity": (0.35 + 0.65 * strength(level, top)).toFixed(2) }));
          const longest = lines.sort((p, q) => q.length - p.length)[0];
          if (!longest || longest.length < 14) continue;
          // The label goes where no other stands yet, well inside the frame.
          for (const part of [0.5, 0.3, 0.7, 0.2, 0.8]) {
            const [x, y] = longest[round(part * (longest.length - 1))];
            const [px, py] = [space.x(x), space.y(y)];
            if (px < space.left + 22 || px > space.left + space.width - 22 || py < space.top + 12 || py > space.top + space.height - 12) continue;
            if (written.some(([a, b]) => abs(a - px) < 44 && abs(b - py) < 20)) continue;
            written.push([px, py]);
            sheet.append(draw("text", { x: px, y: py + 4, "text-anchor": "middle" }, short(level)));
            break;
          }
        }
      }
      const [x, y, f] = [readAxis(xa), readAxis(ya), engine.get(picture.f)[0]];
      put(through, "d", isFinite(f) ? trace(f).map((one) => space.path(one)).join("") : "");
      const J0 = engine.get(J);
      const [px, py] = [space.width / (shown[0][1] - shown[0][0]), space.height / (shown[1][1] - shown[1][0])];
      equal = abs(px - py) < 1e-9 * px;
      put(gradient, "d", arrow(space.x(x), space.y(y), ...uphill(J0, px, py)));
      tell();
      move(y);
    });
    const text = page.createTextNode("");
    let equal = true;
    function tell() {
      const J0 = settled(engine.get(J));
      write(text, "gradient (" + format(J0[0]) + ", " + format(J0[1]) + "); arrow: " + (equal ? "its direction, the steepest way up" : "the axes have different units, so only at right angles to the contour") + "; dashed: same value");
    }
    now.push(tell);
    return { svg, caption: [text] };
  }

  /** Two by two: the grid, its image, and the local linear map over it. @param {any} picture */
  function map2(picture) {
    const [xa, ya] = [axis(picture.x), axis(picture.y)];
    const f = [picture.f].flat();
    const svg = canvasFor(520, 286, "grid and its image");
    const [from, to] = [plane(svg, 28, 18, 206, 226), plane(svg, 302, 18, 212, 226)];
    const [net, image] = [draw("path", { class: "jm-net" }), draw("path", { class: "jm-net" })];
    const pieces = [from, to].map((space) => {
      /** @type {Record<string, any>} */
      const piece = { square: draw("path", { class: "jm-square" }), round: draw("path", { class: "jm-round" }), one: draw("path", { class: "jm-gradient" }), two: draw("path", { class: "jm-gradient jm-second" }) };
      space.inside.append(space === from ? net : image, piece.square, piece.round, piece.two, piece.one);
      return piece;
    });
    const shadow = draw("circle", { r: 5, class: "jm-dot" });
    to.over.append(shadow);
    svg.append(draw("path", { class: "jm-arrow", d: arrow(244, 131, 30, 0) }), textName(picture.label ?? spec.functions?.[0]?.key.replace(/\d+$/, "") ?? "f", { x: 258, y: 120, "text-anchor": "middle" }));
    svg.append(textName(xa.label, { x: 234, y: 280, "text-anchor": "end" }), textName(ya.label, { x: 4, y: 13 }));
    rowLabels.slice(0, 2).forEach((one, k) => svg.append(textName(one.key, k ? { x: 276, y: 13 } : { x: 514, y: 280, "text-anchor": "end" })));
    const move = handle(svg, from, xa, ya);
    const J = picture.J ?? mainMatrix;
    /** @type {Pair | null} */
    let wide = null;
    /** @type {Pair | null} */
    let tall = null;
    /** @type {Pair[]} */
    let there = [];
    /** @type {Pair[]} */
    let bulk = [];
    let [seen, drawn] = ["", ""];
    later.push(() => {
      const [xr, yr] = [rangeOf(xa), rangeOf(ya)];
      const state = background(picture.x, picture.y);
      const [x, y] = [readAxis(xa), readAxis(ya)];
      if (state !== seen) {
        seen = state;
        from.range(...equalUnits(xr, yr, from.width, from.height), true);
        const sample = sampler(f, [xa, ya]);
        const here = /** @type {Pair[]} */ ([]);
        there = [];
        for (const flip of [false, true]) {
          for (let k = 0; k <= 16; k++) {
            for (let t = 0; t <= 32; t++) {
              const [p, q] = flip ? [t / 32, k / 16] : [k / 16, t / 32];
              const at = /** @type {Pair} */ ([xr[0] + p * (xr[1] - xr[0]), yr[0] + q * (yr[1] - yr[0])]);
              here.push(at);
              const list = sample(...at);
              there.push([list[0], list[1]]);
            }
            here.push([NaN, NaN]);
            there.push([NaN, NaN]);
          }
        }
        put(net, "d", from.path(here));
        bulk = [0, 1].map((k) => extent(there.map((p) => p[k]), 0.12, 1));
      }
      const [a, b, c, d] = engine.get(J);
      const at = f.flatMap((output) => [...engine.get(output)]);
      const good = [a, b, c, d, at[0], at[1]].every(isFinite);
      const { s, u, v } = good ? svd([a, b, c, d], 2, 2) : { s: [0, 0], u: [[0, 0], [0, 0]], v: [[0, 0], [0, 0]] };
      const corners = [[0, 0], [1, 0], [1, 1], [0, 1]];
      const circle = Array.from({ length: 49 }, (_, k) => [Math.cos((k * PI) / 24), Math.sin((k * PI) / 24)]);
      const forth = (/** @type {number[]} */ [p, q]) => [at[0] + a * p + b * q, at[1] + c * p + d * q];
      // Most of the grid's image, and always the whole parallelogram.
      if (good) {
        const around = [...corners, ...corners.map(([p, q]) => [-p, -q])].map(forth);
        const [w, t] = [0, 1].map((k) => {
          const [lo, hi] = [min(...around.map((p) => p[k])), max(...around.map((p) => p[k]))];
          // A grid that is thrown far is cut, so that the parallelogram is seen.
          const air = 0.6 * (hi - lo);
          return steady(k ? tall : wide, [min(lo, max(bulk[k][0], lo - air)), max(hi, min(bulk[k][1], hi + air))]);
        });
        if (w !== wide || t !== tall || drawn !== state) {
          [wide, tall, drawn] = [w, t, state];
          to.range(...equalUnits(wide, tall, to.width, to.height), true);
          put(image, "d", to.path(there));
        }
      }
      put(pieces[0].square, "d", from.path(corners.map(([p, q]) => [x + p, y + q])) + "Z");
      put(pieces[1].square, "d", good ? to.path(corners.map(forth)) + "Z" : "");
      put(pieces[0].round, "d", from.path(circle.map(([p, q]) => [x + p, y + q])));
      put(pieces[1].round, "d", good ? to.path(circle.map(forth)) : "");
      ["one", "two"].forEach((key, k) => {
        const [vx, vy] = v[k];
        put(pieces[0][key], "d", arrow(from.x(x), from.y(y), from.x(x + vx) - from.x(x), from.y(y + vy) - from.y(y)));
        const [wx, wy] = [s[k] * u[k][0], s[k] * u[k][1]];
        put(pieces[1][key], "d", good ? arrow(to.x(at[0]), to.y(at[1]), to.x(at[0] + wx) - to.x(at[0]), to.y(at[1] + wy) - to.y(at[1])) : "");
      });
      put(shadow, "cx", good ? to.x(at[0]) : -99);
      put(shadow, "cy", good ? to.y(at[1]) : -99);
      move(y);
    });
    const text = page.createTextNode("");
    now.push(() => { const list = engine.get(J); write(text, format(abs(volume(list, 2, stretches(list, 2, 2))))); });
    return { svg, caption: ["unit square \u2192 parallelogram of area |", term("det", "det"), " J| = ", text, "; arrows: ", term("singular directions", "\u03c3")] };
  }

  /** A net: activations on the nodes, local derivatives on the edges, delta flowing back. @param {any} picture */
  function net(picture) {
    /** @type {{key: string, size: number, forward: string}[]} */
    const layers = picture.layers.filter((/** @type {any} */ layer) => engine.has(layer.forward) || byKey.has(layer.key));
    const read = (/** @type {any} */ layer) => (engine.has(layer.forward) ? engine.get(layer.forward) : /** @type {Float64Array} */ (values.get(layer.key)));
    /** @type {[string, string][]} */
    const links = (picture.edges ?? spec.chain?.edges ?? []).map((/** @type {any} */ edge) => [edge.from ?? edge[0], edge.to ?? edge[1]]);
    const depth = depths(layers.map((layer) => layer.key), links);
    const columns = /** @type {any[][]} */ ([]);
    for (const layer of layers) (columns[depth.get(layer.key) ?? 0] ??= []).push(layer);
    const width = 640;
    // More nodes than fit below each other are bars.
    const barred = new Set(columns.flatMap((column) => {
      const crowded = column.reduce((sum, layer) => sum + min(layer.size, 16), 0) > 24;
      return column.filter((layer) => layer.size > (crowded ? 2 : 16));
    }));
    const nodesOf = (/** @type {any[]} */ column) => column.reduce((sum, layer) => sum + (barred.has(layer) ? 0 : layer.size), 0);
    const most = max(...columns.map(nodesOf));
    const layered = max(...columns.map((column) => column.length));
    const height = barred.size ? max(330, 96 * layered) : max(190, min(420, most * 92 + 30)) + (most > 8 ? 34 * (layered - 1) : 0);
    const known = links.filter(([from, to]) => [from, to].every((key) => layers.some((layer) => layer.key === key)) && engine.has("local:" + to + ":" + from));
    const sizeOf = new Map(layers.map((layer) => [layer.key, layer.size]));
    const count = known.reduce((sum, [from, to]) => sum + (sizeOf.get(from) ?? 1) * (sizeOf.get(to) ?? 1), 0);
    /** The distance of nodes that leaves names and bars their room. @param {number} under */
    const pitchWith = (under) => min(124, ...columns.filter(nodesOf).map((column) => {
      const bars = column.filter((layer) => barred.has(layer)).length;
      return (height - 12 * (column.length - 1) - 96 * bars - under * (column.length - bars)) / nodesOf(column);
    }));
    const radiusWith = (/** @type {number} */ pitch) => max(4, min(32, pitch * 0.41, width / columns.length / 3.2));
    const under = radiusWith(pitchWith(0)) < 15 ? 22 : 0;
    const pitch = pitchWith(under);
    // Numbers beside the edges, where they are few, need room between the columns.
    const roomy = (612 - 64 * (columns.length - 1)) / (2 * columns.length);
    const numbered = count <= 14 && min(roomy, radiusWith(pitch)) > 20;
    const radius = numbered ? min(roomy, radiusWith(pitch)) : radiusWith(pitch);
    const svg = canvasFor(width, height + 8, "the net, its activations and local derivatives");
    const [backdrop, lines, words, dots] = [draw("g"), draw("g"), draw("g", { class: "jm-edge-labels" }), draw("g")];
    svg.append(backdrop, lines, dots, words);
    const xOf = (/** @type {number} */ k) => (columns.length === 1 ? width / 2 : radius + 14 + (k * (width - 2 * radius - 28)) / (columns.length - 1));
    /** What an edge or its number would be hidden by. @type {{x: number, y: number, r: number}[]} */
    const discs = [];
    /** @type {Map<string, {x: number, y: number}[]>} */
    const spots = new Map();
    let back = false;
    let brightest = 1;
    const found = page.createTextNode("");
    const halo = draw("rect", { class: "jm-found", rx: 3 });
    let tell = () => {};
    /**
     * Values that have no room in the picture: under the pointer, or by arrow keys.
     * @param {any} layer @param {any[]} shapes as many as the layer has, or fewer, each for several
     */
    function readable(layer, shapes) {
      const group = draw("g", { class: "jm-readable", tabindex: 0, role: "group", "data-lm-suppress-shortcuts": "true", "aria-label": layer.key + ", " + layer.size + " values; arrow keys read them" }, ...shapes);
      let at = 0;
      const show = (/** @type {number} */ k) => {
        at = max(0, min(layer.size - 1, k));
        const box = shapes[floor((at * shapes.length) / layer.size)].getBBox();
        for (const side of ["x", "y", "width", "height"]) put(halo, side, box[side]);
        tell = () => {
          const delta = back && deltaOf(layer);
          write(found, (delta ? "\u03b4 of " : "") + layer.key + (layer.size > 1 ? "[" + (at + 1) + "]" : "") + " = " + format(settled(delta ? engine.get(delta) : read(layer))[at]));
        };
        tell();
      };
      on(group, "pointermove", (event) => {
        const box = group.getBoundingClientRect();
        show(floor(((event.clientY - box.top) / box.height) * layer.size));
      });
      on(group, "focus", () => show(at));
      on(group, "keydown", (event) => {
        const way = /** @type {Record<string, number>} */ ({ ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1, PageUp: -10, PageDown: 10 })[event.key];
        if (!way) return;
        event.preventDefault();
        show(at + way);
      });
      return group;
    }
    const deltas = new Map((spec.chain?.cards ?? []).map((/** @type {any} */ card) => [card.key, card.delta]));
    const deltaOf = (/** @type {any} */ layer) => { const output = deltas.get(layer.key) ?? "grad:" + layer.key; return engine.has(output) ? output : null; };
    const updates = /** @type {(() => void)[]} */ ([]);
    columns.forEach((column, k) => {
      const shelf = shelves(column.map((layer) => ({ size: layer.size, barred: barred.has(layer) })), height, pitch, under);
      for (const [place, layer] of column.entries()) {
        const x = xOf(k);
        const [top, tall] = shelf[place];
        if (barred.has(layer)) {
          const bins = min(layer.size, 64);
          const bars = Array.from({ length: bins }, (_, i) => draw("rect", { x: x - 15, width: 30, y: top + (i * tall) / bins, height: tall / bins - (bins < 40 ? 1 : 0) }));
          dots.append(draw("rect", { x: x - 15, y: top, width: 30, height: tall, class: "jm-base" }), readable(layer, bars));
          dots.append(textName(layer.key, { x, y: top + tall + 17, "text-anchor": "middle" }), draw("text", { x, y: top + tall + 34, "text-anchor": "middle", class: "jm-small" }, String(layer.size)));
          spots.set(layer.key, [{ x, y: top }, { x, y: top + tall }]);
          for (let y = top; y <= top + tall + 38; y += 8) discs.push({ x, y, r: 18 });
          updates.push(() => {
            const delta = back ? deltaOf(layer) : null;
            const list = delta ? engine.get(delta) : read(layer);
            const top2 = largest(list);
            bars.forEach((bar, i) => {
              let sum = 0;
              const [lo, hi] = [floor((i * layer.size) / bins), floor(((i + 1) * layer.size) / bins)];
              for (let j = lo; j < hi; j++) sum += list[j];
              put(bar, "fill", tint(sum / (hi - lo), top2));
            });
          });
          continue;
        }
        const places = Array.from({ length: layer.size }, (_, i) => ({ x, y: top + (i + 0.5) * pitch }));
        spots.set(layer.key, places);
        discs.push(...places.map((spot) => ({ ...spot, r: radius })));
        const made = places.map((spot, i) => {
          const fill = draw("circle", { cx: spot.x, cy: spot.y, r: radius });
          const text = page.createTextNode("");
          dots.append(draw("circle", { cx: spot.x, cy: spot.y, r: radius, class: "jm-base" }), fill);
          const key = layer.size > 1 ? layer.key + "[" + (i + 1) + "]" : layer.key;
          if (radius >= 15) {
            dots.append(textName(key, { x: spot.x, y: spot.y - radius * 0.12, "text-anchor": "middle", style: "font-size:" + (radius * 0.7).toFixed(1) + "px" }));
            dots.append(draw("text", { x: spot.x, y: spot.y + radius * 0.5, "text-anchor": "middle", class: "jm-digits" }, text));
          } else {
            if (!i) dots.append(textName(layer.key, { x: spot.x, y: top + tall + 17, "text-anchor": "middle", class: "jm-symbol jm-beneath" }));
          }
          return { fill, text };
        });
        if (radius < 15) dots.append(readable(layer, made.map((one) => one.fill)));
        updates.push(() => {
          const delta = back ? deltaOf(layer) : null;
          const list = delta ? engine.get(delta) : read(layer);
          made.forEach((one, i) => {
            const digits = back && !delta ? "" : signed(list[i]);
            write(one.text, digits);
            if (one.text.parentElement) put(one.text.parentElement, "style", "font-size:" + min(radius * 0.45, (2.9 * radius) / digits.length).toFixed(1) + "px");
            put(one.fill, "fill", back && !delta ? "none" : tint(list[i], brightest));
          });
        });
      }
    });
    /** @type {{x: number, y: number, wide: number}[]} */
    const written = [];
    /** @type {{line: any, text: Text | null, wide: number, output: string, k: number}[]} */
    const edges = [];
    for (const [from, to] of known) {
      const output = "local:" + to + ":" + from;
      const [p, q] = [/** @type {any} */ (spots.get(from)), /** @type {any} */ (spots.get(to))];
      const [np, nq] = [sizeOf.get(from) ?? 1, sizeOf.get(to) ?? 1];
      const wide = [from, to].map((key) => [...barred].some((layer) => layer.key === key));
      if (wide[0] || wide[1]) {
        const wing = (/** @type {any[]} */ spot, /** @type {number} */ side) => [spot[0], spot[spot.length - 1]].map((one, k) => one.x + side + " " + (one.y + (k ? 6 : -6)));
        const [a, b] = wing(p, wide[0] ? 17 : radius);
        const [c, d] = wing(q, wide[1] ? -17 : -radius);
        backdrop.append(draw("path", { class: "jm-band", d: "M" + a + "L" + c + "L" + d + "L" + b + "Z" }));
        continue;
      }
      for (let j = 0; j < nq; j++) {
        for (let i = 0; i < np; i++) {
          const aside = bend(p[i], q[j], discs, height);
          const middle = { x: (p[i].x + q[j].x) / 2, y: (p[i].y + q[j].y) / 2 + 2 * aside };
          const path = draw("path", { class: "jm-edge", d: "M" + p[i].x + " " + p[i].y + "Q" + middle.x + " " + middle.y + " " + q[j].x + " " + q[j].y });
          lines.append(path);
          const spot = numbered && np * nq <= 6 ? beside(p[i], aside ? middle : q[j], discs, written) : null;
          const text = spot && page.createTextNode("");
          if (spot && text) {
            written.push(spot);
            words.append(draw("text", { x: spot.x.toFixed(1), y: (spot.y + 4).toFixed(1), "text-anchor": "middle", class: "jm-digits" }, text));
          }
          edges.push({ line: path, text, wide: spot?.wide ?? 0, output, k: j * np + i });
        }
      }
    }
    updates.push(() => {
      const top = edges.reduce((far, one) => { const v = abs(engine.get(one.output)[one.k]); return v > far && isFinite(v) ? v : far; }, 0);
      for (const one of edges) {
        const v = engine.get(one.output)[one.k];
        const strong = strength(v, top);
        put(one.line, "class", "jm-edge " + (v > 0 ? "jm-pos" : v < 0 ? "jm-neg" : "jm-none"));
        put(one.line, "stroke-width", (0.8 + strong * (radius > 20 ? 7 : 3.5)).toFixed(1));
        put(one.line, "stroke-opacity", (0.3 + 0.6 * strong).toFixed(2));
        if (!one.text) continue;
        const digits = v ? signed(v) : "";
        write(one.text, digits);
        put(one.text.parentElement, "style", "font-size:" + min(12, one.wide / 0.61 / digits.length).toFixed(1) + "px");
      }
    });
    later.push(() => {
      // One scale for all layers, so that colours compare.
      const shown = layers.map((layer) => { const delta = deltaOf(layer); return largest(back && delta ? engine.get(delta) : read(layer)); });
      brightest = back ? max(...shown) : max(1, ...shown);
      for (const update of updates) update();
      tell();
    });
    dots.append(halo);
    const meaning = page.createTextNode("nodes: value \u00a0 edges: \u2202(node)/\u2202(node), width and colour by size");
    /** @type {any[]} */
    const caption = [el("span", { class: "jm-readout", "aria-live": "polite" }, found), meaning];
    if (layers.some((layer) => deltaOf(layer))) {
      const what = term("what is \u03b4?", "\u03b4");
      const text = page.createTextNode("show \u03b4 flowing back");
      const toggle = el("button", { type: "button", class: "jm-word", "aria-pressed": "false" }, text);
      on(toggle, "click", () => {
        back = !back;
        toggle.setAttribute("aria-pressed", back);
        text.data = back ? "show values" : "show \u03b4 flowing back";
        meaning.data = back ? "nodes: \u03b4 = \u2202(output)/\u2202(node), carried back \u00a0 edges: local derivatives" : "nodes: value \u00a0 edges: \u2202(node)/\u2202(node), width and colour by size";
        svg.classList.toggle("jm-back", back && !still.matches);
        schedule();
      });
      caption.push(" \u00a0 ", toggle, " \u00a0 ", what);
    }
    return { svg, caption };
  }

  /** @param {any} picture */
  function drawing(picture) {
    if (!picture?.kind) return null;
    const box = el("div", { class: "jm-picture jm-" + picture.kind });
    const save = el("button", { type: "button", class: "jm-word" }, "Save picture");
    if (picture.kind === "heatmap") {
      const output = picture.value ?? mainMatrix;
      const [m, n] = matrixShape(output);
      const map = heat(() => settled(engine.get(output)), m, n, { says: "Jacobian as a heat-map", rows: rowLabels, columns: columnLabels });
      on(save, "click", () => {
        const [width, height] = [max(n, 240), max(m, round((240 * m) / n), 60)];
        const svg = draw("svg", { viewBox: "0 0 " + width + " " + height, width: 3 * width, height: 3 * height }, draw("image", { href: map.canvas.toDataURL(), width, height, preserveAspectRatio: "none", style: "image-rendering:pixelated" }));
        download(svg);
      });
      box.append(map.node, el("div", { class: "jm-caption" }, ...(m > 1 && rowLabels.length ? ["rows ", label(rowLabels[0].key), " to ", label(rowLabels[m - 1].key), ", "] : []), ...(columnLabels.length ? ["columns ", label(columnLabels[0].key), " to ", label(columnLabels[n - 1].key), "; "] : []), "orange positive, blue negative", " \u00a0 ", save));
      return box;
    }
    const make = /** @type {Record<string, (picture: any) => {svg: any, caption: any[]}>} */ ({ curve, contour, map2, net })[picture.kind];
    if (!make) return null;
    const { svg, caption } = make(picture);
    on(save, "click", () => download(plainCopy(svg)));
    box.append(svg, el("div", { class: "jm-caption" }, ...caption, " \u00a0 ", save));
    return box;
  }
  /** A copy of a picture that needs no style sheet. @param {SVGElement} svg */
  function plainCopy(svg) {
    const copy = /** @type {any} */ (svg.cloneNode(true));
    const [from, to] = [[svg, ...svg.querySelectorAll("*")], [copy, ...copy.querySelectorAll("*")]];
    from.forEach((node, k) => {
      const style = view.getComputedStyle(node);
      for (const key of ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "paint-order", "font-family", "font-size", "font-style", "text-anchor", "opacity"]) to[k].style.setProperty(key, style.getPropertyValue(key));
      to[k].removeAttribute("class");
      to[k].removeAttribute("tabindex");
    });
    const box = svg.getBoundingClientRect();
    copy.setAttribute("width", round(box.width));
    copy.setAttribute("height", round(box.height));
    // Light lines need their dark ground.
    if (root.classList.contains("jm-dark")) copy.prepend(draw("rect", { width: "100%", height: "100%", fill: view.getComputedStyle(panel).backgroundColor }));
    return copy;
  }
  /** @param {SVGElement} svg */
  function download(svg) {
    const url = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(svg)], { type: "image/svg+xml" }));
    const link = el("a", { href: url, download: "jacmagic-" + spec.picture.kind + ".svg" });
    root.append(link);
    link.click();
    link.remove();
    view.setTimeout(() => URL.revokeObjectURL(url), 1000);
  }

  // ---------------------------------------------------------------- the line of actions

  function actions() {
    const bar = el("div", { class: "jm-actions" });
    const blocks = el("div", { class: "jm-blocks" });
    const reset = el("button", { type: "button", class: "jm-word" }, "Reset");
    on(reset, "click", () => {
      for (const [key, list] of start) /** @type {Float64Array} */ (values.get(key)).set(list);
      restore();
      touched = "reset";
      renew(values.keys());
      refresh(values.keys());
      announce();
    });
    now.push(() => {
      const same = atStart();
      if (reset.disabled !== same) reset.disabled = same;
    });
    if (names.length) bar.append(reset);
    /** @param {string} word @param {() => Node[]} make */
    const fold = (word, make) => {
      const block = el("div", { class: "jm-block", hidden: true, id: own + "-block" + ++ids, tabindex: "0", role: "group", "aria-label": word });
      const button = el("button", { type: "button", class: "jm-word", "aria-expanded": "false", "aria-controls": block.id }, word);
      on(button, "click", () => {
        if (!block.hasChildNodes()) { block.append(...make()); refresh([]); }
        block.hidden = !block.hidden;
        button.setAttribute("aria-expanded", !block.hidden);
      });
      bar.append(button);
      blocks.append(block);
    };
    const gradients = (spec.gradients ?? []).filter((/** @type {any} */ one) => engine.has(one.value));
    if (gradients.length) {
      fold("Gradients", () => gradients.map((/** @type {any} */ one) => {
        const shape = engine.shape(one.value);
        const size = product(shape);
        const n = shape.length > 1 ? shape[shape.length - 1] : 1;
        const row = (/** @type {any[]} */ ...parts) => el("div", { class: "jm-gradient-row" }, ...parts);
        const lines = one.mathml.map((/** @type {string} */ line) => typeset(line));
        return el("div", {}, ...lines.slice(0, -1).map((/** @type {any} */ line) => row(line)), row(lines[lines.length - 1], " = ",
          fits(size / n, n) ? numbers(one.value, [], [], { m: size / n, n, says: "gradient by " + one.key, heads: false }) : heat(() => settled(engine.get(one.value)), size / n, n, { says: "gradient by " + one.key, max: 120 }).node));
      }));
    }
    for (const action of spec.actions ?? []) {
      if (action.copy !== undefined) bar.append(copyButton(action.label, action.copy));
      else fold(action.label, () => {
        const content = [];
        if (action.text !== undefined) content.push(el("div", { class: "jm-code" }, el("pre", { tabindex: "0" }, action.text), copyButton("Copy", action.text)));
        for (const step of [action.mathml ?? []].flat()) content.push(el("div", { class: "jm-step jm-formula" }, ...(typeof step === "string" ? [typeset(step)] : line(step))));
        if (!content.length) content.push(differences());
        return content;
      });
    }
    return [bar, blocks];
  }
  /** J beside central differences of the functions, at the point. */
  function differences() {
    const text = page.createTextNode("");
    const box = el("span", { class: "jm-check" }, text);
    const outputs = (spec.functions ?? []).map((/** @type {any} */ one) => one.forward);
    const columns = columnLabels.map((one) => axis(one.key)).filter((one) => one.name);
    const [m, n] = matrixShape();
    resting.push(() => {
      if (columns.length !== n || m * n > 2500) { text.data = "too large to check here"; return; }
      const J = engine.get(mainMatrix);
      let [error, usable] = [0, true];
      columns.forEach((one, j) => {
        const sample = sampler(outputs, [one]);
        const at = readAxis(one);
        const h = 6e-6 * max(1, abs(at));
        const [above, below] = [Array.from(sample(at + h)), Array.from(sample(at - h))];
        usable &&= above.length === m;
        for (let i = 0; i < m; i++) error = max(error, abs((above[i] - below[i]) / (2 * h) - J[i * n + j]));
      });
      const good = error <= 1e-5 * (1 + largest(J));
      box.classList.toggle("jm-bad", !good);
      write(text, !usable || Number.isNaN(error) ? "no finite number to check at this point" : (good ? "\u2713 " : "") + "J and central differences, (f(x + h) \u2212 f(x \u2212 h)) / 2h, differ by at most " + short(error, 2));
    });
    return box;
  }

  // ---------------------------------------------------------------- put together

  root.replaceChildren();
  root.classList.add("jm");
  root.classList.toggle("jm-large", !!spec.big);
  root.append(...echo());
  const worked = spec.chain?.cards?.length > 0;
  const inNet = spec.kind === "nnchain" && worked;
  if (spec.result && !inNet) root.append(symbolic());
  if (worked) root.append(...chain());
  root.append(...(spec.more ?? []).map((/** @type {string} */ one) => el("div", { class: "jm-result jm-formula" }, typeset(one))));

  const panel = el("div", { class: "jm-panel" });
  panel.append(el("div", { class: "jm-left" }, controls()));
  const [m, n] = matrixShape();
  // A small matrix of tinted numbers is its own heat-map.
  const heated = spec.picture?.kind === "heatmap" && !fits(m, n);
  if (hasMatrix && !inNet && !heated) {
    panel.append(el("div", { class: "jm-middle" }, matrix(mainMatrix, rowLabels, columnLabels, { m, n, says: "values of the Jacobian", over: entry.over }), statistics(), outcomes()));
  }
  const right = spec.picture?.kind === "heatmap" && !heated ? null : drawing(spec.picture);
  if (right) {
    if (heated && hasMatrix) right.append(statistics());
    panel.append(right);
    panel.classList.add("jm-with-" + (heated || spec.picture.kind === "net" ? "wide" : "picture"));
  }
  const shownEntry = spec.result?.entries && !inNet && entry.box;
  const below = el("div", { class: "jm-below" }, shownEntry, remarks());
  now.push(() => { below.hidden = !shownEntry && !noteText; });
  panel.append(below);
  root.append(panel, ...actions(), spoken, bubble);
  on(root, "keydown", (event) => { if (owns(event)) event.stopPropagation(); });

  /** Text brighter than the middle means a dark ground, whatever the host calls its theme. */
  function theme() {
    const [r, g, b] = (view.getComputedStyle(root).color.match(/[\d.]+/g) ?? ["0", "0", "0"]).map(Number);
    const full = /^color/.test(view.getComputedStyle(root).color) ? 1 : 255;
    root.classList.toggle("jm-dark", 0.3 * r + 0.59 * g + 0.11 * b > full / 2);
  }
  theme();
  const watcher = new view.MutationObserver(theme);
  for (const node of [page.documentElement, page.body]) watcher.observe(node, { attributes: true, attributeFilter: ["class", "style", "theme", "data-jp-theme-light", "data-jp-theme-name", "data-vscode-theme-kind", "data-theme"] });
  const preference = view.matchMedia("(prefers-color-scheme: dark)");
  on(preference, "change", () => view.requestAnimationFrame(theme));

  refresh(names.map((name) => name.key));
  if (spec.result?.entries && !inNet) entry.first();

  if (spec.uid) {
    const home = (/** @type {any} */ node) => node?.closest?.(".jp-NotebookPanel");
    /** From another panel of this result, not of a copy of its notebook beside it. @param {any} detail */
    const meant = (detail) => detail?.uid === spec.uid && detail.source !== own && !(home(root) && home(detail.root) && home(root) !== home(detail.root));
    on(page, "jacmagic:values", ({ detail }) => { if (meant(detail)) receive(detail.values, detail.serials); });
    // A panel that comes says what it has, and whoever has newer values answers. The kernel, when it has made its result,
    // hears of what the hand has moved since the last panel came; all else it knows better.
    on(page, "jacmagic:hello", ({ detail }) => {
      if (!meant(detail) || !root.isConnected) return;
      if (detail.source === "kernel") {
        if (moved) say("values");
        return;
      }
      moved = false;
      receive(detail.values, detail.serials);
      if ([...serials].some(([key, serial]) => serial > (detail.serials?.[key] ?? -1))) say("values");
    });
    say("hello");
  }
  const off = bridge?.subscribe?.((news) => receive(news));

  return () => {
    stop.abort();
    off?.();
    watcher.disconnect();
    view.cancelAnimationFrame(frame);
    view.clearTimeout(announcement);
    view.clearTimeout(rest);
    root.replaceChildren();
    root.classList.remove("jm", "jm-dark", "jm-large");
  };
}
