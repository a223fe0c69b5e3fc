/** Where the time of each turn went, drawn: one row per part, each where the last one ends. */

import { html, svg } from "./dom.js";

/**
 * @typedef {{ name: string, ms: number }} Part
 * @typedef {{ turn: number, response_ms: number | null, parts: Part[] }} Turn
 */

/** The parts' names for people. @type {Record<string, string>} */
const NAMES = {
  transcript: "Transcript",
  end_of_turn: "End of turn",
  rounds: "Tools, retries",
  first_token: "First token",
  first_chunk: "First phrase",
  first_audio: "First audio",
  queue: "Waiting",
  playout: "Playout",
  unattributed: "Other",
};

const ROW = 22;
const BAR = 12;
const LABELS = 104;
const FIGURES = 66;
const AXIS = 20;
const STEPS = [10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000];

/** How many turns are offered for choice. */
const RECENT = 6;

export class Waterfalls {
  /**
   * @param {HTMLElement} figure where the chosen turn is drawn
   * @param {HTMLElement} choice where one is chosen
   */
  constructor(figure, choice) {
    this.figure = figure;
    this.choice = choice;
    /** @type {Turn[]} */
    this.turns = [];
    this.chosen = -1;
    new ResizeObserver(() => this.#drawChosen()).observe(figure);
  }

  clear() {
    this.turns = [];
    this.chosen = -1;
    this.#draw();
  }

  /** @param {Turn} turn */
  add(turn) {
    const again = this.turns.findIndex((earlier) => earlier.turn === turn.turn);
    if (again >= 0) this.turns[again] = turn;
    else this.turns.push(turn);
    this.chosen = this.turns.length - 1;
    this.#draw();
  }

  #draw() {
    const longest = Math.max(...this.turns.map(total), 1);
    const first = Math.max(0, this.turns.length - RECENT);
    this.choice.replaceChildren(
      ...this.turns.slice(first).map((turn, i) => this.#button(turn, first + i, longest)),
    );
    this.choice.hidden = this.turns.length < 2;
    this.#drawChosen();
  }

  /**
   * @param {Turn} turn
   * @param {number} index
   * @param {number} longest
   */
  #button(turn, index, longest) {
    const button = html(
      "button",
      { type: "button", "aria-pressed": String(index === this.chosen) },
      html("span", { class: "turn" }, `Turn ${turn.turn}`),
      strip(turn.parts, longest),
      html("span", { class: "ms" }, milliseconds(turn.response_ms)),
    );
    button.onclick = () => {
      this.chosen = index;
      for (const other of this.choice.querySelectorAll("button")) {
        other.setAttribute("aria-pressed", String(other === button));
      }
      this.#drawChosen();
    };
    return html("li", {}, button);
  }

  #drawChosen() {
    const turn = this.turns[this.chosen];
    const width = this.figure.clientWidth;
    this.figure.replaceChildren(...(turn && width ? picture(turn, width) : []));
  }
}

/** @param {Turn} turn */
function total({ response_ms: response, parts }) {
  return Math.max(response ?? 0, parts.reduce((sum, { ms }) => sum + ms, 0));
}

/** @param {number | null} ms */
export function milliseconds(ms) {
  return ms === null ? "not measured" : `${Math.round(ms)} ms`;
}

/** @param {number} ms the first one names the unit */
function tick(ms) {
  return ms === 0 ? "0 ms" : String(ms);
}

/** @param {string} name */
function label(name) {
  return NAMES[name] ?? name.replaceAll("_", " ");
}

/**
 * The heading, the drawing, and the same as a table for who does not see it.
 *
 * @param {Turn} turn
 * @param {number} width in pixels
 * @returns {Element[]}
 */
function picture(turn, width) {
  const heading = html(
    "p",
    { class: "total" },
    html("strong", {}, milliseconds(turn.response_ms)),
    ` from your last word to the answer, turn ${turn.turn}`,
  );
  return [heading, drawing(turn, width), table(turn)];
}

/**
 * @param {Turn} turn
 * @param {number} width
 */
function drawing(turn, width) {
  const span = Math.max(total(turn), 1);
  const room = Math.max(width - LABELS - FIGURES, 40);
  const height = turn.parts.length * ROW;
  const step = STEPS.find((size) => span / size <= Math.max(2, room / 60)) ?? span;
  const root = svg("svg", {
    class: "waterfall",
    width,
    height: height + AXIS,
    viewBox: `0 0 ${width} ${height + AXIS}`,
    role: "img",
    "aria-label": `Turn ${turn.turn}: ${spoken(turn)}`,
  });
  for (let ms = 0; ms <= span; ms += step) {
    const x = LABELS + (ms / span) * room;
    root.append(
      svg("line", { class: "grid", x1: x, x2: x, y1: 0, y2: height }),
      svg("text", { class: "tick", x, y: height + 14, "text-anchor": "middle" }, tick(ms)),
    );
  }
  let before = 0;
  turn.parts.forEach(({ name, ms }, row) => {
    const middle = row * ROW + ROW / 2;
    root.append(
      svg("text", { class: "name", x: 0, y: middle + 4 }, label(name)),
      svg("rect", {
        class: `part part-${name}`,
        x: LABELS + (before / span) * room,
        y: middle - BAR / 2,
        width: Math.max((ms / span) * room, 2),
        height: BAR,
        rx: 2,
        "data-ms": ms,
      }),
      svg("text", { class: "ms", x: width, y: middle + 4, "text-anchor": "end" }, milliseconds(ms)),
    );
    before += ms;
  });
  return root;
}

/** @param {Turn} turn */
function spoken(turn) {
  const parts = turn.parts.map(({ name, ms }) => `${label(name)} ${milliseconds(ms)}`);
  return `response time ${milliseconds(turn.response_ms)}. ${parts.join(", ")}.`;
}

/** @param {Turn} turn */
function table({ turn, parts, response_ms: response }) {
  const rows = parts.map(({ name, ms }) => row(label(name), ms));
  const head = html(
    "tr",
    {},
    html("th", { scope: "col" }, "Part"),
    html("th", { scope: "col" }, "Time"),
  );
  const caption = html("caption", {}, `Response time of turn ${turn}`);
  const all = [html("thead", {}, head), html("tbody", {}, ...rows, row("Total", response))];
  // A box around it: a table itself can not be clipped to a point.
  return html("div", { class: "visually-hidden" }, html("table", {}, caption, ...all));
}

/**
 * @param {string} name
 * @param {number | null} ms
 */
function row(name, ms) {
  return html("tr", {}, html("th", { scope: "row" }, name), html("td", {}, milliseconds(ms)));
}

/**
 * All parts of a turn in one bar.
 *
 * @param {Part[]} parts
 * @param {number} longest the milliseconds of a bar of full width
 */
export function strip(parts, longest) {
  const root = svg("svg", {
    class: "strip",
    viewBox: "0 0 100 6",
    preserveAspectRatio: "none",
    "aria-hidden": true,
  });
  let before = 0;
  for (const { name, ms } of parts) {
    const place = { x: (before / longest) * 100, width: (ms / longest) * 100, height: 6 };
    root.append(svg("rect", { class: `part part-${name}`, ...place }));
    before += ms;
  }
  return root;
}
