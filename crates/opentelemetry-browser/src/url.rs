//! As much of URLs as tracing needs. The browser has parsed and normalised them before; this only finds the parts.

use crate::decimal;

/// Query parameters that sign a URL: whoever has them may use it. The list is that of the semantic conventions.
const SIGNATURE_KEYS: [&str; 4] = ["AWSAccessKeyId", "Signature", "sig", "X-Goog-Signature"];

/// What stands for a secret.
const REDACTED: &str = "REDACTED";

/// An absolute `http` or `https` URL.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Url<'a> {
    is_https: bool,
    has_credentials: bool,
    /// Host as written, with the brackets of an IPv6 address.
    pub(crate) host: &'a str,
    /// Port as written, or the scheme's own.
    pub(crate) port: u16,
    has_own_port: bool,
    /// Path, query and fragment; empty or beginning with one of `/?#`.
    rest: &'a str,
}

impl<'a> Url<'a> {
    /// Finds the parts; none when the text is no absolute URL of these schemes.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let is_https = has_scheme(text, "https://");
        if !is_https && !has_scheme(text, "http://") {
            return None;
        }
        let after_scheme = text.get(if is_https { 8 } else { 7 }..)?;
        // Browsers take a backslash for a slash here: so must whoever compares origins.
        let (authority, rest) = split(after_scheme, b"/\\?#");
        let at = authority.bytes().rposition(|byte| byte == b'@');
        let host_and_port = authority.get(at.map_or(0, |at| at + 1)..)?;
        let bracket = host_and_port.bytes().rposition(|byte| byte == b']');
        let host_end = bracket.map_or(0, |bracket| bracket + 1);
        let (_, colon_and_port) = split(host_and_port.get(host_end..)?, b":");
        let host = host_and_port.get(..host_and_port.len() - colon_and_port.len())?;
        let default_port = if is_https { 443 } else { 80 };
        let port = match colon_and_port.get(1..) {
            None | Some("") => default_port,
            Some(digits) => decimal::whole(digits)?.try_into().ok()?,
        };
        if host.is_empty() {
            return None;
        }
        Some(Self {
            is_https,
            has_credentials: at.is_some(),
            host,
            port,
            has_own_port: port != default_port,
            rest,
        })
    }

    /// `scheme://host` in lower case, with the port when it is not the scheme's own.
    pub(crate) fn origin(&self) -> String {
        let mut origin = String::from(self.scheme());
        origin.push_str("://");
        origin.push_str(&self.host.to_ascii_lowercase());
        if self.has_own_port {
            origin.push(':');
            decimal::push(&mut origin, self.port.into());
        }
        origin
    }

    /// The URL for a span: without credentials, and without the values of query parameters that sign it or that are
    /// among `redacted_keys`.
    pub(crate) fn redacted(&self, redacted_keys: &[String]) -> String {
        let mut text = String::from(self.scheme());
        text.push_str("://");
        if self.has_credentials {
            text.push_str("REDACTED:REDACTED@");
        }
        text.push_str(self.host);
        if self.has_own_port {
            text.push(':');
            decimal::push(&mut text, self.port.into());
        }
        let (before_fragment, fragment) = split(self.rest, b"#");
        let (path, query) = split(before_fragment, b"?");
        text.push_str(path);
        push_redacted_query(&mut text, query, redacted_keys);
        text.push_str(fragment);
        text
    }

    fn scheme(&self) -> &'static str {
        if self.is_https { "https" } else { "http" }
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

fn has_scheme(text: &str, scheme: &str) -> bool {
    text.get(..scheme.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
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

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parts(text: &str) -> Option<(String, &str, u16)> {
        Url::parse(text).map(|url| (url.origin(), url.host, url.port))
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
            "https://example.com:443?x",
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
