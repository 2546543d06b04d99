// Starts the page. Trunk writes the names of the two files into the page as a <meta>, because the inline script that
// it would write otherwise needs an exception from the content security policy. The two measures become spans.
const { js, wasm } = document.querySelector("meta[name=program]").dataset;

async function measured(name, work) {
  const start = performance.now();
  const outcome = await work;
  performance.measure(name, { start });
  return outcome;
}

const program = measured("wasm_compile", WebAssembly.compileStreaming(fetch(wasm)));
const { default: start } = await import(js);
const module_or_path = await program;
await measured("wasm_instantiate", start({ module_or_path }));
