// Makes spans with opentelemetry-js and encodes them with its protobuf serialiser: the same as `src/spans.rs`. What ended is
// collected without any timer, queue or request, which is less than a page has to do.
import { ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { TraceIdRatioBasedSampler, ParentBasedSampler, WebTracerProvider } from "@opentelemetry/sdk-trace-web";

export class Bench {
  #ended = [];
  #tracer;
  #parent;

  constructor(ratio) {
    const collect = {
      onStart() {},
      onEnd: (span) => this.#ended.push(span),
      forceFlush: async () => {},
      shutdown: async () => {},
    };
    const provider = new WebTracerProvider({
      resource: resourceFromAttributes({ "service.name": "page", "service.version": "1.0.0" }),
      sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
      spanProcessors: [collect],
    });
    this.#tracer = provider.getTracer("bench");
    this.#parent = trace.setSpan(ROOT_CONTEXT, this.#tracer.startSpan("parent", {}, ROOT_CONTEXT));
  }

  record(count) {
    for (let index = 0; index < count; index++) {
      const span = this.#tracer.startSpan("GET /search", {}, this.#parent);
      span.setAttribute("http.request.method", "GET");
      span.setAttribute("http.response.status_code", 200);
      span.setAttribute("http.route", "/search");
      span.addEvent("response");
      span.end();
    }
  }

  /// Returns the bytes of the request.
  flush() {
    const ended = this.#ended;
    this.#ended = [];
    return ProtobufTraceSerializer.serializeRequest(ended);
  }
}
