/** The picture of a panel in its box: one of PICTURES. */

import { compile } from "../evaluator.js";
import { factored } from "../factors.js";
import { COMBINING } from "../letters.js";
import { PICTURES, VIEWS } from "../parts.js";
import { short } from "../print.js";
import { rangeIn, readIn } from "./plane.js";
import { NARROW, nearer, whole } from "./lens.js";

const { floor, max, round } = Math;

/** @typedef {import("../types.js").Panel} Panel */
/** @typedef {import("../types.js").Place} Place */

/** What a picture may ask of its panel. @param {Panel} panel @returns {Place} */
export function placeOf(panel) {
  const { spec, dom, state, markup, term } = panel;
  const { ranges, values } = state;
  const scratch = compile(spec.graph);
  const lens = whole();
  /** What puts the axes' numbers into the evaluator beside the point's. @param {import("../state.js").Axis[]} axes */
  const setter = (axes, own = scratch) => {
    for (const name of state.names) own.set(name.key, /** @type {Float64Array} */ (values.get(name.key)));
    const moved = new Map(axes.map((one) => [one.key, /** @type {Float64Array} */ (values.get(one.key)).slice()]));
    return (/** @type {number[]} */ at) => {
      axes.forEach((one, k) => { /** @type {Float64Array} */ (moved.get(one.key))[one.k] = at[k]; });
      for (const [key, list] of moved) own.set(key, list);
    };
  };
  return {
    panel, picture: spec.picture, dom, state, term, main: state.main, rows: state.rows, columns: state.columns,
    width: 560, height: 420, lens,
    still: dom.view.matchMedia("(prefers-reduced-motion: reduce)"),
    redraw: state.schedule,
    hue: (key) => (panel.hues.has(key) ? [/** @type {string} */ (panel.hues.get(key))] : []),
    axis: (key) => /** @type {import("../state.js").Axis} */ (state.axes.get(key)),
    lettered: (key, attributes) => dom.lettered(markup(key), attributes),
    background: (...but) => Object.values(lens).join() + "|" + state.names.map((name) => (but.includes(name.key) ? ranges.get(name.key) : Array.from(/** @type {Float64Array} */ (values.get(name.key))))).join("|"),
    sampler(outputs, axes, own = scratch) {
      const set = setter(axes, own);
      const sizes = axes.map((one) => { const [lo, hi] = rangeIn(state, one); return hi - lo || 1; });
      const follow = (spec.graph.equations && VIEWS.equation?.follower(state.engine, own, axes.map((one) => readIn(state, one)), sizes, set)) || set;
      return (/** @type {number[]} */ ...at) => {
        follow(at);
        if (outputs.length === 1) return own.get(outputs[0]);
        return outputs.flatMap((output) => [...own.get(output)]);
      };
    },
    factored(output, axes) {
      const { graph, rows } = factored(spec.graph, output);
      const engine = compile(graph);
      return rows && { rows, sampler: (keys) => this.sampler(keys, axes, engine) };
    },
    residual(output, axis) {
      const set = setter([axis]);
      return (x, y) => { set([x]); return scratch.unsolved(output, [[y]])[0]; };
    },
  };
}

/** What the switch says. @type {Record<string, string>} */
const WORDS = { contour: "contours", net: "tree", slopes: "f and f\u2032", map2: "grid and image", level: "level surface", flow: "field", decision: "decision map", fit: "fitted curve" };

/** The picture of a panel in its box, with its caption and, where there are several, a quiet switch; made anew where its width changes. @param {Panel} panel @param {Place} place */
export function drawing(panel, place) {
  const { dom: { el, on }, state } = panel;
  const kinds = [place.picture, ...(place.picture.also ?? [])];
  const save = el("button", { type: "button", class: "jm-word" }, "Save picture");
  const [frame, caption] = [el("div", { class: "jm-frame" }), el("div", { class: "jm-caption" })];
  const rows = (/** @type {RegExp} */ of) => kinds.some((one) => of.test(one.kind));
  const below = el("div", { class: "jm-tools" + (rows(/contour|map2/) ? "" : " jm-slim"), hidden: !(rows(/contour|map2|cobweb|orbit/) || (place.picture.kind === "space" && place.picture.axes.length === 3 && !place.picture.order)) });
  const { lens } = place;
  const sized = (/** @type {string} */ text, /** @type {string} */ says, /** @type {() => void} */ heard) => {
    // The keys of the point do the same.
    const button = el("button", { type: "button", tabindex: -1, "aria-label": says, title: says }, text);
    on(button, "click", () => { heard(); state.schedule(); });
    return button;
  };
  const all = sized("1 : 1", "all of the picture (0)", () => Object.assign(lens, whole()));
  const sizes = el("div", { class: "jm-sizes" }, all, sized("\u2212", "smaller (\u2212)", () => nearer(lens, 0.8, 0.5, 0.5)), sized("+", "larger (+), or the wheel with Ctrl", () => nearer(lens, 1.25, 0.5, 0.5)));
  const node = el("div", {}, frame, caption, below);
  /** @type {ReturnType<import("../types.js").Picture>} */
  let made;
  let lit = [-1, -1];
  /** @type {[string | null, Set<string> | null]} */
  let at = [null, null];
  let [wide, says] = [0, ""];
  const words = kinds.map((one) => {
    const word = el("button", { type: "button", class: "jm-word", "aria-pressed": "false" }, one.kind === "net" && panel.spec.kind === "nnchain" ? "net" : WORDS[one.kind] ?? one.kind);
    on(word, "click", () => choose(one));
    return word;
  });
  const choice = el("span", { class: "jm-switch", role: "group", "aria-label": "which picture" }, ...words);
  const draw = () => {
    const { kind } = place.picture;
    made?.end();
    // For a hall all of it is larger, its letters and arrows too.
    const drawn = panel.spec.big ? wide / 1.35 : wide;
    // On a phone two planes stand one over the other.
    [place.width, place.height] = [drawn, max(kind === "map2" && drawn < NARROW ? 420 : 300, round(drawn * (panel.spec.kind === "nnchain" ? 0.68 : 0.75)))];
    made = PICTURES[kind](state.engine, place);
    node.className = "jm-picture jm-" + kind;
    words.forEach((word, k) => word.setAttribute("aria-pressed", String(kinds[k] === place.picture)));
    says = (made.svg ?? made.node).getAttribute("aria-label") ?? "";
    sizes.hidden = /net|heatmap/.test(kind);
    frame.replaceChildren(made.node, sizes);
    caption.replaceChildren(...(kinds.length > 1 ? [choice, " \u00a0 "] : []), ...made.caption, " \u00a0 ", save);
    below.replaceChildren(...(made.below ? [made.below] : []));
    made.light?.(lit[0], lit[1]);
    made.step?.(...at);
    state.schedule();
  };
  /** @param {any} one */
  const choose = (one) => {
    if (one === place.picture) return;
    const focused = panel.dom.page.activeElement;
    place.picture = one;
    Object.assign(lens, whole());
    draw();
    if (words.includes(focused)) /** @type {any} */ (focused).focus();
  };
  const make = () => {
    const width = floor(frame.clientWidth) || 560;
    if (width === wide) return;
    wide = width;
    draw();
  };
  on(save, "click", () => download(panel, made.save?.() ?? plainCopy(panel, made.svg ?? made.node, made.canvas), place.picture.kind));
  // What the picture shows, in words: of its svg, and said with what has changed.
  const told = () => {
    const sees = made.caption.map((one) => (typeof one === "string" ? one : one.textContent)).join("").trim();
    const svg = made.svg ?? made.node;
    if (svg.localName === "svg") svg.setAttribute("aria-label", [says, sees, ...largestStep(panel)].filter(Boolean).map((one) => one.replace(/\.$/, "")).join("; "));
    panel.sees = largestStep(panel)[0] ?? "";
  };
  state.resting.push(told);
  state.resized.push(make);
  state.later.push(() => { all.style.visibility = lens.k === 1 && !lens.x && !lens.y ? "hidden" : ""; made.update(); });
  state.lit.push((i, j) => { lit = [i, j]; made.light?.(i, j); state.schedule(); });
  state.stepped.push((factor, done) => {
    at = [factor, done];
    const tree = kinds.find((one) => one.kind === "net");
    // A factor that is lit is seen where the factors are.
    if (factor && tree) choose(tree);
    made?.step?.(...at);
  });
  return { node, end: () => made.end() };
}

/** The entry of J that moves most, in a sentence; none of a large J. @param {Panel} panel @returns {string[]} */
function largestStep({ label, state: { columns, engine, has, main, rows } }) {
  if (!has() || !rows.length || rows.length * columns.length > 36) return [];
  const J = Array.from(engine.shown(main));
  if (J.length !== rows.length * columns.length || !J.every(isFinite)) return [];
  const most = J.reduce((best, v, k) => (Math.abs(v) > Math.abs(J[best]) ? k : best), 0);
  const [row, column] = [rows[floor(most / columns.length)], columns[most % columns.length]].map((one) => [...(label(one.key).textContent ?? "")].map((sign) => COMBINING[sign] ?? sign).join("").normalize());
  return ["a step \u0394" + column + " moves " + row + " by about " + short(J[most]) + " \u0394" + column];
}

/** A copy of a picture that needs no style sheet. @param {Panel} panel @param {SVGElement} svg @param {HTMLCanvasElement} [canvas] what is painted behind it */
function plainCopy({ root, dom: { draw, view } }, svg, canvas) {
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
  if (canvas) copy.prepend(draw("image", { href: canvas.toDataURL(), width: "100%", height: "100%" }));
  // Light lines need their dark ground.
  if (root.classList.contains("jm-dark")) copy.prepend(draw("rect", { width: "100%", height: "100%", fill: view.getComputedStyle(root).getPropertyValue("--jm-ground") }));
  return copy;
}

/** @param {Panel} panel @param {SVGElement} svg @param {string} kind */
function download({ root, dom: { el, view } }, svg, kind) {
  const url = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(svg)], { type: "image/svg+xml" }));
  const link = el("a", { href: url, download: "jacmagic-" + kind + ".svg" });
  root.append(link);
  link.click();
  link.remove();
  view.setTimeout(() => URL.revokeObjectURL(url), 1000);
}
