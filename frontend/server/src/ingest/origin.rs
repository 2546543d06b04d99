//! Whether a request comes from this very page, by what browsers say and scripts of other sites cannot change.

use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, header};

use crate::problem::Problem;

const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// Lets requests of this origin through. A request that names neither `Origin` nor `Sec-Fetch-Site` comes from no page
/// at all and is refused as well: other programs send to the receiver itself.
pub(super) fn check(headers: &HeaderMap) -> Result<(), Problem> {
    let site = headers.get(SEC_FETCH_SITE);
    let origin = headers.get(header::ORIGIN);
    let same_site = site.is_none_or(|site| site == "same-origin");
    let same_origin = origin.is_none_or(|origin| {
        let origin = origin.to_str().ok().and_then(authority_of);
        let host = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok()?.parse().ok());
        origin.is_some() && origin == host
    });
    if (site.is_some() || origin.is_some()) && same_site && same_origin {
        return Ok(());
    }
    let detail = "Telemetry is taken from the page of this server only.";
    Err(Problem::new(StatusCode::FORBIDDEN, "Forbidden", detail))
}

/// `host[:port]` of an origin. The scheme is not compared: TLS may end before this server.
fn authority_of(origin: &str) -> Option<Authority> {
    let (scheme, authority) = origin.split_once("://")?;
    matches!(scheme, "http" | "https").then(|| authority.parse().ok())?
}

#[cfg(test)]
mod tests {
    fn check(headers: &[(&'static str, &str)]) -> bool {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        super::check(&headers).is_ok()
    }

    #[test]
    fn only_the_page_of_this_origin_may_send() {
        let host = ("host", "localhost:3000");
        assert!(check(&[host, ("origin", "http://localhost:3000")]));
        assert!(check(&[
            host,
            ("origin", "https://LOCALHOST:3000"),
            ("sec-fetch-site", "same-origin")
        ]));
        assert!(check(&[host, ("sec-fetch-site", "same-origin")]));

        assert!(!check(&[host]), "neither header");
        assert!(
            !check(&[host, ("origin", "http://localhost:3001")]),
            "another port"
        );
        assert!(
            !check(&[host, ("origin", "http://evil.example")]),
            "another host"
        );
        assert!(
            !check(&[host, ("origin", "null")]),
            "a sandboxed frame or a file"
        );
        assert!(!check(&[host, ("origin", "")]), "an empty origin");
        assert!(
            !check(&[host, ("origin", "ftp://localhost:3000")]),
            "no web scheme"
        );
        assert!(
            !check(&[("origin", "http://localhost:3000")]),
            "no host to compare with"
        );
        for site in ["cross-site", "same-site", "none", ""] {
            let origin = ("origin", "http://localhost:3000");
            assert!(
                !check(&[host, origin, ("sec-fetch-site", site)]),
                "site {site:?}"
            );
        }
    }
}
