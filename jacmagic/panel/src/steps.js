/** The chain rule one factor at a time: what is lit, what is done, and the product as far as it has grown. */

import { largest, tint } from "./colours.js";
import { compact, format } from "./print.js";

/** @typedef {import("./types.js").Panel} Panel */
/** @typedef {{m: number, n: number, list: ArrayLike<number>}} Matrix */

/** Letters of a formula that has room above its factor's numbers. */
const LONG = 22;

/** A matrix whose numbers are computed when they are read first: of a large one its shape is enough. @param {number} m @param {number} n @param {() => ArrayLike<number>} read @returns {Matrix} */
const lazy = (m, n, read) => {
  /** @type {ArrayLike<number>} */
  let list;
  return { m, n, get list() { return (list ??= read()); } };
};

/** @param {Matrix} a @param {Matrix} b */
export const times = (a, b) => lazy(a.m, b.n, () => {
  const list = new Float64Array(a.m * b.n);
  for (let i = 0; i < a.m; i++) for (let j = 0; j < b.n; j++) for (let k = 0; k < a.n; k++) list[i * b.n + j] += a.list[i * a.n + k] * b.list[k * b.n + j];
  return list;
});

/**
 * The factors of a sum over paths in the order in which they are taken: [path, factor] each.
 * @param {number[][]} ways cards along each path @param {boolean} forth from the last factor to the first
 * @returns {[number, number][]}
 */
export const walk = (ways, forth) => ways.flatMap((way, p) => way.map((_, k) => /** @type {[number, number]} */ ([p, forth ? way.length - 1 - k : k])));

/** A number, a short row as it is, anything larger by its shape. @param {Matrix} a */
const said = (a) => (a.m * a.n === 1 ? format(a.list[0]) : a.m === 1 && a.n <= 4 ? "[" + Array.from(a.list, (v) => compact(v)).join(", ") + "]" : a.m + "\u00d7" + a.n);

/** @param {Panel} panel @returns {any} nothing where the paths are too many */
export function stepper({ spec, dom: { page, el, on, typeset, write }, say, state }) {
  const { cards, sums = [] } = spec.chain;
  if (!sums.length) return null;
  const { engine, lit, now, stepped } = state;
  const matrix = (/** @type {number} */ card) => { const of = cards[card].shown ?? cards[card].matrix; const [m, n] = engine.shape(of); return lazy(m, n, () => engine.get(of)); };
  let forth = false;
  /** In denominator layout the input's factor stands first. */
  const fromRight = () => forth !== !!spec.turned;
  /** What is shown of which sum: as many factors as `done`. */
  let [shown, done] = [0, Infinity];
  const count = text(), parts = text();
  const small = (/** @type {Matrix} */ one) => one.m <= 4 && one.n <= 4;
  // Factors whose numbers have room beside each other show them, others their shape.
  const wide = Math.max(...sums.map((/** @type {any} */ sum) => sum.ways.flat().map(matrix).reduce((/** @type {number} */ all, /** @type {Matrix} */ one) => all + (small(one) ? one.n : 9), 0))) > 8;
  /** @type {Map<any, any>} */
  const lines = new Map();
  /** What a factor is, below its name; a long formula has a line of its own below all. @param {any} card */
  function shaped(card) {
    const form = card.form && typeset(card.form);
    if (!form || form.textContent.length <= LONG) return form;
    if (!lines.has(card)) lines.set(card, el("div", { class: "jm-extra jm-long" }, typeset(card.jacobian)));
    return null;
  }
  const strips = sums.map((/** @type {any} */ sum) => strip(sum));
  const grown = el("div", { class: "jm-grown" }, parts), end = el("div", { class: "jm-end" });
  const strip0 = el("div", { class: "jm-strip" }, ...strips.map((/** @type {any} */ one) => one.node));
  function text() { return page.createTextNode(""); }
  /** @param {any} sum */
  function strip(sum) {
    const columns = sum.ways.map((/** @type {number[]} */ way, /** @type {number} */ p) => way.map((card, k) => {
      const of = matrix(card);
      const large = of.m * of.n > 1;
      const open = large && !wide;
      const numbers = Array.from({ length: open ? of.m * of.n : 1 }, text);
      const cells = numbers.map((one) => el("span", { class: "jm-factor-number" + (large && !open ? " jm-shape" : "") }, one));
      const cell = open ? el("span", { class: "jm-factor-matrix", style: "--n:" + of.n }, ...cells) : cells[0];
      if (large && !open) numbers[0].data = of.m + "\u00d7" + of.n;
      const form = shaped(cards[card]);
      const node = el("button", { type: "button", class: "jm-factor", tabindex: -1 }, typeset(cards[card].name), el("span", { class: "jm-factor-form" }, form), cell);
      on(node, "click", () => go(sums.indexOf(sum), walk(sum.ways, fromRight()).findIndex(([a, b]) => a === p && b === k) + 1));
      return { node, numbers: large && !open ? [] : numbers, cells, card };
    }));
    const between = (/** @type {string} */ sign) => el("span", { class: "jm-between" }, sign);
    return {
      columns,
      node: el("div", {}, el("span", { class: "jm-factor-of" }, typeset(sum.mathml)), ...columns.flatMap((/** @type {any[]} */ way, /** @type {number} */ p) => [...(p ? [between("+")] : []), ...way.flatMap((one, k) => (k ? [between("\u00b7"), one.node] : [one.node]))])),
    };
  }
  const total = (/** @type {number} */ which) => sums[which].ways.flat().length;
  function update() {
    const { ways } = sums[shown];
    const order = walk(ways, fromRight());
    const last = Math.min(done, order.length);
    const taken = order.slice(0, last);
    const top = largest(ways.flat().map(matrix).filter((/** @type {Matrix} */ one) => !wide || one.m * one.n === 1).flatMap((/** @type {Matrix} */ one) => Array.from(one.list)));
    const all = last === order.length && done === Infinity;
    strips.forEach((/** @type {any} */ one, /** @type {number} */ k) => one.node.classList.toggle("jm-shown", k === shown));
    strips[shown].columns.forEach((/** @type {any[]} */ way, /** @type {number} */ p) => way.forEach(({ node, cells, numbers, card }, k) => {
      const at = taken.findIndex(([a, b]) => a === p && b === k);
      const value = matrix(card);
      node.classList.toggle("jm-todo", at < 0);
      node.classList.toggle("jm-on", !all && at === last - 1 && at >= 0);
      numbers.forEach((/** @type {Text} */ text, /** @type {number} */ at) => {
        const v = value.list[at];
        write(text, numbers.length > 1 ? compact(v) : (v > 0 ? "+" : "") + format(v));
        cells[at].style.backgroundColor = tint(v, top);
      });
    }));
    write(parts, product(ways, taken));
    end.classList.toggle("jm-whole", last === order.length);
    write(count, "step " + last + " of " + order.length);
    const here = taken[last - 1];
    const lighted = all || !here ? null : cards[ways[here[0]][here[1]]].matrix;
    const finished = all ? null : new Set(taken.map(([p, k]) => cards[ways[p][k]].matrix));
    for (const [card, line] of lines) line.classList.toggle("jm-on", card.matrix === lighted);
    for (const hear of stepped) hear(lighted, finished);
  }
  /** The partial products of the paths, added up. @param {number[][]} ways @param {[number, number][]} taken */
  function product(ways, taken) {
    const products = ways.map((way, p) => {
      const own = taken.filter(([a]) => a === p).map(([, k]) => k).sort((a, b) => a - b);
      const value = own.length ? own.map((k) => /** @type {Matrix} */ (matrix(way[k]))).reduce(times) : null;
      return { value, whole: own.length === way.length };
    });
    const words = products.filter((one) => one.value).map(({ value, whole }, k) => { const plain = said(/** @type {Matrix} */ (value)), word = k && plain.startsWith("\u2212") ? "(" + plain + ")" : plain; return whole ? word : fromRight() ? "\u2026 \u00b7 " + word : word + " \u00b7 \u2026"; });
    if (products.length < 2 || !products.every((one) => one.whole)) return words.length ? "= " + words.join("  +  ") + (words.length < products.length ? "  + \u2026" : "") : "";
    const sum = products.map((one) => /** @type {Matrix} */ (one.value)).reduce((a, b) => lazy(a.m, a.n, () => Float64Array.from(a.list, (v, k) => v + b.list[k])));
    // Shapes alone add up to nothing.
    return said(sum).includes("\u00d7") ? "" : "= " + words.join("  +  ") + "  =  " + said(sum);
  }
  /** @param {number} which @param {number} to */
  function go(which, to) {
    [shown, done] = [which, to];
    update();
    state.schedule();
    say((count.data + ", " + parts.data).replace("\u2026", "and so on"));
  }
  /** One factor on or back, from one variable's sum to the next. @param {number} way */
  function turn(way) {
    const at = Math.min(done, total(shown));
    if (way > 0 && at === total(shown)) {
      // From the end of all to the first factor of the next sum.
      const next = done === Infinity ? shown : (shown + 1) % sums.length;
      return go(next, 1);
    }
    if (way < 0 && at <= 1 && shown > 0) return go(shown - 1, total(shown - 1));
    go(shown, Math.max(0, at + way));
  }
  const arrow = (/** @type {string} */ sign, /** @type {string} */ says, /** @type {number} */ way) => {
    const button = el("button", { type: "button", class: "jm-run", "aria-label": says }, sign);
    on(button, "click", () => turn(way));
    return button;
  };
  const way = el("button", { type: "button", class: "jm-word", "aria-pressed": "false" }, "from the input");
  on(way, "click", () => { forth = !forth; way.setAttribute("aria-pressed", String(forth)); go(shown, 1); });
  const whole = el("button", { type: "button", class: "jm-word" }, "all");
  on(whole, "click", () => go(shown, Infinity));
  const bar = el("div", { class: "jm-step-bar" }, arrow("\u25c0", "one step back", -1), el("span", { class: "jm-count" }, count), arrow("\u25b6", "one step on", 1), way, whole);
  const box = el("div", { class: "jm-steps", role: "group", "aria-label": "the chain rule, a factor at a time; left and right arrow keys step" }, strip0, ...lines.values(), bar);
  on(box, "keydown", (event) => {
    const step = /** @type {Record<string, number>} */ ({ ArrowRight: 1, ArrowLeft: -1 })[event.key];
    if (!step) return;
    event.preventDefault();
    turn(step);
  });
  // The entry that is meant has its own sum, whole.
  lit.push((_, j) => {
    const key = state.columns[j]?.key.replace(/\[.*/, "");
    const which = sums.findIndex((/** @type {any} */ one) => one.key === key);
    if (which >= 0 && done === Infinity && which !== shown) { shown = which; update(); }
  });
  now.push(update);
  return {
    node: box, strip: strip0, bar, sums: sums.length, grown,
    /** Where the product grows and what it is in the end: in one place where that is small. @param {any} value @param {boolean} few @returns {any[]} */
    ends(value, few) {
      if (!few) return [grown, value];
      end.append(grown, el("div", { class: "jm-ends" }, el("span", { class: "jm-value" }, "="), value));
      return [end];
    },
  };
}
