//! The CLIENT spans of requests.

use super::*;

#[test]
fn a_call_may_end_in_four_ways() {
    in_page(1.0, |bench| {
        let start = |method| ClientCall::start(pipeline(), method, own("http://own/")).unwrap();
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
            "http://own/ as shown"
        );
        assert_eq!(text(attribute(&answered, "server.address")), "own");
        assert_eq!(text(attribute(&answered, "server.port")), "8080");
        assert_eq!(answered.kind, 3);
    });
}

#[test]
fn a_foreign_server_sees_no_trace() {
    in_page(1.0, |_| {
        let headers = |sees_trace| {
            let target = Target {
                sees_trace,
                ..own("http://own/")
            };
            let call = ClientCall::start(pipeline(), "GET", target).unwrap();
            call.headers().cloned()
        };
        assert!(headers(true).is_some());
        assert!(headers(false).is_none());
    });
}
