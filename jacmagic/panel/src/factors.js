/** Where a formula is zero: where one of its factors is. */

/** @typedef {import("./types.js").Tree} Tree */
/** @typedef {import("./types.js").GraphSpec} GraphSpec */
/** @typedef {Map<string, number>} Powers  the factors of a term, written out, and their exponents */

/** @param {Tree} tree @param {number} [times] @param {Powers} [found] @returns {Powers} */
function powers(tree, times = 1, found = new Map()) {
  const [head, first, ...rest] = Array.isArray(tree) ? tree : [null];
  if (head === "neg") { powers(-1, times, found); powers(first, times, found); }
  else if (head === "*") for (const one of [first, ...rest]) powers(one, times, found);
  else if (head === "/") { powers(first, times, found); powers(rest[0], -times, found); }
  else if (head === "^" && Number.isInteger(rest[0])) powers(first, times * rest[0], found);
  else { const key = JSON.stringify(tree); found.set(key, (found.get(key) ?? 0) + times); }
  return found;
}

/** @param {Powers} term @param {Powers} less @returns {Tree} */
const written = (term, less) => ["*", ...[...term].map(([key, n]) => ["^", JSON.parse(key), n - (less.get(key) ?? 0)]).filter((one) => one[2]).map((one) => (one[2] === 1 ? one[1] : one))];

/** A sum as what its terms have in common, and the rest. @param {any[]} sum @returns {any[]} */
function shared(sum) {
  const terms = sum.slice(1).map((/** @type {Tree} */ one) => powers(one));
  /** @type {Powers} */
  const common = new Map();
  for (const key of terms[0].keys()) {
    const least = Math.min(...terms.map((/** @type {Powers} */ one) => one.get(key) ?? 0));
    if (least > 0 && key[0] === "[") common.set(key, least);
  }
  if (!common.size) return [sum];
  return [...common.keys()].flatMap((key) => factors(JSON.parse(key))).concat([["+", ...terms.map((/** @type {Powers} */ one) => written(one, common))]]);
}

/**
 * Formulas one of which is zero where this one is: the factors of a product, of x − x² too; the base of a power; what stands above a fraction's bar.
 * @param {Tree} tree @returns {any[]}
 */
export function factors(tree) {
  return [...powers(tree)].filter(([key, n]) => n > 0 && key[0] === "[").flatMap(([key]) => {
    const one = JSON.parse(key);
    if (one[0] === "+") return shared(one);
    return one[0] === "exp" ? [] : /^(\^|sqrt|abs)$/.test(one[0]) && !(one[2] <= 0) && !Array.isArray(one[2]) ? factors(one[1]) : [one];
  });
}

/**
 * The graph with the factors of each entry of an output as outputs of their own, and the names of these.
 * @param {GraphSpec} graph @param {string} output @returns {{graph: GraphSpec, rows: string[][] | null}} no rows where the entries have no formulas of their own
 */
export function factored(graph, output) {
  const nodes = [...graph.nodes];
  const outputs = { ...graph.outputs };
  const [kind, entries] = nodes[outputs[output]];
  if (kind !== "stack" || entries.some((at) => nodes[at][2].length)) return { graph, rows: null };
  /** @param {number} at @returns {number[]} */
  const zeros = (at) => {
    const [op, args, , data] = nodes[at];
    if (op !== "map") return [at];
    return factors(data.e).flatMap((e) => (e[0] === "_" && !nodes[args[e[1]]][2].length ? zeros(args[e[1]]) : [nodes.push(["map", args, [], { ...data, e }]) - 1]));
  };
  const rows = entries.map((at, i) => zeros(at).map((one, k) => { const name = "zero:" + i + ":" + k; outputs[name] = one; return name; }));
  return { graph: { ...graph, nodes, outputs }, rows };
}
