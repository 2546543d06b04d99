//! Requests of spans as the backend of this project makes them for a search, each trace with ids of its own.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;

pub(crate) const SPANS_PER_TRACE: usize = 16;
/// As many as the batch processors of the SDKs send at most.
pub(crate) const SPANS_PER_REQUEST: usize = 512;
const CONNECTIONS: usize = 4;
/// How the trace ids of the template begin.
const MARK: [u8; 8] = [0x6d, 0x61, 0x72, 0x6b, 0xf0, 0x9f, 0x94, 0x8d];

/// A request, and where its trace ids are.
pub(crate) struct Traffic {
    body: Vec<u8>,
    /// Of what follows the mark, by trace.
    places: Vec<Vec<usize>>,
}

impl Traffic {
    pub(crate) fn new() -> Self {
        let traces = SPANS_PER_REQUEST / SPANS_PER_TRACE;
        let spans = (0..traces as u64).flat_map(search).collect();
        let resource = Resource {
            attributes: vec![
                text("service.name", "gutenberg-backend"),
                text("service.version", "0.1.0"),
                text(
                    "service.instance.id",
                    "0b0f7f6c-5a04-4c3e-a6cf-0f4c3c7f3a11",
                ),
                text("telemetry.sdk.language", "rust"),
                text("telemetry.sdk.name", "opentelemetry"),
            ],
            ..Resource::default()
        };
        let scope = InstrumentationScope {
            name: "backend".to_owned(),
            ..InstrumentationScope::default()
        };
        let request = ExportTraceServiceRequest {
            resource_spans: vec![ResourceSpans {
                resource: Some(resource),
                scope_spans: vec![ScopeSpans {
                    scope: Some(scope),
                    spans,
                    ..ScopeSpans::default()
                }],
                ..ResourceSpans::default()
            }],
        };
        let body = request.encode_to_vec();
        let mut places = vec![Vec::new(); traces];
        for at in 0..body.len() - 16 {
            if body[at..].starts_with(&MARK) {
                let mut trace = [0; 8];
                trace.copy_from_slice(&body[at + 8..at + 16]);
                places[u64::from_be_bytes(trace) as usize].push(at + 8);
            }
        }
        Self { body, places }
    }

    pub(crate) fn bytes_per_span(&self) -> f64 {
        self.body.len() as f64 / SPANS_PER_REQUEST as f64
    }

    /// Sends at least this many spans, all at once or at this rate per second; how long each request took.
    pub(crate) fn send(&self, address: &str, spans: u64, rate: Option<u64>) -> Vec<Duration> {
        // Other traces than those of earlier calls, and of other processes before.
        static TRACES: AtomicU64 = AtomicU64::new(1);
        let requests = spans.div_ceil(SPANS_PER_REQUEST as u64);
        let (sent, began) = (AtomicU64::new(0), Instant::now());
        std::thread::scope(|scope| {
            let connection = || {
                let mut body = self.body.clone();
                let mut stream = TcpStream::connect(address).expect("it listens");
                stream.set_nodelay(true).expect("it is a socket");
                let mut latencies = Vec::new();
                loop {
                    let number = sent.fetch_add(1, Ordering::Relaxed);
                    if number >= requests {
                        return latencies;
                    }
                    if let Some(rate) = rate {
                        let due = number as f64 * SPANS_PER_REQUEST as f64 / rate as f64;
                        let due = began + Duration::from_secs_f64(due);
                        std::thread::sleep(due.saturating_duration_since(Instant::now()));
                    }
                    for places in &self.places {
                        let trace = TRACES.fetch_add(1, Ordering::Relaxed).to_be_bytes();
                        for place in places {
                            body[*place..place + 8].copy_from_slice(&trace);
                        }
                    }
                    let asked = Instant::now();
                    post(&mut stream, &body);
                    latencies.push(asked.elapsed());
                }
            };
            let threads: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(connection)).collect();
            let latencies = threads
                .into_iter()
                .map(|thread| thread.join().expect("it sends"));
            latencies.flatten().collect()
        })
    }
}

/// Posts a request that must be taken, and reads the answer.
fn post(stream: &mut TcpStream, body: &[u8]) {
    let length = body.len();
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: bench\r\ncontent-type: application/x-protobuf\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).expect("it reads");
    stream.write_all(body).expect("it reads");
    let mut answer = Vec::new();
    let mut part = [0; 4096];
    loop {
        let read = stream.read(&mut part).expect("it answers");
        answer.extend_from_slice(&part[..read]);
        let text = String::from_utf8_lossy(&answer);
        if let Some((head, rest)) = text.split_once("\r\n\r\n") {
            assert!(head.starts_with("HTTP/1.1 200"), "{head}");
            let length = head.to_ascii_lowercase();
            let length = length.split("content-length: ").nth(1);
            let length = length.and_then(|rest| rest.lines().next()?.parse().ok());
            if rest.len() >= length.unwrap_or(0) {
                return;
            }
        }
        assert!(read > 0, "the connection was closed");
    }
}

/// The spans of a search in the backend.
fn search(trace: u64) -> Vec<Span> {
    let names = [
        "GET /search",
        "search_api",
        "perform_search",
        "tfidf_search",
        "preprocess_query",
    ];
    let names =
        names
            .into_iter()
            .chain(["vectorize_query", "compute_similarity", "process_results"]);
    let snippets = std::iter::repeat_n("generate_snippet", 8);
    let spans = names.chain(snippets).zip(1_u64..);
    let span = |(name, id): (&str, u64)| {
        let attributes = match name {
            "GET /search" => vec![
                text("http.request.method", "GET"),
                text("http.route", "/search"),
                text("url.path", "/search"),
                text("network.protocol.version", "1.1"),
                number("http.response.status_code", 200),
                text("app.search.method", "tfidf"),
            ],
            "generate_snippet" => vec![
                text("app.book.id", "pg1342"),
                number("app.snippet.highlights", 3),
            ],
            _ => vec![
                text("app.search.method", "tfidf"),
                number("app.search.results_count", 10),
                number("app.similarity.postings_read", 18_231),
            ],
        };
        Span {
            trace_id: [MARK, trace.to_be_bytes()].concat(),
            span_id: (0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(id))
                .to_be_bytes()
                .to_vec(),
            parent_span_id: match id {
                1 => Vec::new(),
                _ => 0x9e37_79b9_7f4a_7c15_u64
                    .wrapping_mul(id - 1)
                    .to_be_bytes()
                    .to_vec(),
            },
            name: name.to_owned(),
            kind: if id == 1 { 2 } else { 1 },
            start_time_unix_nano: 1_790_000_000_000_000_000 + id * 1_000,
            end_time_unix_nano: 1_790_000_000_000_900_000 - id * 1_000,
            attributes,
            flags: 0x101,
            ..Span::default()
        }
    };
    spans.map(span).collect()
}

fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Value::StringValue(value.to_owned()))
}

fn number(key: &str, value: i64) -> KeyValue {
    attribute(key, Value::IntValue(value))
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}
