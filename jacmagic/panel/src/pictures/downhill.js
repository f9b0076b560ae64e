/** The controls of a descent from the point of a picture, and its path. */

import { descent } from "../descent.js";
import { short } from "../print.js";
import { readIn } from "./plane.js";

/** @typedef {import("../types.js").Place} Place */

const MOST = 200;

/** @param {Place} place @param {any[]} axes */
export function downhill(place, axes) {
  const { dom: { el, on, page, view, write }, main, picture, sampler, still, state } = place;
  // What both pictures of the function share.
  const how = (place.descent ??= { steps: 0, rate: 0.1, momentum: 0, newton: false });
  const [count, where] = [page.createTextNode(""), page.createTextNode("")];
  let timer = 0;
  const stop = () => { view.clearInterval(timer); timer = 0; };
  const go = (/** @type {number} */ steps) => { how.steps = Math.max(0, Math.min(MOST, steps)); place.redraw(); };
  const word = (/** @type {string} */ text, /** @type {() => void} */ heard, /** @type {string} */ says = text) => {
    const button = el("button", { type: "button", class: "jm-word", "aria-label": says }, text);
    on(button, "click", heard);
    return button;
  };
  const range = (/** @type {"rate" | "momentum"} */ key, /** @type {number} */ top) => {
    const text = page.createTextNode(short(how[key]));
    const input = el("input", { type: "range", min: 0, max: top, step: top / 100, "aria-label": key + " of the descent" });
    input.value = String(how[key]);
    const fill = () => input.style.setProperty("--at", (how[key] / top).toFixed(3));
    fill();
    on(input, "input", () => { how[key] = +(+input.value).toPrecision(3); write(text, short(how[key])); fill(); place.redraw(); });
    return el("label", { class: "jm-rate" }, key, " ", input, el("span", {}, text));
  };
  const run = word("\u25b6\u25b6 run", () => {
    if (timer) return stop();
    if (still.matches) return go(how.steps + 30);
    let left = 30;
    timer = view.setInterval(() => { go(how.steps + 1); if (!--left) stop(); }, 90);
  }, "run 30 steps of the descent");
  const newton = word("Newton", () => { how.newton = !how.newton; newton.setAttribute("aria-pressed", String(how.newton)); place.redraw(); });
  newton.setAttribute("aria-pressed", String(how.newton));
  return {
    controls: el("span", { class: "jm-descent" }, "descent ", range("rate", 1), range("momentum", 0.95), newton, word("\u25b6 step", () => go(how.steps + 1), "one step of the descent"), run, word("back", () => { stop(); go(0); }, "take the descent back"), el("span", { class: "jm-count" }, count, where)),
    /** Its points, and the value of f at the last one in words. @param {(at: number[]) => number} f */
    path(f) {
      const sample = sampler([picture.J ?? main], axes);
      const points = descent((at) => Array.from(sample(...at)), axes.map((one) => readIn(state, one)), how.steps, how);
      write(count, how.steps ? "step " + (points.length - 1) : "");
      write(where, how.steps ? ": " + short(f(points[points.length - 1])) : "");
      return points;
    },
    end: stop,
  };
}
