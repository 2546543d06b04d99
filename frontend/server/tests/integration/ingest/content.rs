//! What of an export goes on: signed, checked, cut.

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{
    Exemplar, Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, metric::Data,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use prost::Message;

use super::{PROTOBUF, SAME_ORIGIN, attribute, export, forwarded, send, span, text};
use crate::support::Site;

#[tokio::test]
async fn nobody_can_speak_for_another_service() {
    let site = Site::start().await;
    let claims = vec![
        text("service.name", "gutenberg-backend"),
        text("a", "kept"),
        text("service.name", "gutenberg-frontend-server"),
        text("service.namespace", "other"),
    ];
    let answer = send(&site, &export(claims, vec![span()])).await;
    let signature = text("service.name", "gutenberg-frontend");
    let expected = [vec![signature.clone(), text("a", "kept")], vec![signature]];
    let forwarded = forwarded(&site, answer).await;
    let resources = forwarded
        .resource_spans
        .iter()
        .map(|spans| spans.resource.clone().unwrap().attributes);
    assert_eq!(resources.collect::<Vec<_>>(), expected);
    assert_eq!(
        forwarded.resource_spans[0].scope_spans[0].spans,
        [span()],
        "an honest span is not changed"
    );
    let traced = site.recorder.spans(|span| {
        span.attributes
            .iter()
            .any(|attribute| attribute.value.as_str().starts_with("/otlp"))
    });
    assert!(traced.is_empty(), "telemetry about telemetry is not made");
}

#[tokio::test]
async fn invalid_ids_are_refused() {
    let site = Site::start().await;
    let link = |trace_id, span_id| Link {
        trace_id,
        span_id,
        ..Link::default()
    };
    let spans = [
        Span {
            trace_id: vec![],
            ..span()
        },
        Span {
            trace_id: vec![0; 16],
            ..span()
        },
        Span {
            trace_id: vec![1; 15],
            ..span()
        },
        Span {
            span_id: vec![0; 8],
            ..span()
        },
        Span {
            span_id: vec![2; 9],
            ..span()
        },
        Span {
            parent_span_id: vec![0; 8],
            ..span()
        },
        Span {
            parent_span_id: vec![3; 7],
            ..span()
        },
        Span {
            links: vec![link(vec![1; 16], vec![])],
            ..span()
        },
        Span {
            links: vec![link(vec![1; 17], vec![2; 8])],
            ..span()
        },
    ];
    for invalid in spans {
        send(&site, &export(vec![], vec![span(), invalid]))
            .await
            .problem(400);
    }
    assert!(site.behind.received().is_none());
    let child = Span {
        parent_span_id: vec![3; 8],
        links: vec![link(vec![4; 16], vec![5; 8])],
        ..span()
    };
    assert_eq!(send(&site, &export(vec![], vec![child])).await.status, 200);
}

#[tokio::test]
async fn too_much_of_anything_is_cut_and_counted() {
    let site = Site::start().await;
    let attributes = (0..200)
        .map(|number| attribute(&format!("key{number}"), Value::IntValue(number)))
        .collect();
    let mut nested = Value::BoolValue(true);
    for _ in 0..20 {
        nested = Value::ArrayValue(ArrayValue {
            values: vec![AnyValue {
                value: Some(nested),
            }],
        });
    }
    let first = Event {
        attributes: vec![text("long", &"x".repeat(5000)), attribute("deep", nested)],
        ..Event::default()
    };
    let long = Span {
        name: "é".repeat(5000),
        attributes,
        events: [vec![first], vec![Event::default(); 149]].concat(),
        links: vec![
            Link {
                trace_id: vec![1; 16],
                span_id: vec![2; 8],
                ..Link::default()
            };
            40
        ],
        ..span()
    };
    let answer = send(&site, &export(vec![], vec![long])).await;
    let forwarded = forwarded(&site, answer).await;
    let cut = &forwarded.resource_spans[0].scope_spans[0].spans[0];
    assert_eq!(cut.name, "é".repeat(2048));
    assert_eq!(
        (cut.attributes.len(), cut.dropped_attributes_count),
        (128, 72)
    );
    assert_eq!((cut.events.len(), cut.dropped_events_count), (128, 22));
    assert_eq!((cut.links.len(), cut.dropped_links_count), (32, 8));
    assert_eq!(cut.events[0].attributes[0], text("long", &"x".repeat(4096)));
    let depth = format!("{:?}", cut.events[0].attributes[1])
        .matches("ArrayValue")
        .count();
    assert!(depth <= 10, "{depth}");

    let many = export(vec![], vec![span(); 1025]);
    assert_eq!(
        send(&site, &many).await.problem(400),
        "The request holds too many items."
    );
}

#[tokio::test]
async fn logs_are_signed_and_checked_as_well() {
    let site = Site::start().await;
    let logs = |record| {
        let scope_logs = vec![ScopeLogs {
            log_records: vec![record],
            ..ScopeLogs::default()
        }];
        let of_page = ResourceLogs {
            resource: impostor(),
            scope_logs,
            ..ResourceLogs::default()
        };
        ExportLogsServiceRequest {
            resource_logs: vec![of_page],
        }
        .encode_to_vec()
    };
    let received = accepted(&site, "logs", &logs(LogRecord::default())).await;
    let export = ExportLogsServiceRequest::decode(received).unwrap();
    assert_eq!(export.resource_logs[0].resource, signed());
    let invalid = LogRecord {
        trace_id: vec![1; 4],
        ..LogRecord::default()
    };
    refused(&site, "logs", &logs(invalid)).await;
}

#[tokio::test]
async fn metrics_are_signed_and_checked_as_well() {
    let site = Site::start().await;
    let metrics = |exemplars| {
        let data_points = vec![NumberDataPoint {
            exemplars,
            ..NumberDataPoint::default()
        }];
        let metric = Metric {
            data: Some(Data::Gauge(Gauge { data_points })),
            ..Metric::default()
        };
        let scope_metrics = vec![ScopeMetrics {
            metrics: vec![metric],
            ..ScopeMetrics::default()
        }];
        let of_page = ResourceMetrics {
            resource: impostor(),
            scope_metrics,
            ..ResourceMetrics::default()
        };
        ExportMetricsServiceRequest {
            resource_metrics: vec![of_page],
        }
        .encode_to_vec()
    };
    let received = accepted(&site, "metrics", &metrics(vec![])).await;
    let export = ExportMetricsServiceRequest::decode(received).unwrap();
    assert_eq!(export.resource_metrics[0].resource, signed());
    let invalid = Exemplar {
        span_id: vec![0; 8],
        ..Exemplar::default()
    };
    refused(&site, "metrics", &metrics(vec![invalid])).await;
}

/// A resource that claims to be the backend.
fn impostor() -> Option<Resource> {
    Some(Resource {
        attributes: vec![text("service.name", "gutenberg-backend")],
        ..Resource::default()
    })
}

/// What becomes of it.
fn signed() -> Option<Resource> {
    Some(Resource {
        attributes: vec![text("service.name", "gutenberg-frontend")],
        ..Resource::default()
    })
}

/// Sends an export that must be accepted; returns what arrives behind the proxy.
async fn accepted(site: &Site, signal: &str, export: &[u8]) -> Bytes {
    let path = format!("/otlp/v1/{signal}");
    let answer = site
        .send("POST", &path, &[PROTOBUF, SAME_ORIGIN], export)
        .await;
    assert_eq!(answer.status, 200);
    let received = site.behind.receive().await;
    assert_eq!(received.target, format!("/v1/{signal}"));
    received.body
}

async fn refused(site: &Site, signal: &str, export: &[u8]) {
    let path = format!("/otlp/v1/{signal}");
    site.send("POST", &path, &[PROTOBUF, SAME_ORIGIN], export)
        .await
        .problem(400);
}
