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

/// Calls what will trap; says whether it did.
export function traps(work) {
  try {
    work();
    return false;
  } catch (error) {
    return error instanceof WebAssembly.RuntimeError;
  }
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
