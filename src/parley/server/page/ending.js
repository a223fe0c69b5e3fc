/** What is said after a call: how it ended, how long it took, and how fast the answers came. */

import { html } from "./dom.js";
import { milliseconds, strip } from "./waterfall.js";

/** The reasons for which a call can end. @type {Record<string, string>} */
const REASONS = {
  "caller-hung-up": "You hung up.",
  "agent-ended": "The assistant ended the call.",
  "operator-ended": "The operator ended the call.",
  "silence-timeout": "Nothing was said for a long time.",
  "max-duration": "The call reached its longest duration.",
  "connection-lost": "The server lost the connection.",
  "transcriber-failed": "The speech recogniser failed. The server’s log says why.",
  "model-failed": "The model behind the assistant failed. The server’s log says why.",
  "voice-failed": "The voice failed. The server’s log says why.",
  "transport-failed": "The audio connection failed.",
  overloaded: "The server was too busy to go on. Try again in a minute.",
  shutdown: "The server is shutting down. Try again in a minute.",
  "process-died": "The server’s process died. Its log says why.",
  "internal-error": "Something failed inside the server. Its log says why.",
};

/**
 * @param {HTMLElement} place
 * @param {import("./call.js").Ending} ending
 * @param {import("./waterfall.js").Turn[]} turns
 */
export function showEnding(place, ending, turns) {
  const { trouble, reason } = ending;
  const words = trouble?.words;
  const title = words?.title ?? "Call ended";
  const why = words?.advice ?? REASONS[reason ?? ""] ?? `The call ended: ${reason}.`;
  const parts = [html("h2", {}, title), html("p", {}, why)];
  if (ending.seconds >= 1) parts.push(figures(ending.seconds, turns));
  const measured = turns.filter((turn) => turn.response_ms !== null);
  if (measured.length > 0) parts.push(list(measured));
  place.classList.toggle("trouble", Boolean(words));
  place.replaceChildren(...parts);
  place.hidden = false;
  return `${title}. ${why}`;
}

/**
 * @param {number} seconds
 * @param {import("./waterfall.js").Turn[]} turns
 */
function figures(seconds, turns) {
  const middle = median(turns.flatMap((turn) => turn.response_ms ?? []));
  const facts = [
    ["Duration", duration(seconds)],
    ["Turns", String(turns.length)],
    ["Median response", middle === null ? "—" : milliseconds(middle)],
  ];
  const rows = facts.map(([name, value]) =>
    html("div", {}, html("dt", {}, name), html("dd", {}, value)),
  );
  return html("dl", { class: "figures" }, ...rows);
}

/** @param {import("./waterfall.js").Turn[]} turns */
function list(turns) {
  const longest = Math.max(...turns.map((turn) => turn.response_ms ?? 0), 1);
  const rows = turns.map((turn) =>
    html(
      "li",
      {},
      html("span", { class: "turn" }, `Turn ${turn.turn}`),
      strip(turn.parts, longest),
      html("span", { class: "ms" }, milliseconds(turn.response_ms)),
    ),
  );
  return html("ol", { class: "turns", "aria-label": "Response time of each turn" }, ...rows);
}

/** @param {number} seconds */
export function duration(seconds) {
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  return minutes ? `${minutes} min ${whole % 60} s` : `${whole} s`;
}

/**
 * @param {number[]} values
 * @returns {number | null}
 */
function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  if (sorted.length === 0) return null;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
