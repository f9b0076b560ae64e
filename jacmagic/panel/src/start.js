// Unpacks what the first waiting element carries: no network, no eval, no blob. A module runs once a page, as an inline script,
// and is held under a symbol by its version and its parts: what comes later with no other parts draws with it.
const root = /** @type {HTMLElement} */ (document.querySelector('[data-jacmagic]'));
const { jacmagic = '', code = '', module = '' } = root.dataset, [version, ...parts] = module.split(' '), own = Symbol.for('jacmagic');
delete root.dataset.jacmagic;
delete root.dataset.code;
const digit = (/** @type {number} */ letter) => letter - 33 - +(letter > 34) - +(letter > 38) - +(letter > 60);
const unpack = (/** @type {string} */ packed) => {
const at = packed.indexOf(' '), bytes = new Uint8Array(Number(packed.slice(0, at)) + 2);
for (let i = at + 1, v = 0, bits = 0, k = 0; i < packed.length; i += 2) {
v = v << 13 | digit(packed.charCodeAt(i)) * 91 + digit(packed.charCodeAt(i + 1));
for (bits += 13; bits > 7; v &= (1 << bits) - 1) { bits -= 8; bytes[k++] = v >> bits; }
}
const { readable, writable } = new DecompressionStream('deflate-raw'), writer = writable.getWriter();
writer.write(bytes.slice(0, -2));
writer.close();
return new Response(readable).text();
};
/** @type {{version: string, parts: string[], begun: Promise<any>, made?: (begin: any) => void}[]} */
const held = /** @type {any} */ (window)[own] ??= [];
let found = held.find((one) => one.version === version && parts.every((part) => one.parts.includes(part)));
if (!found && code) {
const script = document.createElement('script'), place = held.length;
held.push(found = { version, parts, begun: new Promise((made) => unpack(code).then((text) => {
held[place].made = made;
script.type = 'module';
script.textContent = text + 'window[Symbol.for(\'jacmagic\')][' + place + '].made([begin, style])';
document.head.append(script);
script.remove();
})) });
}
if (found) Promise.all([found.begun, unpack(jacmagic)]).then(([[begin, style], spec]) => begin(root, JSON.parse(spec), style));

export {};
