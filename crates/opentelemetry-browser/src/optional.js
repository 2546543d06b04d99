// What only optional features ask of a page. One file, because a page fetches every file by itself.

import { beginCall, post, quietly, tellEnd } from './shim.js';

// What an answer says about its server.

export function said(headers) {
  const date = Date.parse(headers.get('date'));
  return [headers.get('traceresponse') ?? undefined, headers.get('server-timing') ?? undefined, date || undefined];
}

// Errors that nobody has caught, and what is said to be one.

export function observeErrors(failed) {
  const tell = (error, message) => quietly(() => {
    failed([String(error?.name ?? 'Error'), String(error?.message ?? message ?? error), String(error?.stack ?? '')]);
  });
  addEventListener('error', ({ error, message }) => tell(error, message));
  addEventListener('unhandledrejection', ({ reason }) => tell(reason));
}

export function observeConsole(said) {
  const { error } = console;
  console.error = function (...values) {
    quietly(() => said([values.map(String).join(' ')]));
    return error.apply(this, values);
  };
}

export function stack() {
  return new Error().stack ?? '';
}

// Where the page goes without being loaded anew.

export function observeNavigation(navigated) {
  let last = location.href;
  const tell = (type, isSameDocument) => {
    const url = location.href;
    const without = (text) => text.split('#', 1)[0];
    const isHashChange = isSameDocument && url !== last && without(url) === without(last);
    last = url;
    quietly(() => navigated([type, url, +isSameDocument, +isHashChange]));
  };
  for (const [method, type] of [['pushState', 'push'], ['replaceState', 'replace']]) {
    const original = history[method];
    history[method] = function (...values) {
      const answer = original.apply(this, values);
      tell(type, true);
      return answer;
    };
  }
  addEventListener('popstate', () => tell('traverse', true));
  addEventListener('pageshow', ({ persisted }) => persisted && tell('traverse', false));
}

// The handlers of clicks and submits, run such that what they start can be told from what others start.

const TYPES = ['click', 'submit'];

export function watchHandlers(begin, enter, leave, over) {
  const { addEventListener, removeEventListener } = EventTarget.prototype;
  const wrappers = new WeakMap();
  let last = {};

  const serialOf = (event) => {
    if (last.event !== event) {
      const serial = begin([event.type, describe(event.target), event.timeStamp]);
      last = { event, serial };
      setTimeout(() => quietly(() => over([serial])));
    }
    return last.serial;
  };
  const wrapper = (listener) => function (event) {
    let serial;
    quietly(() => {
      serial = serialOf(event);
      enter([serial]);
    });
    try {
      return typeof listener === 'function' ? listener.call(this, event) : listener.handleEvent(event);
    } finally {
      if (serial !== undefined) quietly(() => leave([serial]));
    }
  };
  const wrapped = (type, listener) => {
    if (!TYPES.includes(type) || !listener) return listener;
    if (!wrappers.has(listener)) wrappers.set(listener, wrapper(listener));
    return wrappers.get(listener);
  };
  EventTarget.prototype.addEventListener = function (type, listener, options) {
    return addEventListener.call(this, type, wrapped(type, listener), options);
  };
  EventTarget.prototype.removeEventListener = function (type, listener, options) {
    return removeEventListener.call(this, type, wrapped(type, listener), options);
  };
}

/// `tag#id`, which is no text that a person typed.
function describe(target) {
  const tag = String(target?.localName ?? 'document');
  return target?.id ? `${tag}#${target.id}` : tag;
}

// How the page feels: the web vitals by their definitions, from the browser's performance timeline.

/// Interactions that are remembered as the slowest.
const SLOWEST = 10;

/// Of this many interactions, the slowest does not count.
const INTERACTIONS_PER_OUTLIER = 50;

/// A window of layout shifts ends after a pause and after a time, in milliseconds.
const SHIFT_PAUSE_MS = 1000;
const SHIFT_WINDOW_MS = 5000;

export function observeVitals(measured, slowFrame) {
  const vitals = new Map();
  const told = new Map();
  const takers = [];
  observe(takers, 'paint', (entry) => {
    if (entry.name === 'first-contentful-paint') vitals.set('fcp', entry.startTime);
  });
  observeLargestPaint(takers, vitals);
  observeShifts(takers, vitals);
  observeInteractions(takers, vitals);
  observe(takers, 'long-animation-frame', (entry) => {
    const script = [...entry.scripts].sort((one, other) => other.duration - one.duration)[0];
    slowFrame([entry.startTime, entry.duration, entry.blockingDuration, script?.sourceURL || script?.invoker]);
  });
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState !== 'hidden') return;
    takers.forEach((take) => take());
    const [navigation] = performance.getEntriesByType('navigation');
    if (navigation?.responseStart > 0) vitals.set('ttfb', navigation.responseStart);
    for (const [name, value] of vitals) {
      if (told.get(name) !== value) measured([name, value, value - (told.get(name) ?? 0)]);
      told.set(name, value);
    }
  }, true);
}

function observe(takers, type, take, options) {
  if (!PerformanceObserver.supportedEntryTypes.includes(type)) return undefined;
  const observer = new PerformanceObserver((list) => list.getEntries().forEach(take));
  observer.observe({ type, buffered: true, ...options });
  takers.push(() => observer.takeRecords().forEach(take));
  return observer;
}

/// The largest paint until the first thing that the person does: later ones are answers to it.
function observeLargestPaint(takers, vitals) {
  let isOver = false;
  observe(takers, 'largest-contentful-paint', (entry) => {
    if (!isOver) vitals.set('lcp', entry.startTime);
  });
  for (const type of ['keydown', 'pointerdown']) {
    addEventListener(type, () => {
      takers.forEach((take) => take());
      isOver = true;
    }, { capture: true, once: true });
  }
}

/// The worst window of layout shifts that nobody has asked for.
function observeShifts(takers, vitals) {
  let [sum, first, last] = [0, 0, 0];
  const isObserved = observe(takers, 'layout-shift', ({ hadRecentInput, startTime, value }) => {
    if (hadRecentInput) return;
    const continues = sum > 0 && startTime - last < SHIFT_PAUSE_MS && startTime - first < SHIFT_WINDOW_MS;
    [sum, first] = continues ? [sum + value, first] : [value, startTime];
    last = startTime;
    vitals.set('cls', Math.max(vitals.get('cls'), sum));
  });
  if (isObserved) vitals.set('cls', 0);
}

/// The slowest interaction but for outliers: how long from what the person did to the frame that showed it.
function observeInteractions(takers, vitals) {
  const slowest = new Map();
  const ids = new Set();
  observe(takers, 'event', ({ interactionId, duration }) => {
    if (!interactionId) return;
    ids.add(interactionId);
    slowest.set(interactionId, Math.max(duration, slowest.get(interactionId) ?? 0));
    const ordered = [...slowest].sort(([, one], [, other]) => other - one);
    ordered.slice(SLOWEST).forEach(([id]) => slowest.delete(id));
    const count = performance.interactionCount ?? ids.size;
    const index = Math.min(Math.floor(count / INTERACTIONS_PER_OUTLIER), ordered.length - 1, SLOWEST - 1);
    vitals.set('inp', ordered[index][1]);
  }, { durationThreshold: 16 });
}

// `XMLHttpRequest`, wrapped. Fails open like the wrapped fetch.

export function patchXhr(wants, begin, tell) {
  const { prototype } = XMLHttpRequest;
  const { open, send, setRequestHeader } = prototype;
  const requests = new WeakMap();
  prototype.open = function (method, url, ...more) {
    const answer = open.call(this, method, url, ...more);
    quietly(() => requests.set(this, { method: normalized(method), url: new URL(url, document.baseURI).href }));
    return answer;
  };
  prototype.setRequestHeader = function (name, value) {
    const answer = setRequestHeader.call(this, name, value);
    quietly(() => {
      if (String(name).toLowerCase() === 'traceparent') requests.delete(this);
    });
    return answer;
  };
  prototype.send = function (body) {
    quietly(() => {
      const request = requests.get(this);
      if (!request || !wants([request.url])) return;
      const call = beginCall(begin, tell, request.method, request.url);
      call?.headers.forEach(([name, value]) => setRequestHeader.call(this, name, value));
      if (call) observeRequest(this, call);
    });
    return send.call(this, body);
  };
}

/// As the browser will send it: the usual methods in capitals, others as they are.
function normalized(method) {
  const capitals = String(method).toUpperCase();
  return ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT'].includes(capitals) ? capitals : String(method);
}

/// One of these comes, and once.
function observeRequest(request, call) {
  const endings = {
    load: () => call.answered(request.status, request.responseURL),
    error: () => call.failed('NetworkError', 'no answer'),
    timeout: () => call.failed('TimeoutError', 'no answer in time'),
    abort: () => call.cancelled(),
  };
  let isOver = false;
  for (const [type, ending] of Object.entries(endings)) {
    request.addEventListener(type, () => {
      if (isOver) return;
      isOver = true;
      ending();
    }, { once: true });
  }
}

// Compressed exports. Compressing takes a moment, which a page that goes away does not have.

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

export function sendCompressed(url, body, keepalive, timeout_ms, id, over) {
  tellEnd(postCompressed(url, body, keepalive, timeout_ms), id, over);
}

async function postCompressed(url, bytes, keepalive, timeout_ms) {
  // Copied while it is there: the program goes on.
  const body = bytes.slice();
  if (isLeaving || body.byteLength < LEAST_BYTES || typeof CompressionStream === 'undefined') {
    return post(url, body, keepalive, timeout_ms);
  }
  let go;
  const hurried = new Promise((resolve) => { go = resolve; });
  hurry.add(go);
  const compressed = await Promise.race([compress(body).catch(() => undefined), hurried]);
  hurry.delete(go);
  if (!compressed) return post(url, body, keepalive, timeout_ms);
  return post(url, compressed, keepalive, timeout_ms, 'gzip');
}

async function compress(body) {
  const stream = new Blob([body]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// The tab's session storage, where there is one: a page may be denied it.

const KEY = 'opentelemetry-browser.session';

export function loadSession() {
  try {
    return sessionStorage.getItem(KEY) ?? undefined;
  } catch {
    return undefined;
  }
}

export function storeSession(session) {
  try {
    sessionStorage.setItem(KEY, session);
  } catch {
    // The session is that of this page then.
  }
}

// What could not be sent, kept in the local storage of this origin. Every entry is one request: the signal, a space, and
// the body in base64. It goes when it was answered for good, so it is sent at least once.

const PREFIX = 'opentelemetry-browser.spill.';
const RETRYABLE = [429, 502, 503, 504];

/// Entries of this page whose requests are under way at the same time.
const underWay = new Set();
const page = crypto.randomUUID?.() ?? `${Date.now()}.${Math.random()}`;
const keyOf = (id) => `${PREFIX}${page}.${id}`;

const keys = () => Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));

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

export function forget(id) {
  if (underWay.delete(keyOf(id))) localStorage.removeItem(keyOf(id));
}

export function isOffline() {
  return navigator.onLine === false;
}

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
      const [status] = await post(urls[signal], body, false, timeout_ms);
      if (RETRYABLE.includes(status)) return;
      localStorage.removeItem(key);
      over([+(status >= 200 && status < 300)]);
    }
  };
  await (navigator.locks ? navigator.locks.request(PREFIX, { ifAvailable: true }, alone) : alone(true));
}
