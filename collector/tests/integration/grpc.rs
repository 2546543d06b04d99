//! What the OTLP specification asks of a receiver over gRPC: one test for each rule.

use std::net::SocketAddr;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use collector::otlp::{Limits, Signal};
use http_body_util::BodyExt;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;
use tokio::net::TcpStream;

use crate::host::Host;
use crate::sample::{gzip, request, span};

const OK: &str = "0";
const INVALID_ARGUMENT: &str = "3";
const RESOURCE_EXHAUSTED: &str = "8";
const UNIMPLEMENTED: &str = "12";
const UNAVAILABLE: &str = "14";

/// What came back.
struct Answer {
    http_status: u16,
    /// Headers and trailers.
    fields: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn field(&self, name: &str) -> &str {
        self.fields
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    fn status(&self) -> &str {
        self.field("grpc-status")
    }
}

/// A message behind its prefix.
fn framed(flag: u8, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap();
    [&[flag], &length.to_be_bytes()[..], message].concat()
}

/// Calls `Export` of a signal with these headers and this body.
fn call(host: &Host, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(exchange(host.grpc, path, headers, body))
}

async fn exchange(
    address: SocketAddr,
    path: &str,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> Answer {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) =
        http2::handshake::<_, _, Body>(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    tokio::spawn(connection);
    let mut request = Request::post(format!("http://{address}{path}")).header("te", "trailers");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::from(body)).unwrap();
    let response = sender.send_request(request).await.unwrap();
    let http_status = response.status().as_u16();
    let mut fields = response.headers().clone();
    let body = response.into_body().collect().await.unwrap();
    fields.extend(body.trailers().cloned().unwrap_or_default());
    Answer {
        http_status,
        fields,
        body: body.to_bytes(),
    }
}

const GRPC: (&str, &str) = ("content-type", "application/grpc");

fn export(host: &Host, message: &[u8]) -> Answer {
    call(
        host,
        Signal::Traces.grpc_path(),
        &[GRPC],
        framed(0, message),
    )
}

/// The response message of a call that has succeeded.
fn response(answer: &Answer) -> ExportTraceServiceResponse {
    assert_eq!((answer.http_status, answer.status()), (200, OK));
    let (prefix, message) = answer.body.split_at(5);
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    assert_eq!(prefix, [&[0], &length[..]].concat());
    ExportTraceServiceResponse::decode(message).unwrap()
}

#[test]
fn spans_are_taken_and_answered_with_an_empty_response() {
    let host = Host::start();
    let answer = export(&host, &request("shop", vec![span(1, 2)]).encode_to_vec());
    assert_eq!(answer.field("content-type"), "application/grpc");
    assert_eq!(response(&answer), ExportTraceServiceResponse::default());
    assert_eq!(host.spans_of(1).len(), 1);
}

#[test]
fn every_signal_has_its_service() {
    let host = Host::start();
    for signal in Signal::ALL {
        let answer = call(&host, signal.grpc_path(), &[GRPC], framed(0, b""));
        assert_eq!(answer.status(), OK, "an empty request is a success");
    }
}

#[test]
fn gzip_is_inflated() {
    let host = Host::start();
    let message = gzip(&request("shop", vec![span(1, 2)]).encode_to_vec());
    let headers = [GRPC, ("grpc-encoding", "gzip")];
    let answer = call(
        &host,
        Signal::Traces.grpc_path(),
        &headers,
        framed(1, &message),
    );
    assert_eq!(answer.status(), OK);
    assert_eq!(answer.field("grpc-accept-encoding"), "gzip,identity");
    assert_eq!(host.spans_of(1).len(), 1);
    // A sender may leave single messages as they are.
    let message = request("shop", vec![span(1, 3)]).encode_to_vec();
    call(
        &host,
        Signal::Traces.grpc_path(),
        &headers,
        framed(0, &message),
    );
    assert_eq!(host.spans_of(1).len(), 2);
}

#[test]
fn another_encoding_is_unimplemented_and_told_the_right_ones() {
    let headers = [GRPC, ("grpc-encoding", "zstd")];
    let host = Host::start();
    let answer = call(&host, Signal::Traces.grpc_path(), &headers, framed(1, b"x"));
    assert_eq!(answer.status(), UNIMPLEMENTED);
    assert_eq!(answer.field("grpc-accept-encoding"), "gzip,identity");
}

#[test]
fn spans_with_invalid_ids_are_a_partial_success() {
    let host = Host::start();
    let request = request("shop", vec![span(1, 2), span(0, 3), span(1, 0)]);
    let partial = response(&export(&host, &request.encode_to_vec()));
    let partial = partial.partial_success.unwrap();
    assert_eq!(partial.rejected_spans, 2);
    assert_eq!(
        partial.error_message,
        "spans not taken: 2 with an invalid trace or span id"
    );
}

#[test]
fn bad_data_is_not_retryable() {
    let host = Host::start();
    for (flag, message) in [(0, &b"\xff\xff"[..]), (1, b"not announced"), (7, b"")] {
        let path = Signal::Traces.grpc_path();
        let answer = call(&host, path, &[GRPC], framed(flag, message));
        assert_eq!(answer.status(), INVALID_ARGUMENT, "{message:?}");
        assert_ne!(answer.field("grpc-message"), "");
    }
    let headers = [GRPC, ("grpc-encoding", "gzip")];
    let path = Signal::Traces.grpc_path();
    let answer = call(&host, path, &headers, framed(1, b"not gzip"));
    assert_eq!(answer.status(), INVALID_ARGUMENT);
    assert_eq!(host.counters().requests_refused, 4);
}

#[test]
fn a_message_that_is_not_framed_whole_is_refused() {
    let host = Host::start();
    let whole = framed(0, &request("shop", vec![span(1, 2)]).encode_to_vec());
    let two = [whole.clone(), whole.clone()].concat();
    for body in [b"".to_vec(), whole[..3].to_vec(), whole[..20].to_vec(), two] {
        let answer = call(&host, Signal::Traces.grpc_path(), &[GRPC], body);
        assert_eq!(answer.status(), INVALID_ARGUMENT);
    }
    assert_eq!(host.counters().spans_received, 0);
}

#[test]
fn a_message_over_the_limit_is_exhausted_and_not_retryable() {
    let limits = Limits {
        body_max_bytes: 1 << 20,
        ..Limits::default()
    };
    let host = Host::with(8 << 20, limits);
    let path = Signal::Traces.grpc_path();
    let plain = call(&host, path, &[GRPC], framed(0, &vec![0; (1 << 20) + 1]));
    let headers = [GRPC, ("grpc-encoding", "gzip")];
    let bomb = call(&host, path, &headers, framed(1, &gzip(&vec![0; 2 << 20])));
    let allowed = call(&host, path, &headers, framed(1, &gzip(&vec![0; 1 << 20])));
    assert_eq!(allowed.status(), INVALID_ARGUMENT, "zeros are no request");
    for answer in [plain, bomb] {
        assert_eq!(answer.status(), RESOURCE_EXHAUSTED);
        assert_eq!(answer.field("grpc-status-details-bin"), "", "no RetryInfo");
    }
}

#[test]
fn who_finds_no_memory_left_is_told_when_to_come_back() {
    let limits = Limits {
        in_flight_max_bytes: 64 << 10,
        ..Limits::default()
    };
    let host = Host::with(8 << 20, limits);
    let answer = export(&host, &vec![0; 65 << 10]);
    assert_eq!(answer.status(), UNAVAILABLE);
    let details = answer.field("grpc-status-details-bin");
    let details = STANDARD_NO_PAD.decode(details).unwrap();
    let retry_info = b"type.googleapis.com/google.rpc.RetryInfo\x12\x04\x0a\x02\x08\x01";
    assert!(details.ends_with(retry_info), "one second: {details:?}");
}

#[test]
fn another_method_is_unimplemented() {
    let host = Host::start();
    for path in ["/grpc.health.v1.Health/Check", "/v1/traces"] {
        let answer = call(&host, path, &[GRPC], framed(0, b""));
        assert_eq!((answer.http_status, answer.status()), (200, UNIMPLEMENTED));
    }
}

#[test]
fn another_content_type_is_refused_with_415() {
    let host = Host::start();
    let path = Signal::Traces.grpc_path();
    for content_type in [
        "application/json",
        "application/grpc+json",
        "application/grpc-web",
    ] {
        let headers = [("content-type", content_type)];
        let answer = call(&host, path, &headers, framed(0, b""));
        assert_eq!(answer.http_status, 415, "{content_type}");
    }
    let headers = [("content-type", "application/grpc+proto")];
    assert_eq!(call(&host, path, &headers, framed(0, b"")).status(), OK);
}
