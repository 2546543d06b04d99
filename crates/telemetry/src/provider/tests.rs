//! Export against a receiver on a real socket: what arrives, and that no receiver can hold the process up.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use opentelemetry::trace::{Span as _, Tracer};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use prost::Message;

use super::*;

const PATIENCE: Duration = Duration::from_secs(10);

fn settings(endpoint: &str) -> Settings {
    Settings::from_variables("shop", "1.2.3", |name| {
        let value = match name {
            "OTEL_EXPORTER_OTLP_ENDPOINT" => endpoint,
            "OTEL_RESOURCE_ATTRIBUTES" => "deployment.environment.name=test,team=search",
            "OTEL_BSP_SCHEDULE_DELAY" => "10",
            "OTEL_EXPORTER_OTLP_TIMEOUT" => "500",
            _ => return None,
        };
        Some(value.to_owned())
    })
    .expect("the settings are usable")
}

/// Reads one request; gives its head and its body.
fn read_request(stream: &TcpStream) -> (String, Vec<u8>) {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(
            reader.read_line(&mut head).unwrap(),
            0,
            "the request ends within its head"
        );
    }
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.expect("an export has a length").parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    (head, body)
}

/// A receiver that answers every request with `status`, and the requests it got.
fn receiver(status: &'static str) -> (String, Receiver<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (requests, received) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let request = read_request(&stream);
            write!(
                stream,
                "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            )
            .unwrap();
            if requests.send(request).is_err() {
                return;
            }
        }
    });
    (endpoint, received)
}

/// A receiver that keeps connections open and refuses whatever comes over the first one; and the number of the connection
/// of each request, from 0.
fn receiver_behind_another() -> (String, Receiver<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (connections, received) = channel();
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let mut stream = stream.unwrap();
            let connections = connections.clone();
            std::thread::spawn(move || {
                let status = if number == 0 {
                    "404 Not Found"
                } else {
                    "200 OK"
                };
                while stream.peek(&mut [0]).is_ok_and(|bytes| bytes > 0) {
                    read_request(&stream);
                    write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").unwrap();
                    connections.send(number).unwrap();
                }
            });
        }
    });
    (endpoint, received)
}

fn guarded(endpoint: &str) -> (SdkTracerProvider, Guard) {
    let provider = provider(&settings(endpoint)).unwrap();
    (
        provider.clone(),
        Guard {
            provider: Some(provider),
        },
    )
}

#[test]
fn a_span_arrives_soon_with_its_resource() {
    let (endpoint, received) = receiver("200 OK");
    let (provider, guard) = guarded(&endpoint);
    provider.tracer(SCOPE).start("work").end();

    let (head, body) = received
        .recv_timeout(PATIENCE)
        .expect("the span is sent without a shutdown");
    assert!(head.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{head}");
    assert!(
        head.contains("content-type: application/x-protobuf\r\n"),
        "{head}"
    );
    let request = ExportTraceServiceRequest::decode(&body[..]).unwrap();
    let [of_resource] = &request.resource_spans[..] else {
        panic!("{request:?}")
    };
    let attributes = &of_resource.resource.as_ref().unwrap().attributes;
    let value = |key: &str| {
        let found = attributes.iter().find(|attribute| attribute.key == key);
        match found.and_then(|attribute| attribute.value.as_ref()?.value.as_ref()) {
            Some(Value::StringValue(text)) => text.clone(),
            Some(Value::IntValue(number)) => number.to_string(),
            other => panic!("{key}: {other:?}"),
        }
    };
    assert_eq!(value("service.name"), "shop");
    assert_eq!(value("service.version"), "1.2.3");
    assert_eq!(value("deployment.environment.name"), "test");
    assert_eq!(value("team"), "search");
    assert_eq!(value("telemetry.sdk.name"), "opentelemetry");
    assert_eq!(value("telemetry.sdk.language"), "rust");
    assert_eq!(value("os.type"), std::env::consts::OS);
    assert_eq!(value("process.pid"), std::process::id().to_string());
    for key in [
        "telemetry.sdk.version",
        "host.name",
        "host.arch",
        "os.version",
        "process.executable.name",
    ] {
        assert_ne!(value(key), "", "{key}");
    }
    let instance = value("service.instance.id");
    let groups: Vec<_> = instance.split('-').map(str::len).collect();
    assert_eq!(groups, [8, 4, 4, 4, 12], "{instance}");
    assert_eq!(instance.as_bytes()[14], b'4', "{instance} is a random UUID");
    assert_eq!(of_resource.scope_spans[0].spans[0].name, "work");
    assert_eq!(
        of_resource.scope_spans[0].scope.as_ref().unwrap().name,
        "telemetry"
    );
    guard.shutdown();
}

#[test]
fn a_connection_is_kept_as_long_as_exports_succeed() {
    let (endpoint, received) = receiver_behind_another();
    let (provider, guard) = guarded(&endpoint);
    for connection in [0, 1, 1, 1] {
        provider.tracer(SCOPE).start("work").end();
        assert_eq!(received.recv_timeout(PATIENCE), Ok(connection));
    }
    guard.shutdown();
}

#[test]
fn a_shutdown_sends_what_is_queued() {
    let (endpoint, received) = receiver("200 OK");
    let mut settings = settings(&endpoint);
    settings.batch.schedule_delay = Duration::from_secs(3600);
    let provider = provider(&settings).unwrap();
    provider.tracer(SCOPE).start("last").end();
    Guard {
        provider: Some(provider),
    }
    .shutdown();
    let (_, body) = received
        .try_recv()
        .expect("the span is sent before the shutdown returns");
    let request = ExportTraceServiceRequest::decode(&body[..]).unwrap();
    assert_eq!(
        request.resource_spans[0].scope_spans[0].spans[0].name,
        "last"
    );
}

/// Spans are made and ended, and the process ends, in bounded time.
fn assert_nothing_waits(endpoint: &str) {
    let (provider, guard) = guarded(endpoint);
    let tracer = provider.tracer(SCOPE);
    let start = Instant::now();
    for _ in 0..20_000 {
        tracer.start("work").end();
    }
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "work took {:?}",
        start.elapsed()
    );
    let start = Instant::now();
    guard.shutdown();
    assert!(
        start.elapsed() < SHUTDOWN_TIMEOUT + Duration::from_secs(2),
        "shutdown took {:?}",
        start.elapsed()
    );
}

#[test]
fn a_receiver_that_is_away_holds_nothing_up() {
    // A port that was free a moment ago, and that nobody listens on.
    let address = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    assert_nothing_waits(&format!("http://{address}"));
}

#[test]
fn a_receiver_that_never_answers_holds_nothing_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    assert_nothing_waits(&format!("http://{}", listener.local_addr().unwrap()));
}

#[test]
fn a_receiver_that_fails_holds_nothing_up() {
    let (endpoint, _received) = receiver("503 Service Unavailable\r\nretry-after: 600");
    assert_nothing_waits(&endpoint);
}

#[test]
fn no_exporter_and_no_sampling_make_no_requests() {
    let (endpoint, received) = receiver("200 OK");
    let mut unsampled = settings(&endpoint);
    unsampled.sampler = Sampler::ParentBasedAlwaysOff;
    let mut unexported = settings(&endpoint);
    unexported.traces_endpoint = None;
    for settings in [unsampled, unexported] {
        let provider = provider(&settings).unwrap();
        provider.tracer(SCOPE).start("work").end();
        Guard {
            provider: Some(provider),
        }
        .shutdown();
    }
    assert!(received.try_recv().is_err());
}
