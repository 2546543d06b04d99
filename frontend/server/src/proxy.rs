//! The two proxies that pass requests on as they are: `/api` to the backend, traced except for health checks; `/telemetry` to the collector's
//! query API, reading only and untraced.

mod forwarding;

use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderName, Request, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use http_body_util::Full;

pub(crate) use forwarding::{Unreadable, read_body};
use forwarding::{forwarded_request, forwarded_response};

use crate::problem::Problem;
use crate::router::{App, is_traced};
use crate::upstream::UpstreamError;

/// The API takes small requests only.
const MAX_REQUEST_BYTES: usize = 64 * 1024;
/// What the collector needs to know of a request: the form of the answer, and what the page has already.
const QUERY_HEADERS: [HeaderName; 2] = [header::ACCEPT, header::IF_NONE_MATCH];
/// How long a client may take to send its body.
pub(crate) const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// `/api/{*path}`: the backend's answer to the same request without `/api`.
pub(crate) async fn api(
    State(app): State<App>,
    request: Request<Body>,
) -> Result<Response, Problem> {
    let (head, body) = request.into_parts();
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let path = path.strip_prefix("/api").unwrap_or(path);
    let target = app.backend.join(path).ok_or_else(bad_address)?;
    let body = read_body(body, MAX_REQUEST_BYTES, BODY_TIMEOUT).await?;
    let request = forwarded_request(&head, target, body);
    let response = match is_traced(head.uri.path()) {
        true => app.upstream.send_traced(request).await,
        false => app.upstream.send(request).await,
    };
    let response = response.map_err(|error| {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "the backend gave no answer"
        );
        no_answer(&error)
    })?;
    Ok(forwarded_response(response))
}

/// `GET /telemetry/{*path}`: the collector's answer to the same request without `/telemetry`.
pub(crate) async fn telemetry(
    State(app): State<App>,
    request: Request<Body>,
) -> Result<Response, Problem> {
    let Some(query_api) = &app.query_api else {
        return Err(no_query_api(
            "No collector is configured for trace queries.",
        ));
    };
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str());
    let path = path.strip_prefix("/telemetry").unwrap_or(path);
    let target = query_api.join(path).ok_or_else(bad_address)?;
    let mut query = Request::new(Full::new(Bytes::new()));
    *query.uri_mut() = target;
    for name in QUERY_HEADERS {
        if let Some(value) = request.headers().get(&name) {
            query.headers_mut().insert(name, value.clone());
        }
    }
    let response = app.upstream.send(query).await.map_err(|error| {
        tracing::debug!(
            error = &error as &dyn std::error::Error,
            "the collector gave no answer"
        );
        no_query_api("The collector does not answer.")
    })?;
    Ok(forwarded_response(response))
}

impl From<Unreadable> for Problem {
    fn from(unreadable: Unreadable) -> Self {
        match unreadable {
            Unreadable::TooLarge { limit_bytes } => Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "Request too large",
                format!("At most {limit_bytes} bytes are taken here."),
            ),
            Unreadable::TooSlow => Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                "Request too slow",
                "The body did not arrive in time.",
            ),
            Unreadable::Broken => Problem::new(
                StatusCode::BAD_REQUEST,
                "Bad request",
                "The body could not be read.",
            ),
        }
    }
}

fn no_answer(error: &UpstreamError) -> Problem {
    match error {
        UpstreamError::Timeout => Problem::new(
            StatusCode::GATEWAY_TIMEOUT,
            "Gateway timeout",
            "The backend did not answer in time.",
        ),
        UpstreamError::Connect(_) | UpstreamError::Broken(_) => Problem::new(
            StatusCode::BAD_GATEWAY,
            "Bad gateway",
            "The backend cannot be reached.",
        )
        .retry_after(1),
    }
}

fn no_query_api(detail: &'static str) -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "No traces available",
        detail,
    )
    .retry_after(5)
}

fn bad_address() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "Bad request",
        "The address cannot be passed on.",
    )
}
