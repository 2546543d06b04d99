//! Spans of `opentelemetry_sdk`.

use opentelemetry::trace::Link;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider, SpanLimits};

use super::*;
use crate::BrowserSpanProcessor;

#[test]
fn what_the_sdk_records_is_exported() {
    in_page(0.0, |bench| {
        let few = SpanLimits {
            max_attributes_per_span: 2,
            max_events_per_span: 1,
            max_links_per_span: 1,
            ..SpanLimits::default()
        };
        let provider = SdkTracerProvider::builder()
            .with_span_processor(BrowserSpanProcessor)
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOn)))
            .with_span_limits(few)
            .build();
        let tracer = provider.tracer("a library");
        let target = SpanContext::new(
            TraceId::from_bytes([9; 16]),
            SpanId::from_bytes([8; 8]),
            TraceFlags::SAMPLED,
            true,
            TraceState::NONE,
        );
        tracer.in_span("outer", |cx| {
            for key in ["a", "b", "c"] {
                cx.span().set_attribute(KeyValue::new(key, "text"));
                cx.span().add_event("event", vec![KeyValue::new("k", 1)]);
                cx.span().add_link(target.clone(), Vec::new());
            }
            fail(&cx, "odd", "it went wrong");
            let builder = tracer
                .span_builder("inner")
                .with_kind(SpanKind::Producer)
                .with_links(vec![Link::with_context(target.clone())]);
            drop(builder.start_with_context(&tracer, &cx));
        });
        // The clock of the SDK is the machine's, that of the page stands still: its times are taken as they are.
        provider.force_flush().unwrap();
        let [inner, outer] = bench.exported().try_into().unwrap();
        assert_eq!(
            (outer.name.as_str(), inner.name.as_str()),
            ("outer", "inner")
        );
        assert_eq!(inner.parent_span_id, outer.span_id);
        assert_eq!((inner.kind, inner.links.len()), (4, 1));
        assert_eq!(
            (outer.attributes.len(), outer.dropped_attributes_count),
            (2, 2)
        );
        assert_eq!((outer.events.len(), outer.dropped_events_count), (1, 2));
        assert_eq!((outer.links.len(), outer.dropped_links_count), (1, 2));
        assert_eq!(outer.status.as_ref().unwrap().message, "it went wrong");
        assert_eq!(outer.events[0].attributes[0].key, "k");
        let stats = pipeline().stats().spans;
        assert_eq!((stats.created, stats.in_flight, stats.open), (2, 2, 0));
        provider.shutdown().unwrap();
    });
}

#[test]
fn what_the_sdk_does_not_sample_is_not_exported() {
    in_page(1.0, |bench| {
        let provider = SdkTracerProvider::builder()
            .with_span_processor(BrowserSpanProcessor)
            .with_sampler(Sampler::AlwaysOff)
            .build();
        provider.tracer("a library").in_span("unsampled", |_| {});
        assert!(bench.exported().is_empty());
    });
}
