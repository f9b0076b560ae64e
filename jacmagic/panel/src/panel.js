/** All that a page or a test calls. */

import "./all.js";

export { compile, closure } from "./evaluator.js";
export { bring } from "./font.js";
export { FUNCTIONS, erf, erfc } from "./functions.js";
export { factored, factors } from "./factors.js";
export { fold } from "./folds.js";
export { counted, nice, ticks, widen, extent, steady, telling, contours, depths, heights, equalUnits, uphill, touches, beside, bend, shelves } from "./geometry.js";
export { slanted } from "./letters.js";
export { determinant } from "./squares.js";
export { svd, stretch, settled, stretches, volume } from "./numeric.js";
export { direction, eigenvalues, equilibria, iterated, kindOf, lattice, newton, rests, smooth, stretched, trajectory } from "./systems.js";
export { read, written } from "./address.js";
export { fixedPoints, ratesOf } from "./pictures/system.js";
export { curved, symmetric } from "./bend.js";
export { critical, descent } from "./descent.js";
export { about, nearer, panned, through, whole } from "./pictures/lens.js";
export { surfaceNet, walled } from "./pictures/level.js";
export { around, sides } from "./pictures/space.js";
export { cross, seen } from "./pictures/solid.js";
export { OPTIMIZERS, batches, learner, uniform } from "./learner.js";
export { format, short, compact, signed, typed } from "./print.js";
export { owns } from "./keys.js";
export { mount } from "./stage.js";
export { PICTURES } from "./parts.js";
export { tools } from "./dom.js";
export { hues } from "./colours.js";
