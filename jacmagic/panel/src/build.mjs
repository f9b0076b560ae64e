// What outputs carry, written beside this folder or into the one that is named: the modules in one, and small.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { minify } from "terser";

const here = fileURLToPath(new URL(".", import.meta.url));
const there = process.argv[2] ?? join(here, "..");
// Terser joins and folds nothing that deflate finds better as it stands.
const kept = { ecma: 2020, passes: 2, sequences: false, conditionals: false };

const { outputFiles } = await build({
  stdin: { contents: 'import { mount } from "./stage.js"; import { bring } from "./font.js"; export { mount, bring };', resolveDir: here },
  bundle: true, format: "esm", charset: "utf8", write: false,
});
// `mount` and `bring` keep their names: a page that has the text inline calls them.
const { code = "" } = await minify(outputFiles[0].text, { module: true, compress: kept, mangle: { reserved: ["mount", "bring"] }, format: { comments: false } });
writeFileSync(join(there, "panel.min.js"), code.replace(/export\s*\{[^}]*\};?\s*$/, ""));

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
writeFileSync(join(there, "panel.min.css"), style.outputFiles[0].text);
