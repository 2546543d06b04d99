// Times one side of `cargo xtask bench browser-span`: ?module= names it, ?ratio= is the share of traces that are recorded.
// A round makes spans and encodes them; the request that would carry them is answered at once, without a network.
const SPANS = 200;
const WARM_UP_ROUNDS = 100;
const ROUNDS = 300;

const parameters = new URLSearchParams(location.search);
const encoded = { bytes: 0 };
const overTheNetwork = window.fetch;
window.fetch = (resource, init) => {
  if (!String(resource).includes("/otlp/")) return overTheNetwork(resource, init);
  encoded.bytes += init.body.byteLength;
  return Promise.resolve(new Response(null, { status: 200 }));
};

// Lets what was answered be taken in before the next round.
const turn = () => new Promise((resolve) => setTimeout(resolve));

const round = (bench) => {
  const start_ms = performance.now();
  bench.record(SPANS);
  const request = bench.flush();
  const took_ms = performance.now() - start_ms;
  encoded.bytes += request?.byteLength ?? 0;
  return (took_ms * 1e3) / SPANS;
};

const measure = async () => {
  const side = await import(parameters.get("module"));
  // The initialiser of a WebAssembly module.
  await side.default?.();
  const bench = new side.Bench(Number(parameters.get("ratio")));
  for (let index = 0; index < WARM_UP_ROUNDS; index++) {
    round(bench);
    await turn();
  }
  encoded.bytes = 0;
  const rounds_us = [];
  for (let index = 0; index < ROUNDS; index++) {
    rounds_us.push(round(bench));
    await turn();
  }
  return { rounds_us, bytes_per_span: encoded.bytes / (ROUNDS * SPANS) };
};
window.result = measure();
