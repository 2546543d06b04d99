//! The end of answered requests, by the browser's resource timing.

use super::*;

const URL: &str = "http://own/a?b";
const ORIGIN_NS: u64 = 1_700_000_000_000_000_000;

fn start() -> ClientCall {
    ClientCall::start(pipeline(), "GET", own(URL)).unwrap()
}

fn in_observed_page(test: impl FnOnce(&Bench) + Send + 'static) {
    in_page(1.0, |bench| {
        bench.observes_fetches.set(true);
        test(bench);
    });
}

/// A request over a connection that was open already.
fn timing(start_ms: f64, response_end_ms: f64) -> Timing {
    Timing {
        start_ms,
        dns_start_ms: start_ms,
        dns_end_ms: start_ms,
        connect_start_ms: start_ms,
        connect_end_ms: start_ms,
        request_start_ms: start_ms + 1.0,
        response_start_ms: start_ms + 2.0,
        response_end_ms,
        encoded_body_size: 5.0,
    }
}

/// Names and times, in nanoseconds since the page began.
fn events(span: &Span) -> Vec<(&str, u64)> {
    let seen = span.events.iter();
    seen.map(|event| (event.name.as_str(), event.time_unix_nano - ORIGIN_NS))
        .collect()
}

fn end_ns(span: &Span) -> u64 {
    span.end_time_unix_nano - ORIGIN_NS
}

fn body_size(span: &Span) -> Option<String> {
    attribute(span, "http.response.body.size").map(|size| text(Some(size)))
}

#[test]
fn a_span_ends_with_the_body() {
    in_observed_page(|bench| {
        bench.pass_ms(10.0);
        start().answered(200, URL);
        bench.pass_ms(5000.0);
        assert!(bench.exported().is_empty(), "a flush cuts the body off");
        let connected = Timing {
            dns_start_ms: 10.1,
            dns_end_ms: 10.2,
            connect_start_ms: 10.2,
            connect_end_ms: 10.4,
            request_start_ms: 10.5,
            response_start_ms: 11.0,
            ..timing(10.0, 5000.5)
        };
        pipeline().on_timing("http://own/", connected);
        pipeline().on_timing(URL, connected);
        let span = bench.exported_one();
        assert_eq!(
            events(&span),
            [
                ("dns", 10_100_000),
                ("connect", 10_200_000),
                ("request", 10_500_000),
                ("response", 11_000_000)
            ]
        );
        assert_eq!(end_ns(&span), 5_000_500_000);
        assert_eq!(body_size(&span).as_deref(), Some("5"));
        assert!(!is_marked(&span, CANCELLED));
        assert_eq!(pipeline().stats().spans.open, 0);
    });
}

#[test]
fn a_phase_that_did_not_take_place_or_is_secret_has_no_event() {
    in_observed_page(|bench| {
        start().answered(200, URL);
        pipeline().on_timing(URL, timing(0.5, 4.0));
        start().answered(200, URL);
        let secret = Timing {
            start_ms: 0.5,
            response_end_ms: 4.0,
            ..Timing::default()
        };
        pipeline().on_timing(URL, secret);
        let [reused, foreign] = bench.exported().try_into().unwrap();
        assert_eq!(
            events(&reused),
            [("request", 1_500_000), ("response", 2_500_000)]
        );
        assert_eq!(events(&foreign), []);
        assert_eq!((body_size(&foreign), end_ns(&foreign)), (None, 4_000_000));
    });
}

#[test]
fn nothing_comes_before_the_start() {
    in_observed_page(|bench| {
        bench.pass_ms(10.0);
        start().answered(200, URL);
        let coarse = Timing {
            request_start_ms: 9.5,
            response_start_ms: 9.5,
            ..timing(9.5, 9.5)
        };
        pipeline().on_timing(URL, coarse);
        let span = bench.exported_one();
        assert_eq!(
            events(&span),
            [("request", 10_000_000), ("response", 10_000_000)]
        );
        assert_eq!(end_ns(&span), 10_000_000);
    });
}

#[test]
fn concurrent_requests_of_one_url_get_their_own_timing() {
    in_observed_page(|bench| {
        let first = start();
        bench.pass_ms(3.0);
        let second = start();
        first.answered(200, URL);
        second.answered(201, URL);
        pipeline().on_timing("http://own/other", timing(3.0, 4.0));
        pipeline().on_timing(URL, timing(3.1, 6.0));
        pipeline().on_timing(URL, timing(0.1, 9.0));
        let spans = bench.exported();
        let seen: Vec<(String, u64)> = spans
            .iter()
            .map(|span| {
                let status = text(attribute(span, "http.response.status_code"));
                (status, end_ns(span))
            })
            .collect();
        assert_eq!(
            seen,
            [("201".to_owned(), 6_000_000), ("200".to_owned(), 9_000_000)]
        );
    });
}

#[test]
fn requests_of_one_moment_are_served_in_order() {
    in_observed_page(|bench| {
        let (first, second) = (start(), start());
        second.answered(202, URL);
        first.answered(201, URL);
        pipeline().on_timing(URL, timing(0.0, 5.0));
        pipeline().on_timing(URL, timing(0.0, 6.0));
        let ends: Vec<u64> = bench.exported().iter().map(end_ns).collect();
        assert_eq!(ends, [5_000_000, 6_000_000]);
    });
}

#[test]
fn a_failed_request_leaves_its_timing_to_no_other() {
    in_observed_page(|bench| {
        start().answered(200, URL);
        bench.pass_ms(3.0);
        start().cancelled();
        start().failed("TypeError", "no network".to_owned());
        pipeline().on_timing(URL, timing(3.0, 3.5));
        pipeline().on_timing(URL, timing(3.0, 3.5));
        assert_eq!(pipeline().stats().spans.open, 1, "the first still waits");
        pipeline().on_timing(URL, timing(0.0, 8.0));
        let [cancelled, failed, answered] = bench.exported().try_into().unwrap();
        assert!(is_marked(&cancelled, CANCELLED));
        assert_eq!([&cancelled, &failed].map(end_ns), [3_000_000; 2]);
        assert_eq!(end_ns(&answered), 8_000_000);
    });
}

#[test]
fn the_timing_may_come_before_the_headers() {
    in_observed_page(|bench| {
        let (answered, failed) = (start(), start());
        pipeline().on_timing(URL, timing(0.0, 4.0));
        pipeline().on_timing(URL, timing(0.0, 4.0));
        bench.pass_ms(20.0);
        assert!(bench.exported().is_empty());
        answered.answered(200, URL);
        failed.failed("TypeError", "no network".to_owned());
        let [answered, failed] = bench.exported().try_into().unwrap();
        assert_eq!((end_ns(&answered), events(&answered).len()), (4_000_000, 2));
        assert_eq!((end_ns(&failed), events(&failed).len()), (20_000_000, 0));
    });
}

#[test]
fn a_flush_takes_the_timing_that_is_ready() {
    in_observed_page(|bench| {
        start().answered(200, URL);
        bench.timings.borrow_mut().push((URL, timing(0.0, 4.0)));
        assert_eq!(end_ns(&bench.exported_one()), 4_000_000);
    });
}

#[test]
fn without_timing_a_span_ends_with_its_headers() {
    in_page(1.0, |bench| {
        start().answered(200, URL);
        bench.observes_fetches.set(true);
        // It was answered by something in the page.
        start().answered(200, "");
        bench.pass_ms(5.0);
        assert_eq!(
            bench.exported().iter().map(end_ns).collect::<Vec<_>>(),
            [0, 0]
        );
    });
}

#[test]
fn the_end_of_the_page_does_not_mark_answered_requests() {
    in_observed_page(|bench| {
        let unanswered = start();
        start().answered(200, URL);
        start().answered(200, URL);
        bench.pass_ms(7.0);
        let ready = ("http://own/a?b", timing(0.0, 4.0));
        bench.timings.borrow_mut().extend([ready, ready]);
        pipeline().end_all(PAGE_UNLOADED);
        unanswered.answered(200, URL);
        pipeline().on_timing(URL, timing(0.0, 9.0));
        let spans = bench.exported();
        let seen: Vec<(u64, bool)> = spans
            .iter()
            .map(|span| (end_ns(span), is_marked(span, PAGE_UNLOADED)))
            .collect();
        assert_eq!(seen, [(4_000_000, false), (0, false), (7_000_000, true)]);
        assert_eq!(pipeline().stats().spans.open, 0);
    });
}

#[test]
fn the_number_of_open_requests_is_bounded() {
    in_observed_page(|bench| {
        for _ in 0..70 {
            start().answered(200, URL);
            bench.pass_ms(1.0);
        }
        let spans = bench.exported();
        assert_eq!(
            spans.iter().map(end_ns).collect::<Vec<_>>(),
            [0, 1_000_000, 2_000_000, 3_000_000, 4_000_000, 5_000_000]
        );
        assert_eq!(pipeline().stats().spans.open, 64);
    });
}
