//! As much of URLs as tracing needs. The browser has parsed and normalised them before; this only finds the parts.

use crate::decimal;

/// Query parameters that sign a URL: whoever has them may use it. The list is that of the semantic conventions.
const SIGNATURE_KEYS: [&str; 4] = ["AWSAccessKeyId", "Signature", "sig", "X-Goog-Signature"];

/// What stands for a secret.
const REDACTED: &str = "REDACTED";

/// An absolute `http` or `https` URL in the form that browsers give it: lower case where case means nothing, no port that is
/// the scheme's own. Of any other form the parts are found as well, but its origin is not that of the same URL in this one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Url<'a> {
    /// `https://` or `http://`.
    scheme: &'static str,
    has_credentials: bool,
    /// Host and, if there is one, port.
    host_and_port: &'a str,
    /// Host as written, with the brackets of an IPv6 address.
    pub(crate) host: &'a str,
    /// Port as written, or the scheme's own.
    pub(crate) port: u16,
    /// Path, query and fragment; empty or beginning with one of `/?#`.
    rest: &'a str,
}

impl<'a> Url<'a> {
    /// Finds the parts; none when the text is no absolute URL of these schemes.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let (scheme, default_port, after_scheme) = match text.strip_prefix("https://") {
            Some(after_scheme) => ("https://", 443, after_scheme),
            None => ("http://", 80, text.strip_prefix("http://")?),
        };
        // Browsers take a backslash for a slash here: so must whoever compares origins.
        let (authority, rest) = split(after_scheme, b"/\\?#");
        let (before_at, host_and_port) = split_after_last(authority, b'@');
        let (bracket, _) = split_after_last(host_and_port, b']');
        let (_, colon_and_port) = split(host_and_port.get(bracket.len()..)?, b":");
        let host = host_and_port.get(..host_and_port.len() - colon_and_port.len())?;
        let port = match colon_and_port.get(1..) {
            None | Some("") => default_port,
            Some(digits) => decimal::whole(digits)?.try_into().ok()?,
        };
        (!host.is_empty()).then_some(Self {
            scheme,
            has_credentials: !before_at.is_empty(),
            host_and_port,
            host,
            port,
            rest,
        })
    }

    /// What tells whether two URLs are of one origin.
    pub(crate) fn origin(&self) -> (&'static str, &'a str) {
        (self.scheme, self.host_and_port)
    }

    /// The URL for a span: without credentials, and without the values of query parameters that sign it or that are
    /// among `redacted_keys`.
    pub(crate) fn redacted(&self, redacted_keys: &[String]) -> String {
        let mut text = String::from(self.scheme);
        if self.has_credentials {
            text.push_str("REDACTED:REDACTED@");
        }
        text.push_str(self.host_and_port);
        let (before_fragment, fragment) = split(self.rest, b"#");
        let (path, query) = split(before_fragment, b"?");
        text.push_str(path);
        push_redacted_query(&mut text, query, redacted_keys);
        text.push_str(fragment);
        text
    }
}

/// Writes a query with its question mark; nothing of none.
fn push_redacted_query(text: &mut String, mut query: &str, redacted_keys: &[String]) {
    while !query.is_empty() {
        // It begins with the separator.
        let next = query.bytes().skip(1).position(|byte| byte == b'&');
        let end = next.map_or(query.len(), |next| next + 1);
        let (parameter, rest) = query.split_at_checked(end).unwrap_or((query, ""));
        let (key, value) = split(parameter, b"=");
        let name = key.get(1..).unwrap_or_default();
        let is_secret =
            SIGNATURE_KEYS.contains(&name) || redacted_keys.iter().any(|key| key == name);
        text.push_str(key);
        if is_secret && !value.is_empty() {
            text.push('=');
            text.push_str(REDACTED);
        } else {
            text.push_str(value);
        }
        query = rest;
    }
}

/// The text before the first of some ASCII characters, and the rest of it.
#[allow(
    clippy::manual_contains,
    reason = "`contains` brings a search by words, which is long"
)]
pub(crate) fn split<'a>(text: &'a str, separators: &[u8]) -> (&'a str, &'a str) {
    let is_separator = |byte| separators.iter().any(|separator| *separator == byte);
    let end = text.bytes().position(is_separator);
    end.and_then(|end| text.split_at_checked(end))
        .unwrap_or((text, ""))
}

/// The text up to and with the last of an ASCII character, and the rest of it.
fn split_after_last(text: &str, separator: u8) -> (&str, &str) {
    let last = text.bytes().rposition(|byte| byte == separator);
    text.split_at_checked(last.map_or(0, |last| last + 1))
        .unwrap_or(("", text))
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parts(text: &str) -> Option<(String, &str, u16)> {
        let url = Url::parse(text)?;
        let (scheme, host_and_port) = url.origin();
        Some((format!("{scheme}{host_and_port}"), url.host, url.port))
    }

    #[test]
    fn finds_the_parts() {
        let check = |text, origin: &str, host, port| {
            assert_eq!(parts(text), Some((origin.to_owned(), host, port)), "{text}")
        };
        check(
            "http://localhost:3000/api/search?q=a#b",
            "http://localhost:3000",
            "localhost",
            3000,
        );
        check(
            "https://example.com",
            "https://example.com",
            "example.com",
            443,
        );
        check(
            "https://example.com?x",
            "https://example.com",
            "example.com",
            443,
        );
        check("http://[::1]:8080/", "http://[::1]:8080", "[::1]", 8080);
        check("http://[::1]/", "http://[::1]", "[::1]", 80);
        check("http://user:pa:ss@host:81/", "http://host:81", "host", 81);
        check("http://a@b@host/", "http://host", "host", 80);
        check("http://own\\@evil/", "http://own", "own", 80);
    }

    #[test]
    fn refuses_what_it_cannot_judge() {
        for text in [
            "",
            "/api",
            "data:,x",
            "blob:http://localhost/1",
            "ftp://host/",
            "http://",
            "http://host:port/",
            "http://:80/",
            "null",
        ] {
            assert_eq!(Url::parse(text), None, "{text}");
        }
    }

    #[test]
    fn hides_secrets() {
        let check = |text: &str, redacted: &str| {
            assert_eq!(
                Url::parse(text).unwrap().redacted(&["q".to_owned()]),
                redacted
            );
        };
        check(
            "http://user:secret@host:81/a",
            "http://REDACTED:REDACTED@host:81/a",
        );
        check(
            "https://host/a?sig=abc&b=c&Signature=d#frag",
            "https://host/a?sig=REDACTED&b=c&Signature=REDACTED#frag",
        );
        check(
            "https://host/?q=love&q=hate&method=tfidf",
            "https://host/?q=REDACTED&q=REDACTED&method=tfidf",
        );
        check("https://host/a?q", "https://host/a?q");
        check("https://host", "https://host");
        check("https://host/a#b?q=c", "https://host/a#b?q=c");
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "(https?://)?\\PC{0,40}") {
            if let Some(url) = Url::parse(&text) {
                let redacted = url.redacted(&[]);
                prop_assert_eq!(Url::parse(&redacted).map(|url| url.origin()), Some(url.origin()));
            }
        }

        #[test]
        fn a_password_never_shows(password in "[A-Za-z0-9:]{8,20}", path in "(/[a-z]{0,5}){0,3}") {
            let text = format!("https://user:{password}@host{path}");
            prop_assert!(!Url::parse(&text).unwrap().redacted(&[]).contains(&password));
        }
    }
}
