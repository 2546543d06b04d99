// Where the page goes without being loaded anew.

import { quietly } from './shim.js';

/// Calls `navigated(type, url, is in the same document, only the fragment changed)` for each entry of the history that the
/// page writes or comes back to, and when the browser brings a page back from its back/forward cache.
export function observeNavigation(navigated) {
  let last = location.href;
  const tell = (type, isSameDocument) => {
    const url = location.href;
    const without = (text) => text.split('#', 1)[0];
    const isHashChange = isSameDocument && url !== last && without(url) === without(last);
    last = url;
    quietly(() => navigated(type, url, isSameDocument, isHashChange));
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
