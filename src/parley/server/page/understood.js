/** What the assistant has understood so far, and the question that is open. */

import { html } from "./dom.js";

/**
 * @typedef {{ name: string, label: string, value: string }} Slot
 * @typedef {{ kind: string, question: string }} Expectation
 */

/** What kind of answer fits, in words. @type {Record<string, string>} */
const KINDS = {
  choice: "one of several",
  date: "a day",
  digits: "digits",
  email: "an e-mail address",
  name: "a name",
  number: "a number",
  phone: "a telephone number",
  spelling: "letters",
  time: "a time",
  yes_no: "yes or no",
};

export class Understood {
  /**
   * @param {HTMLElement} slots a description list
   * @param {HTMLElement} question
   */
  constructor(slots, question) {
    this.slots = slots;
    this.question = question;
    /** @type {Map<string, string>} */
    this.values = new Map();
  }

  clear() {
    this.show([], null);
  }

  /** The call is over: nothing is asked any more. */
  close() {
    this.question.hidden = true;
  }

  /**
   * @param {Slot[]} slots all of them
   * @param {Expectation | null} expects
   */
  show(slots, expects) {
    this.slots.replaceChildren(...slots.map((slot) => this.#row(slot)));
    this.values = new Map(slots.map(({ name, value }) => [name, value]));
    this.question.hidden = !expects;
    this.question.replaceChildren(...(expects ? asked(expects) : []));
  }

  /** @param {Slot} slot */
  #row({ name, label, value }) {
    const isNew = value !== "" && this.values.get(name) !== value;
    return html(
      "div",
      { class: isNew ? "slot new" : "slot", "data-slot": name },
      html("dt", {}, label || name),
      value ? html("dd", {}, value) : html("dd", { class: "open" }, "not known yet"),
    );
  }
}

/** @param {Expectation} expects */
function asked({ kind, question }) {
  const fitting = KINDS[kind];
  return [
    html("span", { class: "asked" }, "Open question"),
    html("span", { class: "words" }, question || "—"),
    ...(fitting ? [html("span", { class: "kind" }, `expects ${fitting}`)] : []),
  ];
}
