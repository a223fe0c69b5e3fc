/** The clinic's calendar: a week, and what this call has changed in it. */

import { ask } from "./access.js";
import { html } from "./dom.js";

/**
 * @typedef {{ time: string, free: boolean, name?: string, mine?: boolean, changed?: boolean }} Slot
 * @typedef {{ date: string, weekday: string, open: string | null, close: string | null,
 *   slots: Slot[] }} Day
 * @typedef {{ today: string, days: Day[] }} Week
 */

/** Milliseconds for the calendar to come. */
const LIMIT = 5_000;

export class Calendar {
  /**
   * @param {HTMLElement} section
   * @param {HTMLElement} board where the week is drawn
   * @param {HTMLElement} news where the changes are listed
   */
  constructor(section, board, news) {
    this.section = section;
    this.board = board;
    this.news = news;
    /** @type {Week | null} */
    this.week = null;
    /** What was in the calendar when the call began, by date and time. */
    this.before = new Map();
  }

  /** What is changed from now on counts as changed by the call. */
  begin() {
    this.before = entries(this.week);
    this.draw();
  }

  /**
   * @param {URL} url
   * @returns {Promise<number>} the answer's status; 0: none came
   */
  async load(url) {
    try {
      const answer = await ask(url, LIMIT);
      if (!answer.ok) return answer.status;
      const known = this.week !== null;
      this.week = await answer.json();
      if (!known) this.before = entries(this.week);
      this.draw();
      return answer.status;
    } catch {
      // It stays as it is; the next change asks again.
      return 0;
    }
  }

  draw() {
    this.section.hidden = this.week === null;
    if (this.week === null) return;
    const changes = this.#changes(this.week);
    this.board.replaceChildren(this.#table(this.week));
    const now = changes.map((words) => html("li", {}, words));
    if (changes.join() !== [...this.news.children].map((li) => li.textContent).join()) {
      this.news.replaceChildren(...now);
    }
    this.news.hidden = changes.length === 0;
  }

  /**
   * @param {Day} day
   * @param {Slot} slot
   */
  #isChanged(day, slot) {
    const then = this.before.get(`${day.date} ${slot.time}`);
    return Boolean(slot.changed) || (then !== undefined && then !== (slot.name ?? ""));
  }

  /** @param {Week} week */
  #changes({ days }) {
    return days.flatMap((day) =>
      day.slots
        .filter((slot) => this.#isChanged(day, slot))
        .map((slot) => {
          const when = `${day.weekday} ${dayAndMonth(day.date)}, ${slot.time}`;
          return slot.free ? `Freed: ${when}` : `Booked: ${when}, ${slot.name}`;
        }),
    );
  }

  /** @param {Week} week */
  #table({ today, days }) {
    const times = [...new Set(days.flatMap(({ slots }) => slots.map(({ time }) => time)))].sort();
    const corner = html("th", { class: "corner", scope: "col" }, hidden("Time"));
    const head = html("tr", {}, corner, ...days.map((day) => column(day, today)));
    const rows = times.map((time) =>
      html(
        "tr",
        { class: time.endsWith(":00") ? "hour" : "half" },
        html("th", { scope: "row" }, time),
        ...days.map((day) => this.#cell(day, time)),
      ),
    );
    return html(
      "table",
      {},
      html("caption", { class: "visually-hidden" }, "The coming seven days"),
      html("thead", {}, head),
      html("tbody", {}, ...rows),
    );
  }

  /**
   * @param {Day} day
   * @param {string} time
   */
  #cell(day, time) {
    const slot = day.slots.find((one) => one.time === time);
    if (!slot) return html("td", { class: "closed" }, hidden("closed"));
    const changed = this.#isChanged(day, slot);
    const kinds = [slot.free ? "free" : "taken", slot.mine && "mine", changed && "changed"];
    const words = slot.free ? hidden(changed ? "freed" : "free") : named(slot.name ?? "taken");
    const title = slot.free ? false : `${day.weekday} ${time}, ${slot.name ?? "taken"}`;
    const attributes = { "data-date": day.date, "data-time": time, title };
    return html("td", { class: kinds.filter(Boolean).join(" "), ...attributes }, words);
  }
}

/** @param {Week | null} week */
function entries(week) {
  const all = (week?.days ?? []).flatMap(({ date, slots }) =>
    slots.map((slot) => /** @type {const} */ ([`${date} ${slot.time}`, slot.name ?? ""])),
  );
  return new Map(all);
}

/**
 * @param {Day} day
 * @param {string} today
 */
function column(day, today) {
  const isToday = day.date === today;
  return html(
    "th",
    { scope: "col", ...(isToday ? { "aria-current": "date" } : {}) },
    html("span", { class: "weekday", "aria-label": day.weekday }, day.weekday.slice(0, 3)),
    html("span", { class: "date" }, String(Number(day.date.slice(8)))),
  );
}

/** @param {string} date ISO */
function dayAndMonth(date) {
  const day = new Date(`${date}T00:00:00Z`);
  return day.toLocaleDateString("en-GB", { day: "numeric", month: "long", timeZone: "UTC" });
}

/** @param {string} words for screen readers */
function hidden(words) {
  return html("span", { class: "visually-hidden" }, words);
}

/** @param {string} name */
function named(name) {
  return html("span", { class: "name" }, name);
}
