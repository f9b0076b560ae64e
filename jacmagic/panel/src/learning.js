/** Learning in the page: ▶ train with its rate, optimizer and batch, and what is seen on the way: losses, gradients, weights. */

import { nice, steady } from "./geometry.js";
import { landscape } from "./landscape.js";
import { OPTIMIZERS, learner } from "./learner.js";
import { VIEWS } from "./parts.js";
import { canvasFor } from "./pictures/canvas.js";
import { whole } from "./pictures/lens.js";
import { plane } from "./pictures/plane.js";
import { short, typed } from "./print.js";

const { abs, ceil, floor, log10, max, min } = Math;

/** @typedef {import("./types.js").Pair} Pair */
/** @typedef {import("./types.js").Panel} Panel */

/** Milliseconds of a frame that learning may take; steps at once where no motion is wanted; points of a drawn line. */
const [BUSY, BURST, POINTS] = [8, 100, 300];
const HEIGHT = 170;

/** @param {Panel} panel */
export function learning(panel) {
  const { spec: { learn, graph }, dom: { el, draw, lettered, on, page, put, view, write }, dom, state, play, markup, say } = panel;
  if (learn.said) return el("div", { class: "jm-train" }, learn.said);
  const who = learner(graph, learn);
  const { history } = who;
  const how = { rate: learn.lr, optimizer: learn.optimizer, batch: learn.batch };
  const still = view.matchMedia("(prefers-reduced-motion: reduce)");

  /** What was seen when weights were these: undo and redo go back to it. @type {{weights: Map<string, Float64Array>, loss: number[], norms: number[][]}[]} */
  const marks = [];
  const mark = () => {
    marks.push({ weights: new Map([...who.weights].map(([key, list]) => [key, list.slice()])), loss: history.loss.slice(), norms: history.norms.map((list) => list.slice()) });
    if (marks.length > 40) marks.shift();
  };
  const same = (/** @type {Map<string, Float64Array>} */ weights) => [...weights].every(([key, list]) => state.values.get(key)?.every((v, k) => v === list[k]));
  /** Take in the numbers of the panel; weights that were set elsewhere are another beginning. */
  function heed() {
    const moved = !same(who.weights);
    for (const { key } of state.names) if (!Object.hasOwn(learn.data, key)) who.put(key, /** @type {Float64Array} */ (state.values.get(key)));
    if (!moved) return;
    const known = marks.find((one) => same(one.weights));
    who.start();
    if (known) { history.loss.push(...known.loss); history.norms.forEach((list, k) => list.push(...known.norms[k])); }
    drawn = "";
  }

  let [frame, frames, run, drawn, lost] = [0, 0, 0, "", false];
  /** Some steps, no longer than a part of a frame; false where the loss is no number. */
  function steps(/** @type {number} */ most, time = Infinity) {
    heed();
    const end = view.performance.now() + time;
    lost = false;
    for (let k = 0; !lost && k < most && (!k || view.performance.now() < end); k++) lost = !isFinite(who.step(how));
    if (history.loss.length) state.receive(Object.fromEntries([...who.weights].map(([key, list]) => [key, Array.from(list)])));
    state.schedule();
    return !lost;
  }
  const tell = () => say(count.data);
  /** One press is one change to undo. @param {() => void} act */
  const once = (act) => {
    heed();
    state.remember("train " + run++);
    mark();
    act();
  };
  function stop() {
    if (!frame) return false;
    view.cancelAnimationFrame(frame);
    frame = 0;
    mark();
    sign.data = "\u25b6 train";
    train.setAttribute("aria-pressed", "false");
    tell();
    return true;
  }
  play.others.push(stop);
  // Slowly first, when most happens; then as many as a frame has time for.
  const onward = () => {
    frame = view.requestAnimationFrame(onward);
    if (!steps(ceil(1.03 ** ++frames), BUSY)) stop();
  };
  const sign = page.createTextNode("\u25b6 train");
  const count = page.createTextNode("");
  const word = (/** @type {string | Text} */ text, /** @type {() => void} */ heard, more = {}) => {
    const button = el("button", { type: "button", class: "jm-word", ...more }, text);
    on(button, "click", heard);
    return button;
  };
  const burst = (/** @type {number} */ most) => once(() => { steps(most); mark(); tell(); });
  const train = word(sign, () => {
    if (stop()) return;
    if (still.matches) return burst(BURST);
    once(() => {
      frames = 0;
      sign.data = "\u23f8\ufe0e train";
      train.setAttribute("aria-pressed", "true");
      frame = view.requestAnimationFrame(onward);
    });
  }, { "aria-pressed": "false" });
  const step = word("step", () => { stop(); burst(1); });
  /** @param {"rate" | "batch"} key @param {(v: number) => boolean} good */
  const field = (key, good) => {
    const input = el("input", { type: "text", inputmode: "decimal", autocomplete: "off", class: "jm-field", value: short(how[key], 6), "aria-label": key + " of training" });
    on(input, "input", () => {
      const v = typed(input.value);
      input.setAttribute("aria-invalid", !good(v));
      if (good(v)) how[key] = v;
    });
    return el("label", { class: "jm-rate" }, key, " ", input);
  };
  const rate = field("rate", (v) => v > 0);
  const batch = field("batch", (v) => v >= 1 && v <= learn.count && v === floor(v));
  batch.append(" of " + learn.count);
  const choice = el("select", { class: "jm-choice", "aria-label": "optimizer" }, ...Object.keys(OPTIMIZERS).map((name) => el("option", { selected: name === how.optimizer }, name)));
  on(choice, "change", () => { how.optimizer = choice.value; who.start(true); });

  // ------------------------------------------------------------------ what is seen
  const frameBox = el("div", { class: "jm-plot" });
  /** @type {Record<string, () => void>} */
  const plots = { loss: losses, gradients: slopes, weights: bars, landscape: land };
  let shown = "loss";
  const words = Object.keys(plots).map((name) => word(name, () => { shown = name; drawn = ""; if (name === "landscape") { stop(); heed(); around.start(); } state.schedule(); }, { "aria-pressed": "false" }));
  /** @type {any} */
  let svg;
  /** @type {ReturnType<typeof plane>} */
  let space;
  let [wide, xr, yr] = [0, /** @type {Pair} */ ([0, 50]), /** @type {Pair | null} */ (null)];
  const sheet = draw("g"), names = draw("g");
  const curve = (/** @type {number[]} */ list, f = (/** @type {number} */ v) => v) => {
    const stride = max(1, ceil(list.length / POINTS));
    const points = [];
    for (let k = 0; k < list.length; k += stride) points.push([k, f(list[k])]);
    if (list.length) points.push([list.length - 1, f(list[list.length - 1])]);
    return points;
  };
  const over = (/** @type {number[]} */ values, /** @type {Pair} */ at) => {
    const many = history.loss.length;
    xr = [0, max(50, many <= xr[1] && many > 0.3 * xr[1] ? xr[1] : nice(1.2 * many))];
    yr = values.length ? steady(yr, at) : [0, 1];
    space.range(xr, yr, true);
  };
  function losses() {
    const points = curve(history.loss);
    const values = points.map(([, v]) => v);
    const low = min(0, ...values);
    over(values, [low, max(low + 1e-9, ...values)]);
    const last = points[points.length - 1];
    sheet.append(draw("path", { d: space.path(points), class: "jm-curve" }));
    if (!last) return;
    const [x, y] = [space.x(last[0]), space.y(last[1])];
    const room = x < space.left + space.width - 110;
    sheet.append(draw("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r: 5, class: "jm-leaves" }));
    names.append(draw("text", { x: (x + (room ? 12 : -12)).toFixed(1), y: max(space.top + 12, y - 8).toFixed(1), "text-anchor": room ? "start" : "end", class: "jm-haloed" }, "loss " + short(last[1], 3)));
  }
  const layers = learn.keys.length > 8 ? learn.keys.filter((/** @type {string} */ key) => (state.byKey.get(key)?.shape.length ?? 0) > 1) : learn.keys;
  /** The norm of each gradient, in powers of ten: the layers behind the more faintly. */
  function slopes() {
    const lines = layers.map((/** @type {string} */ key) => ({ key, points: curve(history.norms[learn.keys.indexOf(key)], (v) => log10(max(v, 1e-300))) }));
    const values = lines.flatMap((/** @type {any} */ one) => one.points.map((/** @type {number[]} */ p) => p[1])).filter((/** @type {number} */ v) => v > -30);
    over(values, [min(...values), max(...values)]);
    const ends = /** @type {{key: string, x: number, y: number}[]} */ ([]);
    for (const [k, { key, points }] of lines.entries()) {
      sheet.append(draw("path", { d: space.path(points), class: "jm-curve", "stroke-opacity": (0.35 + (0.65 * (k + 1)) / lines.length).toFixed(2) }));
      const last = points[points.length - 1];
      if (last && last[1] > -30) ends.push({ key, x: space.x(last[0]) + 8, y: space.y(last[1]) + 4 });
    }
    names.append(draw("text", { x: space.left + space.width, y: space.top + 14, "text-anchor": "end", class: "jm-haloed" }, "log\u2081\u2080 of the norms"));
    ends.sort((p, q) => p.y - q.y).forEach((one, k) => { if (k) one.y = max(one.y, ends[k - 1].y + 15); });
    for (const { key, x, y } of ends) names.append(lettered(markup(key), { x: min(x, space.left + space.width + 6), y, "font-size": 14 }));
  }
  /** How the weights of each name are spread. */
  function bars() {
    const all = [...who.weights];
    const top = nice(max(1e-9, ...all.map(([, list]) => list.reduce((m, v) => max(m, abs(v)), 0))));
    space.range([-top, top], [0, 1], true);
    const shownOf = all.filter(([key]) => layers.includes(key));
    const tall = space.height / shownOf.length;
    shownOf.forEach(([key, list], row) => {
      const bins = new Array(41).fill(0);
      for (const v of list) bins[min(40, floor(((v + top) / (2 * top)) * 41))]++;
      const most = max(...bins);
      const base = space.top + (row + 1) * tall;
      const part = space.width / 41;
      const d = bins.map((v, k) => (v ? "M" + (space.left + k * part).toFixed(1) + " " + base.toFixed(1) + "v" + (-0.8 * tall * v / most).toFixed(1) + "h" + (part - 1).toFixed(1) + "V" + base.toFixed(1) + "z" : "")).join("");
      sheet.append(draw("path", { d, class: "jm-bars" }));
      names.append(lettered(markup(key), { x: space.left - 8, y: base - 2, "text-anchor": "end", "font-size": min(16, tall) }));
    });
  }
  const around = landscape(panel, who, learn.seed, () => { drawn = ""; state.schedule(); say(told); });
  let told = "";
  function land() {
    told = around.paint(sheet, space);
    names.append(draw("text", { x: space.left + space.width, y: space.top + 14, "text-anchor": "end", class: "jm-haloed" }, told.replace(/.*directions: /, "")));
  }
  function make() {
    const width = floor(frameBox.clientWidth) || 520;
    if (width === wide) return;
    wide = width;
    drawn = "";
    svg = canvasFor(/** @type {any} */ ({ dom }), width, HEIGHT, "");
    space = plane(/** @type {any} */ ({ dom, lens: whole() }), svg, 48, 8, width - 100, HEIGHT - 30);
    space.inside.append(sheet);
    svg.append(names);
    frameBox.replaceChildren(svg);
  }
  state.resized.push(make);
  state.later.push(() => {
    heed();
    const many = history.loss.length;
    const seen = many + shown;
    write(count, "step " + many + (many ? ", loss " + short(history.loss[many - 1], 4) : "") + (lost ? "; the loss is no longer finite: take a smaller rate" : ""));
    if (seen === drawn || !svg) return;
    if (drawn && !drawn.endsWith(shown)) yr = null;
    drawn = seen;
    sheet.replaceChildren();
    names.replaceChildren();
    plots[shown]();
    put(svg, "class", "jm-svg" + (shown === "weights" ? " jm-rows" : ""));
    put(svg, "aria-label", shown === "landscape" ? told : shown + " over the steps; " + count.data);
    words.forEach((one, k) => put(one, "aria-pressed", Object.keys(plots)[k] === shown));
  });
  return el("div", { class: "jm-train", role: "group", "aria-label": "training" },
    el("div", { class: "jm-train-bar" }, train, step, rate, choice, batch, el("span", { class: "jm-count" }, count)),
    frameBox, el("div", { class: "jm-switch", role: "group", "aria-label": "what is drawn" }, ...words));
}

VIEWS.learning = learning;
