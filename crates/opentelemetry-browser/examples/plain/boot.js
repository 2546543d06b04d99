// Starts the page. The two measures become spans of its load.
import init from './plain.js';

async function measured(name, work) {
  const start = performance.now();
  const outcome = await work;
  performance.measure(name, { start });
  return outcome;
}

const module_or_path = await measured('wasm_compile', WebAssembly.compileStreaming(fetch('plain_bg.wasm')));
await measured('wasm_instantiate', init({ module_or_path }));
