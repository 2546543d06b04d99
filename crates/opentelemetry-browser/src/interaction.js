// The handlers of clicks and submits, run such that what they start can be told from what others start.

import { quietly } from './shim.js';

const TYPES = ['click', 'submit'];

/// From now on, handlers of these events run between `enter(serial)` and `leave(serial)`; `begin(type, target, start)` gives
/// the serial number of an event before its first handler, `over(serial)` follows its last. No microtask runs in between:
/// what the page awaits elsewhere is not taken for the handler's.
export function watchHandlers(begin, enter, leave, over) {
  const { addEventListener, removeEventListener } = EventTarget.prototype;
  const wrappers = new WeakMap();
  let last = {};

  const serialOf = (event) => {
    if (last.event !== event) {
      const serial = begin(event.type, describe(event.target), event.timeStamp);
      last = { event, serial };
      setTimeout(() => quietly(() => over(serial)));
    }
    return last.serial;
  };
  const wrapper = (listener) => function (event) {
    let serial;
    quietly(() => {
      serial = serialOf(event);
      enter(serial);
    });
    try {
      return typeof listener === 'function' ? listener.call(this, event) : listener.handleEvent(event);
    } finally {
      if (serial !== undefined) quietly(() => leave(serial));
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
