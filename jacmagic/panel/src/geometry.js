/** Where things stand in pictures; no DOM. */

const { abs, max, floor, ceil, round } = Math;

/** @typedef {import("./types.js").Pair} Pair */

/** 1, 2 or 5 times a power of ten, at least `size`. @param {number} size */
export function nice(size) {
  const ten = 10 ** floor(Math.log10(size) + 1e-9);
  const step = [1, 2, 5, 10].find((k) => k * ten >= size * (1 - 1e-9)) ?? 10;
  return +(step * ten).toPrecision(3);
}

/** Round numbers in a range, about `count` of them. @param {number} lo @param {number} hi @param {number} count */
export function ticks(lo, hi, count) {
  const step = nice((hi - lo) / count);
  const found = [];
  for (let k = ceil(lo / step - 1e-9); k * step <= hi + step * 1e-9; k++) found.push(+(k * step).toPrecision(12));
  return found;
}

/** Round heights for the contours of values, closer where a third of them would lie between two. @param {ArrayLike<number>} values @param {Pair} range @param {number} count @param {number} [deep] @returns {number[]} */
export function heights(values, [lo, hi], count, deep = 3) {
  const found = ticks(lo, hi, count);
  const edges = [lo, ...found, hi];
  const between = (/** @type {number} */ a, /** @type {number} */ b) => Array.prototype.filter.call(values, (v) => v > a && v < b).length;
  const more = edges.flatMap((a, k) => (deep && between(a, edges[k + 1]) > values.length / 3 ? heights(values, [a, edges[k + 1]], 5, deep - 1) : []));
  return [...new Set([...found, ...more])].sort((a, b) => a - b);
}

/** The numbers from 1 that stand beside a row of cells, round ones at least `gap` apart. @param {number} count @param {number} room @param {number} gap */
export function counted(count, room, gap) {
  const step = max(1, nice((count * gap) / room));
  const found = Array.from({ length: floor(count / step) }, (_, k) => (k + 1) * step);
  return step > 1 && found.length ? [1, ...found] : found;
}

/** A range, made wide enough for a value. @param {Pair} range @param {number} v @returns {Pair} */
export function widen([lo, hi], v) {
  const away = (/** @type {number} */ x) => (abs(x) < 1e300 ? Math.sign(x) * nice(abs(x)) : x);
  return [v < lo ? (v < 0 ? away(v) : v) : lo, v > hi ? (v > 0 ? away(v) : v) : hi];
}

/** The range of most of the values: far outliers, as near a pole, are left out. @param {ArrayLike<number>} values @param {number} [tail] part that may be outliers @param {number} [reach] how far outliers still count @returns {Pair} */
export function extent(values, tail = 0.06, reach = 6) {
  const sorted = Float64Array.from(values).filter((v) => abs(v) < 1e200).sort();
  if (!sorted.length) return [-1, 1];
  const at = (/** @type {number} */ part) => sorted[round(part * (sorted.length - 1))];
  let [lo, hi] = [at(0), at(1)];
  const [p, q] = [at(tail), at(1 - tail)];
  if (hi - lo > reach * (q - p) && q > p) [lo, hi] = [p - (q - p) / 2, q + (q - p) / 2];
  if (hi - lo < 1e-9 * (1 + abs(hi))) [lo, hi] = [lo - 1, hi + 1];
  return [lo, hi];
}

/** The range of a curve: where most of it is a hundred times smaller, as beside a wall, that part and its turns. @param {number[]} values in order @returns {Pair} */
export function telling(values) {
  const [lo, hi] = extent(values);
  const sorted = Float64Array.from(values).filter(isFinite).sort();
  const many = ceil(0.6 * sorted.length) - 1;
  let [a, b] = [lo, hi];
  for (let k = 0; k + many < sorted.length; k++) if (sorted[k + many] - sorted[k] < b - a) [a, b] = [sorted[k], sorted[k + many]];
  if (!(hi - lo > 100 * (b - a)) || a === b) return [lo, hi];
  const turns = values.filter((v, k) => (v - values[k - 1]) * (values[k + 1] - v) < 0 && v >= lo && v <= hi);
  return [Math.min(a - (b - a) / 2, ...turns), max(b + (b - a) / 2, ...turns)];
}

/** The old range while it serves, else a new one with air, so that a picture's axes stand still. @param {Pair | null} old @param {Pair} wanted @returns {Pair} */
export function steady(old, wanted) {
  const size = wanted[1] - wanted[0];
  if (old && wanted[0] >= old[0] && wanted[1] <= old[1] && size > 0.4 * (old[1] - old[0])) return old;
  return [wanted[0] - size * 0.12, wanted[1] + size * 0.12];
}

/**
 * Contour lines of a grid of values at one level, in grid coordinates, joined as far as they go.
 * @param {Float64Array} f row by row @param {number} nx @param {number} ny @param {number} level
 * @returns {Pair[][]}
 */
export function contours(f, nx, ny, level) {
  /** @type {Map<number, number[]>} */
  const next = new Map();
  /** @param {number} edge @returns {Pair} */
  const point = (edge) => {
    const at = edge >> 1;
    const [i, j] = [at % nx, floor(at / nx)];
    const other = at + (edge & 1 ? nx : 1);
    const t = (level - f[at]) / (f[other] - f[at]);
    return edge & 1 ? [i, j + t] : [i + t, j];
  };
  const join = (/** @type {number} */ p, /** @type {number} */ q) => {
    for (const [a, b] of [[p, q], [q, p]]) next.set(a, [...(next.get(a) ?? []), b]);
  };
  for (let j = 0; j + 1 < ny; j++) {
    for (let i = 0; i + 1 < nx; i++) {
      const at = j * nx + i;
      const a = f[at] > level;
      const b = f[at + 1] > level;
      const c = f[at + nx + 1] > level;
      const d = f[at + nx] > level;
      if (a === b && b === c && c === d) continue;
      const corners = [f[at], f[at + 1], f[at + nx + 1], f[at + nx]];
      if (!corners.every(isFinite)) continue;
      const [low, right, high, left] = [2 * at, 2 * (at + 1) + 1, 2 * (at + nx), 2 * at + 1];
      const cut = [[low, a !== b], [right, b !== c], [high, c !== d], [left, d !== a]].filter((pair) => pair[1]).map((pair) => +pair[0]);
      if (cut.length === 2) join(cut[0], cut[1]);
      if (cut.length === 4) {
        const middle = (corners[0] + corners[1] + corners[2] + corners[3]) / 4 > level;
        if (middle === a) { join(low, right); join(high, left); } else { join(low, left); join(high, right); }
      }
    }
  }
  const lines = [];
  const walk = (/** @type {number} */ start) => {
    const line = [point(start)];
    for (let at = start; ;) {
      const to = next.get(at)?.pop();
      if (to === undefined) return line;
      const back = next.get(to) ?? [];
      back.splice(back.indexOf(at), 1);
      line.push(point(to));
      at = to;
    }
  };
  for (const [edge, ends] of next) if (ends.length === 1) lines.push(walk(edge));
  for (const [edge, ends] of next) if (ends.length) lines.push(walk(edge));
  return lines.filter((line) => line.length > 1);
}

/**
 * Ranges grown so that a unit is as long on both axes; as they are where that would leave one of them a sliver.
 * @param {Pair} xr @param {Pair} yr @param {number} width @param {number} height @param {number} [most] times that a range may grow
 * @returns {[Pair, Pair]}
 */
export function equalUnits(xr, yr, width, height, most = Infinity) {
  const scale = max((xr[1] - xr[0]) / width, (yr[1] - yr[0]) / height);
  const grow = (/** @type {Pair} */ [lo, hi], /** @type {number} */ size) => /** @type {Pair} */ ([(lo + hi - scale * size) / 2, (lo + hi + scale * size) / 2]);
  if (max((scale * width) / (xr[1] - xr[0]), (scale * height) / (yr[1] - yr[0])) > most) return [xr, yr];
  return [grow(xr, width), grow(yr, height)];
}

/**
 * The way uphill in a picture: at right angles to the contour as it is drawn, whatever the units of the axes. With
 * equal ones it is the gradient's, and its length saturates, so that it stays in the picture; else it has no length to show.
 * @param {ArrayLike<number>} gradient @param {number} px how long a unit is along x @param {number} py along y, upwards
 * @returns {Pair} to the right and down
 */
export function uphill(gradient, px, py) {
  const [dx, dy] = [gradient[0] * py, -gradient[1] * px];
  const long = Math.hypot(dx, dy);
  const wanted = !long || !isFinite(long) ? 0 : abs(px - py) > 1e-9 * px ? 60 / long : 100 / (long + 8 * Math.sqrt(long));
  return [dx * wanted, dy * wanted];
}

/**
 * The layers of one column of a net, one below the other, each with room for its name: where each begins, how tall it is.
 * @param {{size: number, barred: boolean}[]} column @param {number} height @param {number} pitch between nodes @param {number} under what the name of a layer of nodes takes below it
 * @returns {Pair[]}
 */
export function shelves(column, height, pitch, under) {
  const gap = 12;
  const name = (/** @type {{barred: boolean}} */ layer) => (layer.barred ? 38 : under);
  const bars = column.filter((layer) => layer.barred).length;
  const taken = column.reduce((sum, layer) => sum + name(layer) + (layer.barred ? 0 : layer.size * pitch), gap * (column.length - 1));
  const tall = (height - taken) / bars;
  let at = bars ? 0 : (height - taken) / 2;
  return column.map((layer) => {
    const own = layer.barred ? tall : layer.size * pitch;
    const shelf = /** @type {Pair} */ ([at, own]);
    at += own + name(layer) + gap;
    return shelf;
  });
}

/** Whether a box touches a disc. @param {number} x its middle @param {number} y @param {number} wide @param {number} high @param {{x: number, y: number, r: number}} disc */
export const touches = (x, y, wide, high, disc) => Math.hypot(max(0, abs(disc.x - x) - wide / 2), max(0, abs(disc.y - y) - high / 2)) < disc.r;

/**
 * Where a number stands beside an edge: near its middle, neither under a node nor over another number, nor on another
 * edge if that can be; none where there is no room.
 * @param {{x: number, y: number}} p @param {{x: number, y: number}} q @param {{x: number, y: number, r: number}[]} discs
 * @param {{x: number, y: number, wide: number}[]} taken @param {{x: number, y: number}[][]} [others] both ends of each other edge
 * @returns {{x: number, y: number, wide: number} | null}
 */
export function beside(p, q, discs, taken, others = []) {
  const all = others.flatMap(([a, b]) => Array.from({ length: 61 }, (_, k) => ({ x: a.x + (k / 60) * (b.x - a.x), y: a.y + (k / 60) * (b.y - a.y), r: 2 })));
  return (all.length && spotted(p, q, [...discs, ...all], taken)) || spotted(p, q, discs, taken);
}

/** @param {{x: number, y: number}} p @param {{x: number, y: number}} q @param {{x: number, y: number, r: number}[]} discs @param {{x: number, y: number, wide: number}[]} taken */
function spotted(p, q, discs, taken) {
  const [dx, dy] = [q.x - p.x, q.y - p.y];
  const long = Math.hypot(dx, dy);
  const high = 14;
  for (const wide of [58, 49]) {
    const away = (abs(dy) * wide + abs(dx) * high) / long / 2 + 3;
    for (const t of [0.46, 0.38, 0.54, 0.31, 0.62, 0.25, 0.7]) {
      for (const side of [1, -1]) {
        const [x, y] = [p.x + t * dx + (side * dy * away) / long, p.y + t * dy - (side * dx * away) / long];
        if (y < high / 2 || discs.some((disc) => touches(x, y, wide, high, disc))) continue;
        if (taken.some((one) => abs(one.x - x) < (one.wide + wide) / 2 && abs(one.y - y) < high + 3)) continue;
        return { x, y, wide };
      }
    }
  }
  return null;
}

/**
 * How far an edge bends aside so that it runs through none of the discs between its ends.
 * @param {{x: number, y: number}} p @param {{x: number, y: number}} q @param {{x: number, y: number, r: number}[]} discs @param {number} height
 */
export function bend(p, q, discs, height) {
  const between = discs.filter((disc) => disc.x > p.x + 1 && disc.x < q.x - 1);
  const outwards = p.y + q.y < height ? -1 : 1;
  for (let size = 0; size <= height / 2; size += 12) {
    for (const way of [outwards * size, -outwards * size]) {
      let clear = true;
      for (let t = 0.02; clear && t < 1; t += 0.02) {
        const [x, y] = [p.x + t * (q.x - p.x), p.y + t * (q.y - p.y) + 4 * t * (1 - t) * way];
        clear = y > 3 && y < height - 3 && between.every((disc) => Math.hypot(disc.x - x, disc.y - y) > disc.r + 3);
      }
      if (clear) return way;
    }
  }
  return 0;
}

/** The column of each layer: the longest way to it. @param {string[]} keys @param {[string, string][]} edges */
export function depths(keys, edges) {
  const depth = new Map(keys.map((key) => [key, 0]));
  for (let turn = 0, moved = true; moved && turn < keys.length; turn++) {
    moved = false;
    for (const [from, to] of edges) {
      if (!depth.has(from) || !depth.has(to)) continue;
      const deeper = (depth.get(from) ?? 0) + 1;
      if (deeper > (depth.get(to) ?? 0)) { depth.set(to, deeper); moved = true; }
    }
  }
  return depth;
}
