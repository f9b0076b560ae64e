// All that stands in an output as a script: it starts what waits, and waits where a host runs scripts first.
(function find(/** @type {number} */ frames) {
const found = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-jacmagic]"));
for (const one of found) { const script = document.createElement("script"); script.textContent = one.dataset.start ?? ""; document.head.append(script); script.remove(); }
if (!found.length && frames) requestAnimationFrame(() => find(frames - 1));
})(120);

export {};
