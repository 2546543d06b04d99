//! What goes from one connection to the next: bodies within limits, headers without those of the connection itself.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, Request, Response, Uri, Version, header, request};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};

/// Headers of one connection (RFC 9110, section 7.6.1), never passed on.
const HOP_BY_HOP: [HeaderName; 9] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    HeaderName::from_static("proxy-connection"),
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];
/// What the server behind says about its own span; this server's response names this server's span.
const TRACE_OF_RESPONSE: [HeaderName; 2] = [
    HeaderName::from_static("server-timing"),
    HeaderName::from_static("traceresponse"),
];

/// A body that was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    TooLarge { limit_bytes: usize },
    TooSlow,
    Broken,
}

/// The whole body of a request, of at most `limit_bytes`.
pub(crate) async fn read_body(
    body: Body,
    limit_bytes: usize,
    timeout: Duration,
) -> Result<Bytes, Unreadable> {
    let collected = tokio::time::timeout(timeout, Limited::new(body, limit_bytes).collect());
    match collected.await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err(Unreadable::TooLarge { limit_bytes })
        }
        Ok(Err(_)) => Err(Unreadable::Broken),
        Err(_) => Err(Unreadable::TooSlow),
    }
}

/// The same request to another server.
pub(super) fn forwarded_request(
    head: &request::Parts,
    target: Uri,
    body: Bytes,
) -> Request<Full<Bytes>> {
    let mut headers = head.headers.clone();
    remove_hop_by_hop(&mut headers);
    // The client library writes both for the new connection.
    headers.remove(header::HOST);
    headers.remove(header::CONTENT_LENGTH);
    // The body is already here, so there is nothing to wait for.
    headers.remove(header::EXPECT);
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = head.method.clone();
    *request.uri_mut() = target;
    *request.headers_mut() = headers;
    request
}

/// The same response on the client's connection.
pub(super) fn forwarded_response(mut response: Response<Body>) -> Response<Body> {
    remove_hop_by_hop(response.headers_mut());
    for name in TRACE_OF_RESPONSE {
        response.headers_mut().remove(name);
    }
    *response.version_mut() = Version::HTTP_11;
    response
}

fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in HOP_BY_HOP.iter().chain(&named) {
        headers.remove(name);
    }
}
