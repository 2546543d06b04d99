// What the loader of the program has measured.

/// Start and end of the newest measure of this name; nothing without one.
export function measured(name) {
  const entry = performance.getEntriesByName(name, 'measure').at(-1);
  return entry ? [entry.startTime, entry.startTime + entry.duration] : [];
}
