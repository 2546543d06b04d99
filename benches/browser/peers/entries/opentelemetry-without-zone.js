// Without zone.js: the current span is lost at the first await.
import { start } from "../opentelemetry.js";

start();
