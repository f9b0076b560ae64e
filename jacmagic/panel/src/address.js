/** The values of a page of its own in the fragment of its address, so that a link brings them along. */

/** Longer fragments are none. */
const MOST = 4000;

/** Names and their values, entries with commas between. @param {Record<string, number | number[]>} values */
export const written = (values) => Object.entries(values).map(([key, v]) => encodeURIComponent(key) + "=" + [v].flat().map((one) => +one.toPrecision(12)).join(",")).join("&");

/** What a fragment says; what is no number is left out. @param {string} fragment */
export function read(fragment) {
  /** @type {Record<string, number[]>} */
  const found = {};
  for (const part of fragment.replace(/^#/, "").split("&")) {
    const at = part.indexOf("=");
    const list = part.slice(at + 1).split(",").map((one) => (/^-?[\d.]+(e[+-]?\d+)?$/i.test(one) ? +one : NaN));
    let key = "";
    try { key = decodeURIComponent(part.slice(0, at)); } catch { continue; }
    if (at > 0 && list.every(isFinite)) found[key] = list;
  }
  return found;
}

/** Take values from the address, and keep those there that are not the start's. @param {import("./types.js").Panel} panel */
export function address({ spec, dom: { on, view }, state }) {
  // An attribute without a value is the empty text.
  if (spec.kept === undefined) return;
  const take = () => { const news = read(view.location.hash); if (Object.keys(news).length) { state.receive(news); state.schedule(); } };
  take();
  on(view, "hashchange", take);
  state.resting.push(() => {
    const moved = written(Object.fromEntries(Object.entries(state.snapshot()).filter(([key]) => !state.atStart(key))));
    const wanted = moved && moved.length < MOST ? "#" + moved : "";
    if (wanted === view.location.hash) return;
    try { view.history.replaceState(null, "", wanted || view.location.pathname + view.location.search); } catch { /* a frame without an address */ }
  });
}
