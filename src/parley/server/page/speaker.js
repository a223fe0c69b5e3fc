/**
 * The loudspeaker: the page's side of the playback worklet.
 *
 * @typedef {{ do: "append", samples: Float32Array, latency: number }
 *   | { do: "mark", name: string }
 *   | { do: "pause" | "resume" | "clear" | "end" | "close" }} Order
 */

/** The latency that is assumed where a browser does not tell it, in seconds. */
const USUAL_LATENCY = 0.02;

export class Speaker {
  /**
   * @param {AudioContext} context
   * @param {{ marked: (name: string) => void, sounding: (on: boolean, at: number) => void }} on
   * `at` is when it is heard, on the clock of `performance.now()`, in milliseconds
   */
  constructor(context, on) {
    this.context = context;
    this.stats = { played: 0, queued: 0, underruns: 0, dropped: 0 };
    this.sounding = false;
    this.node = new AudioWorkletNode(context, "playback", {
      numberOfInputs: 0,
      outputChannelCount: [1],
    });
    this.node.port.onmessage = ({ data }) => {
      const { played, queued, underruns, dropped } = data;
      this.stats = { played, queued, underruns, dropped };
      if (data.type === "marked") on.marked(data.name);
      else {
        this.sounding = data.on;
        on.sounding(data.on, this.#heardAt(data.frame));
      }
    };
    this.node.connect(context.destination);
  }

  /** @param {Float32Array<ArrayBuffer>} samples at the context's rate */
  append(samples) {
    const latency = Math.round(this.#latency() * this.context.sampleRate);
    this.#order({ do: "append", samples, latency }, [samples.buffer]);
  }

  /** @param {string} name reported when what was appended before it has been heard */
  mark(name) {
    this.#order({ do: "mark", name });
  }

  pause() {
    this.#order({ do: "pause" });
  }

  resume() {
    this.#order({ do: "resume" });
  }

  clear() {
    this.#order({ do: "clear" });
  }

  /** The reply's audio has all been appended. */
  end() {
    this.#order({ do: "end" });
  }

  close() {
    this.#order({ do: "close" });
    this.node.disconnect();
  }

  /** Seconds between the worklet and the ear. */
  #latency() {
    return this.context.outputLatency || this.context.baseLatency || USUAL_LATENCY;
  }

  /** @param {number} frame of the context's clock */
  #heardAt(frame) {
    const ahead = frame / this.context.sampleRate - this.context.currentTime + this.#latency();
    return performance.now() + ahead * 1000;
  }

  /**
   * @param {Order} order
   * @param {Transferable[]} [transfer]
   */
  #order(order, transfer = []) {
    this.node.port.postMessage(order, transfer);
  }
}
