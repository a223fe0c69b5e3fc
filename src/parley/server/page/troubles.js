/** What can keep a call from being made, or end it: in words, with what to do about it. */

/** @typedef {{ title: string, advice: string }} Words */

/** @type {Record<string, Words>} */
const TROUBLES = {
  denied: {
    title: "The microphone is blocked",
    advice:
      "Allow it for this page: click the icon to the left of the address, set Microphone to Allow, and try again.",
  },
  "no-microphone": {
    title: "No microphone was found",
    advice: "Plug one in, or switch it on in your system’s sound settings, and try again.",
  },
  "microphone-taken": {
    title: "The microphone is in use",
    advice: "Another program holds it. Close that program’s call or recording, and try again.",
  },
  "microphone-lost": {
    title: "The microphone went away",
    advice: "It was unplugged or switched off. Connect it, and call again.",
  },
  insecure: {
    title: "This address cannot use a microphone",
    advice:
      "Browsers allow it on https pages and on this computer only. Open the page over https, or as localhost.",
  },
  "old-browser": {
    title: "This browser is too old for a call",
    advice: "Use a current version of Chrome, Edge, Firefox or Safari.",
  },
  "no-sound": {
    title: "The loudspeaker could not be opened",
    advice: "Check your system’s sound output, and try again.",
  },
  unreachable: {
    title: "The server does not answer",
    advice: "Check that Parley is running and that you are connected, and try again.",
  },
  refused: {
    title: "The server did not take the call",
    advice: "It is running, but turned the call away. Try again in a moment; its log says why.",
  },
  full: {
    title: "All lines are busy",
    advice: "The server has as many calls as it can serve well. Try again in a minute.",
  },
  key: {
    title: "This server asks for a key",
    advice: "Enter the key that whoever runs it has set, and try again.",
  },
  stopped: {
    title: "The server ended the call",
    advice: "It did not say why; its log does. Call again in a moment.",
  },
  lost: {
    title: "The connection was lost",
    advice: "The network or the server went away during the call. Check both, and call again.",
  },
  unknown: {
    title: "The call could not be made",
    advice: "Something went wrong that this page did not expect. Reload it, and try again.",
  },
};

export class Trouble extends Error {
  /**
   * @param {string} kind a key of `TROUBLES`
   * @param {string} [advice] the server's own words, in place of ours
   */
  constructor(kind, advice = "") {
    super(kind);
    this.kind = kind;
    this.advice = advice;
  }

  /** @returns {Words} */
  get words() {
    const { title, advice } = TROUBLES[this.kind];
    return { title, advice: this.advice || advice };
  }
}

/**
 * @param {unknown} error
 * @returns {Trouble}
 */
export function asTrouble(error) {
  if (error instanceof Trouble) return error;
  console.error(error);
  return new Trouble("unknown");
}
