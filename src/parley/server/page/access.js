/**
 * The server's key, where it asks for one: from the page's address (`#key=…`, which browsers
 * keep to themselves) or from the user. It is kept until the tab is closed.
 */

const STORED = "parley-key";

/** Subprotocols of a WebSocket: browsers have no other way to send a key with it. */
const PROTOCOL = "realtime";
const KEY_PROTOCOL = "openai-insecure-api-key.";

/** @returns {string} */
function key() {
  return sessionStorage.getItem(STORED) ?? "";
}

/** @param {string} given */
export function keepKey(given) {
  sessionStorage.setItem(STORED, given.trim());
}

/** Takes the key out of the page's address, so that it is not copied along with it. */
export function takeKey() {
  const given = new URLSearchParams(location.hash.slice(1)).get("key");
  if (given === null) return;
  keepKey(given);
  history.replaceState(null, "", location.pathname + location.search);
}

/** @returns {string[]} */
export function protocols() {
  return key() ? [PROTOCOL, KEY_PROTOCOL + key()] : [];
}

/**
 * @param {URL} url
 * @param {number} limit in milliseconds
 * @returns {Promise<Response>}
 */
export function ask(url, limit) {
  /** @type {Record<string, string>} */
  const headers = key() ? { Authorization: `Bearer ${key()}` } : {};
  return fetch(url, { headers, cache: "no-store", signal: AbortSignal.timeout(limit) });
}
