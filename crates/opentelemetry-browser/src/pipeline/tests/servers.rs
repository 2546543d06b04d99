//! What answers say about their servers.

use super::*;
use crate::server_timing::Said;

fn said(traceresponse: String, server_ms: f64) -> Said {
    Said {
        traceresponse: Some(traceresponse),
        served: None,
        time_ms: (server_ms, server_ms),
    }
}

fn number(span: &Span, key: &str) -> Option<f64> {
    attribute(span, key).map(|number| text(Some(number)).parse().unwrap())
}

#[test]
fn the_first_span_of_a_trace_tells_how_far_the_servers_clock_is() {
    in_page(1.0, |bench| {
        in_span("before", |_| {});
        in_span("root", |_| {
            let call = ClientCall::start(pipeline(), "GET", own("http://own/")).unwrap();
            let traceresponse = call.headers().unwrap().traceparent.clone();
            bench.pass_ms(20.0);
            call.server_said(&said(traceresponse, TIME_ORIGIN_MS + 90_010.0));
            call.answered(200, "http://own/");
        });
        let [before, call, root] = bench.exported().try_into().unwrap();
        assert_eq!(number(&root, "app.clock.offset_ms"), Some(90_000.0));
        assert_eq!(number(&root, "app.clock.offset_uncertainty_ms"), Some(10.0));
        assert_eq!(number(&call, "app.clock.offset_ms"), None);
        assert_eq!(number(&before, "app.clock.offset_ms"), None);
        assert!(call.links.is_empty());
    });
}

#[test]
fn an_answer_of_another_trace_is_linked_to_and_its_time_is_not_heard() {
    in_page(1.0, |bench| {
        let other = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01";
        let call = ClientCall::start(pipeline(), "GET", own("http://own/")).unwrap();
        call.server_said(&said(other.to_owned(), TIME_ORIGIN_MS));
        call.answered(200, "http://own/");
        let span = bench.exported_one();
        assert_eq!(span.links.len(), 1);
        assert_eq!(
            span.links[0].span_id,
            [0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7]
        );
        assert_eq!(span.links[0].flags, 0x301);
        assert_eq!(pipeline().clock_offset(), None);
    });
}

#[test]
fn an_answer_may_name_its_span_in_two_ways() {
    let other = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01";
    let named = |traceresponse: &str| {
        let said = Said {
            served: Some(other.to_owned()),
            ..said(traceresponse.to_owned(), 0.0)
        };
        said.span().unwrap().span_id().to_string()
    };
    assert_eq!(
        named("00-0af7651916cd43dd8448eb211c80319c-1111111111111111-01"),
        "1111111111111111"
    );
    assert_eq!(named("no trace"), "00f067aa0ba902b7");
}

#[test]
fn an_answer_that_says_nothing_changes_nothing() {
    in_page(1.0, |bench| {
        let call = ClientCall::start(pipeline(), "GET", own("http://own/")).unwrap();
        call.server_said(&Said {
            time_ms: (TIME_ORIGIN_MS, TIME_ORIGIN_MS),
            ..Said::default()
        });
        call.answered(200, "http://own/");
        assert!(bench.exported_one().links.is_empty());
        assert_eq!(pipeline().clock_offset(), None);
    });
}
