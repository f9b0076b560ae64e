// Unpacks what the first waiting element carries, into an inline module script: no network, no eval, no blob.
const root = /** @type {HTMLElement} */ (document.querySelector('[data-jacmagic]'));
const data = /** @type {string} */ (root.dataset.jacmagic), bytes = /** @type {number[]} */ ([]), mark = 'jm' + Math.random().toString(36).slice(2);
const digit = (/** @type {number} */ code) => code - 33 - +(code > 34) - +(code > 38) - +(code > 60);
for (let i = 0, v = 0, bits = 0; i < data.length; i += 2) {
v = v << 13 | digit(data.charCodeAt(i)) * 91 + digit(data.charCodeAt(i + 1));
for (bits += 13; bits > 7; v &= (1 << bits) - 1) { bits -= 8; bytes.push(v >> bits); }
}
delete root.dataset.jacmagic;
root.dataset.alive = mark;
new Response(new Blob([new Uint8Array(bytes).slice(0, Number(root.dataset.size))]).stream().pipeThrough(new DecompressionStream('deflate-raw'))).text().then((text) => {
const script = document.createElement('script');
script.type = 'module';
script.textContent = text + 'begin(document.querySelector(\'[data-alive=' + mark + ']\'))';
document.head.append(script);
script.remove();
});

export {};
