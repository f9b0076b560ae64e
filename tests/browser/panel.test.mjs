// The panel's evaluator and geometry, without a browser:  node --test tests/browser/panel.test.mjs
// reference.json is written by reference.py (mpmath, NumPy).

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const modules = new URL("../../jacmagic/panel/src/", import.meta.url);
const sources = readdirSync(modules, { recursive: true }).filter((name) => !name.startsWith("node_modules")).filter((name) => name.endsWith(".js")).map((name) => readFileSync(new URL(name, modules), "utf8"));
const panel = await import(new URL("panel.js", modules));
const reference = JSON.parse(readFileSync(new URL("reference.json", import.meta.url), "utf8"));
const number = (v) => (typeof v === "number" ? v : v === "inf" ? Infinity : v === "-inf" ? -Infinity : NaN);

function close(got, wanted, says, tolerance = 1e-12) {
  wanted = number(wanted);
  if (Number.isNaN(wanted)) return assert.ok(Number.isNaN(got), `${says}: ${got} instead of nan`);
  if (!Number.isFinite(wanted)) return assert.equal(got, wanted, says);
  assert.ok(Math.abs(got - wanted) <= tolerance * Math.max(Math.abs(wanted), 1e-290), `${says}: ${got} instead of ${wanted}`);
}

const scalar = (tree, ...args) => {
  const slots = Float64Array.from(args);
  return panel.closure(tree, slots)();
};
const graphOf = (op, args, shape, data) => ({
  nodes: [...args.map((arg, k) => ["input", [], arg.shape, "x" + k]), [op, args.map((_, k) => k), shape, data]],
  outputs: { y: args.length },
});

test("a product of matrices is that of its entries, zeros beside what is not finite included", () => {
  const a = [0, 2, -1, 3, 0, 0], b = [1, Infinity, 4, NaN, 5, 6, 7, 8, 9, 1, 2, 3];
  for (const last of [b, b.map((v) => (Number.isFinite(v) ? v : 2))]) {
    const engine = panel.compile(graphOf("dot", [{ shape: [2, 3] }, { shape: [3, 4] }], [2, 4], [[90, 0], [0, 1], [90, 1]]));
    const turned = panel.compile(graphOf("dot", [{ shape: [2, 3] }, { shape: [4, 3] }], [2, 4], [[0, 1], [2, 1], [0, 2]]));
    engine.set("x0", a);
    engine.set("x1", last);
    turned.set("x0", a);
    turned.set("x1", Array.from({ length: 12 }, (_, k) => last[(k % 3) * 4 + Math.floor(k / 3)]));
    const wanted = Array.from({ length: 8 }, (_, k) => [0, 1, 2].reduce((sum, i) => sum + a[3 * Math.floor(k / 4) + i] * last[4 * i + (k % 4)], 0));
    assert.deepEqual([...engine.get("y")], wanted);
    assert.deepEqual([...turned.get("y")], wanted);
  }
});

for (const [name, wanted] of Object.entries(reference.functions)) {
  test(`${name} agrees with mpmath to 1e-12, at kinks and at ±1000`, () => {
    reference.points.forEach((z, k) => {
      close(scalar([name, ["_", 0]], z), wanted[k], `${name}(${z})`);
    });
  });
}

test("every function of the table is tested", () => {
  const untested = Object.keys(panel.FUNCTIONS).filter((name) => !(name in reference.functions));
  assert.deepEqual(untested.sort(), ["atan2", "clip", "log", "max", "min"]);
});

test("nan goes through the functions", () => {
  for (const name of Object.keys(panel.FUNCTIONS)) {
    if (name === "step") continue;
    assert.ok(Number.isNaN(scalar([name, ["_", 0]], NaN)), name);
  }
});

test("erf and erfc are within 1e-14 on a fine grid, across the change of method", () => {
  for (const [z, one, other] of reference.erf) {
    close(panel.erf(z), one, `erf(${z})`, 1e-14);
    close(panel.erfc(z), other, `erfc(${z})`, 1e-12);
  }
});

test("powers are NumPy's", () => {
  assert.equal(scalar(["^", 1, "nan"]), 1);
  assert.equal(scalar(["^", ["_", 0], 0], NaN), 1);
  assert.ok(Number.isNaN(scalar(["^", ["_", 0], 0.5], -1)));
  assert.equal(scalar(["^", ["_", 0], -1], 4), 0.25);
  assert.equal(scalar(["^", ["_", 0], 3], -2), -8);
});

test("a case evaluates only the branch that holds", () => {
  const tree = ["case", ["ln", ["_", 0]], [">", ["_", 0], 0], 7, ["==", ["_", 0], 0], -1];
  assert.deepEqual([1, 0, -3].map((z) => scalar(tree, z)), [0, 7, -1]);
  assert.equal(scalar(["case", 1, ["or", [">", ["_", 0], 5], ["<", ["_", 0], -5]], 0], -6), 1);
});

test("an unknown function or operation is an error", () => {
  assert.throws(() => scalar(["constructor", 1]), /no function/);
  assert.throws(() => panel.compile(graphOf("nope", [], [], null)).get("y"), /no operation/);
});

reference.operations.forEach(({ op, args, data, shape, flat }, k) => {
  test(`operation ${op} (${k}) agrees with NumPy`, () => {
    const engine = panel.compile(graphOf(op, args, shape, data));
    args.forEach((arg, i) => engine.set("x" + i, arg.flat));
    const got = engine.get("y");
    assert.equal(got.length, flat.length);
    flat.forEach((wanted, i) => close(got[i], wanted, `${op}[${i}]`, 1e-13));
  });
});

test("only what depends on a changed input is computed again", () => {
  const engine = panel.compile({
    nodes: [["input", [], [], "x"], ["input", [], [], "y"], ["map", [0], [], { e: ["sin", ["_", 0]], a: [[]] }], ["map", [1], [], { e: ["*", 2, ["_", 0]], a: [[]] }], ["map", [2, 3], [], { e: ["+", ["_", 0], ["_", 1]], a: [[], []] }]],
    outputs: { s: 2, t: 3, u: 4 },
  });
  engine.set("x", [1]);
  engine.set("y", [2]);
  assert.equal(engine.get("u")[0], Math.sin(1) + 4);
  const before = engine.stamp("s");
  engine.set("y", [3]);
  assert.equal(engine.get("u")[0], Math.sin(1) + 6);
  assert.equal(engine.stamp("s"), before);
  engine.set("unknown", [3]);
});

test("a chain of 20,000 nodes does not overflow the stack", () => {
  const nodes = [["input", [], [], "x"]];
  for (let k = 0; k < 20000; k++) nodes.push(["map", [k], [], { e: ["+", ["_", 0], 1], a: [[]] }]);
  const engine = panel.compile({ nodes, outputs: { y: 20000 } });
  engine.set("x", [0.5]);
  assert.equal(engine.get("y")[0], 20000.5);
});

test("singular values and determinants are NumPy's", () => {
  for (const { m, n, a, s, det } of reference.matrices) {
    const found = panel.svd(a, m, n);
    s.forEach((wanted, k) => assert.ok(Math.abs(found.s[k] - wanted) < 1e-12 * s[0], `${m}x${n}`));
    if (det !== null) assert.ok(Math.abs(panel.determinant(a, n) - det) <= 1e-11 * Math.max(1, Math.abs(det)));
    // A v = σ u
    for (let k = 0; k < s.length; k++) {
      for (let i = 0; i < m; i++) {
        let sum = 0;
        for (let j = 0; j < n; j++) sum += a[i * n + j] * found.v[k][j];
        assert.ok(Math.abs(sum - found.s[k] * found.u[k][i]) < 1e-11, `${m}x${n} vectors`);
      }
    }
    const guess = Float64Array.from({ length: n }, (_, j) => 1 + j / 7);
    for (let k = 0; k < 8; k++) panel.stretch(a, m, n, guess);
    assert.ok(Math.abs(panel.stretch(a, m, n, guess) - s[0]) < 1e-3 * s[0]);
  }
});

test("a number that no digit of the inputs settles is shown as 0, also alone; a small one that they settle stays", () => {
  const nodes = [["input", [], [], "x"], ["map", [0], [], { e: ["cos", ["_", 0]], a: [[]] }], ["map", [0], [], { e: ["*", 1e-20, ["_", 0]], a: [[]] }]];
  const engine = panel.compile({ nodes, outputs: { c: 1, s: 2 } });
  engine.set("x", [Math.PI / 2]);
  assert.notEqual(engine.get("c")[0], 0);
  assert.equal(engine.shown("c")[0], 0);
  assert.equal(engine.shown("s")[0], engine.get("s")[0]);
  assert.notEqual(engine.get("c")[0], 0);
  engine.set("x", [Math.PI / 2 + 1e-9]);
  assert.equal(engine.shown("c")[0], engine.get("c")[0]);
});

test("what is nothing but rounding is shown as 0", () => {
  const { sin, cos, PI } = Math;
  const clean = [1, -2, 1e-11];
  assert.equal(panel.settled(clean), clean);
  assert.deepEqual(panel.settled([cos(PI / 2), -3, 1, NaN]), [0, -3, 1, NaN]);
  assert.deepEqual(panel.settled([6.6e-34]), [6.6e-34]);
  // Rows that depend on one another, but for rounding.
  const singular = [1, 2, 3, 4, 5, 6, 0.1 * 3, 0.2 * 3, 0.3 * 3];
  assert.notEqual(panel.determinant(singular, 3), 0);
  const s = panel.stretches(singular, 3, 3);
  assert.equal(s.filter(Boolean).length, 2);
  assert.equal(panel.volume(singular, 3, s), 0);
  // A small determinant that is right stays: a turn, shrunk.
  const small = [cos(1), -sin(1), sin(1), cos(1)].map((v) => 1e-9 * v);
  assert.ok(Math.abs(panel.volume(small, 2, panel.stretches(small, 2, 2)) - 1e-18) < 1e-30);
});

test("numbers keep four digits and a real minus", () => {
  const table = [[4.28, "4.280"], [-0.6, "−0.6000"], [0, "0"], [-0, "0"], [1234.5, "1235"], [99999, "1.000·10⁵"], [-1.5e-7, "−1.500·10⁻⁷"], [NaN, "undefined"], [-Infinity, "−∞"], [0.0012345, "0.001234"]];
  for (const [v, text] of table) assert.equal(panel.format(v), text);
  const brief = [[3.84, "3.84"], [-2, "−2"], [1 / 3, "0.3333"], [1e-5, "1·10⁻⁵"], [123456, "123500"], [2e9, "2·10⁹"]];
  for (const [v, text] of brief) assert.equal(panel.short(v), text);
  const narrow = [[0.456, "+0.456"], [-12.34, "−12.3"], [0.001, "+0.00100"], [-0.000123456, "−1.23·10⁻⁴"], [12345, "+12300"], [999.9, "+1000"], [2e7, "+2.00·10⁷"], [150, "+150"], [0, "0"], [NaN, "?"]];
  for (const [v, text] of narrow) assert.equal(panel.signed(v), text);
});

test("fields read what people type", () => {
  const table = [["0.5", 0.5], ["−2", -2], ["-2", -2], [" 1e-3 ", 0.001], ["0,5", 0.5], [".5", 0.5], ["1/4", 0.25], ["+3.", 3], ["", NaN], ["x", NaN], ["1/2/3", NaN], ["0x10", NaN], ["1 2", NaN]];
  for (const [text, v] of table) assert.ok(Object.is(panel.typed(text), v), text);
});

test("letters in pictures are slanted ones of the same name", () => {
  const letters = [..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZαβγδεζηθικλμνξοπρστυφχψω"];
  for (const letter of letters) {
    assert.notEqual(panel.slanted(letter), letter);
    assert.equal(panel.slanted(letter).normalize("NFKC"), letter);
  }
  for (const word of ["Γ", "rate", "y\u0302", "1"]) assert.equal(panel.slanted(word), word);
});

test("contours stand closer where most values lie", () => {
  const grid = Array.from({ length: 1600 }, (_, k) => [(k % 40) / 6.5 - 3, Math.floor(k / 40) / 6.5 - 3]);
  const of = (f) => { const list = grid.map(([x, y]) => f(x, y)); return [list, panel.heights(list, [Math.min(...list), Math.max(...list)], 18)]; };
  const [plane, even] = of((x, y) => x + y);
  assert.deepEqual(even, panel.ticks(Math.min(...plane), Math.max(...plane), 18));
  const [valley, found] = of((x, y) => (1 - x) ** 2 + 5 * (y - x * x) ** 2);
  assert.ok(found.filter((v) => v > 0 && v < 100).length >= 4, String(found));
  assert.deepEqual(found, [...found].sort((a, b) => a - b));
  // A plateau has no height of its own to draw lines for.
  assert.deepEqual(panel.heights(valley.map(() => 0), [0, 1], 4), panel.ticks(0, 1, 4));
});

test("ticks are round and inside", () => {
  assert.deepEqual(panel.ticks(-2, 4, 3), [-2, 0, 2, 4]);
  assert.deepEqual(panel.ticks(0, 0.3, 3), [0, 0.1, 0.2, 0.3]);
  assert.equal(panel.nice(0.03), 0.05);
  assert.equal(panel.nice(1), 1);
});

test("a heat-map that is long or high is folded: every entry has its own square cell, and is found there", () => {
  const folds = [
    [20, 30, 360, ""], [900, 1000, 360, ""], [128, 784, 120, "each row as 28×28"], [10, 784, 160, "each row as 28×28"], [784, 10, 360, "each column as 28×28"],
    [1, 784, 360, "each row as 28×28"], [20, 420, 400, "folded after 105 columns"], [420, 20, 400, /rows$/], [40, 3, 120, "folded after 20 rows"], [7, 1001, 160, /columns$/],
  ];
  for (const [m, n, high, says] of folds) {
    const one = panel.fold(m, n, 560, high);
    if (says instanceof RegExp) assert.match(one.says, says);
    else assert.equal(one.says, says, m + "×" + n);
    const taken = new Set();
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        const [x, y] = one.spot(i, j);
        assert.ok(x >= 0 && x < one.w && y >= 0 && y < one.h);
        assert.deepEqual(one.at(x, y), [i, j]);
        taken.add(y * one.w + x);
      }
    }
    assert.equal(taken.size, m * n);
    // No cell is smaller than it would be in one piece, and all have room.
    assert.ok(one.cell >= Math.min(26, 560 / n, high / m));
    assert.ok(one.w * one.cell <= 560 + 1e-9 && one.h * one.cell <= high + 1e-9);
    let free = 0;
    for (let y = 0; y < one.h; y++) for (let x = 0; x < one.w; x++) free += !one.at(x, y);
    assert.equal(free, one.w * one.h - m * n);
    for (const [, part] of one.marks) assert.ok(part > 0 && part < 1);
  }
  assert.ok(panel.fold(10, 784, 560, 400).cell > 3.5);
});

test("the box of space has one unit on its axes, or each its own", () => {
  const corners = (...ends) => [0, 1].map((end) => ends.map((v) => (end ? v : -v)));
  const long = (box) => box.map(([lo, hi]) => hi - lo);
  for (const [ends, alike] of [[[3, 3, 9], true], [[3, 3, 3], true], [[1, 5, 2], true], [[3, 3, 20], true], [[1, 1, 30], false]]) {
    const box = panel.around(corners(...ends), [null, null, null]);
    const units = panel.sides(box).map((side, k) => side / long(box)[k]);
    assert.equal(Math.max(...units) < 1.001 * Math.min(...units), alike, ends.join());
    // All is in it, and what stands still is not drawn anew.
    ends.forEach((v, k) => assert.ok(box[k][0] <= -v && box[k][1] >= v));
    assert.ok(Math.max(...panel.sides(box)) <= 4.04 * Math.min(...panel.sides(box)));
  }
  // Where most of a way is at its end, its beginning is in sight all the same.
  const way = [[9, 0, 0], ...Array.from({ length: 99 }, () => [0, 0, 0]), [1, 1, 1]];
  assert.ok(panel.around(way, [null, null, null], Infinity)[0][1] > 9);
});

test("what is counted beside a heat-map starts at 1 and is round", () => {
  assert.deepEqual(panel.counted(4, 100, 15), [1, 2, 3, 4]);
  assert.deepEqual(panel.counted(30, 120, 15), [1, 5, 10, 15, 20, 25, 30]);
  assert.deepEqual(panel.counted(784, 420, 30), [1, 100, 200, 300, 400, 500, 600, 700]);
});

test("a typed value widens the range to a round number", () => {
  assert.deepEqual(panel.widen([-3, 3], 12), [-3, 20]);
  assert.deepEqual(panel.widen([-3, 3], -3.4), [-5, 3]);
  assert.deepEqual(panel.widen([0.1, 3], 0.01), [0.01, 3]);
  assert.deepEqual(panel.widen([-3, 3], 1), [-3, 3]);
});

test("a wall does not flatten a curve, and a peak stays whole", () => {
  const over = (f) => Array.from({ length: 301 }, (_, k) => f((k - 150) / 50));
  const [low, high] = panel.telling(over((r) => 4 * (r ** -12 - r ** -6)));
  assert.ok(low < -1 && low > -3 && high > 0 && high < 2);
  const rare = panel.telling(over((x) => 1 / (1 + 100 * x * x)));
  assert.ok(rare[0] <= 0.001 && rare[1] >= 1);
  for (const f of [(x) => x ** 3 - 3 * x, (x) => 1 / x, Math.exp, (x) => 2, (x) => Math.max(x, 0)]) assert.deepEqual(panel.telling(over(f)), panel.extent(over(f)));
});

test("a pole does not flatten the picture, and axes stand still", () => {
  const values = Array.from({ length: 301 }, (_, k) => 1 / ((k - 150) / 50));
  const [lo, hi] = panel.extent(values);
  assert.ok(hi < 20 && lo > -20);
  assert.deepEqual(panel.extent([NaN, Infinity]), [-1, 1]);
  const first = panel.steady(null, [0, 10]);
  assert.equal(panel.steady(first, [0.5, 10.5]), first);
  assert.notEqual(panel.steady(first, [0, 20]), first);
  assert.notEqual(panel.steady(first, [0, 2]), first);
});

test("the contour of a circle is one closed line on the circle", () => {
  const n = 41;
  const f = Float64Array.from({ length: n * n }, (_, k) => Math.hypot((k % n) - 20, Math.floor(k / n) - 20));
  const lines = panel.contours(f, n, n, 12.3);
  assert.equal(lines.length, 1);
  assert.deepEqual(lines[0][0], lines[0].at(-1));
  for (const [x, y] of lines[0]) assert.ok(Math.abs(Math.hypot(x - 20, y - 20) - 12.3) < 0.03);
});

test("contours of a saddle do not cross, and holes in the field are left out", () => {
  const n = 20;
  const f = Float64Array.from({ length: n * n }, (_, k) => ((k % n) - 9.5) * (Math.floor(k / n) - 9.5));
  assert.equal(panel.contours(f, n, n, 0.0).reduce((sum, line) => sum + line.length, 0) > 30, true);
  f.fill(NaN, 0, 200);
  for (const line of panel.contours(f, n, n, 1)) for (const [, y] of line) assert.ok(y >= 9);
});

test("a formula is zero where one of its factors is", () => {
  const [x, y, sum] = [["_", 0], ["_", 1], ["+", 1, ["neg", ["_", 1]]]];
  for (const [tree, wanted] of [
    [["*", x, sum], [x, sum]], [["^", sum, 2], [sum]], [["/", ["*", 2, x], sum], [x]], [["neg", ["sqrt", x]], [x]], [["exp", x], []], [["^", x, -1], []],
    [["*", ["^", x, 2], ["^", x, -3]], []], [["sin", x], [["sin", x]]],
    [["+", x, ["neg", ["*", x, y]]], [x, ["+", ["*"], ["*", -1, y]]]], [["+", ["^", x, 3], ["/", ["*", y, x], 2]], [x, ["+", ["*", ["^", x, 2]], ["*", y, ["^", 2, -1]]]]],
  ]) assert.deepEqual(panel.factors(tree), wanted, JSON.stringify(tree));
});

test("layers stand in the column of their longest path", () => {
  const depth = panel.depths(["x", "a", "b", "o"], [["x", "a"], ["a", "b"], ["x", "b"], ["b", "o"]]);
  assert.deepEqual([...depth.values()], [0, 1, 2, 3]);
});

test("a 2×2 Jacobian takes microseconds", () => {
  const engine = panel.compile({
    nodes: [["input", [], [], "x"], ["input", [], [], "y"], ["map", [0, 1], [], { e: ["*", 4, ["_", 0], ["_", 1]], a: [[], []] }], ["map", [0, 1], [], { e: ["*", ["^", ["_", 0], 2], ["cos", ["_", 1]]], a: [[], []] }], ["stack", [2, 3, 3, 2], [2, 2], 0]],
    outputs: { J: 4 },
  });
  engine.set("y", [0.3]);
  const run = (times) => { for (let k = 0; k < times; k++) { engine.set("x", [k / 100]); engine.get("J"); } };
  run(20000);
  const start = performance.now();
  run(20000);
  assert.ok((performance.now() - start) / 20000 < 0.02);
});

test("no module makes code or markup of text, or asks for anything", () => {
  const source = sources.join("\n");
  for (const word of [/\beval\s*\(/, /new Function/, /\bfetch\s*\(/, /XMLHttpRequest/, /innerHTML|outerHTML|insertAdjacentHTML|document\.write/, /\bimport\s*\((?!")/]) assert.doesNotMatch(source, word);
  assert.equal(source.match(/DOMParser/g).length, 1);
});

const css = readFileSync(new URL("panel.css", modules), "utf8");
/** Linear RGB of a colour. */
const linear = (hex) => [1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16) / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
const times = (m, v) => m.map((row) => row.reduce((sum, a, k) => sum + a * v[k], 0));
/** CIE L*a*b*, white D65. */
function lab(rgb) {
  const [x, y, z] = times([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]], rgb.map((v) => Math.max(0, v)));
  const [a, b, c] = [x / 0.9505, y, z / 1.089].map((t) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116));
  return [116 * b - 16, 500 * (a - b), 200 * (b - c)];
}
// Machado, Oliveira & Fernandes (2009), severity 1.
const BLIND = {
  none: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protan: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deutan: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritan: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
};

for (const [kind, matrix] of Object.entries(BLIND)) {
  test("the hues of variables and those of signs are told apart, " + kind, () => {
    for (const names of [["c0", "c1", "c2", "c3"], ["t0", "t1", "t2", "t3"], ["jm-pos", "jm-neg"]]) {
      for (const dark of [0, 1]) {
        const colours = names.map((name) => [...css.matchAll(new RegExp("--" + name + ": (#[0-9a-f]{6});", "g"))][dark][1]);
        const seen = colours.map((hex) => lab(times(matrix, linear(hex))));
        seen.forEach((one, i) => seen.slice(0, i).forEach((other, j) => {
          const far = Math.hypot(...one.map((v, k) => v - other[k]));
          assert.ok(far > 11, [kind, colours[i], colours[j], far].join(" "));
        }));
      }
    }
  });
}

test("names have the contrast that small text needs", () => {
  const light = (hex) => linear(hex).reduce((sum, v, k) => sum + v * [0.2126, 0.7152, 0.0722][k], 0);
  [["#ffffff"], ["#111418"]].forEach(([ground], dark) => {
    for (const name of ["t0", "t1", "t2", "t3", "tp"]) {
      const hex = [...css.matchAll(new RegExp("--" + name + ": (#[0-9a-f]{6});", "g"))][dark][1];
      const [a, b] = [light(hex), light(ground)].sort((p, q) => q - p);
      assert.ok((a + 0.05) / (b + 0.05) >= 4.5, hex);
    }
  });
});

test("variables have the hues of their columns, the fifth ink, parameters none", () => {
  const name = (key, role, shape = []) => ({ key, role, shape });
  const spec = { names: [name("x", "variable", [1]), name("k", "parameter")], result: { columns: ["x[1]", "b", "c", "d", "e", "f"].map((key) => ({ key })) } };
  const found = panel.hues(spec);
  assert.deepEqual(["x", "x[1]", "b", "d", "e", "f", "k"].map((key) => found.get(key)), ["jm-hue0", "jm-hue0", "jm-hue1", "jm-hue3", "jm-hue4", "jm-hue4", "jm-param"]);
});

test("no module is longer than 500 lines", () => {
  for (const source of sources) assert.ok(source.split("\n").length <= 500, source.slice(0, 80));
});

/** Numbers that are the same in every run. */
const drawn = (seed) => () => (seed = (seed * 16807) % 2147483647) / 2147483647;

test("the way uphill is at right angles to the contour on the screen, whatever the units", () => {
  const random = drawn(7);
  for (let k = 0; k < 200; k++) {
    const [fx, fy] = [random() - 0.5, random() - 0.5];
    const [px, py] = [10 ** (4 * random()), 10 ** (4 * random())];
    const [right, down] = panel.uphill([fx, fy], px, py);
    // Along the contour f stays: (−fy, fx), on the screen (−fy px, −fx py) to the right and down.
    const along = [-fy * px, -fx * py];
    const cosine = (right * along[0] + down * along[1]) / Math.hypot(right, down) / Math.hypot(...along);
    assert.ok(Math.abs(cosine) < 1e-12);
    // Uphill, not downhill.
    assert.ok((fx * right) / px - (fy * down) / py > 0);
    assert.ok(Math.hypot(right, down) <= 100);
  }
  const [right, down] = panel.uphill([3, 4], 50, 50);
  assert.ok(Math.abs(-down / right - 4 / 3) < 1e-12);
  assert.ok(Math.hypot(...panel.uphill([3, 4], 50, 50)) > Math.hypot(...panel.uphill([0.3, 0.4], 50, 50)));
  for (const flat of [[0, 0], [NaN, 1], [Infinity, 1]]) assert.ok(panel.uphill(flat, 50, 50).every((v) => v === 0 || Number.isNaN(v)));
});

test("a unit is as long on both axes, but where one would be a sliver", () => {
  const unit = ([xr, yr], width, height) => [width / (xr[1] - xr[0]), height / (yr[1] - yr[0])];
  for (const [xr, yr] of [[[-3, 3], [-3, 3]], [[0, 3], [-3, 6]], [[0, 2], [0, 6.28]]]) {
    const shown = panel.equalUnits(xr, yr, 385, 345, 4);
    const [px, py] = unit(shown, 385, 345);
    assert.ok(Math.abs(px - py) < 1e-9);
    assert.ok(shown[0][0] <= xr[0] && shown[0][1] >= xr[1] && shown[1][0] <= yr[0] && shown[1][1] >= yr[1]);
  }
  assert.deepEqual(panel.equalUnits([0, 3], [100, 600], 385, 345, 4), [[0, 3], [100, 600]]);
  const [px, py] = unit(panel.equalUnits([0, 3], [100, 600], 200, 200), 200, 200);
  assert.ok(Math.abs(px - py) < 1e-9);
});

test("numbers beside edges stand under no node and over no other number", () => {
  const random = drawn(3);
  let [put, none] = [0, 0];
  for (let k = 0; k < 300; k++) {
    const [left, right] = [40, 40 + 90 + 120 * random()];
    const discs = [left, right].flatMap((x) => [0, 1, 2].map((i) => ({ x, y: 40 + i * (66 + 20 * random()), r: 32 })));
    const written = [];
    for (let i = 0; i < 3; i++) {
      const spot = panel.beside(discs[i], discs[3 + ((i + k) % 3)], discs, written);
      if (!spot) { none++; continue; }
      put++;
      for (const disc of discs) assert.ok(!panel.touches(spot.x, spot.y, spot.wide, 14, disc));
      for (const other of written) assert.ok(Math.abs(other.x - spot.x) >= (other.wide + spot.wide) / 2 || Math.abs(other.y - spot.y) >= 14);
      written.push(spot);
    }
  }
  assert.ok(put > 4 * none, put + " " + none);
  assert.ok(panel.touches(0, 0, 10, 10, { x: 6, y: 0, r: 2 }) && !panel.touches(0, 0, 10, 10, { x: 8, y: 0, r: 2 }));
});

test("an edge that skips a layer bends round its nodes", () => {
  const discs = [{ x: 0, y: 60, r: 20 }, { x: 100, y: 60, r: 20 }, { x: 200, y: 60, r: 20 }];
  const aside = panel.bend(discs[0], discs[2], discs, 120);
  for (let t = 0; t <= 1; t += 0.01) assert.ok(Math.hypot(200 * t - 100, 4 * t * (1 - t) * aside) > 20);
  assert.equal(panel.bend(discs[0], discs[1], discs, 120), 0);
});

test("the layers of a column stand below each other with room for their names", () => {
  const columns = [[5], [3, 2], [20], [20, 20, 20, 20], [4, 20], [2, 20, 7]];
  for (const sizes of columns) {
    const column = sizes.map((size) => ({ size, barred: size > 16 }));
    const shelf = panel.shelves(column, 420, 14, 22);
    shelf.forEach(([top, tall], k) => {
      assert.ok(top >= 0 && tall > 20, sizes.join());
      assert.ok(top + tall + (column[k].barred ? 38 : 22) <= (shelf[k + 1]?.[0] ?? 421) + 1e-9, sizes.join());
    });
  }
});

test("the eigenvalues of a symmetric matrix, with their vectors", () => {
  let seed = 7;
  const random = () => ((seed = (seed * 16807) % 2147483647) / 2147483647) * 2 - 1;
  for (const n of [1, 2, 3, 5, 12]) {
    for (let turn = 0; turn < 20; turn++) {
      const a = Float64Array.from({ length: n * n });
      for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) a[i * n + j] = a[j * n + i] = turn % 3 ? random() : Math.round(random());
      const found = panel.symmetric(a, n);
      for (const [k, { value, vector }] of found.entries()) {
        assert.ok(!k || value <= found[k - 1].value, "the largest first");
        assert.ok(Math.abs(Math.hypot(...vector) - 1) < 1e-12);
        for (let i = 0; i < n; i++) {
          const product = vector.reduce((sum, v, j) => sum + a[i * n + j] * v, 0);
          assert.ok(Math.abs(product - value * vector[i]) < 1e-12 * n, `${product} instead of ${value * vector[i]}`);
        }
      }
    }
  }
});

test("a point has the word of its gradient and Hessian", () => {
  for (const [g, h, word, kind] of [
    [[0, 0], [2, 0, 0, 6], "positive definite", "minimum"], [[1, 0], [2, 0, 0, 6], "positive definite", ""],
    [[0, 0], [-2, 1, 1, -6], "negative definite", "maximum"], [[0, 0], [0, 1, 1, 0], "indefinite", "saddle"],
    [[0, 0], [1, 1, 1, 1], "positive semidefinite", "not decided by second derivatives"], [[0, 0], [0, 0, 0, 0], "zero", "not decided by second derivatives"],
    [[0, 1], [2e9, 0, 0, 0], "positive semidefinite", ""], [[0], [-3], "concave here", "maximum"], [[2], [3], "convex here", ""],
  ]) {
    const found = panel.curved(g, h, 1);
    assert.deepEqual([found.word, found.kind], [word, kind]);
  }
});

test("a lens keeps what is under the pointer where it is, shows all again, and is moved by parts of what is shown", () => {
  const { about, nearer, panned, through, whole } = panel;
  const lens = whole();
  const range = [-3, 5];
  const at = (u) => { const [lo, hi] = through(range, lens.k, lens.x); return lo + u * (hi - lo); };
  for (const [by, u] of [[2, 0.3], [7, 0.9], [0.4, 0.1], [1.25, 0.5]]) {
    const before = at(u);
    nearer(lens, by, u, 0.5);
    assert.ok(Math.abs(at(u) - before) < 1e-12);
    assert.ok(Math.abs((at(1) - at(0)) * lens.k - 8) < 1e-9);
  }
  const before = at(0.2);
  panned(lens, 0.5, 0);
  assert.ok(Math.abs(at(0.7) - before) < 1e-12);
  nearer(lens, 1e9, 0.5, 0.5);
  assert.equal(lens.k, 1e4);
  nearer(lens, 1e-9, 0.5, 0.5);
  assert.equal(lens.k, 0.2);
  assert.deepEqual(through(range, ...Object.values(whole()).slice(0, 2)), range);
  assert.deepEqual(about([0, 4], 2, 3), [1.5, 3.5]);
});

test("an orbit is followed to its cycle, and no further than it is finite", () => {
  const ends = (f, x) => { const { cycle, gone } = panel.iterated(([v]) => [f(v)], [x]); return gone ? "gone" : cycle?.length ?? 0; };
  assert.equal(ends((x) => 3.2 * x * (1 - x), 0.1), 2);
  assert.equal(ends((x) => 2 * x, 1), "gone");
  assert.equal(ends((x) => Math.sqrt(x - 3), 2), "gone");
  assert.equal(ends((x) => -0.9999 * x, 1), 0);
  assert.equal(ends((x) => -0.9 * x, 1), 1);
});

test("asymptotes are poles and what a curve comes to far out, and nothing else", async () => {
  const { asymptotes } = await import(new URL("pictures/asymptotes.js", modules));
  const of = (f, shown = [-6, 6], [lo, hi] = [-3, 3]) => asymptotes(f, Array.from({ length: 301 }, (_, k) => { const x = lo + (k / 300) * (hi - lo); return [x, f(x)]; }), shown);
  const cases = [
    [(x) => 1 / (x * x - 1), [-1, 1], [[0, 0]]], [(x) => 1 / x, [0], [[0, 0]]], [(x) => 1 / (x - 0.123) ** 2 + 2, [0.123], [[0, 2]]],
    [(x) => Math.log(x), [0], []], [Math.tan, [-Math.PI / 2, Math.PI / 2], []], [(x) => x + 1 / x, [0], [[1, 0]]], [Math.atan, [], [[0, Math.PI / 2], [0, -Math.PI / 2]]],
    [(x) => Math.sqrt(x * x + 1), [], [[1, 0], [-1, 0]]], [Math.exp, [], [[0, 0]]], [(x) => (x ** 3 - x) / (x * x + 1), [], [[1, 0]]], [(x) => Math.log(Math.abs(x)), [0], []],
    [(x) => x * x - 2 * x, [], []], [Math.sqrt, [], []], [(x) => 1 - Math.abs(x), [], []], [Math.sin, [], []], [(x) => Math.sin(1 / x), [], [[0, 0]]], [(x) => 3 * x - 1, [], []], [Math.floor, [], []],
    [(x) => Math.abs(x) ** 0.5, [], []], [(x) => x * Math.log(x), [], []], [(x) => Math.log(x - 5), [], []],
  ];
  for (const [f, poles, lines] of cases) {
    const found = of(f);
    assert.equal(found.poles.length, poles.length, `${f}: ${found.poles}`);
    poles.forEach((x, k) => assert.ok(Math.abs(found.poles[k] - x) < 1e-7, `${f}: ${found.poles[k]}`));
    assert.equal(found.lines.length, lines.length, `${f}: ${found.lines}`);
    lines.forEach(([a, b], k) => assert.ok(Math.abs(found.lines[k][0] - a) < 1e-5 && Math.abs(found.lines[k][1] - b) < 1e-5, `${f}: ${found.lines[k]}`));
  }
});
