/** What the numbers say: determinant, rank and singular values, the functions' values, kinks and missing numbers. */

import { product } from "./evaluator.js";
import { norm, settled, stretches, volume } from "./numeric.js";
import { format, short } from "./print.js";

const { abs, min } = Math;

/** @typedef {import("./types.js").Panel} Panel */

/** det, rank and singular values under the numbers of J. @param {Panel} panel */
export function statistics({ term, dom: { page, el, write }, state: { engine, later, main, matrixShape, now } }) {
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
    const update = add("\u2016\u2207\u2016", "norm", () => format(norm(engine.get(main))));
    now.push(update);
  } else if (side > 1 && side <= 40) {
    /** @type {number[]} */
    let s = [];
    /** @type {(() => void)[]} */
    const updates = [];
    if (m === n) updates.push(add("det", "det", () => format(volume(engine.get(main), n, s))));
    updates.push(add("rank", "rank", () => String(s.filter(Boolean).length)));
    updates.push(add("\u03c3", "\u03c3", () => s.slice(0, 4).map((x) => format(x)).join(", ") + (side > 4 ? " \u2026 " + format(s[side - 1]) : "")));
    if (side > 2) updates.push(add("cond", "cond", () => format(s[side - 1] ? s[0] / s[side - 1] : Infinity)));
    let stamp = -2;
    (light ? now : later).push(() => {
      const list = engine.get(main);
      if (engine.stamp(main) === stamp) return;
      stamp = engine.stamp(main);
      const finite = list.every(isFinite);
      s = finite ? stretches(list, m, n) : Array(side).fill(NaN);
      for (const update of updates) update();
    });
  }
  return box;
}

/** Values of the functions at the point, where they are few. @param {Panel} panel */
export function outcomes({ spec, label, dom: { page, el, typeset, write }, state: { engine, now, rows } }) {
  const functions = spec.functions ?? [];
  const total = functions.reduce((/** @type {number} */ sum, /** @type {any} */ one) => sum + product(engine.shape(one.forward)), 0);
  if (!total || total > 6) return null;
  const box = el("div", { class: "jm-outcomes" });
  const values = () => settled(functions.flatMap((/** @type {any} */ one) => [...engine.shown(one.forward)]));
  let k = 0;
  for (const one of functions) {
    for (let i = 0; i < product(engine.shape(one.forward)); i++, k++) {
      const [text, at] = [page.createTextNode(""), k];
      const named = rows.length === total ? label(rows[k].key) : one.mathml ? typeset(one.mathml) : label(one.key);
      box.append(el("span", { class: "jm-stat" }, named, " = ", text));
      now.push(() => write(text, format(values()[at])));
    }
  }
  return box;
}

/** What is said of the point: kinks under it, why a number is missing, and a point that has one. @param {Panel} panel */
export function remarks({ spec, label, notes, dom: { el, on }, state: { engine, hears, later, main, now, receive, schedule } }) {
  const box = el("div", { class: "jm-remarks" + (spec.kinks?.length || spec.reasons?.length ? " jm-kept" : ""), role: "status" });
  const outputs = [main, spec.chain?.value, ...(spec.functions ?? []).map((/** @type {any} */ one) => one.forward)].filter((output) => output && engine.has(output));
  const small = outputs.filter((output) => product(engine.shape(output)) <= 20000);
  const rules = /** @type {Record<string, (v: number) => boolean>} */ ({ "<=0": (v) => v <= 0, "<0": (v) => v < 0, "==0": (v) => v === 0, ">1": (v) => v > 1, ">=1": (v) => v >= 1, ">=0": (v) => v >= 0, "<1": (v) => v < 1, nan: Number.isNaN, "<=1": (v) => v <= 1 });
  const rescue = el("button", { type: "button", class: "jm-word" });
  if (spec.rescue) {
    rescue.append("use ", ...Object.entries(spec.rescue).flatMap(([key, v], k) => [k ? ", " : "", label(key), " = " + [v].flat().map((one) => short(/** @type {number} */ (one))).join(", ")]));
    on(rescue, "click", () => { receive(spec.rescue); schedule(); hears.changed(); });
  }
  let shown = "";
  (small.every((output) => product(engine.shape(output)) <= 500) ? now : later).push(() => {
    const found = (spec.kinks ?? []).filter((/** @type {any} */ kink) => engine.has(kink.value) && engine.get(kink.value).some((v) => v === 0)).map((/** @type {any} */ kink) => kink.text);
    const broken = small.some((output) => !engine.get(output).every(isFinite));
    if (broken) {
      // The first reason is the function's own; those of its slope follow from it.
      const why = (spec.reasons ?? []).find((/** @type {any} */ one) => engine.has(one.value) && engine.get(one.value).some(rules[one.when.replace(/\s/g, "")] ?? (() => false)));
      const endless = small.some((output) => engine.get(output).some((v) => abs(v) === Infinity));
      found.push(why || endless ? "no number here: " + (why?.text ?? "a pole, or beyond 1.8\u00b710\u00b3\u2070\u2078") : "no finite number at this point");
    }
    const unlike = [...new Set(found)];
    const state = unlike.join("\n") + broken;
    if (state === shown) return;
    shown = state;
    notes.splice(0, Infinity, ...unlike);
    box.replaceChildren(...unlike.map((text) => el("div", {}, text)), ...(broken && spec.rescue ? [rescue] : []));
  });
  return box;
}
