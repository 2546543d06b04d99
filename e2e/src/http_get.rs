//! The HTTP requests the tests make themselves, beside those of the browser.

use anyhow::Context;
use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Full};
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

/// Sends `POST url` with a body of JSON and returns the status of the answer.
///
/// # Errors
/// When nobody answers.
pub async fn http_post_json(url: &str, body: String) -> anyhow::Result<u16> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let request = http::Request::post(url)
        .header("content-type", "application/json")
        .body(Full::from(body))?;
    let response = client
        .request(request)
        .await
        .with_context(|| format!("POST {url}"))?;
    Ok(response.status().as_u16())
}
