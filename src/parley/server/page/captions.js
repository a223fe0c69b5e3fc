/**
 * Both sides' words. The caller's change in place until their turn is committed; the agent's
 * are dim until they have been heard, and struck out when they never will be.
 */

import { html } from "./dom.js";

/**
 * @typedef {object} Line of the agent
 * @property {string} text
 * @property {string} heard
 * @property {boolean} cut
 * @property {boolean} announced
 * @property {HTMLElement} item
 */

/** How near to its end a list counts as scrolled to the end, in pixels. */
const NEAR = 80;

export class Captions {
  /**
   * @param {HTMLElement} list
   * @param {(words: string) => void} announce a line that is complete, to screen readers
   */
  constructor(list, announce) {
    this.list = list;
    this.announce = announce;
    this.agent = "Agent";
    /** @type {Map<string, Line>} */
    this.lines = new Map();
    /** @type {HTMLElement | null} */
    this.unfinished = null;
    new ResizeObserver(() => this.showLast()).observe(list);
  }

  clear() {
    this.list.replaceChildren();
    this.lines.clear();
    this.unfinished = null;
  }

  /**
   * @param {string} text the caller's words so far
   * @param {boolean} final
   */
  caller(text, final) {
    if (text === "") {
      if (final) this.unfinished?.remove();
      if (final) this.unfinished = null;
      return;
    }
    this.unfinished ??= this.#add("caller", "You");
    this.unfinished.classList.toggle("partial", !final);
    words(this.unfinished).replaceChildren(text);
    if (final) {
      this.unfinished = null;
      this.announce(`You: ${text}`);
    }
    this.#follow();
  }

  /**
   * @param {string} response
   * @param {string} delta
   */
  says(response, delta) {
    const line = this.#line(response);
    line.text += delta;
    this.#draw(line);
  }

  /**
   * @param {string} response
   * @param {string} text all that has been heard of it
   */
  heard(response, text) {
    const line = this.#line(response);
    line.heard = text;
    this.#draw(line);
  }

  /** @param {string} response it was interrupted: what was not heard of it never will be */
  cut(response) {
    const line = this.lines.get(response);
    if (!line || line.cut || rest(line) === "") return;
    line.cut = true;
    this.#draw(line);
  }

  /** All that was to be heard has been thrown away. */
  cutAll() {
    for (const response of this.lines.keys()) this.cut(response);
  }

  /** The call is over: a line that is not complete will not be. */
  close() {
    this.cutAll();
    this.unfinished?.classList.remove("partial");
    this.unfinished = null;
  }

  /** Shows the last line, whatever room there is now. */
  showLast() {
    this.list.scrollTop = this.list.scrollHeight;
  }

  /** @param {string} response */
  #line(response) {
    let line = this.lines.get(response);
    if (!line) {
      const item = this.#add("agent", this.agent);
      line = { text: "", heard: "", cut: false, announced: false, item };
      this.lines.set(response, line);
    }
    return line;
  }

  /** @param {Line} line */
  #draw(line) {
    const coming = rest(line);
    const said = coming ? line.text.slice(0, line.text.length - coming.length) : line.heard;
    const parts = said ? [html("span", { class: "heard" }, said)] : [];
    if (coming && line.cut) {
      parts.push(html("span", { class: "cut", "aria-hidden": true }, "—"));
      parts.push(html("del", { class: "unheard" }, coming));
    } else if (coming) parts.push(html("span", { class: "coming" }, coming));
    words(line.item).replaceChildren(...parts);
    line.item.classList.toggle("interrupted", line.cut && coming !== "");
    // A reply of which nothing was heard was never given.
    line.item.hidden = line.cut && line.heard === "";
    if (!line.announced && line.heard && (line.cut || !coming)) {
      line.announced = true;
      this.announce(`${this.agent}: ${said.trim()}${line.cut ? " … interrupted" : ""}`);
    }
    this.#follow();
  }

  /**
   * @param {string} kind
   * @param {string} who
   */
  #add(kind, who) {
    const item = html(
      "li",
      { class: kind },
      html("span", { class: "who" }, who),
      html("p", { class: "words" }),
    );
    this.list.append(item);
    return item;
  }

  #follow() {
    const { scrollHeight, scrollTop, clientHeight } = this.list;
    if (scrollHeight - scrollTop - clientHeight < NEAR + this.#lastHeight()) {
      this.showLast();
    }
  }

  #lastHeight() {
    return this.list.lastElementChild?.clientHeight ?? 0;
  }
}

/** @param {HTMLElement} item */
function words(item) {
  return /** @type {HTMLElement} */ (item.lastElementChild);
}

/**
 * What of a line has not been heard. Spaces are not compared: what is spoken and what is
 * shown may differ in them.
 *
 * @param {Line} line
 * @returns {string}
 */
function rest({ text, heard }) {
  let at = 0;
  for (const character of heard.replace(/\s+/g, "")) {
    while (at < text.length && /\s/.test(text[at])) at++;
    if (!text.startsWith(character, at)) return "";
    at += character.length;
  }
  return text.slice(at).trim() === "" ? "" : text.slice(at);
}
