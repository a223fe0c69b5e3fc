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
   * @param {HTMLElement} earlier what was known before, in a description list
   */
  constructor(slots, question, earlier) {
    this.slots = slots;
    this.question = question;
    this.earlier = earlier;
    /** @type {Map<string, Slot>} */
    this.known = new Map();
    /** What was known before, and is not any more. @type {Map<string, Slot>} */
    this.forgotten = new Map();
  }

  clear() {
    this.known.clear();
    this.forgotten.clear();
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
    this.slots.replaceChildren(...slots.map((slot) => row(slot, this.#isNew(slot))));
    const known = new Map(slots.filter(({ value }) => value).map((slot) => [slot.name, slot]));
    this.forgotten = new Map([...this.forgotten, ...this.known]);
    for (const name of known.keys()) this.forgotten.delete(name);
    this.known = known;
    this.question.hidden = !expects;
    this.question.replaceChildren(...(expects ? asked(expects) : []));
    this.earlier.hidden = this.forgotten.size === 0;
    const before = [...this.forgotten.values()].map((slot) => row(slot, false));
    this.earlier.querySelector("dl")?.replaceChildren(...before);
  }

  /** @param {Slot} slot */
  #isNew({ name, value }) {
    return value !== "" && this.known.get(name)?.value !== value;
  }
}

/**
 * @param {Slot} slot
 * @param {boolean} isNew
 */
function row({ name, label, value }, isNew) {
  return html(
    "div",
    { class: isNew ? "slot new" : "slot", "data-slot": name },
    html("dt", {}, label || name),
    value ? html("dd", {}, value) : html("dd", { class: "open" }, "not known yet"),
  );
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
