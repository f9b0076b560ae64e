/** The panel under a result: draws a spec and keeps its numbers in step. */

import { actions } from "./actions.js";
import { address } from "./address.js";
import { hues } from "./colours.js";
import { controls } from "./controls.js";
import { tools } from "./dom.js";
import { echo, entryLine, scrolls, shrinks } from "./formulas.js";
import { jacobian } from "./jacobian.js";
import { owns } from "./keys.js";
import { labels } from "./labels.js";
import { fits } from "./matrices.js";
import { VIEWS } from "./parts.js";
import { drawing, placeOf } from "./pictures/index.js";
import { player } from "./play.js";
import { format } from "./print.js";
import { outcomes, remarks, statistics } from "./remarks.js";
import { screen, slide } from "./screen.js";
import { hold } from "./state.js";
import { follow } from "./theme.js";
import { tips } from "./tips.js";
import { wire } from "./wire.js";

/** @typedef {import("./types.js").Panel} Panel */

let mounts = 0;

/** Say what changed once the hand rests. @param {Panel} panel @returns {() => void} what ends it */
function announce(panel) {
  const { notes, say, dom: { view }, state: { engine, hears, main, matrixShape, touched } } = panel;
  let waiting = 0;
  hears.changed = () => {
    view.clearTimeout(waiting);
    waiting = view.setTimeout(() => {
      const [rows, columns] = matrixShape();
      const list = rows * columns && rows * columns <= 6 ? [...engine.shown(main)].map((v) => format(v)).join(", ") : "";
      say([touched() + (list ? "; J = " + list : ""), ...(panel.sees ? [panel.sees] : []), ...notes].join("; "));
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
  const known = hues(spec);
  const dom = tools(root.ownerDocument, stop.signal, known);
  const { el, on, typeset, view } = dom;
  const state = hold(spec, view);
  const spoken = el("div", { class: "jm-hidden", "aria-live": "polite" });
  const { bubble, term } = tips(root, own, dom);
  const play = player(state, view);
  /** @type {Panel} */
  const panel = { spec, own, root, dom, state, term, play, hues: known, ...labels(spec, dom), notes: [], say: (text) => { spoken.textContent = text; } };
  const quiet = announce(panel);
  const full = screen(root, dom);

  root.replaceChildren();
  root.classList.add("jm");
  root.classList.toggle("jm-large", !!spec.big);
  const worked = spec.chain?.cards?.length > 0;
  const inNet = spec.kind === "nnchain" && worked;
  const entry = entryLine(panel);
  const [m, n] = state.matrixShape();
  const steps = worked ? VIEWS.chain?.(panel, inNet) : null;
  // A small matrix of tinted numbers is its own heat-map.
  const drawn = spec.picture && (spec.picture.kind !== "heatmap" || !fits(m, n));
  const place = placeOf(panel);
  const picture = drawn ? drawing(panel, place) : null;
  const shownEntry = spec.result?.entries && !inNet ? entry.box : null;
  // Layers beside each other across both columns: below each other they would take the height of the ladder's factors.
  const [top, above] = inNet ? [el("div", { class: "jm-math jm-top" }, ...echo(panel)), []] : [null, echo(panel)];
  const math = el("div", { class: "jm-math" }, ...above, ...(steps?.head ?? []));
  if (spec.result && !inNet) math.append(jacobian(panel, entry));
  math.append(...(spec.more ?? []).map((/** @type {any} */ one) => (one.text ? el("div", { class: "jm-marked" }, el("div", { class: "jm-formula" }, typeset(one.mathml)), el("span", { class: "jm-check" + (one.text[0] === "\u2717" ? " jm-bad" : "") }, one.text)) : Array.isArray(one) ? el("div", { class: "jm-marked" }, ...one.map((part) => el("div", { class: "jm-formula" }, typeset(part)))) : el("div", { class: "jm-formula" }, typeset(one)))));
  if (inNet && steps?.bar) steps.bar.append(outcomes(panel) ?? "");
  else if (state.has()) math.append(el("div", { class: "jm-said" }, outcomes(panel), spec.system ? VIEWS.stability?.(panel, place) : !inNet && statistics(panel)));
  if (spec.integral) math.append(VIEWS.integral?.(panel));
  math.append(...(VIEWS.curvature?.(panel) ?? []));
  const learning = spec.learn && VIEWS.learning?.(panel);
  const below = el("div", { class: "jm-below" }, shownEntry, remarks(panel));
  const stage = el("div", { class: "jm-stage" + (picture ? "" : " jm-plain") }, top, el("div", { class: "jm-left" }, math, controls(panel), !picture && learning), picture && el("div", { class: "jm-right" }, picture.node, learning), below, steps?.ladder);
  const [bar, blocks] = actions(panel, place);
  bar.append(full.button);
  root.append(stage, bar, blocks, spoken, bubble);

  on(root, "keydown", (event) => {
    handled(event, panel, full);
    if (owns(event)) event.stopPropagation();
  });
  let measured = "";
  const first = root.querySelector(".jm-echo > .jm-formula");
  const measure = () => {
    // The font of formulas may come after them.
    const now = root.clientWidth + " " + first?.clientWidth;
    if (now === measured) return;
    measured = now;
    for (const fit of state.resized) fit();
    for (const one of root.querySelectorAll(".jm-result > div:not([class])")) shrinks(one);
    for (const one of root.querySelectorAll(".jm-strip > *, .jm-echo > .jm-formula, .jm-math > .jm-formula, .jm-marked > .jm-formula, .jm-hessian > .jm-formula, .jm-taylor > .jm-formula, .jm-extra, .jm-values, .jm-chain")) scrolls(one);
  };
  measure();
  const smaller = slide(root, measure);
  const sizes = new view.ResizeObserver(() => { measure(); smaller(); });
  for (const one of [root, first]) if (one) sizes.observe(one);

  const unfollow = follow(root, dom, state.schedule);
  state.refresh(state.names.map((name) => name.key));
  address(panel);
  if (shownEntry) entry.first();
  const off = wire(panel, bridge);
  if (spec.quiz) VIEWS.tutor?.(panel);
  else if (spec.reveal) VIEWS.veil?.(panel);

  return () => {
    stop.abort();
    sizes.disconnect();
    for (const end of [off, unfollow, quiet, play.end, state.end, picture?.end]) end?.();
    root.replaceChildren();
    root.classList.remove("jm", "jm-dark", "jm-large", "jm-filled");
  };
}

/** Keys that are the whole panel's, where they are not a field's. @param {any} event @param {Panel} panel @param {ReturnType<typeof screen>} full */
function handled(event, { root, play, state }, full) {
  const { key, ctrlKey, metaKey, altKey, shiftKey, target } = event;
  if (event.defaultPrevented) return;
  const typing = target.matches("input:not([type=range]), textarea, select");
  const letter = key.toLowerCase();
  let done = false;
  if (key === "Escape") done = [play.stop(), full.leave()].some(Boolean);
  else if (typing || altKey) return;
  else if ((ctrlKey || metaKey) && (letter === "z" || letter === "y")) {
    state.travel(letter === "y" || shiftKey ? "future" : "past");
    done = true;
  } else if (ctrlKey || metaKey) return;
  else if (letter === "f") {
    full.toggle();
    done = true;
  } else if (letter === "p") {
    const [knob] = ["[tabindex]", "button"].flatMap((one) => Array.from(root.querySelectorAll(".jm-right " + one))).filter((one) => one.getClientRects().length);
    /** @type {any} */ (knob)?.focus();
    done = !!knob;
  }
  if (done) event.preventDefault();
}
