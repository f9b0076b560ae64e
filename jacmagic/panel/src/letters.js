/** Names as pictures print them, which have no MathML. */

export const GREEK = "alpha \u03b1 beta \u03b2 gamma \u03b3 delta \u03b4 epsilon \u03b5 zeta \u03b6 eta \u03b7 theta \u03b8 iota \u03b9 kappa \u03ba lam \u03bb lambda \u03bb mu \u03bc nu \u03bd xi \u03be pi \u03c0 rho \u03c1 sigma \u03c3 tau \u03c4 upsilon \u03c5 phi \u03c6 chi \u03c7 psi \u03c8 omega \u03c9 Gamma \u0393 Delta \u0394 Theta \u0398 Lambda \u039b Xi \u039e Pi \u03a0 Sigma \u03a3 Phi \u03a6 Psi \u03a8 Omega \u03a9".split(" ");

/** @type {Record<string, string>} */
export const MARKS = { hat: "\u0302", bar: "\u0304", tilde: "\u0303", dot: "\u0307" };

/** Accents that stand by themselves: fonts do not lift the combining ones over a tall letter. @type {Record<string, string>} */
export const SPACING = { "\u0302": "\u02c6", "\u0304": "\u02c9", "\u0303": "\u02dc", "\u0307": "\u02d9" };

/** A key as it is printed in a picture: its letter, its index. @param {string} key @returns {[string, string]} */
export function symbol(key) {
  const [, word, mark, index = ""] = /^([^\d_[]+)(?:_(hat|bar|tilde|dot)(?![A-Za-z]))?(.*)$/.exec(key) ?? [key, key];
  const greek = GREEK.indexOf(word);
  const letter = greek >= 0 && greek % 2 === 0 ? GREEK[greek + 1] : word;
  return [letter + (MARKS[mark ?? ""] ?? ""), index.replace(/[^\p{L}\d]+/gu, ",").replace(/^,|,$/g, "")];
}

/** A letter slanted as in a formula, by its own character: pictures have no MathML. @param {string} letter */
export const slanted = (letter) => {
  const at = letter.codePointAt(0) ?? 0;
  if (letter.length !== 1) return letter;
  if (letter === "h") return "\u210e";
  if (/[A-Z]/.test(letter)) return String.fromCodePoint(at + 119795);
  if (/[a-z]/.test(letter)) return String.fromCodePoint(at + 119789);
  return /[\u03b1-\u03c9]/.test(letter) ? String.fromCodePoint(at + 119627) : letter;
};
