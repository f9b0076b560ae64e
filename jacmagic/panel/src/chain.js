/** The chain rule, a card a layer. */

import { largest } from "./colours.js";
import { fold } from "./folds.js";
import { copies } from "./formulas.js";
import { CELLS, fits, matrix, numbers, stretchText } from "./matrices.js";
import { VIEWS } from "./parts.js";
import { format, short } from "./print.js";
import { stepper } from "./steps.js";

const { abs, max } = Math;

/**
 * The derivative of the last by the first, and the factors that it is the product of: said once, each factor in full behind a fold.
 * @param {import("./types.js").Panel} panel @param {boolean} valued whether its numbers stand in the head @returns {{head: any[], ladder: any, bar?: any}} and the line of its buttons
 */
export function chain(panel, valued) {
  const { spec, term, dom: { page, el, on, typeset, write }, state: { engine, main, matrixShape, now, resting, stepped, table } } = panel;
  const { formulas = [], title, check, cards } = spec.chain;
  const value = spec.chain.value === main ? table.output : spec.chain.value;
  const [m, n] = matrixShape(value, table.rows.length);
  const steps = stepper(panel);
  // One product that is gone through a factor at a time needs no second line for its name and its numbers.
  const once = valued && steps?.sums === 1;
  const head = el("div", { class: "jm-chain jm-formula" }, ...(valued && !once ? [typeset(title)] : steps && !valued ? [steps.grown] : []));
  const put = (/** @type {any} */ node) => head.append(...(once ? steps.ends(node, fits(m, n)) : [node]));
  if (valued && m * n === 1) {
    const text = page.createTextNode("");
    put(el("output", { class: "jm-big-number" }, text));
    now.push(() => { const v = engine.get(value)[0]; write(text, (v > 0 ? "+" : "") + format(v)); });
  } else if (valued && m * n) put(matrix(panel, value, table.rows, table.columns, { m, n, says: "the derivative", max: 160, fold }));
  else if (once) head.append(steps.grown);
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
      write(text, good ? "\u2713 product = direct derivative, to rounding" : "product \u2260 direct derivative, by " + short(error, 1));
    });
  }
  const ladder = el("div", { class: "jm-cards" + (spec.chain.single ? " jm-product" : "") });
  for (const card of cards) {
    const shown = card.shown ?? card.matrix;
    const [rows, columns] = matrixShape(shown, card.rows?.length ?? 0);
    const box = el("div", { class: "jm-card" }, el("div", { class: "jm-law" }, typeset(card.formula)), el("div", { class: "jm-local" }, typeset(card.jacobian)));
    if (rows * columns === 1) box.lastChild.append(el("span", { class: "jm-value" }, "="), numbers(panel, shown, [], [], { m: 1, n: 1, says: "local derivative of " + card.key, heads: false, card: true }));
    else if (rows * columns) {
      // The only factor is the derivative itself.
      if (cards.length > 1 || !valued) box.append(matrix(panel, shown, card.rows ?? [], card.columns ?? [], { m: rows, n: columns, says: "local Jacobian of " + card.key, max: 120, card: true, fold }));
      box.append(el("div", { class: "jm-foot" }, el("span", {}, card.shape), el("span", {}, term("\u03c3", "\u03c3max"), el("sub", {}, "max"), stretchText(panel, shown, rows, columns))));
    }
    box.lastChild.append(copies(panel, card));
    stepped.push((lit, done) => { box.classList.toggle("jm-on", lit === card.matrix); box.classList.toggle("jm-todo", !!done && !done.has(card.matrix)); });
    if (spec.turned) ladder.prepend(box);
    else ladder.append(box);
  }
  const rules = formulas.map((/** @type {string} */ one) => el("div", { class: "jm-chain jm-formula jm-rule" }, typeset(one)));
  // Where the head has no number it only says that the factors are right: below them.
  if (!steps) return { head: [...rules, ...(valued ? [head] : [])], ladder: el("div", { class: "jm-chain-box" }, ladder, !valued && head) };
  if (valued && !once) head.after(steps.grown);
  steps.strip.after(head);
  // Where the layers come one at a time they are what is asked for.
  const full = el("div", { class: "jm-chain-box" + (spec.reveal || spec.quiz ? "" : " jm-closed") }, ...rules, ladder);
  const word = el("button", { type: "button", class: "jm-word", "aria-expanded": String(!full.matches(".jm-closed")) }, "each factor in full");
  on(word, "click", () => word.setAttribute("aria-expanded", String(!full.classList.toggle("jm-closed"))));
  steps.bar.append(word);
  return { head: [steps.node], ladder: full, bar: steps.bar };
}

VIEWS.chain = chain;
