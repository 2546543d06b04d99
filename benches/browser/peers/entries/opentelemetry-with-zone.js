// With zone.js, which carries the current span through callbacks and promises.
import { ZoneContextManager } from "@opentelemetry/context-zone";
import { start } from "../opentelemetry.js";

start({ contextManager: new ZoneContextManager() });
