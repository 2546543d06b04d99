"""Exports spans, log records and metrics by opentelemetry-python, over HTTP and gRPC, and prints what it has sent.

export.py HTTP_ENDPOINT GRPC_ENDPOINT
"""

import json
import logging
import sys

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogs
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcMetrics
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogs
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpMetrics
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

HTTP, GRPC = sys.argv[1:]
TRANSPORTS = {
    "python http": (
        HttpSpans(endpoint=f"{HTTP}/v1/traces"),
        HttpLogs(endpoint=f"{HTTP}/v1/logs"),
        HttpMetrics(endpoint=f"{HTTP}/v1/metrics"),
    ),
    "python http gzip": (
        HttpSpans(endpoint=f"{HTTP}/v1/traces", compression=Compression.Gzip),
        HttpLogs(endpoint=f"{HTTP}/v1/logs", compression=Compression.Gzip),
        HttpMetrics(endpoint=f"{HTTP}/v1/metrics", compression=Compression.Gzip),
    ),
    "python grpc": (
        GrpcSpans(endpoint=GRPC, insecure=True),
        GrpcLogs(endpoint=GRPC, insecure=True),
        GrpcMetrics(endpoint=GRPC, insecure=True),
    ),
}


def as_sent(span):
    return {
        "traceId": f"{span.context.trace_id:032x}",
        "spanId": f"{span.context.span_id:016x}",
        "parentSpanId": f"{span.parent.span_id:016x}" if span.parent else "",
        "name": span.name,
        "kind": span.kind.name,
        "start": str(span.start_time),
        "end": str(span.end_time),
        "attributes": dict(span.attributes),
        "events": [{"time": str(e.timestamp), "name": e.name, "attributes": dict(e.attributes)} for e in span.events],
        "links": [f"{link.context.trace_id:032x}/{link.context.span_id:016x}" for link in span.links],
        "error": (span.status.description or "") if not span.status.is_ok else None,
    }


def export(service, spans_to, logs_to, metrics_to):
    resource = Resource.create({"service.name": service})
    kept = InMemorySpanExporter()
    tracers = TracerProvider(resource=resource)
    tracers.add_span_processor(BatchSpanProcessor(spans_to))
    tracers.add_span_processor(SimpleSpanProcessor(kept))
    loggers = LoggerProvider(resource=resource)
    loggers.add_log_record_processor(SimpleLogRecordProcessor(logs_to))
    handler = LoggingHandler(level=logging.INFO, logger_provider=loggers)
    logger = logging.getLogger(service)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(handler)
    tracer = tracers.get_tracer("interop", "1.0")
    with tracer.start_as_current_span("root ü", kind=trace.SpanKind.SERVER) as root:
        root.set_attributes({"text": "é\u0000<b>", "yes": True, "int": -(2**53), "float": 0.25, "list": ["a", "b"], "ints": [1, 2]})
        root.add_event("event", {"n": 1})
        logger.info("in the root")
        link = trace.Link(root.get_span_context())
        with tracer.start_as_current_span("child", kind=trace.SpanKind.CLIENT, links=[link]) as child:
            child.set_status(trace.Status(trace.StatusCode.ERROR, "failed"))
        for i in range(20):
            with tracer.start_as_current_span(f"step {i}"):
                pass
    meters = MeterProvider(resource=resource, metric_readers=[PeriodicExportingMetricReader(metrics_to)])
    meter = meters.get_meter("interop")
    meter.create_counter("requests").add(3)
    meter.create_histogram("duration", unit="s").record(0.5)
    for provider in (tracers, loggers, meters):
        provider.force_flush()
        provider.shutdown()
    return {
        "service": service,
        "spans": [as_sent(span) for span in kept.get_finished_spans()],
        "logs": ["in the root"],
        "metrics": ["duration", "requests"],
    }


print(json.dumps([export(service, *exporters) for service, exporters in TRANSPORTS.items()]))
