/** The panel alone on the screen, or in its frame where the host forbids that; as large as a slide. */

/** @param {HTMLElement} root @param {import("./types.js").Dom} dom */
export function screen(root, { page, el, on }) {
  const button = el("button", { type: "button", class: "jm-word jm-fill", "aria-pressed": "false" }, "full screen");
  const told = () => button.setAttribute("aria-pressed", String(page.fullscreenElement === root || root.classList.contains("jm-filled")));
  const toggle = async () => {
    if (page.fullscreenElement === root) await page.exitFullscreen();
    else if (!root.classList.toggle("jm-filled", false) && button.getAttribute("aria-pressed") !== "true") {
      try { await root.requestFullscreen(); } catch { root.classList.add("jm-filled"); }
    }
    told();
  };
  on(button, "click", toggle);
  on(page, "fullscreenchange", told);
  return {
    button, toggle,
    /** Whether there was something to leave. */
    leave() {
      const filled = root.classList.contains("jm-filled");
      root.classList.remove("jm-filled");
      told();
      return filled;
    },
  };
}

/**
 * On a slide of reveal.js that would be too low for it, the panel as small as it has to be: found once for each size
 * of the slides, when the slide is first seen, as nothing is to move later.
 * @param {HTMLElement} root @param {() => void} measure hears of another width
 */
export function slide(root, measure) {
  const [slides, section] = [root.closest(".reveal .slides"), root.closest("section")];
  let known = "";
  return () => {
    if (!slides || !section || !root.clientWidth || known === (known = slides.clientWidth + " " + slides.clientHeight)) return;
    const high = (/** @type {Element} */ one) => one.getBoundingClientRect().height;
    for (let k = 20; k >= 10; k--) {
      root.style.setProperty("zoom", String(k / 20));
      measure();
      if (high(section) <= high(slides)) break;
    }
    /** @type {any} */ (root.ownerDocument.defaultView)?.Reveal?.layout?.();
  };
}
