// Errors that nobody has caught, and what is said to be one.

import { quietly } from './shim.js';

/// Calls `failed(name, message, stack)` for each error and each rejection that nobody handles.
export function observeErrors(failed) {
  const tell = (error, message) => quietly(() => {
    failed(String(error?.name ?? 'Error'), String(error?.message ?? message ?? error), String(error?.stack ?? ''));
  });
  addEventListener('error', ({ error, message }) => tell(error, message));
  addEventListener('unhandledrejection', ({ reason }) => tell(reason));
}

/// Calls `said(text)` for each `console.error`, which does what it did.
export function observeConsole(said) {
  const { error } = console;
  console.error = function (...values) {
    quietly(() => said(values.map(String).join(' ')));
    return error.apply(this, values);
  };
}

/// How the program came to where it is.
export function stack() {
  return new Error().stack ?? '';
}
