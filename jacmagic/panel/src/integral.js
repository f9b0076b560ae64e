/** How an integral changes with its variables: dx dy = |det J| dr dφ, with the number at the point. */

import { stretches, volume } from "./numeric.js";
import { VIEWS } from "./parts.js";
import { format } from "./print.js";

/** @param {import("./types.js").Panel} panel */
VIEWS.integral = ({ spec, dom: { el, page, typeset, write }, state: { columns, engine, main, now } }) => {
  const text = page.createTextNode("");
  const { mathml, of } = spec.integral, n = columns.length;
  if (of) now.push(() => { const J = engine.get(main); write(text, format(Math.abs(J.every(isFinite) ? volume(J, n, stretches(J, n, n)) : NaN))); });
  return el("div", { class: "jm-formula" }, typeset(mathml), of && el("output", { style: "font:500 .8em var(--jm-sans);font-variant-numeric:tabular-nums;padding:0 .4em" }, text), of && typeset(of));
};
