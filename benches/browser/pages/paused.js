// Reads the first bytes of a large response and then stops, for `cargo xtask bench paused-response`. ?module= names what
// traces requests; without it nothing does.
const pause = async () => {
  const module = new URLSearchParams(location.search).get("module");
  if (module) {
    const side = await import(module);
    // The initialiser of a WebAssembly module.
    await side.default?.();
  }
  const response = await fetch("/paused");
  const reader = response.body.getReader();
  const first = await reader.read();
  // What nobody refers to could be collected.
  window.held = [response, reader];
  return { bytes: first.value.byteLength };
};
window.result = pause();
