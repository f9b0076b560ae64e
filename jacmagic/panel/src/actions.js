/** The line of actions under a panel, and what its words unfold. */

import { largest } from "./colours.js";
import { product } from "./evaluator.js";
import { copyButton, live } from "./formulas.js";
import { fits, heat, numbers } from "./matrices.js";
import { short } from "./print.js";

const { abs, max } = Math;

/** @typedef {import("./types.js").Panel} Panel */

/** @param {Panel} panel @param {import("./types.js").Place} place */
export function actions(panel, place) {
  const { spec, own, dom: { el, line, on, typeset }, state: { atStart, engine, names, now, refresh, reset: back } } = panel;
  let ids = 0;
  const bar = el("div", { class: "jm-actions" });
  const blocks = el("div", { class: "jm-blocks" });
  const reset = el("button", { type: "button", class: "jm-word" }, "Reset");
  on(reset, "click", back);
  now.push(() => {
    const same = atStart();
    if (reset.disabled !== same) reset.disabled = same;
  });
  if (names.length) bar.append(reset);
  /** @param {string} word @param {(block: HTMLElement) => Node[]} make */
  const fold = (word, make) => {
    const block = el("div", { class: "jm-block", hidden: true, id: own + "-block" + ++ids, tabindex: "0", role: "group", "aria-label": word });
    const button = el("button", { type: "button", class: "jm-word", "aria-expanded": "false", "aria-controls": block.id }, word);
    on(button, "click", () => {
      if (!block.hasChildNodes()) block.append(...make(block));
      block.hidden = !block.hidden;
      refresh([]);
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
          fits(size / n, n) ? numbers(panel, one.value, [], [], { m: size / n, n, says: "gradient by " + one.key, heads: false }) : heat(panel, () => engine.shown(one.value), size / n, n, { says: "gradient by " + one.key, max: 120 }).node));
    }));
  }
  for (const action of spec.actions ?? []) {
    if (action.copy !== undefined) bar.append(copyButton(panel, action.label, action.copy));
    else fold(action.label, (block) => {
      const content = [];
      /** Numbers that follow the sliders where they are seen. @param {string} mathml */
      const follows = (mathml) => {
        const one = live(panel, mathml);
        now.push(() => { if (!block.hidden) one.update(); });
        return [one.node];
      };
      if (action.text !== undefined) content.push(el("div", { class: "jm-code" }, el("pre", { tabindex: "0" }, action.text), copyButton(panel, "Copy", action.text)));
      /** A formula's parts, and in grey what it says. @param {any} part */
      const laid = (part) => (part.live ? follows(part.mathml) : part.note ? [" ", el("span", { class: "jm-step-note" }, part.note)] : line(part));
      for (const step of [action.mathml ?? []].flat()) {
        const [last] = typeof step === "string" ? [] : step.slice(-1);
        content.push(el("div", { class: "jm-step jm-formula", style: last ? "--depth: " + last.depth : "" }, ...(last ? step.flatMap(laid) : [typeset(step)])));
      }
      if (!content.length) content.push(differences(panel, place));
      return content;
    });
  }
  return [bar, blocks];
}

/** J beside central differences of the functions, at the point. @param {Panel} panel @param {import("./types.js").Place} place */
function differences({ spec, dom: { page, el, write }, state: { axes, columns: heads, engine, main, matrixShape, resting, valueAt } }, place) {
  const text = page.createTextNode("");
  const box = el("span", { class: "jm-check" }, text);
  const outputs = (spec.functions ?? []).map((/** @type {any} */ one) => one.forward);
  const columns = heads.map((one) => axes.get(one.key)).filter((one) => one !== undefined);
  const [m, n] = matrixShape();
  resting.push(() => {
    if (columns.length !== n || m * n > 2500) { text.data = "too large to check here"; return; }
    const J = engine.get(main);
    let [error, usable] = [0, true];
    columns.forEach((one, j) => {
      const sample = place.sampler(outputs, [one]);
      const at = valueAt(one.key, one.k);
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
