//! OTLP over gRPC: the method `Export` of three services. A unary call is a POST over HTTP/2 with a message behind a
//! prefix of five bytes, and a status in the trailers; that is all of gRPC that is needed, and without generated code the
//! message need not be decoded into structures.

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use http_body_util::{BodyExt, Full};
use prost::encoding::{bytes, int32, int64, string};

use super::answer::{RETRY_AFTER_S, Refusal, Rejected};
use super::{Encoding, Receiver, Signal};

const GRPC: HeaderValue = HeaderValue::from_static("application/grpc");
const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");
const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");

const UNIMPLEMENTED: i32 = 12;
/// Whether it is compressed, and its length in four bytes.
const PREFIX_BYTES: usize = 5;

/// Receives telemetry over gRPC; to be served over HTTP/2.
pub fn router(receiver: Receiver) -> Router {
    let receive = |signal| {
        post(
            move |State(receiver): State<Receiver>, headers: HeaderMap, body: Body| async move {
                answer(&receiver, signal, &headers, body).await
            },
        )
    };
    let mut router = Router::new();
    for signal in Signal::ALL {
        router = router.route(signal.grpc_path(), receive(signal));
    }
    router
        .fallback(async || {
            let detail =
                "the only methods are Export of TraceService, LogsService and MetricsService";
            failure(UNIMPLEMENTED, detail, &[])
        })
        .with_state(receiver)
}

async fn answer(receiver: &Receiver, signal: Signal, headers: &HeaderMap, body: Body) -> Response {
    if !is_grpc(headers) {
        return (StatusCode::UNSUPPORTED_MEDIA_TYPE, "this is gRPC only\n").into_response();
    }
    let is_gzip = match headers.get(ENCODING).map(HeaderValue::as_bytes) {
        None | Some(b"identity") => false,
        Some(b"gzip") => true,
        Some(_) => {
            let detail = "the encodings are gzip and identity";
            return failure(UNIMPLEMENTED, detail, &[]);
        }
    };
    match receive(receiver, signal, is_gzip, body).await {
        Ok(rejected) => success(&rejected),
        Err(refusal) => {
            receiver.count(&refusal);
            let (_, code) = refusal.codes();
            // Only who is told when to come back may come back after RESOURCE_EXHAUSTED.
            let details = match refusal.is_for_now() {
                true => retry_info(),
                false => Vec::new(),
            };
            failure(code, &refusal.to_string(), &details)
        }
    }
}

async fn receive(
    receiver: &Receiver,
    signal: Signal,
    is_gzip: bool,
    body: Body,
) -> Result<Rejected, Refusal> {
    let body = receiver.read(body, PREFIX_BYTES).await?;
    let Some((&[flag, length @ ..], message)) = body.bytes().split_first_chunk::<PREFIX_BYTES>()
    else {
        return Err(Refusal::Framing);
    };
    let is_whole = usize::try_from(u32::from_be_bytes(length)) == Ok(message.len());
    let is_compressed = match flag {
        0 => false,
        1 if is_gzip => true,
        _ => return Err(Refusal::Framing),
    };
    if !is_whole {
        return Err(Refusal::Framing);
    }
    receiver
        .take(signal, Encoding::Protobuf, move |max_bytes| {
            let message = body.without_first(PREFIX_BYTES);
            match is_compressed {
                true => message.inflate(max_bytes),
                false => Ok(message),
            }
        })
        .await
}

fn is_grpc(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    let rest = content_type.and_then(|value| value.strip_prefix(b"application/grpc"));
    // JSON and others would be `application/grpc+json`.
    rest.is_some_and(|rest| matches!(rest, b"" | b"+proto") || rest.starts_with(b";"))
}

fn success(rejected: &Rejected) -> Response {
    let message = rejected.to_protobuf();
    let mut framed = vec![0];
    // Shorter than a sentence.
    let length = u32::try_from(message.len()).unwrap_or_default();
    framed.extend(length.to_be_bytes());
    framed.extend(message);
    let trailers = HeaderMap::from_iter([(STATUS, HeaderValue::from_static("0"))]);
    let body = Full::from(framed).with_trailers(std::future::ready(Some(Ok(trailers))));
    let headers = [
        (header::CONTENT_TYPE, GRPC),
        (ACCEPT_ENCODING, HeaderValue::from_static("gzip,identity")),
    ];
    (headers, Body::new(body)).into_response()
}

/// A response without a message: what would stand in the trailers stands in the headers.
fn failure(code: i32, message: &str, details: &[u8]) -> Response {
    let mut headers = HeaderMap::from_iter([
        (header::CONTENT_TYPE, GRPC),
        (STATUS, HeaderValue::from(code)),
        (ACCEPT_ENCODING, HeaderValue::from_static("gzip,identity")),
    ]);
    if let Ok(message) = HeaderValue::try_from(percent_encoded(message)) {
        headers.insert(MESSAGE, message);
    }
    if !details.is_empty() {
        // `google.rpc.Status`: code, message and details.
        let mut status = Vec::new();
        int32::encode(1, &code, &mut status);
        string::encode(2, &message.to_owned(), &mut status);
        bytes::encode(3, &details.to_vec(), &mut status);
        if let Ok(status) = HeaderValue::try_from(STANDARD_NO_PAD.encode(status)) {
            headers.insert(DETAILS, status);
        }
    }
    headers.into_response()
}

/// `google.rpc.RetryInfo` in a `google.protobuf.Any`.
fn retry_info() -> Vec<u8> {
    let (mut duration, mut info, mut any) = (Vec::new(), Vec::new(), Vec::new());
    int64::encode(1, &RETRY_AFTER_S, &mut duration);
    bytes::encode(1, &duration, &mut info);
    let name = "type.googleapis.com/google.rpc.RetryInfo".to_owned();
    string::encode(1, &name, &mut any);
    bytes::encode(2, &info, &mut any);
    any
}

/// Printable ASCII but for the percent sign stays.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b' '..=b'~' if byte != b'%' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
