// What is shorter, or only safe, in JavaScript. Everything fails open: the page's requests are sent whatever goes wrong here.
// Every visitor downloads comments: what a function promises stands where Rust declares it.

// Asking the window for it takes longer than asking it for the time.
const clock = globalThis.performance;

export function performanceNow() {
  return clock.now();
}

export async function send(url, body, keepalive, timeout_ms, encoding) {
  const signal = AbortSignal.timeout?.(timeout_ms);
  const headers = { 'content-type': 'application/x-protobuf', ...(encoding && { 'content-encoding': encoding }) };
  // Copied: the program's memory may move while someone else's wrapper of fetch waits for something.
  const copy = body.slice();
  const response = await fetch(url, { method: 'POST', headers, body: copy, keepalive, signal });
  const answer = new Uint8Array(await response.arrayBuffer());
  const isOtlp = response.headers.get('content-type') === 'application/x-protobuf';
  const wait = response.headers.get('retry-after');
  const seconds = wait === null ? NaN : Number(wait);
  const wait_ms = Number.isNaN(seconds) ? Date.parse(wait) - Date.now() : seconds * 1000;
  return [response.status, wait_ms, copy.length, isOtlp && answer];
}

export function whenOver(answer, id, over) {
  answer.then((values) => over([id, ...values]), (error) => over([id, 0, error?.name === 'TimeoutError']));
}

export function startTimer(callback, delay_ms) {
  setTimeout(callback, delay_ms);
}

export function onPageEnd(hidden, unloading) {
  document.addEventListener('visibilitychange', () => document.visibilityState === 'hidden' && hidden(), true);
  addEventListener('pagehide', () => unloading(), true);
  document.addEventListener('freeze', () => unloading(), true);
}

export function onTrap(trapped) {
  const look = (error) => error instanceof WebAssembly.RuntimeError && quietly(trapped);
  addEventListener('error', (event) => look(event.error), true);
  addEventListener('unhandledrejection', (event) => look(event.reason), true);
}

/// What `Timing` reads of an entry, in its order.
const TIMING_KEYS = [
  'startTime', 'domainLookupStart', 'domainLookupEnd', 'connectStart', 'connectEnd', 'requestStart', 'responseStart',
  'responseEnd', 'encodedBodySize',
];

/// The numbers of `Timing` of an entry of the browser's resource timing.
export function timingOf(entry) {
  return TIMING_KEYS.map((key) => entry[key]);
}

let takeRecords = () => {};

export function observeFetches(over) {
  try {
    if (!PerformanceObserver.supportedEntryTypes.includes('resource')) return false;
    const tell = (entries) => entries.forEach((entry) => {
      if (['fetch', 'xmlhttprequest'].includes(entry.initiatorType)) quietly(() => over([entry.name, ...timingOf(entry)]));
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
  quietly(() => takeRecords());
}

export function page() {
  if (typeof document === 'undefined') return [];
  const data = navigator.userAgentData;
  const brands = data?.brands?.map(({ brand, version }) => `${brand} ${version}`) ?? [];
  const { userAgent, language } = navigator;
  return [origin, performance.timeOrigin, userAgent, language, data?.platform, data?.mobile, brands];
}

export function absolute(url) {
  try {
    return new URL(url, document.baseURI).href;
  } catch {
    return url;
  }
}

export function fillRandomly(bytes) {
  if (typeof crypto === 'undefined') bytes.forEach((_, index) => { bytes[index] = Math.random() * 256; });
  else crypto.getRandomValues(bytes);
}

/// A request as its wrappers see it: `headers` to send, and what may be told of it; nothing if it is not traced. One of the
/// last three is called once.
export function beginCall(begin, tell, method, url) {
  const [id, traceparent, tracestate] = begin([method, url]) ?? [];
  const teller = (what) => (...values) => quietly(() => tell([id, what, ...values]));
  const headers = Object.entries({ traceparent, tracestate }).filter(([, value]) => value);
  return id === undefined
    ? undefined
    : { headers, said: teller(0), answered: teller(1), failed: teller(2), cancelled: teller(3) };
}

export function patchFetch(wants, begin, tell) {
  const original = window.fetch;
  window.fetch = function fetch(input, init) {
    let request;
    let call;
    try {
      const url = input instanceof Request ? input.url : new URL(input, document.baseURI).href;
      if (wants([url])) {
        // The browser itself reads all forms of arguments and headers; the body is handed on, not read.
        request = new Request(input, init);
        if (!request.headers.has('traceparent')) call = beginCall(begin, tell, request.method, request.url);
        call?.headers.forEach(([name, value]) => request.headers.set(name, value));
      }
    } catch {
      // Arguments that are wrong are reported by the original, as ever.
    }
    const answer = request ? original.call(this, request) : original.apply(this, arguments);
    return call ? observe(answer, call, request.signal) : answer;
  };
}

/// The same answer, told to `call` as well. A rejection that nobody handles is still reported as unhandled.
async function observe(answer, call, signal) {
  try {
    const response = await answer;
    quietly(() => call.said(...said(response.headers)));
    call.answered(response.status, response.url);
    return response;
  } catch (error) {
    if (isAbort(error, signal)) call.cancelled();
    else call.failed(...describe(error));
    throw error;
  }
}

export function said(headers) {
  const date = Date.parse(headers.get('date'));
  return [headers.get('traceresponse') ?? undefined, headers.get('server-timing') ?? undefined, date || undefined];
}

/// Runs what tells the tracer of something.
export function quietly(report) {
  try {
    report();
  } catch {
    // Tracing is broken; the page is not.
  }
}

export function describe(error) {
  return [String(error?.name ?? 'Error'), String(error?.message ?? error)];
}

export function isAbort(error, signal) {
  return error?.name !== 'TimeoutError' && (error?.name === 'AbortError' || signal?.aborted === true);
}
