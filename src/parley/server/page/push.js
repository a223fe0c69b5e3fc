/**
 * Push-to-talk: a switch for it, which is remembered, and a button to be held while talking.
 *
 * The space bar is the button, wherever nothing else that is focused wants it. What ends the
 * talk is whatever ends the hold: letting go inside or outside the button, a pointer that the
 * system takes away, another window. Assistive software, which cannot hold, clicks twice.
 */

const STORED = "parley-push-to-talk";

/** What is typed into, or pressed, with the space bar itself. */
const OWN_SPACE = "input, textarea, select, button, summary, a[href], [contenteditable]";

export class PushToTalk {
  /**
   * @param {HTMLButtonElement} button
   * @param {HTMLInputElement} toggle
   * @param {(talking: boolean) => void} talk
   */
  constructor(button, toggle, talk) {
    this.button = button;
    this.toggle = toggle;
    this.talk = talk;
    this.usable = false;
    /** What holds the button: a key, "pointer" or "click". */
    this.held = "";
    toggle.checked = localStorage.getItem(STORED) === "on";
    toggle.onchange = () => localStorage.setItem(STORED, toggle.checked ? "on" : "off");
    this.#listen();
    this.use(false);
  }

  /** Whether the next call is to be made so. */
  get isWanted() {
    return this.toggle.checked;
  }

  get isTalking() {
    return this.held !== "";
  }

  /** @param {boolean} usable there is a call in which the caller pushes to talk */
  use(usable) {
    if (!usable) this.#release(this.held);
    const begins = usable && !this.usable;
    this.usable = usable;
    this.button.hidden = !usable;
    this.#show();
    // The button that has started the call would end it at the next press of the space bar.
    if (begins) this.button.focus({ preventScroll: true });
  }

  #listen() {
    const { button } = this;
    button.onpointerdown = (event) => {
      if (event.button !== 0) return;
      button.setPointerCapture(event.pointerId);
      this.#press("pointer");
    };
    button.onlostpointercapture = () => this.#release("pointer");
    button.oncontextmenu = (event) => event.preventDefault();
    button.onclick = ({ detail }) => {
      if (detail > 0) return;
      if (this.held === "click") this.#release("click");
      else this.#press("click");
    };
    document.addEventListener("keydown", (event) => this.#keyDown(event));
    document.addEventListener("keyup", (event) => {
      if (event.target === button && isKey(event)) event.preventDefault();
      this.#release(event.code);
    });
    window.addEventListener("blur", () => this.#release(this.held));
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.#release(this.held);
    });
  }

  /** @param {KeyboardEvent} event */
  #keyDown(event) {
    if (!this.usable || event.ctrlKey || event.altKey || event.metaKey) return;
    const target = /** @type {Element} */ (event.target);
    const own = target === this.button;
    if (!isKey(event) || (!own && (event.code === "Enter" || target.closest(OWN_SPACE)))) return;
    // The page does not scroll, and the button is not clicked.
    event.preventDefault();
    if (!event.repeat) this.#press(event.code);
  }

  /** @param {string} by */
  #press(by) {
    if (!this.usable || this.isTalking) return;
    this.held = by;
    this.#show();
    this.talk(true);
  }

  /** @param {string} by */
  #release(by) {
    if (!this.isTalking || this.held !== by) return;
    this.held = "";
    this.#show();
    this.talk(false);
  }

  #show() {
    this.button.setAttribute("aria-pressed", String(this.isTalking));
  }
}

/** @param {KeyboardEvent} event */
function isKey({ code }) {
  return code === "Space" || code === "Enter";
}
