// Stands for the network: records what reaches the browser's own fetch and answers by path. Installed before tracing
// starts, so that the patched fetch wraps it.

const real = window.fetch;
const calls = [];
const exports = [];

export function install() {
  // Left by an earlier page: a request of one resource without spans.
  localStorage.setItem('opentelemetry-browser.spill.earlier.0', `0 ${btoa('\x0a\x00')}`);
  window.fetch = async function (input, init) {
    const url = input instanceof Request ? input.url : new URL(input, document.baseURI).href;
    const path = new URL(url).pathname;
    if (path.startsWith('/otlp/v1/')) return receive(path, input, init);
    const isUntouched = !(input instanceof Request);
    const request = new Request(input, init);
    const call = { url, method: request.method, headers: Object.fromEntries(request.headers), isUntouched };
    calls.push(call);
    call.body = await request.clone().text();
    return answer(path, request);
  };
}

let refusals = [];
let partialAnswer;

/// The next exports of spans are answered with these status codes; events come when they come.
export function refuseExports(statusCodes) {
  refusals = [...statusCodes];
}

/// How many refusals are still to come.
export function refusalsLeft() {
  return refusals.length;
}

/// The next export is accepted, with this answer.
export function answerExport(body) {
  partialAnswer = body;
}

let answerIsAwaited = false;
let patience_ms;

/// The next export is never answered; time passes ten thousand times as fast for it.
export function silenceExport() {
  const timeout = AbortSignal.timeout;
  answerIsAwaited = true;
  AbortSignal.timeout = (ms) => {
    patience_ms = ms;
    AbortSignal.timeout = timeout;
    return timeout.call(AbortSignal, ms / 10_000);
  };
}

/// How long the export that was never answered would have waited.
export function patience() {
  return patience_ms;
}

async function receive(path, input, init) {
  if (answerIsAwaited) {
    answerIsAwaited = false;
    return new Promise((_, reject) => {
      init.signal.addEventListener('abort', () => reject(init.signal.reason));
    });
  }
  const partial = partialAnswer;
  partialAnswer = undefined;
  const refusal = path.endsWith('traces') ? refusals.shift() : undefined;
  const status = partial ? 200 : refusal ?? 200;
  if (status !== 200) return new Response('', { status, headers: { 'retry-after': '0' } });
  const encoding = init.headers['content-encoding'];
  let body = init.body;
  if (encoding) {
    const stream = new Blob([body]).stream().pipeThrough(new DecompressionStream(encoding));
    body = new Uint8Array(await new Response(stream).arrayBuffer());
  }
  exports.push({ path, body, keepalive: init.keepalive, type: init.headers['content-type'], encoding });
  return new Response(partial ?? '', { headers: { 'content-type': partial ? 'application/x-protobuf' : 'text/plain' } });
}

/// An answer whose body grows when it is told to.
let grow;
const streamed = new Response(new ReadableStream({
  start(controller) {
    controller.enqueue(new TextEncoder().encode('first'));
    grow = () => {
      controller.enqueue(new TextEncoder().encode('second'));
      controller.close();
    };
  },
}));

async function answer(path, request) {
  if (path.startsWith('/status/')) return new Response('body', { status: Number(path.slice(8)) });
  if (path === '/served') {
    // By a server whose clock is 90 s ahead; `?elsewhere` by one that began a trace of its own.
    const trace = request.url.includes('elsewhere') ? '1'.repeat(32) : request.headers.get('traceparent').slice(3, 35);
    const now = Date.now() + 90_000;
    const headers = { traceresponse: `00-${trace}-00f067aa0ba902b7-01`, 'server-timing': `clock;desc="${now}"` };
    return new Response('body', { headers });
  }
  if (path === '/stream') return streamed;
  if (path === '/broken') throw new TypeError('Failed to fetch');
  if (path === '/hang') {
    return new Promise((_, reject) => {
      const fail = () => reject(request.signal.reason);
      if (request.signal.aborted) fail();
      request.signal.addEventListener('abort', fail);
    });
  }
  return real(request);
}

/// The calls to URLs that contain `part`, oldest first.
export function callsTo(part) {
  return calls.filter((call) => call.url.includes(part));
}

/// The bodies of all exports to this path so far.
export function exported(path) {
  return exports.filter((request) => request.path === path).map((request) => request.body);
}

/// Whether the last export was sent with `keepalive` and its type.
export function lastExportIsKeptAlive() {
  const { keepalive, type } = exports.at(-1);
  return keepalive && type === 'application/x-protobuf';
}

export function lastExportIsCompressed() {
  return exports.findLast(({ path }) => path === '/otlp/v1/traces').encoding === 'gzip';
}

const spilled = () => Object.keys(localStorage).filter((key) => key.startsWith('opentelemetry-browser.spill.'));

/// How many requests are kept.
export function spillCount() {
  return spilled().length;
}

/// What the browser tells when it is online again.
export function comeOnline() {
  dispatchEvent(new Event('online'));
}

/// Whether what an earlier page has left was sent.
export function hasEmptyExport() {
  return exports.some(({ body }) => body.length === 2);
}

/// Lets everything that is ready run.
export function turn() {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/// Calls `window.fetch` in one of the ways a page may. Resolves to the answer's status and text, or to the error's name.
export async function fetchAs(form, path) {
  try {
    const response = await forms[form](path);
    return `${response.status} ${await response.text()}`;
  } catch (error) {
    return String(error?.name ?? error);
  }
}

const forms = {
  string: (path) => fetch(path),
  url: (path) => fetch(new URL(path, location.href)),
  request: (path) => fetch(new Request(path)),
  requestAndInit: (path) => fetch(new Request(path, { headers: { a: '1' } }), { method: 'PUT', headers: { b: '2' } }),
  headers: (path) => fetch(path, { headers: new Headers({ a: '1' }) }),
  headerPairs: (path) => fetch(path, { headers: [['a', '1'], ['a', '2']] }),
  headerRecord: (path) => fetch(path, { headers: { a: '1' } }),
  headerGenerator: (path) => fetch(path, { headers: (function* () { yield ['a', '1']; })() }),
  requestAsInit: (path) => fetch(path, new Request('/elsewhere', { method: 'DELETE', headers: { a: '1' } })),
  post: (path) => fetch(path, { method: 'POST', body: 'text with ü' }),
  postRequest: (path) => fetch(new Request(path, { method: 'POST', body: new Uint8Array([104, 105]) })),
  postForm: (path) => fetch(path, { method: 'POST', body: new URLSearchParams({ q: 'a b' }) }),
  lowerCase: (path) => fetch(path, { method: 'post', body: '' }),
  oddMethod: (path) => fetch(path, { method: 'PURGE' }),
  carries: (path) => fetch(path, { headers: { traceparent: '00-11111111111111111111111111111111-2222222222222222-01' } }),
  invalid: () => fetch('http://'),
  wrongHeaders: (path) => fetch(path, { headers: { 'not a name': '1' } }),
  noCors: (path) => fetch(path, { mode: 'no-cors' }),
  abortedBefore: (path) => fetch(path, { signal: AbortSignal.abort() }),
  abortedWhile: (path) => abortedWhile(path),
  abortedWithReason: (path) => abortedWhile(path, 'the person went on'),
  timedOut: (path) => fetch(path, { signal: AbortSignal.timeout(1) }),
  streamed: readInParts,
  abortedAfter: async (path) => {
    const controller = new AbortController();
    const response = await fetch(path, { signal: controller.signal });
    controller.abort();
    const name = await response.arrayBuffer().then(() => 'read', (error) => error.name);
    return { status: response.status, text: async () => name };
  },
  stream: (path) => fetch(path, { method: 'POST', duplex: 'half', body: new Blob(['in', ' parts']).stream() }),
};

async function readInParts(path) {
  const response = await fetch(path);
  const identity = response === streamed && !response.bodyUsed ? 'same' : 'another';
  const reader = response.body.getReader();
  const read = async () => new TextDecoder().decode((await reader.read()).value);
  const first = await read();
  grow();
  return { status: identity, text: async () => `${first} ${await read()}` };
}

function abortedWhile(path, reason) {
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), 0);
  return fetch(path, { signal: controller.signal });
}

/// What `observe` says where the browser cannot tell of fetches, in three ways.
export function observeBlindly(observe) {
  const { PerformanceObserver } = window;
  const old = class { static supportedEntryTypes = ['mark']; };
  const broken = class { static supportedEntryTypes = ['resource']; observe() { unreachable(); } };
  try {
    return [undefined, old, broken].map((substitute) => {
      window.PerformanceObserver = substitute;
      return observe(unreachable);
    });
  } finally {
    window.PerformanceObserver = PerformanceObserver;
  }
}

/// Calls `callback` in each call that the tracer makes into these functions of the page, while `work` runs; how often it
/// said that it was traced.
export async function comeBack(callback, work) {
  const performanceNow = performance.now;
  const dateNow = Date.now;
  const timeout = window.setTimeout;
  const within = window.fetch;
  let isWithin = false;
  let calls = 0;
  const back = () => {
    if (isWithin) return;
    isWithin = true;
    calls += Number(callback());
    isWithin = false;
  };
  performance.now = () => (back(), performanceNow.call(performance));
  Date.now = () => (back(), dateNow());
  window.setTimeout = (...args) => (back(), timeout(...args));
  window.fetch = (...args) => (back(), within(...args));
  try {
    await work();
  } finally {
    delete performance.now;
    Date.now = dateNow;
    window.setTimeout = timeout;
    window.fetch = within;
  }
  return calls;
}

export function storedSession() {
  return sessionStorage.getItem('opentelemetry-browser.session') ?? undefined;
}

/// Whether `work` trapped.
export function traps(work) {
  try {
    work();
    return false;
  } catch (error) {
    return error instanceof WebAssembly.RuntimeError;
  }
}

/// Tells the page what the browser tells it of a trap that nobody caught.
export function reportTrap() {
  const error = new WebAssembly.RuntimeError('unreachable');
  dispatchEvent(new ErrorEvent('error', { error, cancelable: true }));
}

export function hidePage() {
  Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
  delete document.visibilityState;
  document.dispatchEvent(new Event('visibilitychange'));
}

export function unloadPage() {
  dispatchEvent(new Event('pagehide'));
  dispatchEvent(new Event('pageshow'));
}

/// Whether a rejection that the page does not handle is reported, as it is without tracing.
export async function reportsUnhandled(path) {
  const reported = new Promise((resolve) => {
    addEventListener('unhandledrejection', (event) => { event.preventDefault(); resolve(true); }, { once: true });
    setTimeout(() => resolve(false), 2000);
  });
  fetch(path);
  return reported;
}

function unreachable() {
  throw new WebAssembly.RuntimeError('unreachable');
}

/// Patches fetch once more, by `patch`, with a tracer that traps in each of the places where it is called; what the page
/// sees of a request, per place.
export async function fetchWithBrokenTracing(patch, path) {
  const before = window.fetch;
  const seen = [];
  for (const hooks of [[unreachable, unreachable], [() => '0\n', unreachable]]) {
    patch(...hooks);
    seen.push(await fetchAs('postRequest', path), await fetchAs('string', '/broken?untraced'));
    window.fetch = before;
  }
  return seen;
}

// What a person and the browser do to a page.

/// A button whose handler is called when it is clicked; `options` are those of the listener.
function button(id, handler, options) {
  const element = document.createElement('button');
  element.id = id;
  element.addEventListener('click', handler, options);
  document.body.append(element);
  return element;
}

/// Clicks a button of this id.
export function click(id, handler) {
  const element = button(id, () => handler());
  element.click();
  element.remove();
}

/// Submits a form of this id.
export function submit(id, handler) {
  const form = document.createElement('form');
  form.id = id;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    handler();
  });
  document.body.append(form);
  form.requestSubmit();
  form.remove();
}

/// Whether listeners of clicks are called as ever: as functions and objects, with their `this`, once each, and no more
/// when they are removed.
export function listenersWork() {
  const seen = [];
  const object = { handleEvent() { seen.push(this === object ? 'object' : 'not the object'); } };
  const counted = function () { seen.push(this === element ? 'function' : 'not the element'); };
  const element = button('listeners', counted);
  element.addEventListener('click', counted);
  element.addEventListener('click', object);
  element.addEventListener('click', () => seen.push('once'), { once: true });
  element.addEventListener('click', null);
  element.click();
  element.removeEventListener('click', counted);
  element.removeEventListener('click', object);
  element.click();
  element.remove();
  return seen.join(' ');
}

/// What a handler throws reaches the page as ever: its message.
export async function thrownByHandler() {
  const reported = new Promise((resolve) => {
    const listen = (event) => {
      event.preventDefault();
      event.stopImmediatePropagation();
      resolve(event.error.message);
    };
    addEventListener('error', listen, { once: true, capture: true });
  });
  const element = button('throws', () => { throw new Error('from the handler'); });
  element.click();
  element.remove();
  return reported;
}

/// An error that nobody has caught, as the browser reports it.
export function reportError(name, message) {
  const error = new Error(message);
  error.name = name;
  dispatchEvent(new ErrorEvent('error', { error, message: `Uncaught ${name}: ${message}` }));
}

/// A rejection that nobody handles.
export function reportRejection(reason) {
  dispatchEvent(new PromiseRejectionEvent('unhandledrejection', { promise: Promise.resolve(), reason }));
}

export function sayError(text) {
  console.error(text, 42);
}

/// What a trap that is no panic looks like from outside: it goes through the program without running any of it.
export function trap() {
  throw new WebAssembly.RuntimeError('memory access out of bounds');
}

/// Calls what will trap, and has the browser report it.
export function trapsWithoutPanic(work) {
  try {
    work();
    return false;
  } catch (error) {
    dispatchEvent(new ErrorEvent('error', { error, message: `Uncaught ${error}` }));
    return true;
  }
}

/// Whether this browser sends request bodies that are streams.
export function streamsRequests() {
  return 'duplex' in Request.prototype;
}

/// Whether this browser writes such entries into its performance timeline.
export function observes(type) {
  return PerformanceObserver.supportedEntryTypes.includes(type);
}

/// Writes the history in all ways, and stays where it was.
export async function wander() {
  const start = location.href;
  const back = () => new Promise((resolve) => {
    addEventListener('popstate', resolve, { once: true });
    history.back();
  });
  history.pushState(null, '', '/elsewhere?q=typed&x=1');
  history.replaceState(null, '', '/elsewhere?q=typed&x=1#part');
  await back();
  dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
  dispatchEvent(new PageTransitionEvent('pageshow', { persisted: false }));
  return location.href === start ? location.hash : undefined;
}

/// Resolves when the browser has painted this and reports how: something large, then something that jumps, then a frame
/// that takes long.
export async function seePage() {
  const frame = () => new Promise(requestAnimationFrame);
  const large = document.createElement('div');
  large.textContent = 'large '.repeat(2000);
  document.body.prepend(large);
  await frame();
  await frame();
  large.style.marginTop = '300px';
  await frame();
  await frame();
  const until = performance.now() + 80;
  await frame();
  while (performance.now() < until + 60);
  await frame();
  await frame();
  large.remove();
}

const ways = {
  get: (request, path) => request.open('GET', path),
  post: (request, path) => request.open('post', path),
  carries: (request, path) => {
    request.open('GET', path);
    request.setRequestHeader('Traceparent', '00-11111111111111111111111111111111-2222222222222222-01');
  },
  aborted: (request, path) => request.open('GET', path),
};

/// Sends an XMLHttpRequest in one of the ways; what the page sees of it.
export function send(way, path) {
  const request = new XMLHttpRequest();
  ways[way](request, path);
  const ended = new Promise((resolve) => {
    for (const type of ['load', 'error', 'abort', 'timeout']) {
      request.addEventListener(type, () => resolve(`${type} ${request.status}`));
    }
  });
  request.send(way === 'post' ? 'body' : undefined);
  if (way === 'aborted') request.abort();
  return ended;
}
