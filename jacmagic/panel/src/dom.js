/** Elements, formulas and listeners of one panel. */

import { ACCENTS, slanted, tall } from "./letters.js";

const SVG = "http://www.w3.org/2000/svg";
const MATHML = "http://www.w3.org/1998/Math/MathML";
export const SAFE_ELEMENT = /^(m([ions]|text|space|row|frac|sqrt|root|style|padded|phantom|enclose|sub|sup|subsup|under|over|underover|table|tr|td))$/;
export const SAFE_ATTRIBUTE = /^(mathvariant|display|displaystyle|scriptlevel|stretchy|symmetric|fence|separator|form|[lr]space|m(in|ax)size|largeop|movablelimits|accent|linethickness|width|notation|(column|row)(align|spacing|lines)|data-(name|tight))$/;

/** What makes nodes in a page; its listeners end with the signal, names have their hues. @param {Document} page @param {AbortSignal} signal @param {Map<string, string>} [hues] */
export function tools(page, signal, hues) {
  const view = /** @type {Window & typeof globalThis} */ (page.defaultView);
  /** @param {string} tag @param {Record<string, any>} [attributes] @param {...(Node | string | null | undefined | false)} children @returns {any} */
  function el(tag, attributes = {}, ...children) {
    const node = page.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) if (value !== false && value != null) node.setAttribute(key, value === true ? "" : value);
    // JupyterLab takes the arrow keys unless the focused element itself says no.
    if (/^(input|button|summary)$/.test(tag) || "tabindex" in attributes) node.setAttribute("data-lm-suppress-shortcuts", "true");
    node.append(.../** @type {Node[]} */ (children.filter((child) => child != null && child !== false)));
    return node;
  }
  /** @param {string} tag @param {Record<string, any>} [attributes] @param {...(Node | string)} children @returns {any} */
  function draw(tag, attributes = {}, ...children) {
    const node = page.createElementNS(SVG, tag);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  }
  const on = (/** @type {EventTarget} */ target, /** @type {string} */ types, /** @type {(event: any) => void} */ heard) => {
    for (const type of types.split(" ")) target.addEventListener(type, heard, { signal });
  };
  /** Text for screen readers alone. @param {string} text */
  const unseen = (text) => el("span", { class: "jm-hidden" }, text);
  /** Change a text only where it differs. @param {any} node @param {string} text */
  const write = (node, text) => { if (node.data !== text) node.data = text; };
  const put = (/** @type {any} */ node, /** @type {string} */ key, /** @type {any} */ value) => {
    const text = String(value);
    if (node.getAttribute(key) !== text) node.setAttribute(key, text);
  };

  /**
   * MARKUP: the one place where a string becomes elements. It is MathML that Python made; it is parsed in an
   * inert document, and only what draws formulas is copied from there, element by element.
   * @param {string} mathml @returns {any}
   */
  function typeset(mathml) {
    const parsed = new DOMParser().parseFromString(mathml, "text/html").querySelector("math");
    const copy = (/** @type {Element} */ from) => {
      const to = page.createElementNS(MATHML, from.localName);
      for (const { name, value } of from.attributes) if (SAFE_ATTRIBUTE.test(name)) to.setAttribute(name, value);
      const hue = hues?.get(from.getAttribute("data-name") ?? "");
      if (hue) to.setAttribute("class", hue);
      // A bracket that begins or ends no row of its own would get the space of a plus.
      if (from.localName === "mo" && /^[()[\]{}|\u2016\u2308-\u230b]$/.test(from.textContent ?? "")) {
        to.setAttribute("lspace", "0em");
        to.setAttribute("rspace", "0em");
        // Chromium gives a bracket that may stretch the width of its largest form.
        if (!from.parentElement?.querySelector("mfrac, mtable, msqrt, mover, munder, munderover")) to.setAttribute("stretchy", "false");
      }
      for (const child of from.childNodes) {
        if (child.nodeType === 3) to.append(child.nodeValue ?? "");
        else if (child instanceof view.Element && child.namespaceURI === MATHML && SAFE_ELEMENT.test(child.localName)) to.append(copy(child));
      }
      // A strut, so that rows without tall letters stand as far apart as the others; at the end, where it makes no minus infix.
      if (from.localName === "mtd") {
        const strut = math("mspace");
        strut.setAttribute("height", ".8em");
        strut.setAttribute("depth", ".3em");
        to.append(strut);
      }
      return to;
    };
    return parsed ? copy(parsed) : el("span");
  }
  const math = (/** @type {string} */ tag, /** @type {...(Node | string)} */ ...children) => {
    const node = page.createElementNS(MATHML, tag);
    node.append(...children);
    return node;
  };
  /** Text and formulas in a line. @param {any} content */
  const line = (content) => [content ?? []].flat().map((part) => (typeof part === "string" ? part : part.mathml ? typeset(part.mathml) : part.text ?? ""));
  /**
   * A name's MathML as text of a picture, where there is no MathML: slanted letters, accents above, indices below.
   * @param {string} mathml @param {Record<string, any>} [attributes] `before` and `behind` are words on its line
   */
  function lettered(mathml, { before, behind, ...attributes } = {}) {
    const text = draw("text", { class: "jm-symbol", ...attributes });
    // How far the pen stands below the line, in parts of the text's size.
    let depth = 0;
    /** @param {string} word @param {number} [under] @param {number} [size] @param {number} [dx] */
    const set = (word, under = 0, size = 1, dx = 0) => {
      text.append(draw("tspan", { ...(under === depth ? {} : { dy: ((under - depth) / size).toFixed(3) + "em" }), ...(dx ? { dx: dx + "em" } : {}), ...(size < 1 ? { "font-size": "70%" } : {}) }, word));
      depth = under;
    };
    const walk = (/** @type {any} */ node, /** @type {number} */ under, /** @type {number} */ size) => {
      const [first, second] = node.children;
      if (node.localName === "mover") {
        walk(first, under, size);
        set(ACCENTS[second.textContent] ?? second.textContent, under - (tall(first.textContent) ? 0.28 : 0.06), size, -0.42);
      } else if (node.localName === "msub") {
        walk(first, under, size);
        walk(second, under + 0.2, 0.7);
      } else if (first) {
        for (const child of node.children) walk(child, under, size);
      } else if (node.textContent) {
        set(node.localName === "mi" ? slanted(node.textContent) : node.textContent, under, size);
      }
    };
    const formula = typeset(mathml);
    const hue = formula.querySelector("[class]")?.getAttribute("class");
    if (hue) text.setAttribute("class", "jm-symbol " + hue);
    if (before) set(before);
    walk(formula, 0, 1);
    if (behind) set(behind);
    return text;
  }
  return { page, view, el, draw, on, unseen, write, put, typeset, math, line, lettered };
}
