/**
 * What is still to be heard, exact to the sample.
 *
 * `pull` is called once per block of the audio clock and never waits. A pause keeps the
 * position: playing goes on with the very sample before which it stopped. Wherever sound
 * would begin or stop abruptly a fade of 5 ms is laid over it; a fade reads ahead and moves
 * nothing.
 *
 * @typedef {{ type: "marked", name: string }
 *   | { type: "sounding", on: boolean, at: number }} Report
 * `at` counts the samples pulled since the queue was made.
 */

/** Seconds of a fade. */
const FADE = 0.005;

/** Seconds of audio to gather before a reply goes on that had run dry in its middle ... */
const REFILL = 0.06;

/** ... and how long that may take at most: the rest of the reply may be shorter. */
const REFILL_LIMIT = 0.15;

/** Seconds of audio that may wait; what comes beyond is dropped and counted. */
const LIMIT = 600;

export class PlaybackQueue {
  /**
   * @param {number} rate samples a second
   * @param {(report: Report) => void} report
   */
  constructor(rate, report) {
    this.rate = rate;
    this.report = report;
    this.fade = Math.round(FADE * rate);
    /** Samples between `pull` and the loudspeaker: marks are reported that much later. */
    this.latency = 0;
    /** @type {(Float32Array | string)[]} audio, and the names of the marks behind it */
    this.items = [];
    this.offset = 0;
    this.queued = 0;
    this.clock = 0;
    this.played = 0;
    this.lastPlayedAt = 0;
    this.underruns = 0;
    this.dropped = 0;
    this.paused = false;
    this.sounding = false;
    /** Whether the reply's audio has all arrived: running dry is then no underrun. */
    this.complete = true;
    /** Whether it ran dry before that: more of the reply comes too late, if it comes. */
    this.starved = false;
    /** For how many samples a refill is waited for at most. */
    this.refill = 0;
    /** Samples of the fade-in that were already played. */
    this.risen = this.fade;
    /** The fade-out that is laid over what follows. */
    this.tail = new Float32Array(0);
    this.lastSample = 0;
    /** @type {{ name: string, due: number }[]} marks that are on their way to the loudspeaker */
    this.passed = [];
  }

  /** @param {Float32Array} samples */
  append(samples) {
    if (samples.length === 0) return;
    if (this.starved) {
      this.underruns++;
      this.refill = Math.round(REFILL_LIMIT * this.rate);
    }
    this.starved = this.complete = false;
    if (this.queued + samples.length > LIMIT * this.rate) {
      this.dropped += samples.length;
      return;
    }
    this.items.push(samples);
    this.queued += samples.length;
  }

  /** All audio of the reply has been appended. */
  end() {
    this.complete = true;
    this.starved = false;
    this.refill = 0;
  }

  /** @param {string} name */
  mark(name) {
    this.items.push(name);
    this.#pass(this.lastPlayedAt);
  }

  pause() {
    this.paused = true;
    this.#silence();
  }

  resume() {
    this.paused = false;
  }

  /** Throws away what was not played; its marks are reported at once. */
  clear() {
    this.#silence();
    const names = this.items.filter((item) => typeof item === "string");
    const passed = this.passed.map(({ name }) => name);
    this.items = [];
    this.passed = [];
    this.offset = this.queued = this.refill = 0;
    this.paused = this.starved = false;
    this.complete = true;
    this.risen = this.fade;
    for (const name of [...passed, ...names]) this.report({ type: "marked", name });
  }

  /** @param {Float32Array} out the block to fill */
  pull(out) {
    out.fill(0);
    const count = this.#ready() ? Math.min(out.length, this.queued) : 0;
    if (count > 0) this.#play(out, count);
    this.#layTail(out, 0);
    if (count < out.length && this.sounding) {
      this.#runDry();
      this.#layTail(out, count);
    }
    this.clock += out.length;
    while (this.passed.length > 0 && this.passed[0].due <= this.clock) {
      this.report({ type: "marked", name: this.passed.shift()?.name ?? "" });
    }
    if (this.refill > 0) this.refill = Math.max(0, this.refill - out.length);
  }

  #ready() {
    if (this.paused) return false;
    if (this.queued >= REFILL * this.rate) this.refill = 0;
    return this.refill === 0;
  }

  /**
   * @param {Float32Array} out
   * @param {number} count
   */
  #play(out, count) {
    if (!this.sounding) {
      this.sounding = true;
      this.report({ type: "sounding", on: true, at: this.clock });
    }
    for (let done = 0; done < count; ) {
      const chunk = /** @type {Float32Array} */ (this.items[0]);
      const part = chunk.subarray(this.offset, this.offset + count - done);
      out.set(part, done);
      done += part.length;
      this.offset += part.length;
      if (this.offset === chunk.length) {
        this.items.shift();
        this.offset = 0;
        this.#pass(this.clock + done);
      }
    }
    this.queued -= count;
    this.played += count;
    this.lastPlayedAt = this.clock + count;
    for (let i = 0; i < count && this.risen < this.fade; i++) out[i] *= ++this.risen / this.fade;
    this.lastSample = out[count - 1];
  }

  /**
   * Takes the marks off the head of the queue: all that was before them has been pulled.
   *
   * @param {number} at the sample of the clock by which it had been
   */
  #pass(at) {
    for (let head = this.items[0]; typeof head === "string"; head = this.items[0]) {
      this.passed.push({ name: head, due: at + this.latency });
      this.items.shift();
    }
  }

  #runDry() {
    this.starved = !this.complete;
    this.#silence();
    if (this.complete) this.risen = this.fade;
  }

  /** Stops the sound where it is, with a fade of what would have come. */
  #silence() {
    if (!this.sounding) return;
    this.sounding = false;
    const ahead = this.#ahead();
    const length = ahead.length || this.fade;
    const gain = this.risen / this.fade;
    this.tail = Float32Array.from({ length }, (_, i) => {
      return (ahead.length ? ahead[i] * gain : this.lastSample) * (1 - (i + 1) / (length + 1));
    });
    this.risen = 0;
    this.report({ type: "sounding", on: false, at: this.lastPlayedAt });
  }

  /** @returns {number[]} the samples that would be played next, as many as a fade needs */
  #ahead() {
    /** @type {number[]} */
    const ahead = [];
    let offset = this.offset;
    for (const item of this.items) {
      if (ahead.length >= this.fade) break;
      if (typeof item === "string") continue;
      ahead.push(...item.subarray(offset, offset + this.fade - ahead.length));
      offset = 0;
    }
    return ahead;
  }

  /**
   * @param {Float32Array} out
   * @param {number} from where in the block the sound stopped
   */
  #layTail(out, from) {
    if (this.tail.length === 0) return;
    const count = Math.min(this.tail.length, out.length - from);
    for (let i = 0; i < count; i++) out[from + i] += this.tail[i];
    this.tail = this.tail.subarray(count);
  }
}
