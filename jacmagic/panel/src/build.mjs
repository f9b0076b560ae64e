// What outputs carry, written beside this folder or into the one that is named: the modules in one, and small.

import { readFileSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { minify } from "terser";

const here = fileURLToPath(new URL(".", import.meta.url));
const there = process.argv[2] ?? join(here, "..");
// Terser joins and folds nothing that deflate finds better as it stands.
const kept = { ecma: 2020, passes: 2, sequences: false, conditionals: false };

/**
 * All modules are one script with one set of short names, in sections: a line `//` with the parts that need what follows, none
 * where every output does. What an output takes of them is a script, too.
 */
async function panel() {
  // Each module begins with a call that terser leaves where it is.
  const marked = { name: "marked", setup: (/** @type {import("esbuild").PluginBuild} */ made) => made.onLoad({ filter: /\.js$/ }, ({ path }) => ({ contents: `$module(${JSON.stringify(relative(here, path))});${readFileSync(path, "utf8")}` })) };
  const { outputFiles, metafile } = await build({
    stdin: { contents: 'import { mount } from "./stage.js"; import { bring } from "./font.js"; import { begin } from "./begin.js"; import "./all.js"; export { mount, bring, begin };', resolveDir: here },
    bundle: true, format: "esm", charset: "utf8", write: false, metafile: true, absWorkingDir: here, plugins: [marked],
  });
  // `mount`, `bring` and `begin` keep their names: a page that has the text inline calls them.
  const { code = "" } = await minify(outputFiles[0].text, { module: true, compress: kept, mangle: { reserved: ["mount", "bring", "begin"] }, format: { comments: false } });
  const reads = (/** @type {string} */ name) => metafile.inputs[name].imports.map((one) => one.path);
  const reached = (/** @type {string[]} */ names, found = new Set(names)) => {
    for (const name of found) for (const one of reads(name)) found.add(one);
    return found;
  };
  const always = reached(["begin.js"]);
  const parts = reads("all.js").map((name) => ({ part: basename(name, ".js"), needs: reached([name]) }));
  const [first, ...rest] = code.replace(/export\s*\{[^}]*\};?\s*$/, "").split(/\$module\("(.*?)"\);?/);
  if (first) throw new Error(`before the first module: ${first}`);
  /** @type {{of: string, text: string}[]} */
  const sections = [];
  for (let k = 0; k < rest.length; k += 2) {
    const of = always.has(rest[k]) ? "" : parts.filter(({ needs }) => needs.has(rest[k])).map(({ part }) => part).sort().join(" ");
    const last = sections[sections.length - 1];
    if (last?.of === of) last.text += rest[k + 1];
    else if (rest[k + 1]) sections.push({ of, text: rest[k + 1] });
  }
  // A script of some parts has every name that it reads.
  const free = async (/** @type {string} */ text) => {
    const { ast } = /** @type {any} */ (await minify(text, { module: true, compress: false, mangle: { reserved: [] }, format: { ast: true, code: false } }));
    return new Set(/** @type {string[]} */ ([...ast.globals.keys()]));
  };
  const known = await free(sections.map(({ text }) => text).join(""));
  for (const part of ["", ...parts.map((one) => one.part)]) {
    const missing = [...await free(sections.filter(({ of }) => !of || of.split(" ").includes(part)).map(({ text }) => text).join(""))].filter((name) => !known.has(name));
    if (missing.length) throw new Error(`the part ${part} lacks ${missing}`);
  }
  return sections.map(({ of, text }) => `//${of}\n${text}\n`).join("");
}
writeFileSync(join(there, "panel.min.js"), await panel());

for (const name of ["start", "find"]) {
  const source = readFileSync(join(here, `${name}.js`), "utf8").replace(/export \{\};\s*$/, "");
  const made = await minify(source, { module: true, compress: kept, format: { comments: false, quote_style: 1 } });
  writeFileSync(join(there, `${name}.min.js`), made.code ?? "");
}

const quiz = await build({ entryPoints: [join(here, "quiz.js")], bundle: true, format: "esm", charset: "utf8", write: false });
// `ask` keeps its name: a quiz's page calls it.
const asked = await minify(quiz.outputFiles[0].text, { module: true, compress: kept, mangle: { reserved: ["ask"] }, format: { comments: false } });
writeFileSync(join(there, "quiz.min.js"), (asked.code ?? "").replace(/export\s*\{[^}]*\};?\s*$/, ""));

const style = await build({ entryPoints: [join(here, "panel.css")], minify: true, charset: "utf8", write: false });
const [, ...last] = style.outputFiles[0].text.split("@keyframes");
if (last.length !== 1 || !/^[^{}]*\{([^{}]*\{[^{}]*\})*\}\s*$/.test(last[0])) throw new Error("panel.css ends with its only keyframes");
writeFileSync(join(there, "panel.min.css"), style.outputFiles[0].text);
