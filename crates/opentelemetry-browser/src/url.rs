//! As much of URLs as tracing needs. The browser has parsed and normalised them before; this only finds the parts.

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
        let (scheme, after_scheme) = text.split_once("://")?;
        let is_https = scheme.eq_ignore_ascii_case("https");
        if !is_https && !scheme.eq_ignore_ascii_case("http") {
            return None;
        }
        // Browsers take a backslash for a slash here: so must whoever compares origins.
        let end = after_scheme
            .find(['/', '\\', '?', '#'])
            .unwrap_or(after_scheme.len());
        let (authority, rest) = after_scheme.split_at_checked(end)?;
        let (credentials, host_and_port) = match authority.rsplit_once('@') {
            Some((credentials, host_and_port)) => (Some(credentials), host_and_port),
            None => (None, authority),
        };
        let host_end = host_and_port.rfind(']').map_or(0, |bracket| bracket + 1);
        let colon = host_and_port
            .get(host_end..)?
            .find(':')
            .map(|colon| host_end + colon);
        let (host, port) = match colon.and_then(|colon| host_and_port.split_at_checked(colon)) {
            Some((host, port)) => (host, port.trim_start_matches(':')),
            None => (host_and_port, ""),
        };
        let default_port = if is_https { 443 } else { 80 };
        let port = if port.is_empty() {
            default_port
        } else {
            port.parse().ok()?
        };
        if host.is_empty() {
            return None;
        }
        let has_credentials = credentials.is_some();
        Some(Self {
            is_https,
            has_credentials,
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
            origin.push_str(&self.port.to_string());
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
            text.push_str(&self.port.to_string());
        }
        let (before_fragment, fragment) = match self.rest.split_once('#') {
            Some((before, fragment)) => (before, Some(fragment)),
            None => (self.rest, None),
        };
        match before_fragment.split_once('?') {
            Some((path, query)) => {
                text.push_str(path);
                push_redacted_query(&mut text, query, redacted_keys);
            }
            None => text.push_str(before_fragment),
        }
        if let Some(fragment) = fragment {
            text.push('#');
            text.push_str(fragment);
        }
        text
    }

    fn scheme(&self) -> &'static str {
        if self.is_https { "https" } else { "http" }
    }
}

fn push_redacted_query(text: &mut String, query: &str, redacted_keys: &[String]) {
    let mut separator = '?';
    for parameter in query.split('&') {
        text.push(separator);
        separator = '&';
        match parameter.split_once('=') {
            Some((key, _))
                if SIGNATURE_KEYS.contains(&key)
                    || redacted_keys.iter().any(|redacted| redacted == key) =>
            {
                text.push_str(key);
                text.push('=');
                text.push_str(REDACTED);
            }
            _ => text.push_str(parameter),
        }
    }
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
