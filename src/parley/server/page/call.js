/**
 * One call: microphone to server, server to loudspeaker.
 *
 * All that can be done at once is: the socket, the microphone and the loudspeaker open side by
 * side, and what the microphone hears meanwhile is kept until the socket is open.
 */

import { ask, protocols } from "./access.js";
import { holdAudio, releaseAudio } from "./audio.js";
import { askForMicrophone, isGranted, Microphone, stop } from "./microphone.js";
import { fromBase64, toBase64 } from "./pcm.js";
import { Speaker } from "./speaker.js";
import { asTrouble, Trouble } from "./troubles.js";

/**
 * @typedef {{ type: string, [field: string]: any }} ServerEvent
 *
 * @typedef {object} Ending how a call ended: with a reason of the server's, or with a trouble
 * @property {string | null} reason
 * @property {string | null} atFault
 * @property {Trouble | null} trouble
 * @property {number} seconds from the first sound of the agent, or else from the opened socket
 *
 * @typedef {object} Listener
 * @property {(on: boolean) => void} asking the browser asks for the microphone
 * @property {(event: ServerEvent) => void} event
 * @property {(level: number) => void} level of the microphone: RMS of 20 ms, 0 to 1
 * @property {(on: boolean) => void} sounding
 * @property {(ending: Ending) => void} ended exactly once
 */

/** Milliseconds for the socket to open. */
const OPEN_LIMIT = 10_000;

/** Milliseconds for the server to say how the call ended, once it was asked to end it. */
const ENDING_LIMIT = 1_500;

/** Milliseconds for the last words to be heard, once the server has ended the call. */
const DRAIN_LIMIT = 5_000;

/** Milliseconds for the fade at the end to be heard. */
const FADING = 150;

/** Bytes that may wait in the socket, about ten seconds of audio: beyond, the network is gone. */
const BACKLOG = 700_000;

/** Milliseconds for the server to say over HTTP why it did not take the call. */
const WHY_LIMIT = 3_000;

/** The server's code of the error: no room for another call. */
const FULL = "server_busy";

/** The server's code of an error that is none: what was to be stopped had just ended. */
const NOT_ACTIVE = "response_cancel_not_active";

/** Milliseconds that the microphone is sent for after the button was let go: it is that late. */
const TAIL = 120;

export class Call {
  /**
   * @param {URL} url of the server's WebSocket
   * @param {number} pressedAt when the button was pressed, by `performance.now()`
   * @param {boolean} pushes whether the caller pushes to talk, and is not sent otherwise
   * @param {Listener} on
   */
  constructor(url, pressedAt, pushes, on) {
    this.url = url;
    this.pressedAt = pressedAt;
    this.pushes = pushes;
    this.on = on;
    /** Whether what the microphone hears is sent. */
    this.isOpen = !pushes;
    /** Frames of this turn, and the timer that ends it. */
    this.said = 0;
    this.tail = 0;
    /** Responses that have not ended. @type {Set<string>} */
    this.responses = new Set();
    /** Milliseconds from the press to each first time. @type {Record<string, number>} */
    this.timings = {};
    /** How many events of each type there were. @type {Record<string, number>} */
    this.sent = {};
    /** @type {Record<string, number>} */
    this.received = {};
    /** Frames that wait for the socket. @type {ArrayBuffer[]} */
    this.waiting = [];
    /** @type {WebSocket | null} */
    this.socket = null;
    /** @type {Microphone | null} */
    this.microphone = null;
    /** @type {Speaker | null} */
    this.speaker = null;
    this.over = false;
    this.hangingUp = false;
    /** The last error of which the server told. @type {{ code?: string, message?: string }} */
    this.complaint = {};
    this.open().catch((error) => this.fail(asTrouble(error)));
  }

  async open() {
    // In the order of how long each takes while the others go on. The server is not kept
    // waiting while the user reads the browser's question.
    const granted = isGranted();
    if (granted) this.connect();
    const asking = askForMicrophone();
    const opening = holdAudio();
    opening.catch(() => {});
    asking.then((stream) => this.granted(stream)).catch(() => {});
    if (!granted) {
      this.on.asking(true);
      await asking;
      this.on.asking(false);
      if (this.over) return;
      this.connect();
    }
    const context = await opening;
    this.time("loudspeaker");
    this.speaker = new Speaker(context, {
      marked: (name) => this.send({ type: "parley.marked", name }),
      sounding: (on, at) => this.sounding(on, at),
    });
    const stream = await asking;
    const microphone = await Microphone.open(stream, context, (frame) => this.heard(frame));
    if (this.over) microphone.close();
    else this.microphone = microphone;
  }

  /** @param {MediaStream} stream */
  granted(stream) {
    if (this.over) {
      stop(stream);
      return;
    }
    this.time("microphone");
    for (const track of stream.getTracks()) {
      track.onended = () => this.fail(new Trouble("microphone-lost"));
    }
  }

  connect() {
    const socket = new WebSocket(this.url, protocols());
    this.socket = socket;
    const limit = setTimeout(() => this.fail(new Trouble("unreachable")), OPEN_LIMIT);
    socket.onopen = () => {
      clearTimeout(limit);
      this.time("socket");
      this.send({ type: "parley.client", playback: "marks" });
      if (this.pushes) this.beginManually();
      for (const pcm of this.waiting.splice(0)) this.sendAudio(pcm);
    };
    socket.onmessage = ({ data }) => this.receive(JSON.parse(data));
    socket.onclose = () => {
      clearTimeout(limit);
      this.closed();
    };
  }

  /** @param {import("./microphone.js").Frame} frame */
  heard({ pcm, level }) {
    if (this.over || this.hangingUp) return;
    this.time("firstFrame");
    if (!this.isOpen) return;
    this.said++;
    this.on.level(level);
    if (this.socket?.readyState === WebSocket.OPEN) this.sendAudio(pcm);
    else this.waiting.push(pcm);
  }

  /** The server is told that it need not listen for the ends of turns, and to begin. */
  beginManually() {
    const session = { type: "realtime", audio: { input: { turn_detection: null } } };
    this.send({ type: "session.update", session });
    this.send({ type: "response.create" });
  }

  /** @param {boolean} on the caller who pushes to talk begins, or has finished */
  talk(on) {
    clearTimeout(this.tail);
    if (this.over || this.hangingUp) return;
    if (!on) {
      this.tail = setTimeout(() => this.commit(), TAIL);
      return;
    }
    this.isOpen = true;
    if (this.responses.size > 0) this.send({ type: "response.cancel" });
  }

  commit() {
    this.isOpen = false;
    this.on.level(0);
    if (this.said > 0 && !this.hangingUp) this.send({ type: "input_audio_buffer.commit" });
    this.said = 0;
  }

  /** For how long the microphone was sent. */
  get listenedSeconds() {
    return (this.sent["input_audio_buffer.append"] ?? 0) * 0.02;
  }

  /** @param {ArrayBuffer} pcm */
  sendAudio(pcm) {
    if ((this.socket?.bufferedAmount ?? 0) > BACKLOG) this.fail(new Trouble("lost"));
    else this.send({ type: "input_audio_buffer.append", audio: toBase64(pcm) });
  }

  /** @param {ServerEvent} event */
  send(event) {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    this.sent[event.type] = (this.sent[event.type] ?? 0) + 1;
    this.socket.send(JSON.stringify(event));
  }

  /** @param {ServerEvent} event */
  receive(event) {
    if (this.over) return;
    this.received[event.type] = (this.received[event.type] ?? 0) + 1;
    switch (event.type) {
      case "session.created":
        this.time("session");
        break;
      case "response.output_audio.delta":
        this.time("firstAudio");
        this.speaker?.append(fromBase64(event.delta));
        break;
      case "response.output_audio.done":
        this.speaker?.end();
        break;
      case "parley.mark":
        if (this.speaker) this.speaker.mark(event.name);
        else this.send({ type: "parley.marked", name: event.name });
        break;
      case "parley.pause":
        this.speaker?.pause();
        break;
      case "parley.resume":
        this.speaker?.resume();
        break;
      case "parley.clear":
        this.speaker?.clear();
        break;
      case "response.created":
        this.responses.add(event.response.id);
        break;
      case "response.done":
        this.responses.delete(event.response.id);
        break;
      case "error":
        if (event.error?.code !== NOT_ACTIVE) this.complaint = event.error ?? {};
        break;
      case "parley.ended":
        this.drain(event.reason, event.at_fault);
        break;
    }
    this.on.event(event);
  }

  /**
   * @param {boolean} on
   * @param {number} at
   */
  sounding(on, at) {
    if (on) this.time("greeting", at);
    if (!this.over) this.on.sounding(on);
  }

  /** @param {string} key one of 0-9, * and # */
  key(key) {
    this.send({ type: "parley.key", key });
  }

  hangUp() {
    if (this.over || this.hangingUp) return;
    this.hangingUp = true;
    this.speaker?.clear();
    this.microphone?.close();
    this.send({ type: "parley.hangup" });
    const open = this.socket?.readyState === WebSocket.OPEN;
    setTimeout(() => this.end("caller-hung-up", "nobody"), open ? ENDING_LIMIT : 0);
  }

  /**
   * The server has ended the call: what it said before is still heard.
   *
   * @param {string} reason
   * @param {string} atFault
   */
  drain(reason, atFault) {
    this.hangingUp = true;
    this.microphone?.close();
    const until = performance.now() + DRAIN_LIMIT;
    const look = () => {
      if (this.speaker?.sounding && performance.now() < until) setTimeout(look, 50);
      else this.end(reason, atFault);
    };
    look();
  }

  async closed() {
    const { code, message } = this.complaint;
    if (this.over || this.hangingUp) {
      // Who hangs up first need not hear of it.
      if (!this.received["parley.ended"]) this.end("caller-hung-up", "nobody");
    } else if (code === FULL) this.fail(new Trouble("full"));
    else if (this.timings.session !== undefined) {
      this.fail(code ? new Trouble("stopped", message) : new Trouble("lost"));
    } else if (code) this.fail(new Trouble("refused", message));
    else this.fail(new Trouble(await whyNot(this.url)));
  }

  /**
   * @param {string} reason
   * @param {string} atFault
   */
  end(reason, atFault) {
    this.finish({ reason, atFault, trouble: null });
  }

  /** @param {Trouble} trouble */
  fail(trouble) {
    this.finish({ reason: null, atFault: null, trouble });
  }

  /** @param {Omit<Ending, "seconds">} ending */
  finish(ending) {
    if (this.over) return;
    this.over = true;
    clearTimeout(this.tail);
    const begun = this.timings.greeting ?? this.timings.socket;
    const now = performance.now() - this.pressedAt;
    this.socket?.close();
    this.microphone?.close();
    this.speaker?.clear();
    setTimeout(() => {
      this.speaker?.close();
      releaseAudio();
    }, FADING);
    this.waiting = [];
    this.on.ended({ ...ending, seconds: begun === undefined ? 0 : (now - begun) / 1000 });
  }

  /**
   * @param {string} what happened for the first time
   * @param {number} [at]
   */
  time(what, at = performance.now()) {
    this.timings[what] ??= at - this.pressedAt;
  }
}

/**
 * Why a socket did not open: browsers do not say.
 *
 * @param {URL} url
 * @returns {Promise<string>} a kind of trouble
 */
async function whyNot(url) {
  const answered = async (/** @type {string} */ path) => {
    const asked = new URL(path, url);
    asked.protocol = location.protocol;
    return (await ask(asked, WHY_LIMIT)).status;
  };
  try {
    if ((await answered("../demo/calendar")) === 401) return "key";
    return (await answered("../health")) === 200 ? "refused" : "unreachable";
  } catch {
    return "unreachable";
  }
}
