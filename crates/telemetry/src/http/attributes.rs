//! Names and values of the HTTP semantic conventions, used by both layers.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, Method, Version};
use opentelemetry::KeyValue;

use crate::percent::escaped_byte;
use crate::span::clip;

pub(super) const ROUTE: &str = "http.route";
pub(super) const STATUS_CODE: &str = "http.response.status_code";
const METHOD: &str = "http.request.method";
const METHOD_ORIGINAL: &str = "http.request.method_original";

/// What stands in the place of a value that must not be recorded, as the conventions say.
const REDACTED: &str = "REDACTED";
/// Query keys that hold signatures or credentials; their values are never recorded.
const SECRET_KEYS: [&str; 10] = [
    "AWSAccessKeyId",
    "Signature",
    "sig",
    "X-Goog-Signature",
    "X-Amz-Signature",
    "access_token",
    "api_key",
    "key",
    "password",
    "token",
];

/// The method as low-cardinality text: `_OTHER` for what RFC 9110 and RFC 5789 do not name.
pub(super) fn method_name(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "CONNECT" => "CONNECT",
        "OPTIONS" => "OPTIONS",
        "TRACE" => "TRACE",
        "PATCH" => "PATCH",
        _ => "_OTHER",
    }
}

/// The method in span names: `HTTP` where it is unknown.
pub(super) fn method_in_name(method: &Method) -> &'static str {
    match method_name(method) {
        "_OTHER" => "HTTP",
        known => known,
    }
}

/// `http.request.method`, and the original where that is not enough.
pub(super) fn method(method: &Method) -> impl Iterator<Item = KeyValue> {
    let name = method_name(method);
    let original = (name == "_OTHER").then(|| text(METHOD_ORIGINAL, method.as_str()));
    [KeyValue::new(METHOD, name)].into_iter().chain(original)
}

/// `http.response.status_code`.
pub(super) fn status(status: http::StatusCode) -> KeyValue {
    KeyValue::new(STATUS_CODE, i64::from(status.as_u16()))
}

/// `network.protocol.version`.
pub(super) fn protocol(version: Version) -> Option<KeyValue> {
    let version = match version {
        Version::HTTP_09 => "0.9",
        Version::HTTP_10 => "1.0",
        Version::HTTP_11 => "1.1",
        Version::HTTP_2 => "2",
        Version::HTTP_3 => "3",
        _ => return None,
    };
    Some(KeyValue::new("network.protocol.version", version))
}

/// `server.address` and `server.port` from `host` or `host:port`.
pub(super) fn server(authority: &str, scheme: &str) -> impl Iterator<Item = KeyValue> {
    let parsed = authority.parse::<http::uri::Authority>().ok();
    let default_port = if scheme == "https" { 443 } else { 80 };
    parsed
        .map(|authority| {
            [
                text("server.address", authority.host()),
                KeyValue::new(
                    "server.port",
                    i64::from(authority.port_u16().unwrap_or(default_port)),
                ),
            ]
        })
        .into_iter()
        .flatten()
}

/// A header as an attribute; absent when the header is absent or no text.
pub(super) fn header(key: &'static str, headers: &HeaderMap, name: HeaderName) -> Option<KeyValue> {
    let value = headers.get(name)?.to_str().ok()?;
    Some(text(key, value))
}

/// Text from outside, cut to a bounded length.
pub(super) fn text(key: &'static str, value: &str) -> KeyValue {
    KeyValue::new(key, clip(value).to_owned())
}

/// A query without the values of secret keys and of those in `also`.
pub(super) fn redact_query<'q>(query: &'q str, also: &[&str]) -> Cow<'q, str> {
    let key_of = |pair: &'q str| pair.split_once('=').map_or(pair, |(key, _)| key);
    let is_secret = |pair: &'q str| {
        let key = percent_decode(key_of(pair));
        pair.contains('=')
            && (SECRET_KEYS
                .iter()
                .any(|secret| secret.eq_ignore_ascii_case(&key))
                || also.contains(&key.as_ref()))
    };
    if !query.split('&').any(is_secret) {
        return Cow::Borrowed(query);
    }
    let pairs = query.split('&').map(|pair| match is_secret(pair) {
        true => Cow::Owned(format!("{}={REDACTED}", key_of(pair))),
        false => Cow::Borrowed(pair),
    });
    Cow::Owned(pairs.collect::<Vec<_>>().join("&"))
}

/// A key as the receiver reads it: `+` is a blank and `%71` is `q`, so neither hides a key from redaction.
fn percent_decode(key: &str) -> Cow<'_, str> {
    if !key.contains(['%', '+']) {
        return Cow::Borrowed(key);
    }
    let mut decoded = Vec::with_capacity(key.len());
    let mut rest = key.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = escaped_byte(tail).filter(|_| *first == b'%');
        let plain = if *first == b'+' { b' ' } else { *first };
        let (byte, remaining) = escaped.unwrap_or((plain, tail));
        decoded.push(byte);
        rest = remaining;
    }
    Cow::Owned(String::from_utf8_lossy(&decoded).into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::redact_query;

    proptest! {
        #[test]
        fn no_query_brings_a_secret_through(before in ".{0,20}", after in ".{0,20}", secret in "[0-9]{12}") {
            for key in ["q", "%71", "Token", "%74oken", "api%5Fkey"] {
                let query = format!("{before}&{key}={secret}&{after}");
                let redacted = redact_query(&query, &["q"]);
                prop_assert!(!redacted.contains(&secret), "{}", redacted);
                prop_assert!(redacted.contains("REDACTED"));
            }
        }
    }

    #[test]
    fn secret_and_named_values_are_redacted_however_their_keys_are_written() {
        let check = |query: &str, expected: &str| assert_eq!(redact_query(query, &["q"]), expected);
        check("a=1&b", "a=1&b");
        check("q=love&limit=3", "q=REDACTED&limit=3");
        check("%71=love&limit=3", "%71=REDACTED&limit=3");
        check("limit=3&TOKEN=abc", "limit=3&TOKEN=REDACTED");
        check("sig=a=b&q", "sig=REDACTED&q");
        check("%", "%");
        check("%zz=1&%7=2&%C3=3", "%zz=1&%7=2&%C3=3");
        assert_eq!(redact_query("q=love", &[]), "q=love");
    }
}
