// Compressed exports. Compressing takes a moment, which a page that goes away does not have.

import { send } from './shim.js';

/// Smaller bodies gain nothing.
const LEAST_BYTES = 1024;

/// What makes compressions that are under way go without.
const hurry = new Set();
let isLeaving = false;

function leave() {
  isLeaving = true;
  hurry.forEach((go) => go());
}

addEventListener('pagehide', leave, true);
addEventListener('pageshow', () => { isLeaving = false; }, true);
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'hidden') leave();
  else isLeaving = false;
}, true);

/// Like `send`, with a compressed body when there is the time.
export async function sendCompressed(url, body, keepalive, timeout_ms) {
  if (isLeaving || body.byteLength < LEAST_BYTES || typeof CompressionStream === 'undefined') {
    return send(url, body, keepalive, timeout_ms);
  }
  let go;
  const hurried = new Promise((resolve) => { go = resolve; });
  hurry.add(go);
  const compressed = await Promise.race([compress(body).catch(() => undefined), hurried]);
  hurry.delete(go);
  if (!compressed) return send(url, body, keepalive, timeout_ms);
  return send(url, compressed, keepalive, timeout_ms, 'gzip');
}

async function compress(body) {
  const stream = new Blob([body]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
