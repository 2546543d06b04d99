// Exports spans, log records and metrics by opentelemetry-js, over HTTP in JSON and protobuf and over gRPC, and prints what it
// has sent.
//
// node export.js HTTP_ENDPOINT GRPC_ENDPOINT

import { SpanKind, SpanStatusCode, context, trace } from '@opentelemetry/api';
import { OTLPLogExporter as GrpcLogs } from '@opentelemetry/exporter-logs-otlp-grpc';
import { OTLPLogExporter as JsonLogs } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPLogExporter as ProtoLogs } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPMetricExporter as GrpcMetrics } from '@opentelemetry/exporter-metrics-otlp-grpc';
import { OTLPMetricExporter as JsonMetrics } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as ProtoMetrics } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter as GrpcSpans } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as JsonSpans } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtoSpans } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, BatchSpanProcessor, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';

const [http, grpc] = process.argv.slice(2);
const to = (path) => ({ url: `${http}${path}` });
const transports = {
  'javascript json': [new JsonSpans(to('/v1/traces')), new JsonLogs(to('/v1/logs')), new JsonMetrics(to('/v1/metrics'))],
  'javascript json gzip': [
    new JsonSpans({ ...to('/v1/traces'), compression: 'gzip' }),
    new JsonLogs({ ...to('/v1/logs'), compression: 'gzip' }),
    new JsonMetrics({ ...to('/v1/metrics'), compression: 'gzip' }),
  ],
  'javascript protobuf': [new ProtoSpans(to('/v1/traces')), new ProtoLogs(to('/v1/logs')), new ProtoMetrics(to('/v1/metrics'))],
  'javascript grpc': [new GrpcSpans({ url: grpc }), new GrpcLogs({ url: grpc }), new GrpcMetrics({ url: grpc })],
};

const nanos = ([seconds, rest]) => String(BigInt(seconds) * 1_000_000_000n + BigInt(rest));

const asSent = (span) => ({
  traceId: span.spanContext().traceId,
  spanId: span.spanContext().spanId,
  parentSpanId: span.parentSpanContext?.spanId ?? '',
  name: span.name,
  kind: SpanKind[span.kind],
  start: nanos(span.startTime),
  end: nanos(span.endTime),
  attributes: span.attributes,
  events: span.events.map((e) => ({ time: nanos(e.time), name: e.name, attributes: e.attributes })),
  links: span.links.map((link) => `${link.context.traceId}/${link.context.spanId}`),
  error: span.status.code === SpanStatusCode.ERROR ? (span.status.message ?? '') : null,
});

async function sendAll(service, [spansTo, logsTo, metricsTo]) {
  const resource = resourceFromAttributes({ 'service.name': service });
  const kept = new InMemorySpanExporter();
  const tracers = new BasicTracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor(spansTo), new SimpleSpanProcessor(kept)],
  });
  const loggers = new LoggerProvider({ resource, processors: [new BatchLogRecordProcessor({ exporter: logsTo })] });
  const meters = new MeterProvider({ resource, readers: [new PeriodicExportingMetricReader({ exporter: metricsTo })] });
  const tracer = tracers.getTracer('interop', '1.0');
  const root = tracer.startSpan('root ü', { kind: SpanKind.SERVER });
  root.setAttributes({ text: 'é\u0000<b>', yes: true, int: -(2 ** 52), float: 0.25, list: ['a', 'b'], ints: [1, 2] });
  root.addEvent('event', { n: 1 });
  const inRoot = trace.setSpan(context.active(), root);
  loggers.getLogger('interop').emit({ body: 'in the root', severityNumber: 9, context: inRoot });
  const child = tracer.startSpan('child', { kind: SpanKind.CLIENT, links: [{ context: root.spanContext() }] }, inRoot);
  child.setStatus({ code: SpanStatusCode.ERROR, message: 'failed' });
  child.end();
  for (let i = 0; i < 20; i += 1) tracer.startSpan(`step ${i}`, {}, inRoot).end();
  root.end();
  const meter = meters.getMeter('interop');
  meter.createCounter('requests').add(3);
  meter.createHistogram('duration', { unit: 's' }).record(0.5);
  for (const provider of [tracers, loggers, meters]) await provider.forceFlush();
  const spans = kept.getFinishedSpans().map(asSent);
  for (const provider of [tracers, loggers, meters]) await provider.shutdown();
  return { service, spans, logs: ['in the root'], metrics: ['duration', 'requests'] };
}

const sent = [];
for (const [service, exporters] of Object.entries(transports)) sent.push(await sendAll(service, exporters));
console.log(JSON.stringify(sent));
