// Evaluations a second of the panel's evaluator: node evaluator.mjs < {"graph": …, "values": …, "name": "x"}
// Each evaluation moves one slider and reads all numbers of the Jacobian. Prints seconds and the last numbers.

import { readFileSync } from "node:fs";

const { compile } = await import(new URL("../../jacmagic/panel/src/evaluator.js", import.meta.url));
const { graph, values, name } = JSON.parse(readFileSync(0, "utf8"));

const engine = compile(graph);
for (const key in values) engine.set(key, values[key]);
const many = 200_000;
let numbers;
function turn() {
  const begin = performance.now();
  for (let k = 0; k < many; k++) {
    engine.set(name, [1 + k / many]);
    numbers = engine.get("J");
  }
  return (performance.now() - begin) / 1000 / many;
}
turn(); // the first makes it compiled
console.log(JSON.stringify({ seconds: turn(), numbers: [...numbers] }));
