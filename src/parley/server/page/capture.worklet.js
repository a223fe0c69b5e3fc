/** The audio thread's side of the microphone: frames of 20 ms, 16 bits, at the wire's rate. */

import { Resampler } from "./resampler.js";

const WIRE_RATE = 24000;
const FRAME = 480;

class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = sampleRate === WIRE_RATE ? null : new Resampler(sampleRate, WIRE_RATE);
    this.frame = new Int16Array(FRAME);
    this.filled = 0;
    this.power = 0;
    this.open = true;
    this.port.onmessage = () => {
      this.open = false;
    };
  }

  /** @param {Float32Array[][]} inputs */
  process(inputs) {
    const input = inputs[0][0];
    if (input && this.open) {
      for (const sample of this.resampler ? this.resampler.push(input) : input) this.add(sample);
    }
    return this.open;
  }

  /** @param {number} sample */
  add(sample) {
    this.power += sample * sample;
    this.frame[this.filled++] = Math.max(-32768, Math.min(32767, Math.round(sample * 32768)));
    if (this.filled < FRAME) return;
    const level = Math.sqrt(this.power / FRAME);
    this.port.postMessage({ pcm: this.frame.buffer, level }, [this.frame.buffer]);
    this.frame = new Int16Array(FRAME);
    this.filled = this.power = 0;
  }
}

registerProcessor("capture", Capture);
