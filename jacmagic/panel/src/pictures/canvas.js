/** What every drawn picture is drawn on. */

/** @typedef {import("../types.js").Place} Place */

/** @param {Place} place @param {number} width @param {number} height @param {string} says */
export const canvasFor = ({ dom: { draw } }, width, height, says) => draw("svg", { viewBox: "0 0 " + width + " " + height, class: "jm-svg", role: "group", "aria-label": says });
