/** Names as pictures print them, which have no MathML. */

/** Accents that stand by themselves: fonts do not lift the combining ones over a tall letter. @type {Record<string, string>} */
export const ACCENTS = { "^": "\u02c6", "\u00af": "\u02c9", "~": "\u02dc", "\u00a8": "\u00a8" };

/** Accents as text has them, behind their letter. @type {Record<string, string>} */
export const COMBINING = { "\u02d9": "\u0307", "^": "\u0302", "~": "\u0303", "\u00af": "\u0304", "\u00a8": "\u0308" };

/** Whether a letter reaches up to where its accent would be. @param {string} letter */
export const tall = (letter) => /[A-Z\u0391-\u03a9bdfhklt\u03b2\u03b4\u03b6\u03b8\u03bb\u03be\u03c8]/.test(letter[0]);

/** A letter slanted as in a formula, by its own character: pictures have no MathML. @param {string} letter */
export const slanted = (letter) => {
  const at = letter.codePointAt(0) ?? 0;
  if (letter.length !== 1) return letter;
  if (letter === "h") return "\u210e";
  if (/[A-Z]/.test(letter)) return String.fromCodePoint(at + 119795);
  if (/[a-z]/.test(letter)) return String.fromCodePoint(at + 119789);
  return /[\u03b1-\u03c9]/.test(letter) ? String.fromCodePoint(at + 119627) : letter;
};
