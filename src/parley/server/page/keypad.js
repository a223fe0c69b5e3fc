/** The key-pad: opened on demand; the keyboard's own keys work whether it is open or not. */

import { html } from "./dom.js";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];

/** How a screen reader calls those that have no name. @type {Record<string, string>} */
const NAMES = { "*": "star", "#": "hash" };

/** How many of the keys pressed are shown. */
const SHOWN = 12;

export class Keypad {
  /**
   * @param {HTMLElement} pad
   * @param {HTMLElement} toggle
   * @param {(key: string) => void} press
   */
  constructor(pad, toggle, press) {
    this.pad = pad;
    this.toggle = toggle;
    this.press = press;
    this.usable = false;
    this.shown = html("output", { class: "pressed", "aria-label": "Keys pressed" });
    const buttons = KEYS.map((key) => {
      const name = NAMES[key] ?? false;
      const attributes = { type: "button", "data-key": key, "aria-label": name };
      const button = html("button", attributes, key);
      button.onclick = () => this.#pressed(key);
      return button;
    });
    this.pad.append(this.shown, html("div", { class: "keys" }, ...buttons));
    this.toggle.onclick = () => (this.isOpen ? this.close() : this.#open());
    this.use(false);
  }

  /** @param {boolean} usable there is a call */
  use(usable) {
    this.usable = usable;
    this.toggle.hidden = !usable;
    this.shown.textContent = "";
    if (!usable && this.isOpen) this.close();
  }

  get isOpen() {
    return !this.pad.hidden;
  }

  /**
   * @param {string} key as in a keyboard's event
   * @returns {boolean} whether it was one of the key-pad's
   */
  typed(key) {
    if (!this.usable || !KEYS.includes(key)) return false;
    this.#pressed(key);
    return true;
  }

  #open() {
    this.pad.hidden = false;
    this.toggle.setAttribute("aria-expanded", "true");
    this.pad.querySelector("button")?.focus();
  }

  close() {
    const focused = this.pad.contains(document.activeElement);
    this.pad.hidden = true;
    this.toggle.setAttribute("aria-expanded", "false");
    if (focused) this.toggle.focus();
  }

  /** @param {string} key */
  #pressed(key) {
    if (!this.usable) return;
    this.press(key);
    this.shown.textContent = `${this.shown.textContent}${key}`.slice(-SHOWN);
    const button = this.pad.querySelector(`[data-key="${key}"]`);
    button?.classList.remove("lit");
    // Read, so that the class counts as new and its animation starts again.
    void (/** @type {HTMLElement} */ (button).offsetWidth);
    button?.classList.add("lit");
  }
}
