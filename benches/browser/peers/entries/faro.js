// Grafana Faro with its tracing.
import { getWebInstrumentations, initializeFaro } from "@grafana/faro-web-sdk";
import { TracingInstrumentation } from "@grafana/faro-web-tracing";

initializeFaro({
  url: "/collect",
  app: { name: "page", version: "1.0.0" },
  instrumentations: [...getWebInstrumentations(), new TracingInstrumentation()],
});
