// `XMLHttpRequest`, wrapped. Fails open like the wrapped fetch.

import { quietly } from './shim.js';

/// Wraps `XMLHttpRequest` for the life of the page; `wants` and `start` are those of the wrapped fetch.
export function patchXhr(wants, start) {
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
    let call;
    quietly(() => {
      const request = requests.get(this);
      if (!request || !wants(request.url)) return;
      call = start(request.method, request.url);
      if (call?.traceparent) setRequestHeader.call(this, 'traceparent', call.traceparent);
      if (call?.tracestate) setRequestHeader.call(this, 'tracestate', call.tracestate);
      if (call) observe(this, call);
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
function observe(request, call) {
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
      quietly(ending);
    }, { once: true });
  }
}
