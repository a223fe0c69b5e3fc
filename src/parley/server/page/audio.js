/**
 * The page's one audio context. It is made when the page is loaded, since that takes time;
 * it is woken by the user's gesture, and sleeps between two calls.
 */

import { Trouble } from "./troubles.js";
import { WIRE_RATE } from "./pcm.js";

const MODULES = ["./capture.worklet.js", "./playback.worklet.js"];

/** Milliseconds for the loudspeaker to open. */
const LIMIT = 5_000;

/** @type {Promise<AudioContext> | null} */
let opened = null;

/** It, once it is made. @type {AudioContext | null} */
let made = null;

/** How many calls hold it: an old one fades out while the next one begins. */
let holders = 0;

/**
 * Opens the audio context, or wakes it. Call it from a handler of a gesture, and
 * `releaseAudio` once for each time.
 *
 * @returns {Promise<AudioContext>}
 */
export function holdAudio() {
  holders++;
  // Some browsers want to see this in the very handler of the gesture.
  made?.resume();
  return prepareAudio().then(wake);
}

/** Gives the loudspeaker back, unless another call holds it. */
export function releaseAudio() {
  holders--;
  if (holders === 0) opened?.then((context) => context.suspend()).catch(() => {});
}

/**
 * Makes the audio context, asleep, and loads its modules.
 *
 * @returns {Promise<AudioContext>}
 */
export function prepareAudio() {
  if (opened === null) {
    opened = make();
    opened.catch(() => {
      opened = null;
    });
  }
  return opened;
}

async function make() {
  if (!window.isSecureContext) throw new Trouble("insecure");
  if (!window.AudioWorkletNode || !navigator.mediaDevices) throw new Trouble("old-browser");
  const context = new AudioContext({ sampleRate: WIRE_RATE, latencyHint: "interactive" });
  await addModules(context);
  made = context;
  return context;
}

/** @param {AudioContext} context */
async function wake(context) {
  if (context.state === "running") return context;
  let limit = 0;
  const late = new Promise((_, reject) => {
    limit = setTimeout(() => reject(new Trouble("no-sound")), LIMIT);
  });
  await Promise.race([context.resume(), late]);
  clearTimeout(limit);
  return context;
}

/**
 * @param {AudioContext} context
 */
export async function addModules(context) {
  const urls = MODULES.map((path) => new URL(path, import.meta.url).href);
  try {
    await Promise.all(urls.map((url) => context.audioWorklet.addModule(url)));
  } catch {
    // It is the server that would have them.
    throw new Trouble("unreachable");
  }
}
