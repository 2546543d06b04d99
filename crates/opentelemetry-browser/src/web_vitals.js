// How the page feels: the web vitals by their definitions, from the browser's performance timeline.

/// Interactions that are remembered as the slowest.
const SLOWEST = 10;

/// Of this many interactions, the slowest does not count.
const INTERACTIONS_PER_OUTLIER = 50;

/// A window of layout shifts ends after a pause and after a time, in milliseconds.
const SHIFT_PAUSE_MS = 1000;
const SHIFT_WINDOW_MS = 5000;

/// Calls `measured(name, value)` for what the vitals are worth whenever the page may be seen no more, and
/// `slowFrame(start, duration, blocking duration, script)` for each animation frame that took long.
export function observeVitals(measured, slowFrame) {
  const vitals = new Map();
  const told = new Map();
  const takers = [];
  observe(takers, 'paint', (entry) => {
    if (entry.name === 'first-contentful-paint') vitals.set('fcp', entry.startTime);
  });
  observeLargestPaint(takers, vitals);
  observeShifts(takers, vitals);
  observeInteractions(takers, vitals);
  observe(takers, 'long-animation-frame', (entry) => {
    const script = [...entry.scripts].sort((one, other) => other.duration - one.duration)[0];
    slowFrame(entry.startTime, entry.duration, entry.blockingDuration, script?.sourceURL || script?.invoker || '');
  });
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState !== 'hidden') return;
    takers.forEach((take) => take());
    const [navigation] = performance.getEntriesByType('navigation');
    if (navigation?.responseStart > 0) vitals.set('ttfb', navigation.responseStart);
    for (const [name, value] of vitals) {
      if (told.get(name) !== value) measured(name, value, value - (told.get(name) ?? 0));
      told.set(name, value);
    }
  }, true);
}

function observe(takers, type, take, options) {
  if (!PerformanceObserver.supportedEntryTypes.includes(type)) return undefined;
  const observer = new PerformanceObserver((list) => list.getEntries().forEach(take));
  observer.observe({ type, buffered: true, ...options });
  takers.push(() => observer.takeRecords().forEach(take));
  return observer;
}

/// The largest paint until the first thing that the person does: later ones are answers to it.
function observeLargestPaint(takers, vitals) {
  let isOver = false;
  observe(takers, 'largest-contentful-paint', (entry) => {
    if (!isOver) vitals.set('lcp', entry.startTime);
  });
  for (const type of ['keydown', 'pointerdown']) {
    addEventListener(type, () => {
      takers.forEach((take) => take());
      isOver = true;
    }, { capture: true, once: true });
  }
}

/// The worst window of layout shifts that nobody has asked for.
function observeShifts(takers, vitals) {
  let [sum, first, last] = [0, 0, 0];
  const isObserved = observe(takers, 'layout-shift', ({ hadRecentInput, startTime, value }) => {
    if (hadRecentInput) return;
    const continues = sum > 0 && startTime - last < SHIFT_PAUSE_MS && startTime - first < SHIFT_WINDOW_MS;
    [sum, first] = continues ? [sum + value, first] : [value, startTime];
    last = startTime;
    vitals.set('cls', Math.max(vitals.get('cls'), sum));
  });
  if (isObserved) vitals.set('cls', 0);
}

/// The slowest interaction but for outliers: how long from what the person did to the frame that showed it.
function observeInteractions(takers, vitals) {
  const slowest = new Map();
  const ids = new Set();
  observe(takers, 'event', ({ interactionId, duration }) => {
    if (!interactionId) return;
    ids.add(interactionId);
    slowest.set(interactionId, Math.max(duration, slowest.get(interactionId) ?? 0));
    const ordered = [...slowest].sort(([, one], [, other]) => other - one);
    ordered.slice(SLOWEST).forEach(([id]) => slowest.delete(id));
    const count = performance.interactionCount ?? ids.size;
    const index = Math.min(Math.floor(count / INTERACTIONS_PER_OUTLIER), ordered.length - 1, SLOWEST - 1);
    vitals.set('inp', ordered[index][1]);
  }, { durationThreshold: 16 });
}
