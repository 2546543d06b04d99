//! A trace is complete when its spans say nothing to the contrary.

use trace_model::{Completeness, Kind, Span, Status, Tree, Value, completeness};

use crate::spans::{of, span};

fn check(spans: Vec<Span>, expected: Completeness) {
    assert_eq!(completeness(&Tree::new(spans)), expected);
}

fn waiting(missing_parents: usize, unanswered_clients: usize) -> Completeness {
    Completeness::Waiting {
        missing_parents,
        unanswered_clients,
    }
}

fn root_and_client() -> Vec<Span> {
    vec![
        span("root", 1, 0, 0, 100),
        of(span("GET", 2, 1, 10, 90), Kind::Client, "page"),
    ]
}

#[test]
fn one_root_and_every_call_answered_is_complete() {
    let mut spans = root_and_client();
    spans.push(of(span("GET /", 3, 2, 20, 80), Kind::Server, "backend"));
    check(spans, Completeness::Complete);
}

#[test]
fn a_call_waits_for_its_answer() {
    check(root_and_client(), waiting(0, 1));
}

#[test]
fn a_child_in_the_same_service_is_no_answer() {
    let mut spans = root_and_client();
    spans.push(span("dns", 3, 2, 20, 80));
    check(spans, waiting(0, 1));
}

#[test]
fn a_call_that_failed_waits_for_nothing() {
    let mut spans = root_and_client();
    spans[1].status = Status::Error("connection refused".to_owned());
    check(spans, Completeness::Complete);
}

#[test]
fn a_call_that_was_answered_badly_waits_for_the_span_of_its_server() {
    let mut spans = root_and_client();
    spans[1].status = Status::Error(String::new());
    spans[1]
        .attributes
        .push(("http.response.status_code".to_owned(), Value::Int(502)));
    check(spans, waiting(0, 1));
}

#[test]
fn a_call_that_was_given_up_waits_for_nothing() {
    let mut spans = root_and_client();
    spans[1]
        .attributes
        .push(("cancelled".to_owned(), Value::Bool(true)));
    check(spans, Completeness::Complete);
}

#[test]
fn spans_wait_for_the_parents_they_name() {
    check(
        vec![
            span("a", 3, 1, 0, 1),
            span("b", 4, 1, 1, 2),
            span("c", 5, 2, 2, 3),
        ],
        waiting(2, 0),
    );
}

#[test]
fn nothing_two_roots_and_a_circle_are_not_complete() {
    check(Vec::new(), waiting(0, 0));
    check(
        vec![span("a", 1, 0, 0, 1), span("b", 2, 0, 1, 2)],
        waiting(0, 0),
    );
    assert_ne!(
        completeness(&Tree::new(vec![span("own parent", 1, 1, 0, 1)])),
        Completeness::Complete
    );
}
