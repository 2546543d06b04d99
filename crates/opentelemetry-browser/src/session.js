// The tab's session storage, where there is one: a page may be denied it.

const KEY = 'opentelemetry-browser.session';

/// What was stored; undefined for nothing.
export function loadSession() {
  try {
    return sessionStorage.getItem(KEY) ?? undefined;
  } catch {
    return undefined;
  }
}

/// Stores it, if possible.
export function storeSession(session) {
  try {
    sessionStorage.setItem(KEY, session);
  } catch {
    // The session is that of this page then.
  }
}
