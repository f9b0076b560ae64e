/** Arrays as a spec carries them (see arrays.py): lists, or the bytes of singles or doubles as base64. */

/** @param {any} one a number, a list, {f4} or {f8} @returns {Float64Array} */
export function numbers(one) {
  const text = one.f4 ?? one.f8;
  if (!text) return Float64Array.from([one].flat());
  const { buffer } = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return Float64Array.from(one.f4 ? new Float32Array(buffer) : new Float64Array(buffer));
}
