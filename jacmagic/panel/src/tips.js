/** Words that say in full what they are, on hover and focus. */

export const EXPLAIN = /** @type {Record<string, string>} */ ({
  det: "Determinant of J: the factor by which the function scales areas or volumes near this point. Negative: it also flips orientation.",
  rank: "Rank of J: how many independent directions survive. Below the smaller side of J, some direction is squashed to nothing.",
  "\u03c3": "Singular values of J: the half-axes of the ellipse that J makes of the unit circle, largest first.",
  cond: "Condition number of J: largest singular value divided by the smallest. Large: J is nearly singular.",
  "\u03c3max": "Largest singular value: the most by which this Jacobian stretches a vector.",
  trace: "Trace of J: the sum of its diagonal, and of its eigenvalues; in x\u2032 = f(x) negative: areas shrink along the flow.",
  along: "Eigenvectors: directions that J only stretches, each by its eigenvalue.",
  eigen: "Eigenvalues of J: the rates at which small deviations from the point grow, with their turning as imaginary part.",
  factor: "Eigenvalues of J: the factors by which small deviations from a fixed point change with each step; a pair turns them.",
  modulus: "Absolute values of the eigenvalues: by them a small deviation from a fixed point grows with each step; all below 1: it dies out.",
  bend: "Eigenvalues of the second derivatives: how the function bends along its principal directions, largest first.",
  norm: "Length of the gradient: the steepest slope of the function at this point.",
  "\u03b4": "Delta: the derivative of the output by this node, carried back by the transposed local Jacobians.",
});

/** @param {HTMLElement} root @param {string} own @param {import("./types.js").Dom} dom */
export function tips(root, own, { el, line, on }) {
  const bubble = el("div", { class: "jm-tip", role: "tooltip", id: own + "-tip", hidden: true });
  /** A word that says in full what it is, on hover and focus. @param {string} word @param {string} [key] */
  function term(word, key = word) {
    const node = el("button", { type: "button", class: "jm-term", "aria-describedby": own + "-tip" }, ...line(word));
    const show = () => {
      bubble.textContent = EXPLAIN[key] ?? key;
      bubble.hidden = false;
      const [box, base] = [node.getBoundingClientRect(), root.getBoundingClientRect()];
      bubble.style.left = Math.max(0, Math.min(box.left - base.left, base.width - bubble.offsetWidth)) + "px";
      bubble.style.top = box.bottom - base.top + 6 + "px";
    };
    const hide = () => { bubble.hidden = true; };
    on(node, "pointerenter focus click", show);
    on(node, "pointerleave blur", hide);
    on(node, "keydown", (event) => {
      if (event.key !== "Escape" || bubble.hidden) return;
      event.preventDefault();
      hide();
    });
    return node;
  }
  return { bubble, term };
}
