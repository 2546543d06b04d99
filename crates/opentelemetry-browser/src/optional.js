// What optional features ask of a page. One file, for a page fetches each by itself. Comments stand in Rust.

import { beginCall, endpoints, post, quietly, redacted, target, tellEnd, withoutFragment } from './shim.js';

export function said(headers) {
  const metrics = parts(headers.get('server-timing') ?? '', ',').map((metric) => parts(metric, ';'));
  const description = (name) => {
    const metric = metrics.find(([found]) => found?.toLowerCase() === name);
    return metric?.find((part) => part.startsWith('desc='))?.slice(5).replace(/^"(.*)"$/, '$1');
  };
  const date_ms = Date.parse(headers.get('date'));
  const clock_ms = +description('clock');
  const trace = description('trace') ?? description('traceparent');
  return [headers.get('traceresponse'), trace, clock_ms || date_ms, clock_ms || date_ms + 1000];
}

function parts(text, separator) {
  return (text.match(new RegExp(`("[^"]*"|[^"${separator}])+`, 'g')) ?? []).map((part) => part.trim());
}

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

export function observeNavigation(navigated) {
  let last = location.href;
  const tell = (type, isSameDocument) => {
    const url = location.href;
    const isHashChange = isSameDocument && url !== last && withoutFragment(url) === withoutFragment(last);
    last = url;
    quietly(() => navigated([type, redacted(url), +isSameDocument, +isHashChange]));
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

function describe(target) {
  const tag = String(target?.localName ?? 'document');
  return target?.id ? `${tag}#${target.id}` : tag;
}

const SLOWEST = 10;

const INTERACTIONS_PER_OUTLIER = 50;

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
    const source = script?.sourceURL || script?.invoker;
    slowFrame([entry.startTime, entry.duration, entry.blockingDuration, redacted(source) || source]);
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

export function patchXhr(begin, tell) {
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
      const known = request ? target(request.url) : [];
      if (!known.length) return;
      const call = beginCall(begin, tell, request.method, known);
      call?.headers.forEach(([name, value]) => setRequestHeader.call(this, name, value));
      if (call) observeRequest(this, call);
    });
    return send.call(this, body);
  };
}

function normalized(method) {
  const capitals = String(method).toUpperCase();
  return ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT'].includes(capitals) ? capitals : String(method);
}

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

const LEAST_BYTES = 1024;

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

export function sendCompressed(signal, body, keepalive, timeout_ms, id, over) {
  tellEnd(postCompressed(signal, body, keepalive, timeout_ms), id, over);
}

async function postCompressed(signal, bytes, keepalive, timeout_ms) {
  const body = bytes.slice();
  if (isLeaving || body.byteLength < LEAST_BYTES || typeof CompressionStream === 'undefined') {
    return post(signal, body, keepalive, timeout_ms);
  }
  let go;
  const hurried = new Promise((resolve) => { go = resolve; });
  hurry.add(go);
  const compressed = await Promise.race([compress(body).catch(() => undefined), hurried]);
  hurry.delete(go);
  if (!compressed) return post(signal, body, keepalive, timeout_ms);
  return post(signal, compressed, keepalive, timeout_ms, 'gzip');
}

async function compress(body) {
  const stream = new Blob([body]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const KEY = 'opentelemetry-browser.session';

export function loadSession() {
  try {
    const [id, active_ms] = sessionStorage.getItem(KEY).split(' ');
    return /^[\da-f-]{36}$/.test(id) && active_ms > 0 ? [id, +active_ms] : [];
  } catch {
    return [];
  }
}

export function storeSession(id, active_ms) {
  try {
    sessionStorage.setItem(KEY, `${id} ${active_ms}`);
  } catch {
    // So be it.
  }
}

const PREFIX = 'opentelemetry-browser.spill.';
const RETRYABLE = [429, 502, 503, 504];

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

export function drainWhenOnline(timeout_ms, over) {
  const run = () => drain(timeout_ms, over).catch(() => {});
  addEventListener('online', run);
  run();
}

function decode(entry) {
  try {
    const [signal, text] = entry.split(' ');
    return endpoints[signal] && [signal, Uint8Array.from(atob(text), (character) => character.charCodeAt(0))];
  } catch {
    return undefined;
  }
}

async function drain(timeout_ms, over) {
  const alone = async (lock) => {
    if (!lock) return;
    for (const key of keys()) {
      const entry = underWay.has(key) ? null : localStorage.getItem(key);
      if (entry === null) continue;
      const request = decode(entry);
      const [status] = request ? await post(...request, false, timeout_ms) : [400];
      if (RETRYABLE.includes(status)) return;
      localStorage.removeItem(key);
      over([+(status >= 200 && status < 300)]);
    }
  };
  await (navigator.locks ? navigator.locks.request(PREFIX, { ifAvailable: true }, alone) : alone(true));
}
