// Starts the page. Trunk writes the names of the two files into the page as a <meta>, because the inline script that
// it would write otherwise needs an exception from the content security policy.
const { js, wasm } = document.querySelector("meta[name=program]").dataset;
const { default: start } = await import(js);
await start({ module_or_path: wasm });
