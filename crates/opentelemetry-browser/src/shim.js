// The page's side. Comments stand in Rust.

const clock = globalThis.performance;

export function performanceNow() {
  return clock.now();
}

export function send(signal, body, keepalive, timeout_ms, id, over) {
  tellEnd(post(signal, body, keepalive, timeout_ms), id, over);
}

export function tellEnd(answer, id, over) {
  answer.then((values) => over([id, ...values]), (error) => over([id, 0, +(error?.name === 'TimeoutError')]));
}

export async function post(signal, body, keepalive, timeout_ms, encoding) {
  const headers = { 'content-type': 'application/x-protobuf', ...(encoding && { 'content-encoding': encoding }) };
  const copy = body.slice();
  const patience = AbortSignal.timeout?.(timeout_ms);
  const response = await fetch(endpoints[signal], { method: 'POST', headers, body: copy, keepalive, signal: patience });
  const answer = new Uint8Array(await response.arrayBuffer());
  const isOtlp = response.headers.get('content-type') === 'application/x-protobuf';
  const wait = response.headers.get('retry-after');
  const wait_ms = wait && (wait * 1000 || Date.parse(wait) - Date.now());
  return [response.status, wait_ms, copy.length, ...(isOtlp ? answer : [])];
}

export function startTimer(callback, delay_ms) {
  setTimeout(callback, delay_ms);
}

export function watchPage(hidden, unloading, trapped) {
  document.addEventListener('visibilitychange', () => document.visibilityState === 'hidden' && hidden(), true);
  addEventListener('pagehide', unloading, true);
  document.addEventListener('freeze', unloading, true);
  const look = (error) => error instanceof WebAssembly.RuntimeError && quietly(trapped);
  addEventListener('error', (event) => look(event.error), true);
  addEventListener('unhandledrejection', (event) => look(event.reason), true);
}

const TIMING_KEYS = [
  'startTime', 'domainLookupStart', 'domainLookupEnd', 'connectStart', 'connectEnd', 'requestStart', 'responseStart',
  'responseEnd', 'encodedBodySize',
];

export const isFetch = ({ initiatorType }) => ['fetch', 'xmlhttprequest'].includes(initiatorType);

export const timingOf = (entry) => TIMING_KEYS.map((key) => entry[key]);

let takeRecords = () => {};

export function observeFetches(over) {
  try {
    if (!PerformanceObserver.supportedEntryTypes.includes('resource')) return false;
    const tell = (entries) => entries.forEach((entry) => {
      if (isFetch(entry)) quietly(() => over([withoutFragment(entry.name), ...timingOf(entry)]));
    });
    const observer = new PerformanceObserver((list) => tell(list.getEntries()));
    observer.observe({ type: 'resource' });
    takeRecords = () => tell(observer.takeRecords());
    return true;
  } catch {
    return false;
  }
}

export function takeFetches() {
  quietly(takeRecords);
}

export function page() {
  if (typeof document === 'undefined') return [];
  const data = navigator.userAgentData;
  const facts = Object.entries({
    'user_agent.original': navigator.userAgent,
    'browser.language': navigator.language,
    'browser.platform': data?.platform,
    'browser.mobile': data && +data.mobile,
    'browser.brands': data?.brands?.map(({ brand, version }) => `${brand} ${version}`),
  });
  const words = new Uint32Array(8);
  const seed = globalThis.crypto?.getRandomValues(words) ?? words.map(() => Math.random() * 2 ** 32);
  return [performance.timeOrigin, seed, facts.filter(([, value]) => value !== undefined)];
}

export let endpoints;
let ignored;
let allowed;
let secrets;

export function configure(settings) {
  const list = (kind) => settings.split('\n').filter((line) => line[0] === kind).map((line) => line.slice(1));
  const absolute = (url) => parse(url, document.baseURI)?.href ?? url;
  endpoints = list('e').map(absolute);
  ignored = [...endpoints, ...list('i').map(absolute)];
  allowed = [origin, ...list('p').map((url) => parse(url)?.origin)];
  secrets = ['AWSAccessKeyId', 'Signature', 'sig', 'X-Goog-Signature', ...list('s')];
}

function parse(text, base) {
  try {
    const url = new URL(text, base);
    return /^https?:/.test(url.protocol) ? url : undefined;
  } catch {
    return undefined;
  }
}

export const withoutFragment = (url) => url.split('#', 1)[0];

export function target(text) {
  const url = parse(text);
  if (!url || ignored.some((prefix) => text.startsWith(prefix))) return [];
  const port = +url.port || (url.protocol === 'http:' ? 80 : 443);
  return [withoutFragment(text), redacted(text), url.hostname, port, +allowed.includes(url.origin)];
}

export function redacted(text) {
  const url = parse(text);
  if (!url) return '';
  if (url.username || url.password) url.username = url.password = 'REDACTED';
  url.search = url.search.replace(/([?&]([^=&]+)=)[^&]*/g, (all, start, key) => (secrets.includes(key) ? `${start}REDACTED` : all));
  return url.href;
}

export function beginCall(begin, tell, method, target) {
  const [id, traceparent, tracestate] = begin([method, ...target])?.split('\n') ?? [];
  const teller = (what) => (...values) => quietly(() => tell([+id, what, ...values]));
  const headers = Object.entries({ traceparent, tracestate }).filter(([, value]) => value);
  return id && { headers, said: teller(0), answered: teller(1), failed: teller(2), cancelled: teller(3) };
}

export function patchFetch(begin, tell) {
  const original = window.fetch;
  window.fetch = function fetch(input, init) {
    let request;
    let call;
    try {
      const known = target(input instanceof Request ? input.url : new URL(input, document.baseURI).href);
      if (known.length) {
        request = new Request(input, init);
        if (!request.headers.has('traceparent')) call = beginCall(begin, tell, request.method, known);
        call?.headers.forEach(([name, value]) => request.headers.set(name, value));
      }
    } catch {
      // The original reports what is wrong.
    }
    const answer = original.apply(this, request ? [request] : arguments);
    return call ? observe(answer, call, request.signal) : answer;
  };
}

async function observe(answer, call, signal) {
  try {
    const response = await answer;
    call.said(response.headers);
    call.answered(response.status, response.url);
    return response;
  } catch (error) {
    if (isAbort(error, signal)) call.cancelled();
    else call.failed(...describe(error));
    throw error;
  }
}

export function quietly(report) {
  try {
    report();
  } catch {
    // The page goes on.
  }
}

export function describe(error) {
  return [String(error?.name ?? 'Error'), String(error?.message ?? error)];
}

export function isAbort(error, signal) {
  return error?.name !== 'TimeoutError' && (error?.name === 'AbortError' || signal?.aborted);
}
