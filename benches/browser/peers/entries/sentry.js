// Sentry with its browser tracing.
import { browserTracingIntegration, init } from "@sentry/browser";

init({
  dsn: "https://key@localhost/1",
  integrations: [browserTracingIntegration()],
  tracesSampleRate: 1.0,
});
