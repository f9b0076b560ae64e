/** A field for each entry of J that is asked for: what is typed is marked here by numbers, and by algebra where there is a kernel. */

import { POINTS, Unread, draws, number, read } from "./answer.js";
import { compile } from "./evaluator.js";
import { VIEWS } from "./parts.js";
import { question, units, veil } from "./veil.js";

/** @typedef {import("./types.js").Panel} Panel */
/** @typedef {{key: string, spellings: string[], of: string, k: number, range?: [number, number] | null, total?: string}} Named  an entry of a name; `range` of those alone that have values */
/** @typedef {{names: Named[], entries: {at?: [number, number], value: string, k: number, mathml: string, of: string, wrt: string, says: string}[]}} Quiz */

const STYLE = ".jm-asked{display:grid;grid-template-columns:max-content minmax(7rem,24rem) minmax(0,1fr);gap:6px 12px;align-items:center}"
  + ".jm-asked>p{grid-column:1/-1;margin:0;color:var(--jm-grey);font-size:var(--jm-small)}.jm-asked math{math-style:normal;font-size:1.2em}.jm-asked output:empty{display:none}"
  + ".jm .jm-asked input{min-width:0;height:40px;padding:2px 10px;border:1px solid var(--jm-line);border-radius:4px;background:var(--jm-field);font:18px var(--jm-sans)}"
  + ".jm-asked>span{display:flex;flex-wrap:wrap;gap:0 14px;align-items:baseline}.jm-asked .jm-known{color:var(--jm-good)}.jm-asked .jm-bad{color:var(--jm-pos)}"
  + "@container jm (max-width:480px){.jm-asked{grid-template-columns:max-content minmax(0,1fr)}.jm-asked>span{grid-column:2}}";

const { abs, max } = Math;

/** Whether an answer has the numbers of an entry of J, at points of its domain. @param {any} spec @param {number} k @param {import("./answer.js").Tree} answer @returns {boolean} */
export function right({ graph, quiz, functions }, k, answer) {
  const engine = compile(graph), random = draws(20);
  const { names, entries } = /** @type {Quiz} */ (quiz), { value, k: own } = entries[k];
  const known = new Map(names.map((one) => [one.key, one]));
  const given = names.filter((one) => one.range !== undefined);
  /** @type {Map<string, number[]>} */
  const values = new Map();
  const at = (/** @type {string} */ key) => { const { of, k: place } = /** @type {Named} */ (known.get(key)); return (values.get(of) ?? engine.get("forward:" + of))[place]; };
  let [met, off] = [0, 0];
  for (let n = 0; n < 40 * POINTS && met < POINTS; n++) {
    for (const { of, k: place, range, total } of given) {
      const u = random();
      if (!values.has(of)) values.set(of, []);
      /** @type {number[]} */ (values.get(of))[place] = range ? range[0] + u * (range[1] - range[0]) : n % 2 && !total ? 4 * u - 2 : 0.3 + 1.7 * u;
    }
    for (const { of, total, k: place } of given) {
      // A target's entries add up to 1.
      const list = /** @type {number[]} */ (values.get(of));
      if (total && !place) { const sum = list.reduce((a, b) => a + b, 0); list.forEach((v, one) => { list[one] = v / sum; }); }
    }
    for (const [of, list] of values) engine.set(of, list);
    const slope = engine.get(value)[own];
    if (!Number.isFinite(slope) || !functions.every((/** @type {any} */ one) => engine.get(one.forward).every(Number.isFinite))) continue;
    const mine = number(answer, at);
    if (Number.isNaN(mine) && n < 20 * POINTS) continue;
    met++;
    // One point may lie where digits are lost.
    if (!(abs(mine - slope) <= 1e-8 * max(abs(mine), abs(slope)) + 1e-11) && ++off > 1) return false;
  }
  return met >= 4;
}

/** @param {Panel} panel */
export function tutor(panel) {
  const { spec, own, root, dom: { el, on, page, typeset, view, write } } = panel;
  const { names, entries } = /** @type {Quiz} */ (spec.quiz);
  const parts = units(panel);
  const shown = new Map(parts.entries.map((one) => [one.at, one]));
  const found = entries.map(({ at, says }) => shown.get(String(at)) ?? { nodes: [], at: at && String(at), says: says + ": " });
  const rest = [...parts.chain, ...parts.formulas, ...parts.rest];
  const { show } = veil(panel, [...found, ...rest], (k) => give(k));
  const marks = entries.map(() => "");
  const score = page.createTextNode("");
  const settle = () => {
    write(score, marks.filter((one) => one === "right").length + " of " + marks.length + " right");
    if (marks.every((one) => one === "right" || one === "shown")) rest.forEach((_, k) => show(found.length + k));
  };
  const box = el("div", { class: "jm-asked", role: "group", "aria-label": "a field for each entry" });
  const lines = entries.map(({ mathml, says }, k) => {
    const field = el("input", { type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: "false", "aria-label": says });
    const said = page.createTextNode("");
    const mark = el("output", {}, said);
    const button = el("button", { type: "button", class: "jm-word", "aria-label": "show " + says }, "show");
    on(button, "click", () => give(k));
    on(field, "change", () => answered(k));
    box.append(typeset(mathml), field, el("span", {}, mark, button));
    return { field, mark, said, button };
  });
  /** @param {number} k @param {string} kind @param {string} words */
  function tell(k, kind, words) {
    const { mark, said, button } = lines[k];
    marks[k] = marks[k] === "shown" ? "shown" : kind;
    mark.className = kind === "right" ? "jm-known" : kind === "wrong" ? "jm-bad" : "";
    write(said, words);
    if (kind === "right") { button.hidden = true; show(k); }
    settle();
  }
  /** Show an entry without an answer. @param {number} k */
  function give(k) {
    tell(k, "shown", marks[k] === "right" ? "\u2713 right" : "shown");
    lines[k].button.hidden = true;
    show(k);
  }
  /** @param {number} k */
  function answered(k) {
    const text = lines[k].field.value.trim();
    if (!text) return tell(k, "", "");
    try {
      const good = right(spec, k, read(text, names));
      tell(k, good ? "right" : "wrong", good ? "\u2713 right" : "\u2717 not right");
    } catch (error) {
      if (!(error instanceof Unread)) throw error;
      tell(k, "", error.message);
    }
    const { of, wrt } = entries[k];
    page.dispatchEvent(new view.CustomEvent("jacmagic:asked", { detail: { uid: spec.uid, asked: { of, wrt, text, place: own + " " + k } } }));
  }
  // A kernel knows more: it reads LaTeX, decides by algebra, and names the slip.
  on(page, "jacmagic:marked", ({ detail: { uid, marked: { place, text, right: good, says } } }) => {
    const [panelOf, k] = place.split(" ");
    if (uid === spec.uid && panelOf === own && lines[k].field.value.trim() === text) tell(+k, good === null ? "" : good ? "right" : "wrong", says);
  });
  box.append(el("p", { role: "status" }, score));
  question(root).after(el("style", {}, STYLE), box);
  settle();
}

VIEWS.tutor = tutor;
