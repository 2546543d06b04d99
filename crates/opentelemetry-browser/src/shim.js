// The page's side. Comments stand in Rust.

const clock = globalThis.performance;

export function performanceNow() {
  return clock.now();
}

export function send(url, body, keepalive, timeout_ms, id, over) {
  tellEnd(post(url, body, keepalive, timeout_ms), id, over);
}

export function tellEnd(answer, id, over) {
  answer.then((values) => over([id, ...values]), (error) => over([id, 0, +(error?.name === 'TimeoutError')]));
}

export async function post(url, body, keepalive, timeout_ms, encoding) {
  const signal = AbortSignal.timeout?.(timeout_ms);
  const headers = { 'content-type': 'application/x-protobuf', ...(encoding && { 'content-encoding': encoding }) };
  const copy = body.slice();
  const response = await fetch(url, { method: 'POST', headers, body: copy, keepalive, signal });
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
      if (isFetch(entry)) quietly(() => over([entry.name, ...timingOf(entry)]));
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
  const brands = data?.brands?.map(({ brand, version }) => `${brand} ${version}`) ?? [];
  const { userAgent, language } = navigator;
  const words = new Uint32Array(8);
  const seed = globalThis.crypto?.getRandomValues(words) ?? words.map(() => Math.random() * 2 ** 32);
  return [origin, performance.timeOrigin, userAgent, language, data?.platform, data && +data.mobile, brands, seed];
}

export function absolute(url) {
  try {
    return new URL(url, document.baseURI).href;
  } catch {
    return url;
  }
}

export function beginCall(begin, tell, method, url) {
  const [id, traceparent, tracestate] = begin([method, url])?.split('\n') ?? [];
  const teller = (what) => (...values) => quietly(() => tell([+id, what, ...values]));
  const headers = Object.entries({ traceparent, tracestate }).filter(([, value]) => value);
  return id && { headers, said: teller(0), answered: teller(1), failed: teller(2), cancelled: teller(3) };
}

export function patchFetch(wants, begin, tell) {
  const original = window.fetch;
  window.fetch = function fetch(input, init) {
    let request;
    let call;
    try {
      const url = input instanceof Request ? input.url : new URL(input, document.baseURI).href;
      if (wants([url])) {
        request = new Request(input, init);
        if (!request.headers.has('traceparent')) call = beginCall(begin, tell, request.method, request.url);
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
