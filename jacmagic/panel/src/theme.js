/** Light or dark, by the text that the host gives: brighter than the middle means a dark ground, whatever its theme is called. */

/** @param {HTMLElement} root @param {import("./types.js").Dom} dom @param {() => void} changed @returns {() => void} what ends it */
export function follow(root, { page, view, on }, changed) {
  /** Text brighter than the middle means a dark ground, whatever the host calls its theme. */
  function theme() {
    const [r, g, b] = (view.getComputedStyle(root).color.match(/[\d.]+/g) ?? ["0", "0", "0"]).map(Number);
    const full = /^color/.test(view.getComputedStyle(root).color) ? 1 : 255;
    const before = root.classList.contains("jm-dark");
    if (root.classList.toggle("jm-dark", 0.3 * r + 0.59 * g + 0.11 * b > full / 2) !== before) changed();
  }
  theme();
  const watcher = new view.MutationObserver(theme);
  for (const node of [page.documentElement, page.body]) watcher.observe(node, { attributes: true, attributeFilter: ["class", "style", "theme", "data-jp-theme-light", "data-jp-theme-name", "data-vscode-theme-kind", "data-theme"] });
  const preference = view.matchMedia("(prefers-color-scheme: dark)");
  return () => watcher.disconnect();
}
