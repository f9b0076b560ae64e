/** All that a page or a test calls. */

export { compile, closure } from "./evaluator.js";
export { bring } from "./font.js";
export { FUNCTIONS, erf, erfc } from "./functions.js";
export { counted, nice, ticks, widen, extent, steady, contours, depths, equalUnits, uphill, touches, beside, bend, shelves } from "./geometry.js";
export { symbol, slanted } from "./letters.js";
export { determinant, svd, stretch, settled, stretches, volume } from "./numeric.js";
export { format, short, compact, signed, typed } from "./print.js";
export { owns, mount } from "./stage.js";
