/** The microphone: frames of 20 ms, from the moment at which the browser grants it. */

import { addModules } from "./audio.js";
import { Trouble } from "./troubles.js";

/** @typedef {{ pcm: ArrayBuffer, level: number }} Frame `level` is the RMS, 0 to 1 */

const WANTED = {
  audio: {
    channelCount: 1,
    echoCancellation: true,
    noiseSuppression: true,
    autoGainControl: true,
  },
};

/** The browser's names of what can go wrong, in ours. */
const TROUBLES = new Map([
  ["NotAllowedError", "denied"],
  ["SecurityError", "denied"],
  ["NotFoundError", "no-microphone"],
  ["OverconstrainedError", "no-microphone"],
  ["NotReadableError", "microphone-taken"],
  ["AbortError", "microphone-taken"],
]);

/** @type {PermissionStatus | null} */
let permission = null;

/** What a call will need to know is asked for beforehand, and the browser's audio is woken. */
export async function prepareMicrophone() {
  navigator.mediaDevices?.enumerateDevices().catch(() => {});
  try {
    const name = /** @type {PermissionName} */ ("microphone");
    permission = await navigator.permissions.query({ name });
  } catch {
    // Not every browser tells.
  }
}

/** Whether the microphone can be had without asking the user. */
export function isGranted() {
  return window.isSecureContext && permission?.state === "granted";
}

/** @returns {Promise<MediaStream>} */
export async function askForMicrophone() {
  if (!navigator.mediaDevices) throw new Trouble("insecure");
  try {
    return await navigator.mediaDevices.getUserMedia(WANTED);
  } catch (error) {
    const name = error instanceof Error ? error.name : "";
    throw new Trouble(TROUBLES.get(name) ?? "no-microphone");
  }
}

export class Microphone {
  /**
   * @param {MediaStream} stream
   * @param {AudioContext} context
   * @param {AudioContext | null} own the context, where it exists for the microphone alone
   * @param {(frame: Frame) => void} heard
   */
  constructor(stream, context, own, heard) {
    this.stream = stream;
    this.own = own;
    this.closed = false;
    this.source = context.createMediaStreamSource(stream);
    this.node = new AudioWorkletNode(context, "capture", {
      channelCount: 1,
      channelCountMode: "explicit",
      outputChannelCount: [1],
    });
    this.node.port.onmessage = ({ data }) => heard(data);
    this.source.connect(this.node);
    // A node is only run when its sound, which is silence here, goes somewhere.
    this.node.connect(context.destination);
  }

  /**
   * Some browsers refuse a microphone in a context of another rate than its own: it then
   * gets a context of its own rate, and the worklet resamples.
   *
   * @param {MediaStream} stream
   * @param {AudioContext} context
   * @param {(frame: Frame) => void} heard
   * @returns {Promise<Microphone>}
   */
  static async open(stream, context, heard) {
    try {
      return new Microphone(stream, context, null, heard);
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      const own = new AudioContext({ latencyHint: "interactive" });
      await addModules(own);
      await own.resume();
      return new Microphone(stream, own, own, heard);
    }
  }

  close() {
    if (this.closed) return;
    this.closed = true;
    this.node.port.postMessage("close");
    this.source.disconnect();
    this.node.disconnect();
    stop(this.stream);
    this.own?.close();
  }
}

/** @param {MediaStream} stream */
export function stop(stream) {
  for (const track of stream.getTracks()) {
    track.onended = null;
    track.stop();
  }
}
