//! The one HTTP request the tests make themselves, beside those of the browser.

use anyhow::Context;
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

/// Sends `GET url` with `headers` and returns the answer with its body as text.
///
/// # Errors
/// When nobody answers or the body is not UTF-8.
pub async fn http_get(
    url: &str,
    headers: &[(&str, &str)],
) -> anyhow::Result<http::Response<String>> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let mut request = http::Request::get(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = client
        .request(request.body(Empty::new())?)
        .await
        .with_context(|| format!("GET {url}"))?;
    let (head, body) = response.into_parts();
    let bytes = body.collect().await?.to_bytes();
    Ok(http::Response::from_parts(
        head,
        String::from_utf8(bytes.to_vec())?,
    ))
}
