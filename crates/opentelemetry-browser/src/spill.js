// What could not be sent, kept in the local storage of this origin. Every entry is one request: the signal, a space, and
// the body in base64. It goes when it was answered for good, so it is sent at least once.

import { send } from './shim.js';

const PREFIX = 'opentelemetry-browser.spill.';
const RETRYABLE = [429, 502, 503, 504];

/// Entries of this page whose requests are under way at the same time.
const underWay = new Set();
const page = crypto.randomUUID?.() ?? `${Date.now()}.${Math.random()}`;
const keyOf = (id) => `${PREFIX}${page}.${id}`;

const keys = () => Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));

/// Keeps a request unless that makes more than `most` characters; says whether it did. One that `isUnderWay` is kept in
/// case the page ends before its answer.
export function keep(id, signal, body, most, isUnderWay) {
  try {
    const key = keyOf(id);
    const entry = `${signal} ${btoa(Array.from(body, (byte) => String.fromCharCode(byte)).join(''))}`;
    const others = keys().filter((other) => other !== key);
    const kept = others.reduce((sum, other) => sum + localStorage.getItem(other).length, 0);
    if (kept + entry.length > most) return false;
    localStorage.setItem(key, entry);
    if (isUnderWay) underWay.add(key);
    else underWay.delete(key);
    return true;
  } catch {
    return false;
  }
}

/// A request of this page was answered for good.
export function forget(id) {
  if (underWay.delete(keyOf(id))) localStorage.removeItem(keyOf(id));
}

/// Whether the browser knows that nothing can be sent.
export function isOffline() {
  return navigator.onLine === false;
}

/// Sends what was kept now and whenever the browser is online again, one by one, in one tab at a time. `over(accepted)` is
/// called for each entry that was answered for good.
export function drainWhenOnline(urls, timeout_ms, over) {
  const run = () => drain(urls, timeout_ms, over).catch(() => {});
  addEventListener('online', run);
  run();
}

async function drain(urls, timeout_ms, over) {
  const alone = async (lock) => {
    if (!lock) return;
    for (const key of keys()) {
      const entry = underWay.has(key) ? null : localStorage.getItem(key);
      if (entry === null) continue;
      const [signal, text] = entry.split(' ');
      const body = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
      // When this fails, so will the next; all wait for another time.
      const [status] = await send(urls[signal], body, false, timeout_ms);
      if (RETRYABLE.includes(status)) return;
      localStorage.removeItem(key);
      over(status >= 200 && status < 300);
    }
  };
  await (navigator.locks ? navigator.locks.request(PREFIX, { ifAvailable: true }, alone) : alone(true));
}
