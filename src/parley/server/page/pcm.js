/** 16-bit little-endian PCM, as the wire carries it (base64) and as audio nodes want it (floats). */

/** The rate of all audio on the wire, in samples a second. */
export const WIRE_RATE = 24000;

/**
 * @param {ArrayBuffer} buffer
 * @returns {string}
 */
export function toBase64(buffer) {
  return btoa(String.fromCharCode(...new Uint8Array(buffer)));
}

/**
 * @param {string} text base64 of 16-bit little-endian samples
 * @returns {Float32Array<ArrayBuffer>} the samples, from -1 up to (not including) 1
 */
export function fromBase64(text) {
  const bytes = atob(text);
  const samples = new Float32Array(bytes.length >> 1);
  for (let i = 0; i < samples.length; i++) {
    const word = bytes.charCodeAt(2 * i) | (bytes.charCodeAt(2 * i + 1) << 8);
    samples[i] = ((word << 16) >> 16) / 32768;
  }
  return samples;
}
