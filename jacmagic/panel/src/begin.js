/** An output's element becomes a panel when it comes near the screen, and before a page is printed. */

import { bring } from "./font.js";
import { mount } from "./stage.js";

/** @type {Map<Element, () => void>} what is still to be drawn */
const waiting = new Map();
/** @type {IntersectionObserver | undefined} */
let near;

const away = (/** @type {IntersectionObserverEntry} */ { boundingClientRect: { top, bottom } }) => Math.max(top, -bottom);

/** Draw what waits in an element. @param {Element} root */
function draw(root) {
  const drawn = waiting.get(root);
  waiting.delete(root);
  near?.unobserve(root);
  drawn?.();
}

/** Call `drawn` when an element comes near the screen: what was there until then can be read, found and printed. @param {Element} root @param {() => void} drawn */
function when(root, drawn) {
  const view = /** @type {Window & typeof globalThis} */ (root.ownerDocument.defaultView);
  if (!near) {
    // A screen ahead, in what scrolls inside of the page, too.
    const ahead = /** @type {IntersectionObserverInit} */ ({ rootMargin: "100%", scrollMargin: "100%" });
    near = new view.IntersectionObserver((seen) => {
      const [first, ...rest] = seen.filter((one) => one.isIntersecting).sort((a, b) => away(a) - away(b));
      if (first) draw(first.target);
      // A panel is higher than what it replaces: the others may be far away now, and are asked again.
      for (const { target } of rest) { near?.unobserve(target); near?.observe(target); }
    }, ahead);
    view.addEventListener("beforeprint", () => { for (const one of [...waiting.keys()]) if (one.isConnected) draw(one); });
  }
  waiting.set(root, drawn);
  near.observe(root);
}

/** One sheet a page, which panels of another version do not feel. @param {HTMLElement} root @param {string} style */
function dress(root, style) {
  const page = /** @type {Document | ShadowRoot} */ (root.getRootNode());
  const of = (/** @type {any} */ sheet) => sheet.jacmagic;
  if (page.adoptedStyleSheets.some((sheet) => of(sheet) === style)) return;
  const view = /** @type {Window & typeof globalThis} */ (root.ownerDocument.defaultView);
  const at = style.indexOf("@keyframes"), [version] = (root.dataset.module ?? "").split(" ");
  const within = view.CSS.supports("selector(&)") ? `[data-module^="${version}"]{${style.slice(0, at)}}${style.slice(at)}` : style;
  const sheet = Object.assign(new view.CSSStyleSheet(), { jacmagic: style });
  sheet.replaceSync(within);
  page.adoptedStyleSheets = [...page.adoptedStyleSheets, sheet];
}

/** @param {HTMLElement} root the output's element @param {any} spec @param {string} style */
export function begin(root, spec, style) {
  const { uid, font, kept } = root.dataset;
  delete root.dataset.font;
  if (font) bring(root, font);
  when(root, () => {
    dress(root, style);
    const inner = root.ownerDocument.createElement("div");
    root.replaceChildren(inner);
    if (!font) bring(root);
    mount(inner, { ...spec, uid, kept });
  });
}
