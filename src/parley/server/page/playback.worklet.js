/** The audio thread's side of the loudspeaker: a `PlaybackQueue` that obeys messages. */

import { PlaybackQueue } from "./playback-queue.js";

class Playback extends AudioWorkletProcessor {
  constructor() {
    super();
    /** The context's frame at which the queue's clock would have been 0. */
    this.origin = currentFrame;
    const queue = new PlaybackQueue(sampleRate, (report) => {
      const frame = "at" in report ? { frame: this.origin + report.at } : {};
      const { played, queued, underruns, dropped } = queue;
      this.port.postMessage({ ...report, ...frame, played, queued, underruns, dropped });
    });
    this.queue = queue;
    this.open = true;
    this.port.onmessage = ({ data }) => this.obey(data);
  }

  /** @param {import("./speaker.js").Order} order */
  obey(order) {
    const queue = this.queue;
    if (order.do === "append") {
      queue.latency = order.latency;
      queue.append(order.samples);
    } else if (order.do === "mark") queue.mark(order.name);
    else if (order.do === "close") this.open = false;
    else queue[order.do]();
  }

  /**
   * @param {Float32Array[][]} _
   * @param {Float32Array[][]} outputs
   */
  process(_, outputs) {
    this.origin = currentFrame - this.queue.clock;
    this.queue.pull(outputs[0][0]);
    return this.open;
  }
}

registerProcessor("playback", Playback);
