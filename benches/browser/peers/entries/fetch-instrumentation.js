// The fetch instrumentation of opentelemetry-js alone; its spans go nowhere.
import { registerInstrumentations } from "@opentelemetry/instrumentation";
import { FetchInstrumentation } from "@opentelemetry/instrumentation-fetch";
import { WebTracerProvider } from "@opentelemetry/sdk-trace-web";

new WebTracerProvider().register();
registerInstrumentations({ instrumentations: [new FetchInstrumentation()] });
