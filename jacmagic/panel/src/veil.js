/** The question first: what a result says is veiled, and comes an entry or a layer at a time. */

import { VIEWS } from "./parts.js";

/** @typedef {import("./types.js").Panel} Panel */
/** @typedef {{nodes: any[], says: string, at?: string}} Unit  what comes at once, in words, and which entry of J it is */

/** What is veiled is not seen, heard or reached; its room stays, but a picture's in one column. The button of an entry shows a question mark. */
const STYLE = ".jm .jm-veiled{visibility:hidden}.jm .jm-cell.jm-veiled{visibility:visible;position:relative;color:var(--jm-grey)}"
  + ".jm .jm-cell.jm-veiled>*{visibility:hidden}.jm .jm-cell.jm-veiled::after{content:'?';position:absolute;inset:0;display:grid;place-items:center}"
  + "@container jm (max-width:699px){.jm .jm-right.jm-veiled{display:none}}";

/** All that comes, in order: the chain rule, its layers, the entries of J, each other formula, and what is left. @param {Panel} panel @returns {Unit[]} */
function units({ root, spec }) {
  const all = (/** @type {string} */ which) => /** @type {any[]} */ ([...root.querySelectorAll(which)]);
  const { rows = [], columns = [], entries } = spec.result ?? {};
  const cards = spec.chain?.cards ?? [];
  const rules = all(".jm-math > .jm-chain").slice(0, -1);
  const formulas = all(".jm-result > :not(.jm-matrix), .jm-math > .jm-formula:not(.jm-result, .jm-chain), .jm-hessian, .jm-taylor");
  const named = [...rules, ...formulas];
  const left = all(".jm-math > :not(.jm-echo, .jm-note, .jm-result), .jm-right, .jm-below").filter((one) => !named.includes(one));
  return [
    ...rules.map((one) => ({ nodes: [one], says: "the chain rule" })),
    ...all(".jm-card").map((one, k) => ({ nodes: [one], says: cards[k].says })),
    ...all(".jm-matrix > .jm-cell").map((one) => {
      const [i, j] = one.dataset.at.split(",");
      return { nodes: [one, one.nextElementSibling], at: one.dataset.at, says: "d " + rows[i].key + " by d " + columns[j].key + ": " + entries[i][j].says };
    }),
    ...formulas.map((one) => ({ nodes: [one], says: "a formula" })),
    // Reset and the full screen stay.
    { nodes: [...left, ...all(".jm-actions > *").slice(spec.names.length ? 1 : 0, -1), ...all(".jm-blocks")], says: "all is shown" },
  ];
}

/** @param {Panel} panel */
export function veil(panel) {
  const { root, say, state, dom: { el, on, page, view, write } } = panel;
  const found = units(panel);
  /** @type {Set<number>} */
  const open = new Set();
  const count = page.createTextNode("");
  const line = root.querySelector(".jm-below");
  let lit = "";
  const update = () => {
    const whole = open.size === found.length;
    found.forEach(({ nodes, says, at }, k) => {
      const veiled = !open.has(k);
      for (const node of nodes) node.classList.toggle("jm-veiled", veiled);
      if (at && veiled) nodes[0].setAttribute("aria-label", says.replace(/: .*/, ", not shown yet"));
      else nodes[0].removeAttribute("aria-label");
    });
    // The line below says the entry that is lit.
    line?.classList.toggle("jm-veiled", !whole && !found.some(({ at }, k) => at === lit && open.has(k)));
    write(count, open.size + " of " + found.length);
  };
  /** @param {number} k */
  function show(k) {
    open.add(k);
    const { at, nodes, says } = found[k];
    if (at) {
      lit = at;
      nodes[0].dispatchEvent(new view.Event("pointerenter"));
    }
    update();
    say(says + "; " + count.data);
  }
  const next = () => { const k = found.findIndex((_, at) => !open.has(at)); if (k >= 0) show(k); };
  const back = () => { open.delete([...open].pop() ?? -1); update(); say(count.data); };
  const all = () => { found.forEach((_, k) => open.add(k)); update(); say("all is shown"); };
  const button = (/** @type {string} */ sign, /** @type {string} */ says, /** @type {() => void} */ pressed, kind = "jm-run") => {
    const one = el("button", { type: "button", class: kind, "aria-label": says, title: says }, sign);
    on(one, "click", pressed);
    return one;
  };
  const question = [...root.querySelectorAll(".jm-math > .jm-echo, .jm-math > .jm-note")].pop();
  question?.after(el("div", { class: "jm-step-bar", role: "group", "aria-label": "what is shown" },
    button("\u25c0", "hide the last (Shift R)", back), el("span", { class: "jm-count" }, count), button("\u25b6", "show the next (R)", next), button("all", "show all", all, "jm-word")));
  root.append(el("style", {}, STYLE));
  // No numbers of what is veiled are said when a slider rests.
  const { changed } = state.hears;
  state.hears.changed = () => { if (open.size === found.length) changed(); };
  state.lit.push((i, j) => { lit = i + "," + j; update(); });
  on(root, "keydown", (event) => {
    const { key, ctrlKey, metaKey, altKey, shiftKey, target } = event;
    if (ctrlKey || metaKey || altKey || key.toLowerCase() !== "r" || target.matches("input:not([type=range]), textarea")) return;
    (shiftKey ? back : next)();
    event.preventDefault();
    event.stopPropagation();
  });
  // A press on an entry shows that.
  on(root, "click", ({ target }) => {
    const k = found.findIndex(({ nodes, at }) => at && nodes[0].contains(target));
    if (k >= 0 && !open.has(k)) show(k);
  });
  update();
}

VIEWS.veil = veil;
