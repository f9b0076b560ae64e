/** Words that go a step at a time, run, and go back: of a descent, an orbit, a morph. */

/** @typedef {import("../types.js").Place} Place */

/**
 * @param {Place} place @param {{steps: number}} how what the pictures of a place share
 * @param {string} what of which the steps are, in words @param {{most?: number, burst?: number, pace?: number, stride?: number}} [limits] `burst` steps are a run, one each `pace` milliseconds
 */
export function stepper({ dom: { el, on, view }, redraw, still }, how, what, { most = 200, burst = 30, pace = 90, stride = 1 } = {}) {
  let timer = 0;
  const stop = () => { view.clearInterval(timer); timer = 0; };
  const go = (/** @type {number} */ steps) => { how.steps = Math.max(0, Math.min(most, steps)); redraw(); };
  const word = (/** @type {string} */ text, /** @type {() => void} */ heard, /** @type {string} */ says) => {
    const button = el("button", { type: "button", class: "jm-word", "aria-label": says + " of the " + what }, text);
    on(button, "click", heard);
    return button;
  };
  const run = () => {
    if (timer) return stop();
    if (how.steps >= most) go(0);
    if (still.matches) return go(how.steps + burst);
    let left = burst;
    timer = view.setInterval(() => { go(how.steps + 1); if (!--left || how.steps >= most) stop(); }, pace);
  };
  return {
    stop,
    words: [word("\u25b6 step", () => { stop(); go(how.steps + stride); }, "one step"), word("\u25b6\u25b6 run", run, "run " + burst + " steps"), word("back", () => { stop(); go(0); }, "back to the start")],
  };
}
