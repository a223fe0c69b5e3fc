/**
 * A streaming resampler: a Kaiser-windowed sinc, evaluated only at the phases that the ratio
 * of the two rates has.
 *
 * The stop-band is 70 dB down and begins at half the lower of the two rates, so nothing that
 * is heard folds back; the pass-band is flat up to 85 % of it. The delay is half the filter,
 * a little over a millisecond.
 */
export class Resampler {
  /**
   * @param {number} from samples a second that come in
   * @param {number} to samples a second that go out
   */
  constructor(from, to) {
    const divisor = greatestCommonDivisor(from, to);
    this.up = to / divisor;
    this.down = from / divisor;
    this.kernels = kernels(from, to, this.up);
    this.taps = this.kernels[0].length;
    /** The last inputs that later outputs still need. */
    this.rest = new Float32Array(this.taps - 1);
    /** Where the next output is: inputs after the beginning of `rest`, in units of 1/up. */
    this.next = 0;
  }

  /**
   * @param {Float32Array} input
   * @returns {Float32Array} what can be said about the output so far
   */
  push(input) {
    const held = new Float32Array(this.rest.length + input.length);
    held.set(this.rest);
    held.set(input, this.rest.length);
    const output = [];
    for (; Math.floor(this.next / this.up) + this.taps <= held.length; this.next += this.down) {
      const first = Math.floor(this.next / this.up);
      const kernel = this.kernels[this.next % this.up];
      let sum = 0;
      for (let tap = 0; tap < this.taps; tap++) sum += kernel[tap] * held[first + tap];
      output.push(sum);
    }
    const used = Math.min(Math.floor(this.next / this.up), held.length);
    this.next -= used * this.up;
    this.rest = held.slice(used);
    return Float32Array.from(output);
  }
}

/** Decibels down in the stop-band. */
const ATTENUATION = 70;

/** The width of the band in which the filter falls, as a part of half the lower rate. */
const TRANSITION = 0.15;

/**
 * One kernel per phase, each with a gain of exactly one for a constant input.
 *
 * @param {number} from
 * @param {number} to
 * @param {number} phases
 * @returns {Float32Array[]}
 */
function kernels(from, to, phases) {
  const nyquist = Math.min(from, to) / 2 / from;
  const cutoff = nyquist * (1 - TRANSITION / 2);
  const width = nyquist * TRANSITION * 2 * Math.PI;
  const half = Math.ceil((ATTENUATION - 8) / (2.285 * width) / 2);
  const beta = 0.1102 * (ATTENUATION - 8.7);
  return Array.from({ length: phases }, (_, phase) => {
    const kernel = Float32Array.from({ length: 2 * half }, (_, tap) => {
      const t = tap - half + 1 - phase / phases;
      const window = Math.abs(t) < half ? bessel(beta * Math.sqrt(1 - (t / half) ** 2)) : 0;
      return sinc(2 * cutoff * t) * window;
    });
    const gain = kernel.reduce((sum, value) => sum + value, 0);
    return kernel.map((value) => value / gain);
  });
}

/** @param {number} x */
function sinc(x) {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/**
 * The modified Bessel function of the first kind and order zero, by its power series.
 *
 * @param {number} x
 */
function bessel(x) {
  let sum = 1;
  for (let term = 1, k = 1; term > 1e-9 * sum; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

/**
 * @param {number} a
 * @param {number} b
 * @returns {number}
 */
function greatestCommonDivisor(a, b) {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
