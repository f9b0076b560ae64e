/** Second derivatives: each Hessian as formula and numbers, its eigenvalues and what they say of the point. */

import { curved } from "./bend.js";
import { fits, matrix } from "./matrices.js";
import { settled } from "./numeric.js";
import { VIEWS } from "./parts.js";
import { format, short } from "./print.js";

const { abs, max } = Math;

/** @typedef {import("./types.js").Panel} Panel */

/** Taylor polynomials: in symbols, and with coefficients that move. @param {Panel} panel */
function taylor({ spec, label, dom: { el, page, typeset, write }, state: { engine, now, places } }) {
  const { formulas = [], terms = [], series = [], steps = [] } = spec.taylor ?? {};
  if (!formulas.length) return [];
  const box = el("div", { class: "jm-taylor" }, ...formulas.map((/** @type {string} */ line) => el("div", { class: "jm-formula" }, typeset(line))));
  const number = () => page.createTextNode("");
  for (const one of series) {
    const texts = terms.map(number);
    box.append(el("div", { class: "jm-formula jm-series" }, typeset(one.title), ...terms.map((/** @type {string} */ term, /** @type {number} */ k) => el("span", { class: "jm-stat" }, el("span", { class: "jm-number" }, texts[k]), term && typeset(term)))));
    now.push(() => settled(Array.from(engine.get(one.value))).forEach((v, k) => write(texts[k], (v < 0 ? (k ? " \u2212 " : "\u2212") : k ? " + " : "") + format(abs(v)))));
  }
  if (series.length) box.append(el("div", { class: "jm-stats" }, ...steps.map((/** @type {any} */ one) => {
    const text = number();
    const read = places.get(one.key);
    now.push(() => { const v = read?.() ?? NaN; write(text, (v < 0 ? " + " : " \u2212 ") + short(abs(v))); });
    return el("span", { class: "jm-stat" }, typeset(one.step), label(one.key), text);
  })));
  return [box];
}

/** @param {Panel} panel */
function curvature(panel) {
  const { spec, term, dom: { el, page, typeset, write }, state: { axes, columns, engine, now, later, valueAt } } = panel;
  return (spec.hessians ?? []).map((/** @type {any} */ one) => {
    const box = el("div", { class: "jm-hessian" }, ...one.formulas.map((/** @type {string} */ line) => el("div", { class: "jm-formula" }, typeset(line))));
    if (!one.hessian) return box;
    const n = one.labels.length;
    const [values, word, kind] = Array.from({ length: 3 }, () => page.createTextNode(""));
    const along = columns.map((one) => axes.get(one.key)).filter((one) => one !== undefined);
    box.append(
      el("div", { class: "jm-values jm-formula" }, el("span", { class: "jm-title" }, typeset(one.title)), matrix(panel, one.hessian, one.labels, one.labels, { m: n, n, says: one.says, heads: n > 1 })),
      el("div", { class: "jm-stats" }, n > 1 && el("span", { class: "jm-stat", style: "min-width:16em" }, term("\u03bb", "bend"), " ", values)),
      el("div", { class: "jm-verdict", role: "status" }, el("span", {}, word), el("span", { class: "jm-known" }, kind)));
    (fits(n, n) ? now : later).push(() => {
      const [g, h] = [engine.get(one.gradient), engine.get(one.hessian)];
      const real = g.every(isFinite) && h.every(isFinite);
      const found = real ? curved(g, h, 1 + max(0, ...along.map((one) => abs(valueAt(one.key, one.k))))) : null;
      const listed = found ? settled(found.values).map((v) => format(v)) : [];
      write(values, found ? (n > 6 ? [...listed.slice(0, 4), "\u2026", listed[n - 1]] : listed).join(", ") : "undefined");
      write(word, found?.word ?? "\u00a0");
      write(kind, found?.kind || "\u00a0");
    });
    return box;
  });
}

VIEWS.curvature = (panel) => [...curvature(panel), ...taylor(panel)];
