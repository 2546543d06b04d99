//! A client of the Jaeger protocol, which knows nothing of OTLP, is understood: Thrift over HTTP, as Jaeger's own clients
//! sent it.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;

use crate::otelcol::{Otelcol, Setup};
use crate::ours::Ours;
use crate::send::post;
use crate::spans::{ERROR, MILLISECOND_NS, START_NS, attribute, text, text_of};

const TRACE: u128 = 0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10;
const THRIFT: &[(&str, &str)] = &[("content-type", "application/x-thrift")];

#[tokio::test]
async fn a_jaeger_client_is_understood() -> anyhow::Result<()> {
    let ours = Ours::started().await?;
    let setup = Setup::new("ours.yaml").with("OTELCOL_OURS_ENDPOINT", ours.endpoint());
    let otelcol = Otelcol::start(setup).await?;

    let url = otelcol.url(14268, "/api/traces");
    let answer = post(&url, THRIFT, batch()).await?;
    assert_eq!(answer.status(), 202, "{answer:?}");
    let cut = batch()[..40].to_vec();
    assert_eq!(post(&url, THRIFT, cut).await?.status(), 400);

    ours.holds(2).await?;
    let stored = ours.trace(TRACE).await?;
    let resource = &stored[0].resource.as_ref().unwrap().attributes;
    assert_eq!(text_of(resource, "service.name"), Some("old-shop"));
    // It takes the way of all spans: attributes are inserted, secrets masked.
    assert_eq!(
        text_of(resource, "deployment.environment.name"),
        Some("local")
    );
    let mut spans: Vec<Span> = stored[0].scope_spans[0].spans.clone();
    spans.sort_by(|a, b| a.span_id.cmp(&b.span_id));

    let root = &spans[0];
    assert_eq!(root.name, "order");
    assert_eq!(root.kind, 2);
    assert_eq!(root.parent_span_id, b"");
    assert_eq!(root.status.as_ref().unwrap().code, ERROR);
    // Jaeger counts microseconds.
    assert_eq!(root.start_time_unix_nano, START_NS / 1_000 * 1_000);
    let duration_ns = root.end_time_unix_nano - root.start_time_unix_nano;
    assert_eq!(duration_ns, 3 * MILLISECOND_NS);
    for expected in [
        text("customer", "**** called"),
        attribute("items", Value::IntValue(3)),
        attribute("total", Value::DoubleValue(9.75)),
    ] {
        assert!(root.attributes.contains(&expected), "{expected:?}");
    }
    assert_eq!(root.events[0].name, "paid");

    let child = &spans[1];
    assert_eq!(child.name, "pay");
    assert_eq!(child.parent_span_id, root.span_id);
    Ok(())
}

/// Two spans of one process, in Thrift's binary protocol, as `jaeger.thrift` declares them.
fn batch() -> Vec<u8> {
    let order = Struct::span(1, 0, "order").list(
        10,
        vec![
            Struct::tag("span.kind").text(3, "server"),
            Struct::tag("error").i32(2, 2).bool(5, true),
            Struct::tag("customer").text(3, "ahab@pequod.example called"),
            Struct::tag("items").i32(2, 3).i64(6, 3),
            Struct::tag("total").i32(2, 1).double(4, 9.75),
        ],
    );
    let order = order.list(
        11,
        vec![
            Struct::default()
                .i64(1, (START_NS / 1_000) as i64)
                .list(2, vec![Struct::tag("event").text(3, "paid")]),
        ],
    );
    let process = Struct::default().text(1, "old-shop");
    Struct::default()
        .structure(1, process)
        .list(2, vec![order, Struct::span(2, 1, "pay")])
        .end()
}

/// The fields of a struct: each a type, an id and a value, numbers in network order.
#[derive(Default)]
struct Struct(Vec<u8>);

impl Struct {
    fn span(id: i64, parent_id: i64, name: &str) -> Struct {
        Struct::default()
            .i64(1, TRACE as i64)
            .i64(2, (TRACE >> 64) as i64)
            .i64(3, id)
            .i64(4, parent_id)
            .text(5, name)
            .i32(7, 1)
            .i64(8, (START_NS / 1_000) as i64)
            .i64(9, 3_000)
    }

    /// A tag whose type is text, the zeroth, until the field is written again.
    fn tag(key: &str) -> Struct {
        Struct::default().text(1, key).i32(2, 0)
    }

    fn field(mut self, kind: u8, id: i16, value: &[u8]) -> Struct {
        self.0.push(kind);
        self.0.extend(id.to_be_bytes());
        self.0.extend(value);
        self
    }

    fn bool(self, id: i16, value: bool) -> Struct {
        self.field(2, id, &[value.into()])
    }

    fn double(self, id: i16, value: f64) -> Struct {
        self.field(4, id, &value.to_be_bytes())
    }

    fn i32(self, id: i16, value: i32) -> Struct {
        self.field(8, id, &value.to_be_bytes())
    }

    fn i64(self, id: i16, value: i64) -> Struct {
        self.field(10, id, &value.to_be_bytes())
    }

    fn text(self, id: i16, value: &str) -> Struct {
        let length = (value.len() as i32).to_be_bytes();
        self.field(11, id, &[&length[..], value.as_bytes()].concat())
    }

    fn structure(self, id: i16, value: Struct) -> Struct {
        self.field(12, id, &value.end())
    }

    fn list(self, id: i16, values: Vec<Struct>) -> Struct {
        let mut bytes = vec![12];
        bytes.extend((values.len() as i32).to_be_bytes());
        for value in values {
            bytes.extend(value.end());
        }
        self.field(15, id, &bytes)
    }

    /// The zero byte that ends a struct.
    fn end(mut self) -> Vec<u8> {
        self.0.push(0);
        self.0
    }
}
