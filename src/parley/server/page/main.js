/** The page: what the server says goes to the panels, what the user does goes to the call. */

import { keepKey, takeKey } from "./access.js";
import { prepareAudio } from "./audio.js";
import { Calendar } from "./calendar.js";
import { Call } from "./call.js";
import { Captions } from "./captions.js";
import { byId, html } from "./dom.js";
import { showEnding } from "./ending.js";
import { Keypad } from "./keypad.js";
import { prepareMicrophone } from "./microphone.js";
import { PushToTalk } from "./push.js";
import { Understood } from "./understood.js";
import { Waterfalls } from "./waterfall.js";

/** @typedef {import("./call.js").ServerEvent} ServerEvent */

/** What the state is called. @type {Record<string, string>} */
const STATES = {
  ready: "Ready",
  asking: "Allow the microphone",
  connecting: "Connecting",
  listening: "Listening",
  waiting: "Your turn",
  thinking: "Thinking",
  speaking: "Speaking",
  paused: "Paused",
  ended: "Call ended",
};

/** Milliseconds after the start in which a press does not hang up: it was a double click. */
const SETTLING = 500;

/** How loud the quietest working microphone is (RMS), and how many seconds it is waited for. */
const SILENT = 0.0003;
const SILENCE_LIMIT = 5;

/** How many announcements are kept for a screen reader to go back to. */
const ANNOUNCED = 40;

const body = document.body;
const button = /** @type {HTMLButtonElement} */ (byId("call"));
const captions = new Captions(byId("captions"), announce);
const understood = new Understood(byId("slots"), byId("question"), byId("earlier"));
const waterfalls = new Waterfalls(byId("waterfall"), byId("turns"));
const calendar = new Calendar(byId("calendar"), byId("board"), byId("news"));
const keypad = new Keypad(byId("keypad"), byId("keypad-toggle"), (key) => call?.key(key));
const push = new PushToTalk(
  /** @type {HTMLButtonElement} */ (byId("talk")),
  /** @type {HTMLInputElement} */ (byId("push")),
  (on) => {
    call?.talk(on);
    if (!on) showBars(0);
    showState();
  },
);

/** @type {Call | null} */
let call = null;
let phase = "ready";
let paused = false;
let sounding = false;
/** Whether an answer is owed, and whether the caller says something meanwhile. */
let owed = false;
let talking = false;
let loudest = 0;
let calendarUrl = new URL("demo/calendar", document.baseURI);

button.onclick = (/** @type {MouseEvent} */ { timeStamp, detail }) => {
  if (phase === "ready" || phase === "ended") start(timeStamp);
  else if (detail < 2 && timeStamp - (call?.pressedAt ?? 0) > SETTLING) call?.hangUp();
};

document.onkeydown = (event) => {
  // A key that is held down presses the button once.
  if (event.repeat && event.target === button) event.preventDefault();
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  if (event.key === "Escape") {
    if (keypad.isOpen) keypad.close();
    else call?.hangUp();
  } else if (!(event.target instanceof HTMLInputElement) && keypad.typed(event.key)) event.preventDefault();
};
window.onpagehide = () => call?.hangUp();
setInterval(showClock, 250);
takeKey();
prepareMicrophone();
prepareAudio().catch(() => {});
loadCalendar();

const keyForm = /** @type {HTMLFormElement} */ (byId("key-form"));
keyForm.onsubmit = (/** @type {SubmitEvent} */ event) => {
  event.preventDefault();
  keepKey(/** @type {HTMLInputElement} */ (byId("key")).value);
  keyForm.hidden = true;
  loadCalendar();
  button.focus();
};

async function loadCalendar() {
  if ((await calendar.load(calendarUrl)) === 401) keyForm.hidden = false;
}

/** @param {number} pressedAt */
function start(pressedAt) {
  captions.clear();
  understood.clear();
  waterfalls.clear();
  calendar.begin();
  byId("ending").hidden = true;
  byId("alerts").textContent = "";
  paused = sounding = owed = talking = false;
  loudest = 0;
  setPhase("connecting");
  /** @type {Call} */
  const mine = new Call(serverUrl(), pressedAt, push.isWanted, {
    asking: (on) => setPhase(on ? "asking" : "connecting"),
    event: (event) => mine === call && receive(event),
    level: (level) => mine === call && showLevel(level),
    sounding: (on) => {
      if (mine !== call) return;
      sounding = on;
      if (on) owed = false;
      showState();
    },
    ended: (ending) => mine === call && ended(ending),
  });
  call = mine;
}

/** Where calls are made: beside this page; `?model=` in its address asks for an assistant. */
function serverUrl() {
  const url = new URL("v1/realtime", document.baseURI);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const model = new URLSearchParams(location.search).get("model");
  if (model) url.searchParams.set("model", model);
  return url;
}

/** @param {ServerEvent} event */
function receive(event) {
  handlers[event.type]?.(event);
  showState();
}

/** @type {Record<string, (event: ServerEvent) => void>} */
const handlers = {
  "session.created": () => {
    setPhase("live");
    announce("Connected.");
  },
  "parley.session": (event) => {
    captions.agent = event.assistant.name;
    byId("assistant").textContent = event.assistant.name;
    showEngines(event);
    calendarUrl = new URL(event.calendar ?? "", document.baseURI);
    if (event.calendar) loadCalendar();
    else byId("calendar").hidden = true;
  },
  "parley.caption": ({ text, final }) => {
    captions.caller(text, final);
    talking = !final;
    if (final && text !== "") owed = true;
  },
  "response.created": () => {
    if (!sounding) owed = true;
  },
  "response.output_audio_transcript.delta": (event) => {
    captions.says(event.response_id, event.delta);
  },
  "parley.heard": ({ response_id: response, text }) => captions.heard(response, text),
  "response.done": ({ response }) => {
    if (response.status === "completed") return;
    captions.cut(response.id);
    owed = false;
  },
  "parley.pause": () => {
    paused = true;
  },
  "parley.resume": () => {
    paused = false;
  },
  "parley.clear": () => {
    paused = false;
    captions.cutAll();
  },
  "parley.slots": ({ slots, expects }) => understood.show(slots, expects),
  "parley.latency": (event) => {
    waterfalls.add(/** @type {any} */ (event));
  },
  "parley.tool": ({ status }) => {
    if (status === "done" && !byId("calendar").hidden) loadCalendar();
  },
};

/** @param {import("./call.js").Ending} ending */
function ended(ending) {
  captions.close();
  understood.close();
  setPhase("ended");
  const words = showEnding(byId("ending"), ending, waterfalls.turns);
  captions.showLast();
  keyForm.hidden = ending.trouble?.kind !== "key";
  if (ending.trouble) byId("alerts").textContent = words;
  else announce(words);
}

/** @param {string} next */
function setPhase(next) {
  phase = next;
  body.dataset.phase = next;
  const idle = next === "ready" || next === "ended";
  byId("call-label").textContent = next === "ended" ? again() : idle ? "Start the call" : "Hang up";
  keypad.use(next === "live");
  push.use(next === "live" && call?.pushes === true);
  byId("notice").textContent =
    next === "asking" ? "Your browser asks whether this page may use the microphone." : "";
  if (idle) showBars(0);
  keepAwake(next === "live");
  showClock();
  showState();
}

function again() {
  return call?.timings.session === undefined ? "Try again" : "Call again";
}

/** @returns {string} */
function state() {
  if (phase !== "live") return phase;
  if (push.isTalking) return "listening";
  if (paused) return "paused";
  if (sounding) return "speaking";
  if (owed && !talking) return "thinking";
  return call?.pushes && !push.isTalking ? "waiting" : "listening";
}

function showState() {
  if (body.dataset.state === state()) return;
  body.dataset.state = state();
  byId("state").textContent = STATES[state()];
}

/** @param {number} level */
function showLevel(level) {
  loudest = Math.max(loudest, level);
  showBars(level);
}

/** @param {number} level RMS; shown are 55 dB to 10 dB below the loudest possible */
function showBars(level) {
  const height = Math.min(1, Math.max(0, (20 * Math.log10(level || 1e-9) + 55) / 45));
  byId("meter").style.setProperty("--level", height.toFixed(2));
}

function showClock() {
  const begun = call?.timings.session;
  if (phase !== "live" || !call || begun === undefined) {
    byId("clock").textContent = "";
    return;
  }
  const seconds = Math.floor((performance.now() - call.pressedAt - begun) / 1000);
  const two = String(seconds % 60).padStart(2, "0");
  byId("clock").textContent = `${Math.floor(seconds / 60)}:${two}`;
  const silent = call.listenedSeconds >= SILENCE_LIMIT && loudest < SILENT;
  byId("notice").textContent = silent
    ? "Your microphone is silent. Is it muted, or is another one chosen in the browser?"
    : "";
}

/** @param {ServerEvent} event */
function showEngines({ brain, voice, transcriber }) {
  const all = [
    ["Brain", brain.name ? `${brain.kind} · ${brain.name}` : brain.kind],
    ["Voice", voice],
    ["Recogniser", transcriber],
  ];
  const rows = all
    .filter(([, value]) => value)
    .map(([name, value]) => html("div", {}, html("dt", {}, name), html("dd", {}, value)));
  byId("engines").replaceChildren(...rows);
  byId("engines").hidden = false;
}

/** @param {string} words */
function announce(words) {
  const log = byId("announcements");
  log.append(html("p", {}, words));
  if (log.children.length > ANNOUNCED) log.firstElementChild?.remove();
}

/** @type {WakeLockSentinel | null} */
let awake = null;

/** @param {boolean} on a telephone's screen stays on during a call */
async function keepAwake(on) {
  if (!on) {
    awake?.release();
    awake = null;
    return;
  }
  try {
    awake ??= await navigator.wakeLock.request("screen");
  } catch {
    // The screen may then go dark; the call goes on.
  }
}

/** For tests and for the curious: counts and times of this call, no content. */
Object.defineProperty(window, "parley", {
  value: {
    get state() {
      return state();
    },
    /** Milliseconds from the press to what happened for the first time. */
    get timings() {
      return { ...call?.timings };
    },
    /** Milliseconds from the press to the first sample of the greeting at the loudspeaker. */
    get greetingMs() {
      return call?.timings.greeting ?? null;
    },
    /** How many events of each type. */
    get counts() {
      return { sent: { ...call?.sent }, received: { ...call?.received } };
    },
    /** Samples played and queued at the last report, underruns, samples dropped. */
    get playback() {
      return { ...call?.speaker?.stats };
    },
    /** The context's rate, and whether the microphone has a context of its own. */
    get audio() {
      const own = call?.microphone?.own ?? null;
      return { rate: call?.speaker?.context.sampleRate ?? null, ownRate: own?.sampleRate ?? null };
    },
  },
});
