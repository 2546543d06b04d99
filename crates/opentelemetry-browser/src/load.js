// The load of the page.

import { isFetch, redacted, target, timingOf } from './shim.js';

const PAINT_TIMEOUT_MS = 3000;

export function documentFetch() {
  const [entry] = performance.getEntriesByType('navigation');
  const served = entry?.serverTiming?.find(({ name }) => name === 'trace' || name === 'traceparent')?.description;
  const traceparent = document.querySelector('meta[name=traceparent]')?.content || served;
  return [traceparent?.trim(), redacted(entry?.name ?? location.href), ...timingOf(entry ?? {})];
}

export function loadedResources() {
  const entries = performance.getEntriesByType('resource').sort((one, other) => other.duration - one.duration);
  return entries.flatMap((entry) => {
    const [url, shown] = target(entry.name);
    return url ? [[shown, +isFetch(entry), +new URL(url).pathname.endsWith('.wasm'), ...timingOf(entry)]] : [];
  });
}

function milestones() {
  const [entry] = performance.getEntriesByType('navigation');
  const stages = ['domInteractive', 'domContentLoadedEventEnd', 'domComplete', 'loadEventEnd'];
  const paints = performance.getEntriesByType('paint').map(({ name, startTime }) => [
    name === 'first-paint' ? 'firstPaint' : 'firstContentfulPaint', startTime,
  ]);
  return [...stages.map((stage) => [stage, entry?.[stage]]), ...paints]
    .filter(([, at_ms]) => at_ms > 0)
    .sort(([, one_ms], [, other_ms]) => one_ms - other_ms)
    .map(([name, at_ms]) => [name, at_ms, +/loadEventEnd|Contentful/.test(name)]);
}

export function whenLoaded(loaded) {
  const load = new Promise((resolve) => {
    if (document.readyState === 'complete') resolve();
    else addEventListener('load', resolve, { once: true });
  });
  const paint = new Promise((resolve) => {
    setTimeout(resolve, PAINT_TIMEOUT_MS);
    const observer = new PerformanceObserver((list) => {
      if (list.getEntriesByName('first-contentful-paint').length) {
        observer.disconnect();
        resolve();
      }
    });
    observer.observe({ type: 'paint', buffered: true });
  });
  Promise.all([load, paint]).then(() => setTimeout(() => loaded(milestones())));
}

export function measured(name) {
  const entry = performance.getEntriesByName(name, 'measure').at(-1);
  return entry ? [entry.startTime, entry.startTime + entry.duration] : [];
}
