/** A net: activations on the nodes, local derivatives on the edges, delta flowing back. */

import { largest, strength, tint } from "../colours.js";
import { bend, beside, depths, shelves } from "../geometry.js";
import { PICTURES } from "../parts.js";
import { format, signed } from "../print.js";
import { canvasFor } from "./canvas.js";

const { abs, floor, max, min } = Math;

/** @type {import("../types.js").Picture} */
function net(engine, place) {
  const { picture, term, still, redraw, dom: { page, draw, el, lettered, on, put, write } } = place;
  /** @type {{key: string, size: number, forward: string, mathml: string, entries?: string[], delta?: string, gate?: boolean}[]} */
  const layers = picture.layers;
  const read = (/** @type {any} */ layer) => engine.get(layer.forward);
  /** @type {{edges: [string, string][], leap?: [string, string][], left?: number}} */
  const { edges: links, leap = [], left } = picture;
  const depth = depths(layers.map((layer) => layer.key), [...links, ...leap]);
  const columns = /** @type {any[][]} */ ([]);
  for (const layer of layers) (columns[depth.get(layer.key) ?? 0] ??= []).push(layer);
  const { width } = place;
  // More nodes than fit below each other are bars.
  const barred = new Set(columns.flatMap((column) => {
    const crowded = column.reduce((sum, layer) => sum + min(layer.size, 16), 0) > 24;
    return column.filter((layer) => layer.size > (crowded ? 2 : columns.length > 13 ? 8 : 16));
  }));
  const nodesOf = (/** @type {any[]} */ column) => column.reduce((sum, layer) => sum + (barred.has(layer) ? 0 : layer.size), 0);
  const most = max(...columns.map(nodesOf));
  const layered = max(...columns.map((column) => column.length));
  const height = max(place.height - 8, barred.size ? 96 * layered : 0);
  const known = links.filter(([from, to]) => [from, to].every((key) => layers.some((layer) => layer.key === key)) && engine.has("local:" + to + ":" + from));
  const sizeOf = new Map(layers.map((layer) => [layer.key, layer.size]));
  const count = known.reduce((sum, [from, to]) => sum + (sizeOf.get(from) ?? 1) * (sizeOf.get(to) ?? 1), 0);
  /** The distance of nodes that leaves names and bars their room. @param {number} under */
  const pitchWith = (under) => min(124, ...columns.filter(nodesOf).map((column) => {
    const bars = column.filter((layer) => barred.has(layer)).length;
    return (height - 12 * (column.length - 1) - 96 * bars - under * (column.length - bars)) / nodesOf(column);
  }));
  const radiusWith = (/** @type {number} */ pitch) => max(4, min(32, pitch * 0.41, width / columns.length / 3.2));
  const under = radiusWith(pitchWith(0)) < 15 ? 22 : 0;
  const pitch = pitchWith(under);
  // Numbers beside the edges, where they are few, need room between the columns.
  const roomy = (width - 28 - 64 * (columns.length - 1)) / (2 * columns.length);
  const numbered = count <= 14 && min(roomy, radiusWith(pitch)) > 20;
  const inside = numbered ? min(roomy, radiusWith(pitch)) : radiusWith(pitch);
  // Nodes that are too small for their values have them above.
  const above = inside >= 15 && inside < 28 && pitch >= 44;
  const radius = above ? min(inside, (pitch - 15) / 2) : inside;
  const named = above || radius >= 15;
  // Names below narrow columns are smaller, and stand below every other one before they are too small.
  const every = Math.ceil((12 * columns.length) / (0.6 * width));
  const beneath = "font-size:" + min(21, (0.6 * width * every) / columns.length).toFixed(1) + "px";
  const svg = canvasFor(place, width, height + 8, "the net, its activations and local derivatives");
  const [backdrop, lines, words, dots] = [draw("g"), draw("g"), draw("g", { class: "jm-edge-labels" }), draw("g")];
  svg.append(backdrop, lines, dots, words);
  const xOf = (/** @type {number} */ k) => (columns.length === 1 ? width / 2 : radius + 14 + (k * (width - 2 * radius - 28)) / (columns.length - 1));
  /** What an edge or its number would be hidden by. @type {{x: number, y: number, r: number}[]} */
  const discs = [];
  /** @type {Map<string, {x: number, y: number}[]>} */
  const spots = new Map();
  let back = false;
  let brightest = 1;
  const found = page.createTextNode("");
  const halo = draw("rect", { class: "jm-found", rx: 3 });
  let tell = () => {};
  /**
   * Values that have no room in the picture: under the pointer, or by arrow keys.
   * @param {any} layer @param {any[]} shapes as many as the layer has, or fewer, each for several
   */
  function readable(layer, shapes) {
    const group = draw("g", { class: "jm-readable", tabindex: 0, role: "group", "data-lm-suppress-shortcuts": "true", "aria-label": layer.key + ", " + layer.size + " values; arrow keys read them" }, ...shapes);
    let at = 0;
    const show = (/** @type {number} */ k) => {
      at = max(0, min(layer.size - 1, k));
      const box = shapes[floor((at * shapes.length) / layer.size)].getBBox();
      for (const side of ["x", "y", "width", "height"]) put(halo, side, box[side]);
      tell = () => {
        const delta = back && deltaOf(layer);
        write(found, (delta ? "\u03b4 of " : "") + layer.key + (layer.size > 1 ? "[" + (at + 1) + "]" : "") + " = " + format(engine.shown(delta || layer.forward)[at]));
      };
      tell();
    };
    on(group, "pointermove", (event) => {
      const box = group.getBoundingClientRect();
      show(floor(((event.clientY - box.top) / box.height) * layer.size));
    });
    on(group, "focus", () => show(at));
    on(group, "keydown", (event) => {
      const way = /** @type {Record<string, number>} */ ({ ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1, PageUp: -10, PageDown: 10 })[event.key];
      if (!way) return;
      event.preventDefault();
      show(at + way);
    });
    return group;
  }
  const deltaOf = (/** @type {any} */ layer) => (engine.has(layer.delta) ? layer.delta : null);
  /** Left of a product of definitions, entry by entry. @param {any} layer @param {number} x @param {number} y */
  const gate = (layer, x, y) => { if (layer.gate) words.append(draw("text", { x: x - 5, y: y + 6, "text-anchor": "end", class: "jm-symbol jm-haloed" }, "\u2299")); };
  const updates = /** @type {(() => void)[]} */ ([]);
  columns.forEach((column, k) => {
    const shelf = shelves(column.map((layer) => ({ size: layer.size, barred: barred.has(layer) })), height, pitch, under);
    for (const [place, layer] of column.entries()) {
      const x = xOf(k);
      const [top, tall] = shelf[place];
      if (barred.has(layer)) {
        const bins = min(layer.size, 64);
        const bars = Array.from({ length: bins }, (_, i) => draw("rect", { x: x - 15, width: 30, y: top + (i * tall) / bins, height: tall / bins - (bins < 40 ? 1 : 0) }));
        dots.append(draw("rect", { x: x - 15, y: top, width: 30, height: tall, class: "jm-base" }), readable(layer, bars));
        dots.append(lettered(layer.mathml, { x, y: top + tall + 17, "text-anchor": "middle" }), draw("text", { x, y: top + tall + 34, "text-anchor": "middle", class: "jm-small" }, String(layer.size)));
        spots.set(layer.key, [{ x, y: top }, { x, y: top + tall }]);
        gate(layer, x - 15, top + tall / 2);
        for (let y = top; y <= top + tall + 38; y += 8) discs.push({ x, y, r: 18 });
        updates.push(() => {
          const delta = back ? deltaOf(layer) : null;
          const list = delta ? engine.get(delta) : read(layer);
          const top2 = largest(list);
          bars.forEach((bar, i) => {
            let sum = 0;
            const [lo, hi] = [floor((i * layer.size) / bins), floor(((i + 1) * layer.size) / bins)];
            for (let j = lo; j < hi; j++) sum += list[j];
            put(bar, "fill", tint(sum / (hi - lo), top2));
          });
        });
        continue;
      }
      const places = Array.from({ length: layer.size }, (_, i) => ({ x, y: top + (i + 0.5) * pitch + (above ? 7 : 0) }));
      spots.set(layer.key, places);
      gate(layer, x - radius, places[0].y);
      discs.push(...places.map((spot) => ({ ...spot, r: radius })));
      if (above) discs.push(...places.flatMap(({ x, y }) => [-16, 0, 16].map((by) => ({ x: x + by, y: y - radius - 8, r: 8 }))));
      const made = places.map((spot, i) => {
        const fill = draw("circle", { cx: spot.x, cy: spot.y, r: radius });
        const text = page.createTextNode("");
        dots.append(draw("circle", { cx: spot.x, cy: spot.y, r: radius, class: "jm-base" }), fill);
        if (named) {
          const name = lettered(layer.entries?.[i] ?? layer.mathml, { x: spot.x, y: spot.y + radius * (above ? 0.3 : -0.12), "text-anchor": "middle" });
          put(name, "style", "font-size:" + (radius * (above ? 0.95 : 0.7) * min(1, 6 / (name.textContent ?? "").length)).toFixed(1) + "px");
          dots.append(name);
          dots.append(draw("text", { x: spot.x, y: spot.y + (above ? -radius - 3 : radius * 0.5), "text-anchor": "middle", class: "jm-digits" + (above ? " jm-haloed" : "") }, text));
        } else {
          if (!i && k % every === 0) dots.append(lettered(layer.mathml, { x: spot.x, y: top + tall + 17, "text-anchor": "middle", class: "jm-symbol jm-beneath", style: beneath }));
        }
        return { fill, text };
      });
      if (!named) dots.append(readable(layer, made.map((one) => one.fill)));
      updates.push(() => {
        const delta = back ? deltaOf(layer) : null;
        const list = delta ? engine.get(delta) : read(layer);
        made.forEach((one, i) => {
          const digits = back && !delta ? "" : signed(list[i]);
          write(one.text, digits);
          if (one.text.parentElement) put(one.text.parentElement, "style", "font-size:" + (above ? 12 : min(radius * 0.45, (2.9 * radius) / digits.length)).toFixed(1) + "px");
          put(one.fill, "fill", back && !delta ? "none" : tint(list[i], brightest));
        });
      });
    }
  });
  /** @type {{x: number, y: number, wide: number}[]} */
  const written = [];
  /** @type {{line: any, text: Text | null, wide: number, output: string, k: number}[]} */
  const edges = [];
  const ends = !numbered ? [] : known.flatMap(([from, to]) => (spots.get(from) ?? []).flatMap((p) => (spots.get(to) ?? []).map((q) => [p, q])));
  for (const [from, to] of known) {
    const output = "local:" + to + ":" + from;
    const [p, q] = [/** @type {any} */ (spots.get(from)), /** @type {any} */ (spots.get(to))];
    const [np, nq] = [sizeOf.get(from) ?? 1, sizeOf.get(to) ?? 1];
    const wide = [from, to].map((key) => [...barred].some((layer) => layer.key === key));
    if (wide[0] || wide[1]) {
      const wing = (/** @type {any[]} */ spot, /** @type {number} */ side) => [spot[0], spot[spot.length - 1]].map((one, k) => one.x + side + " " + (one.y + (k ? 6 : -6)));
      const [a, b] = wing(p, wide[0] ? 17 : radius);
      const [c, d] = wing(q, wide[1] ? -17 : -radius);
      backdrop.append(draw("path", { class: "jm-band", d: "M" + a + "L" + c + "L" + d + "L" + b + "Z" }));
      continue;
    }
    for (let j = 0; j < nq; j++) {
      for (let i = 0; i < np; i++) {
        const aside = bend(p[i], q[j], discs, height);
        const middle = { x: (p[i].x + q[j].x) / 2, y: (p[i].y + q[j].y) / 2 + 2 * aside };
        const path = draw("path", { class: "jm-edge", d: "M" + p[i].x + " " + p[i].y + "Q" + middle.x + " " + middle.y + " " + q[j].x + " " + q[j].y });
        lines.append(path);
        const spot = numbered && np * nq <= 6 ? beside(p[i], aside ? middle : q[j], discs, written, ends.filter(([a, b]) => a !== p[i] || b !== q[j])) : null;
        const text = spot && page.createTextNode("");
        if (spot && text) {
          written.push(spot);
          words.append(draw("text", { x: spot.x.toFixed(1), y: (spot.y + 4).toFixed(1), "text-anchor": "middle", class: "jm-digits" }, text));
        }
        edges.push({ line: path, text, wide: spot?.wide ?? 0, output, k: j * np + i });
      }
    }
  }
  if (left) {
    const [a, b] = [depth.get(leap[0][0]) ?? 0, min(...leap.map(([, to]) => depth.get(to) ?? 0))].map(xOf);
    words.append(draw("text", { x: (a + b) / 2, y: height / 2, "text-anchor": "middle", class: "jm-symbol" }, "\u22ef"));
    words.append(draw("text", { x: (a + b) / 2, y: height / 2 + 18, "text-anchor": "middle" }, String(left)));
  }
  const glow = draw("path", { class: "jm-band-lit" });
  backdrop.append(glow);
  /** @type {[string | null, Set<string> | null]} */
  let [lit, done] = [null, null];
  updates.push(() => {
    put(glow, "d", edges.filter((one) => one.output === lit).map((one) => one.line.getAttribute("d")).join(""));
    const top = edges.reduce((far, one) => { const v = abs(engine.get(one.output)[one.k]); return v > far && isFinite(v) ? v : far; }, 0);
    for (const one of edges) {
      const v = engine.get(one.output)[one.k];
      const strong = strength(v, top);
      put(one.line, "class", "jm-edge " + (v > 0 ? "jm-pos" : v < 0 ? "jm-neg" : "jm-none") + (done && !done.has(one.output) ? " jm-todo" : ""));
      put(one.line, "stroke-width", (0.8 + strong * (radius > 20 ? 7 : 3.5)).toFixed(1));
      put(one.line, "stroke-opacity", (0.3 + 0.6 * strong).toFixed(2));
      if (!one.text) continue;
      const digits = v && !(done && !done.has(one.output)) ? signed(v) : "";
      write(one.text, digits);
      put(one.text.parentElement, "style", "font-size:" + min(12, one.wide / 0.58 / digits.length).toFixed(1) + "px");
    }
  });
  function update() {
    // One scale for all layers, so that colours compare.
    const shown = layers.map((layer) => { const delta = deltaOf(layer); return largest(back && delta ? engine.get(delta) : read(layer)); });
    brightest = back ? max(...shown) : max(1, ...shown);
    for (const one of updates) one();
    tell();
  }
  dots.append(halo);
  const values = "nodes: value \u00a0 edges: \u2202(node)/\u2202(node), width and colour by size" + (left ? "; " + left + " layers left out" : "");
  const meaning = page.createTextNode(values);
  /** @type {any[]} */
  const caption = [el("span", { class: "jm-readout", "aria-live": "polite" }, found), meaning];
  if (layers.some(deltaOf)) {
    const what = term("what is \u03b4?", "\u03b4");
    const text = page.createTextNode("show \u03b4 flowing back");
    const toggle = el("button", { type: "button", class: "jm-word", "aria-pressed": "false" }, text);
    on(toggle, "click", () => {
      back = !back;
      toggle.setAttribute("aria-pressed", back);
      text.data = back ? "show values" : "show \u03b4 flowing back";
      meaning.data = back ? "nodes: \u03b4 = \u2202(output)/\u2202(node), carried back \u00a0 edges: local derivatives" : values;
      svg.classList.toggle("jm-back", back && !still.matches);
      redraw();
    });
    caption.push(" \u00a0 ", toggle, " \u00a0 ", what);
  }
  return { node: svg, caption, update, end() {}, step(factor, finished) { [lit, done] = [factor, finished]; redraw(); } };
}

PICTURES.net = net;
