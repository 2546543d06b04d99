//! The CLIENT spans of requests.

use super::*;

#[test]
fn a_call_may_end_in_four_ways() {
    in_page(1.0, |bench| {
        let start = |method| {
            ClientCall::start(pipeline(), method, "http://user:secret@own:8080/a?sig=x").unwrap()
        };
        start("GET").answered(399, "http://own/");
        start("POST").answered(404, "http://own/");
        start("PURGE").failed("TypeError", "no network".to_owned());
        start("GET").cancelled();
        let [answered, refused, failed, cancelled] = bench.exported().try_into().unwrap();
        let status_code = |span: &Span| span.status.as_ref().map_or(0, |status| status.code);
        assert_eq!(
            [&answered, &refused, &failed, &cancelled].map(status_code),
            [0, 2, 2, 0]
        );
        assert_eq!(
            [&answered, &refused, &failed].map(|span| text(attribute(span, "http.request.method"))),
            ["GET", "POST", "_OTHER"]
        );
        assert_eq!(text(attribute(&refused, "error.type")), "404");
        assert_eq!(text(attribute(&failed, "error.type")), "TypeError");
        assert_eq!(failed.name, "HTTP");
        assert!(is_marked(&cancelled, CANCELLED));
        assert_eq!(
            text(attribute(&answered, "url.full")),
            "http://REDACTED:REDACTED@own:8080/a?sig=REDACTED"
        );
        assert_eq!(text(attribute(&answered, "server.port")), "8080");
        assert_eq!(answered.kind, 3);
    });
}

#[test]
fn a_foreign_server_sees_no_trace() {
    in_page(1.0, |_| {
        let headers = |url| {
            ClientCall::start(pipeline(), "GET", url)
                .unwrap()
                .headers()
                .cloned()
        };
        assert!(headers("http://own/a").is_some());
        assert!(headers("http://own:81/a").is_none());
        assert!(headers("http://own.evil.example/a").is_none());
    });
}
