/** The panel under a result: draws a spec and keeps its numbers in step. */

import { actions } from "./actions.js";
import { chain } from "./chain.js";
import { controls } from "./controls.js";
import { tools } from "./dom.js";
import { echo, entryLine, symbolic } from "./formulas.js";
import { owns } from "./keys.js";
import { labels } from "./labels.js";
import { fits, matrix } from "./matrices.js";
import { settled } from "./numeric.js";
import { drawing, placeOf } from "./pictures/index.js";
import { format } from "./print.js";
import { outcomes, remarks, statistics } from "./remarks.js";
import { hold } from "./state.js";
import { follow } from "./theme.js";
import { tips } from "./tips.js";
import { wire } from "./wire.js";

/** @typedef {import("./types.js").Panel} Panel */

let mounts = 0;

/** Say what changed once the hand rests. @param {Panel} panel @returns {() => void} what ends it */
function announce({ notes, say, dom: { view }, state: { engine, hears, main, matrixShape, touched } }) {
  let waiting = 0;
  hears.changed = () => {
    view.clearTimeout(waiting);
    waiting = view.setTimeout(() => {
      const [rows, columns] = matrixShape();
      const list = rows * columns && rows * columns <= 6 ? [...settled(engine.get(main))].map((v) => format(v)).join(", ") : "";
      say([touched() + (list ? "; J = " + list : ""), ...notes].join("; "));
    }, 600);
  };
  return () => view.clearTimeout(waiting);
}

/**
 * Draw a spec into an element; returns what takes it away again.
 * @param {HTMLElement} root @param {any} spec @param {import("./types.js").Bridge} [bridge]
 * @returns {() => void}
 */
export function mount(root, spec, bridge) {
  const stop = new AbortController();
  const own = "jm" + ++mounts + "-" + Math.random().toString(36).slice(2, 8);
  const dom = tools(root.ownerDocument, stop.signal);
  const { el, on, typeset, view } = dom;
  const state = hold(spec, view);
  const spoken = el("div", { class: "jm-hidden", "aria-live": "polite" });
  const { bubble, term } = tips(root, own, dom);
  /** @type {Panel} */
  const panel = { spec, own, root, dom, state, term, ...labels(spec, dom), notes: [], say: (text) => { spoken.textContent = text; } };
  const quiet = announce(panel);

  root.replaceChildren();
  root.classList.add("jm");
  root.classList.toggle("jm-large", !!spec.big);
  root.append(...echo(panel));
  const worked = spec.chain?.cards?.length > 0;
  const inNet = spec.kind === "nnchain" && worked;
  const entry = entryLine(panel);
  if (spec.result && !inNet) root.append(symbolic(panel, entry));
  if (worked) root.append(...chain(panel));
  root.append(...(spec.more ?? []).map((/** @type {string} */ one) => el("div", { class: "jm-result jm-formula" }, typeset(one))));

  const lower = el("div", { class: "jm-panel" }, el("div", { class: "jm-left" }, controls(panel)));
  const [m, n] = state.matrixShape();
  // A small matrix of tinted numbers is its own heat-map.
  const heated = spec.picture?.kind === "heatmap" && !fits(m, n);
  if (state.has() && !inNet && !heated) {
    lower.append(el("div", { class: "jm-middle" }, matrix(panel, state.main, state.rows, state.columns, { m, n, says: "values of the Jacobian", over: entry.over }), statistics(panel), outcomes(panel)));
  }
  const place = placeOf(panel);
  const picture = !spec.picture || (spec.picture.kind === "heatmap" && !heated) ? null : drawing(panel, place);
  if (picture) {
    if (heated && state.has()) picture.node.append(statistics(panel));
    lower.append(picture.node);
    lower.classList.add("jm-with-" + (heated || spec.picture.kind === "net" ? "wide" : "picture"));
  }
  const shownEntry = spec.result?.entries && !inNet && entry.box;
  const below = el("div", { class: "jm-below" }, shownEntry, remarks(panel));
  state.now.push(() => { below.hidden = !shownEntry && !panel.notes.length; });
  lower.append(below);
  root.append(lower, ...actions(panel, place), spoken, bubble);
  on(root, "keydown", (event) => { if (owns(event)) event.stopPropagation(); });

  const unfollow = follow(root, dom);
  state.refresh(state.names.map((name) => name.key));
  if (shownEntry) entry.first();
  const off = wire(panel, bridge);

  return () => {
    stop.abort();
    for (const end of [off, unfollow, quiet, state.end, picture?.end]) end?.();
    root.replaceChildren();
    root.classList.remove("jm", "jm-dark", "jm-large");
  };
}
