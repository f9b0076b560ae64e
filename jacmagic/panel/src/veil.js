/** The question first: what a result says is veiled, and comes an entry or a layer at a time. */

import { VIEWS } from "./parts.js";

/** @typedef {import("./types.js").Panel} Panel */
/** @typedef {{nodes: any[], says: string, at?: string}} Unit  what comes at once, in words, and which entry of J it is */

/** What is veiled is not seen, heard or reached; its room stays, but a picture's in one column. The button of an entry shows a question mark. */
const STYLE = ".jm .jm-veiled{visibility:hidden}.jm .jm-cell.jm-veiled{visibility:visible;position:relative;color:var(--jm-grey)}"
  + ".jm .jm-cell.jm-veiled>*{visibility:hidden}.jm .jm-cell.jm-veiled::after{content:'?';position:absolute;inset:0;display:grid;place-items:center}"
  + "@container jm (max-width:699px){.jm .jm-right.jm-veiled{display:none}}";

/** What there is: the chain rule and its layers, the entries of J, each other formula, and what is left. @param {Panel} panel */
export function units({ root, spec }) {
  const all = (/** @type {string} */ which) => /** @type {any[]} */ ([...root.querySelectorAll(which)]);
  const { rows = [], columns = [], entries } = spec.result ?? {};
  const cards = spec.chain?.cards ?? [];
  const rules = all(".jm-rule");
  const formulas = all(".jm-result > :not(.jm-matrix), .jm-math > :is(.jm-marked:not(:has(.jm-check)), .jm-formula:not(.jm-result, .jm-chain)), .jm-hessian, .jm-taylor");
  const named = [...rules, ...formulas];
  const left = all(".jm-math > :not(.jm-echo, .jm-note, .jm-result), .jm-right, .jm-below").filter((one) => !named.includes(one));
  return /** @type {Record<"chain" | "entries" | "formulas" | "rest", Unit[]>} */ ({
    chain: [
      ...rules.map((one) => ({ nodes: [one], says: "the chain rule" })),
      ...all(".jm-card").map((one, k) => ({ nodes: [one], says: cards[k].says })),
    ],
    entries: all(".jm-matrix > .jm-cell").map((one) => {
      const [i, j] = one.dataset.at.split(",");
      return { nodes: [one, one.nextElementSibling], at: one.dataset.at, says: "d " + rows[i].key + " by d " + columns[j].key + ": " + entries[i][j].says };
    }),
    formulas: formulas.map((one) => ({ nodes: [one], says: "a formula" })),
    // Reset and the full screen stay.
    rest: [{ nodes: [...left, ...all(".jm-actions > *").slice(spec.names.length ? 1 : 0, -1), ...all(".jm-blocks")], says: "all is shown" }],
  });
}

/**
 * Veil all of these; what comes back says which are open and changes that.
 * @param {Panel} panel @param {Unit[]} found @param {(k: number) => void} pressed hears which entry is pressed that is not open
 */
export function veil({ root, state, dom: { el, on, view } }, found, pressed) {
  /** @type {Set<number>} */
  const open = new Set();
  const line = root.querySelector(".jm-below");
  let lit = /** @type {any} */ (root.querySelector(".jm-cell.jm-on"))?.dataset.at;
  const whole = () => open.size === found.length;
  const update = () => {
    found.forEach(({ nodes, says, at }, k) => {
      for (const node of nodes) node.classList.toggle("jm-veiled", !open.has(k));
      if (at && !open.has(k)) nodes[0]?.setAttribute("aria-label", says.replace(/: .*/, ", not shown yet"));
      else nodes[0]?.removeAttribute("aria-label");
    });
    // The line below says the entry that is lit.
    line?.classList.toggle("jm-veiled", !whole() && (!lit || found.some(({ at }, k) => at === lit && !open.has(k))));
  };
  root.append(el("style", {}, STYLE));
  // No numbers of what is veiled are said when a slider rests.
  const { changed } = state.hears;
  state.hears.changed = () => { if (whole()) changed(); };
  state.lit.push((i, j) => { lit = i + "," + j; update(); });
  on(root, "click", ({ target }) => {
    const k = found.findIndex(({ nodes, at }) => at && nodes[0]?.contains(target));
    if (k >= 0 && !open.has(k)) pressed(k);
  });
  update();
  return {
    open, update,
    /** Open one; its numbers come with it in the line below. @param {number} k */
    show(k) {
      open.add(k);
      const { at, nodes } = found[k];
      if (at) lit = at;
      if (at) nodes[0]?.dispatchEvent(new view.Event("pointerenter"));
      update();
    },
  };
}

/** The next comes by a button, or by the key r. @param {Panel} panel */
export function reveal(panel) {
  const { say, root, dom: { el, on, page, write } } = panel;
  const { chain, entries, formulas, rest } = units(panel);
  const found = [...chain, ...entries, ...formulas, ...rest];
  const { open, update, show } = veil(panel, found, (k) => come(k));
  const count = page.createTextNode("0 of " + found.length);
  const tell = (/** @type {string} */ what) => { write(count, open.size + " of " + found.length); say(what); };
  const come = (/** @type {number} */ k) => { show(k); tell(found[k].says + "; " + open.size + " of " + found.length); };
  const next = () => { const k = found.findIndex((_, at) => !open.has(at)); if (k >= 0) come(k); };
  const back = () => { open.delete([...open].pop() ?? -1); update(); tell(open.size + " of " + found.length); };
  const all = () => { found.forEach((_, k) => open.add(k)); update(); tell("all is shown"); };
  const button = (/** @type {string} */ sign, /** @type {string} */ says, /** @type {() => void} */ pressed, kind = "jm-run") => {
    const one = el("button", { type: "button", class: kind, "aria-label": says, title: says }, sign);
    on(one, "click", pressed);
    return one;
  };
  question(root).after(el("div", { class: "jm-step-bar", role: "group", "aria-label": "what is shown" },
    button("\u25c0", "hide the last (Shift R)", back), el("span", { class: "jm-count" }, count), button("\u25b6", "show the next (R)", next), button("all", "show all", all, "jm-word")));
  on(root, "keydown", (event) => {
    const { key, ctrlKey, metaKey, altKey, shiftKey, target } = event;
    if (ctrlKey || metaKey || altKey || key.toLowerCase() !== "r" || target.matches("input:not([type=range]), textarea")) return;
    (shiftKey ? back : next)();
    event.preventDefault();
    event.stopPropagation();
  });
}

/** The last line of the block as it was understood. @param {HTMLElement} root @returns {any} */
export const question = (root) => [...root.querySelectorAll(".jm-math > .jm-echo, .jm-math > .jm-note")].pop();

VIEWS.veil = reveal;
