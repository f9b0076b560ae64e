/** The controls of a descent from the point of a picture, and its path. */

import { descent } from "../descent.js";
import { short } from "../print.js";
import { readIn } from "./plane.js";
import { stepper } from "./stepper.js";

/** @typedef {import("../types.js").Place} Place */

/** @param {Place} place @param {any[]} axes */
export function downhill(place, axes) {
  const { dom: { el, on, page, write }, main, picture, sampler, state } = place;
  // What both pictures of the function share.
  const how = (place.descent ??= { steps: 0, rate: 0.1, momentum: 0, newton: false });
  const [count, where] = [page.createTextNode(""), page.createTextNode("")];
  const { stop, words } = stepper(place, how, "descent");
  const range = (/** @type {"rate" | "momentum"} */ key, /** @type {number} */ top) => {
    const text = page.createTextNode(short(how[key]));
    const input = el("input", { type: "range", min: 0, max: top, step: top / 100, "aria-label": key + " of the descent" });
    input.value = String(how[key]);
    const fill = () => input.style.setProperty("--at", (how[key] / top).toFixed(3));
    fill();
    on(input, "input", () => { how[key] = +(+input.value).toPrecision(3); write(text, short(how[key])); fill(); place.redraw(); });
    return el("label", { class: "jm-rate" }, key, " ", input, el("span", {}, text));
  };
  const newton = el("button", { type: "button", class: "jm-word", "aria-pressed": String(how.newton) }, "Newton");
  on(newton, "click", () => { how.newton = !how.newton; newton.setAttribute("aria-pressed", String(how.newton)); place.redraw(); });
  return {
    controls: el("span", { class: "jm-descent" }, "descent ", range("rate", 1), range("momentum", 0.95), newton, ...words, el("span", { class: "jm-count" }, count, where)),
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
