//! What the tests share: requests and services without sockets.

use std::convert::Infallible;

use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use opentelemetry::trace::TraceId;
use telemetry::propagation::Traceparent;

/// Body of requests and responses.
pub(crate) type Body = Full<bytes::Bytes>;

/// A request to the shop with these headers.
pub(crate) fn request(target: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::get(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::default()).unwrap()
}

/// The trace that a response names, after its body was read to the end.
pub(crate) async fn trace_of<B>(response: Response<B>) -> TraceId
where
    B: http_body::Body,
    B::Error: std::fmt::Debug,
{
    let header = response.headers()["traceresponse"]
        .to_str()
        .unwrap()
        .to_owned();
    let own = Traceparent::parse(header.as_bytes()).expect("the header is a valid traceparent");
    response.into_body().collect().await.unwrap();
    own.trace_id
}

/// A response without an error of the service.
pub(crate) fn ok(status: u16, body: &'static str) -> Result<Response<Body>, Infallible> {
    Ok(Response::builder()
        .status(status)
        .body(body.into())
        .unwrap())
}
