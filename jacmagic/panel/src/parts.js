/**
 * What only some outputs carry. A part is a module that fills in its line of one of these tables, and a line in all.js; an output
 * has it where its spec asks for it, as panel/parts.py says.
 */

/**
 * The kinds of pictures. A picture is a function (engine, place) → {node, caption, update, end, save?}. `engine` answers
 * `get(output)`, `has`, `shape`; `place` has the spec of the picture, `width` and `height` in pixels, `dom` to make nodes with,
 * `axis(key)`, `sampler(outputs, axes)` for values elsewhere than at the point, and `hue(key)`, the class of a name's colour,
 * `background(...keys)`, a text that differs when the picture behind the point has to be drawn anew. `update` runs in the animation
 * frame after a change; `end` when the panel goes. `light(i, j)`, where it has one, hears which entry of J is meant;
 * `step(lit, done)` which factor of the chain rule. `save` gives the SVG to save, where that is not `node` itself.
 * `_Spec.picture` in Python says which kind a result has.
 * @type {Record<string, import("./types.js").Picture>}
 */
export const PICTURES = {};

/**
 * What stands beside the picture, or over all of it.
 * @type {Partial<{chain: typeof import("./chain.js").chain, stability: typeof import("./stability.js").stability,
 *   curvature: (panel: import("./types.js").Panel) => any[], integral: (panel: import("./types.js").Panel) => any,
 *   equation: typeof import("./pictures/equation.js").equation, veil: typeof import("./veil.js").reveal, tutor: typeof import("./tutor.js").tutor, learning: typeof import("./learning.js").learning}>}
 */
export const VIEWS = {};
