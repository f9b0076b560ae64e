/** The panel alone on the screen, or in its frame where the host forbids that. */

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
