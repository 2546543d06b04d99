//! `/otlp/v1/*`: telemetry of the page on its way to the OTLP receiver. Untraced, and open to whoever can reach the
//! page, so each request is limited, understood, cut to size and signed with the page's service name before it goes on.

mod limits;
mod origin;
mod signal;

use std::io::Read;
use std::net::SocketAddr;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use http_body_util::Full;
use prost::Message;

use self::signal::Signal;
pub(crate) use self::signal::{Logs, Metrics, Traces};
use crate::problem::Problem;
use crate::proxy::{BODY_TIMEOUT, read_body};
use crate::router::App;

/// Largest request, both as it comes and after decompression.
const MAX_BYTES: usize = 1024 * 1024;
/// Largest answer of the receiver that is read.
const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// When a client may try again while the receiver is away, in seconds.
const RETRY_AFTER_S: u64 = 5;

const PROTOBUF: HeaderValue = HeaderValue::from_static("application/x-protobuf");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// `POST /otlp/v1/{signal}`.
pub(crate) async fn receive<S: Signal>(
    State(app): State<App>,
    ConnectInfo(client): ConnectInfo<SocketAddr>,
    request: Request<Body>,
) -> Result<Response, Problem> {
    app.throttle
        .take(client.ip(), Instant::now())
        .map_err(|wait| {
            let detail = "This client sends telemetry too often.";
            let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "Too many requests", detail);
            problem.retry_after(wait.as_secs() + 1)
        })?;
    let (head, body) = request.into_parts();
    origin::check(&head.headers)?;
    let format = Format::of(&head.headers)?;
    let compression = Compression::of(&head.headers)?;
    let body = read_body(body, MAX_BYTES, BODY_TIMEOUT).await?;
    let body = compression.decode(body)?;
    let mut export: S::Export = format.decode(&body)?;
    S::admit(&mut export).map_err(|refused| bad_request(refused.0))?;
    let answer = forward(&app, S::PATH, export.encode_to_vec()).await?;
    format.encode::<S::Answer>(answer)
}

/// Sends the checked request as protobuf; gives the receiver's answer in protobuf.
async fn forward(app: &App, path: &str, export: Vec<u8>) -> Result<Bytes, Problem> {
    let target = app
        .otlp
        .join(path)
        .ok_or_else(|| unavailable("The receiver's address is unusable."))?;
    let mut request = Request::post(target)
        .body(Full::from(export))
        .expect("a method, a checked address, a body");
    request.headers_mut().insert(header::CONTENT_TYPE, PROTOBUF);
    let response = app.upstream.send(request).await.map_err(|error| {
        tracing::debug!(
            error = &error as &dyn std::error::Error,
            "the OTLP receiver gave no answer"
        );
        unavailable("The receiver of telemetry does not answer.")
    })?;
    let (head, body) = response.into_parts();
    if head.status.is_success() {
        let answer = read_body(body, MAX_ANSWER_BYTES, BODY_TIMEOUT).await;
        return answer.map_err(|_| unavailable("The receiver's answer cannot be read."));
    }
    let problem = Problem::new(
        head.status,
        "Telemetry refused",
        "The receiver of telemetry refused the request.",
    );
    let retry_after = head
        .headers
        .get(header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    Err(match retry_after {
        Some(seconds) => problem.retry_after(seconds),
        None => problem,
    })
}

/// The two encodings of OTLP over HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Protobuf,
    Json,
}

impl Format {
    fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let value = headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let essence = value.split(';').next().unwrap_or_default().trim();
        match essence.to_ascii_lowercase().as_str() {
            "application/x-protobuf" => Ok(Self::Protobuf),
            "application/json" => Ok(Self::Json),
            _ => Err(unsupported(
                "Allowed content types: application/x-protobuf, application/json.",
            )),
        }
    }

    fn decode<T: Message + Default + serde::de::DeserializeOwned>(
        self,
        body: &[u8],
    ) -> Result<T, Problem> {
        match self {
            Self::Protobuf => {
                T::decode(body).map_err(|_| bad_request("The body is no OTLP protobuf."))
            }
            Self::Json => {
                serde_json::from_slice(body).map_err(|_| bad_request("The body is no OTLP JSON."))
            }
        }
    }

    fn encode<T: Message + Default + serde::Serialize>(
        self,
        answer: Bytes,
    ) -> Result<Response, Problem> {
        let unreadable = || unavailable("The receiver's answer cannot be read.");
        let (content_type, body) = match self {
            Self::Protobuf => (PROTOBUF, answer),
            Self::Json => {
                let answer = T::decode(answer).map_err(|_| unreadable())?;
                (
                    JSON,
                    serde_json::to_vec(&answer)
                        .map_err(|_| unreadable())?
                        .into(),
                )
            }
        };
        Ok(([(header::CONTENT_TYPE, content_type)], body).into_response())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compression {
    None,
    Gzip,
}

impl Compression {
    fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        match headers
            .get(header::CONTENT_ENCODING)
            .map(HeaderValue::as_bytes)
        {
            None | Some(b"identity") => Ok(Self::None),
            Some(b"gzip") => Ok(Self::Gzip),
            Some(_) => Err(unsupported("Allowed content encodings: gzip, identity.")),
        }
    }

    fn decode(self, body: Bytes) -> Result<Bytes, Problem> {
        if self == Self::None {
            return Ok(body);
        }
        let mut decoded = Vec::new();
        let read = MultiGzDecoder::new(&body[..])
            .take(MAX_BYTES as u64 + 1)
            .read_to_end(&mut decoded);
        read.map_err(|_| bad_request("The body is no gzip."))?;
        if decoded.len() > MAX_BYTES {
            let detail = format!("At most {MAX_BYTES} bytes are taken, also after decompression.");
            return Err(Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "Request too large",
                detail,
            ));
        }
        Ok(decoded.into())
    }
}

fn bad_request(detail: &'static str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "Bad request", detail)
}

fn unsupported(detail: &'static str) -> Problem {
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "Unsupported media type",
        detail,
    )
}

fn unavailable(detail: &'static str) -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "Telemetry unavailable",
        detail,
    )
    .retry_after(RETRY_AFTER_S)
}
