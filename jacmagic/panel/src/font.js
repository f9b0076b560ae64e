/** The mathematics font of a page. */

/**
 * See that the page of an element has the mathematics font; returns what ends that. One output of a notebook carries
 * it; pages without, such as the frames that Colab gives its outputs, hear it from the page that has it.
 * @param {HTMLElement} root @param {string} [carried] the font as base64 @returns {() => void}
 */
export function bring(root, carried) {
  const page = root.ownerDocument;
  const view = /** @type {Window & typeof globalThis} */ (page.defaultView);
  const name = "Jacmagic Math";
  const has = () => [...page.fonts].some((one) => one.family.includes(name));
  const add = (/** @type {ArrayBuffer} */ bytes) => { if (!has()) page.fonts.add(new view.FontFace(name, bytes)); };
  const bytes = carried ? Uint8Array.from(atob(carried), (one) => one.charCodeAt(0)).buffer : null;
  if (bytes) add(bytes);
  else if (has()) return () => {};
  const channel = new view.BroadcastChannel("jacmagic font");
  channel.onmessage = ({ data }) => {
    if (!bytes && data instanceof view.ArrayBuffer) { add(data); channel.close(); } else if (bytes && data === "?") channel.postMessage(bytes);
  };
  channel.postMessage(bytes ?? "?");
  return () => channel.close();
}
