//! What a list says of a trace.

use proptest::prelude::*;
use trace_model::{Kind, ServiceSummary, Status, Summary, Tree};

use crate::spans::{any_spans, of, span};

fn service(name: &str, spans: u64, errors: u64) -> ServiceSummary {
    ServiceSummary {
        name: name.to_owned(),
        spans,
        errors,
    }
}

#[test]
fn a_trace_is_summed_up_by_service() {
    let mut failed = of(span("GET /search", 3, 2, 20, 120), Kind::Server, "backend");
    failed.status = Status::Error("no index".to_owned());
    let summary = Summary::of(&Tree::new(vec![
        failed,
        span("search", 1, 0, 10, 110),
        of(span("GET", 2, 1, 11, 100), Kind::Client, "page"),
    ]))
    .unwrap();
    assert_eq!(
        (&*summary.root_name, &*summary.root_service),
        ("search", "page")
    );
    assert_eq!(
        summary.services,
        [service("page", 2, 0), service("backend", 1, 1)]
    );
    assert_eq!((summary.start_ns, summary.duration_ns), (10, 110));
    assert_eq!(
        (summary.spans, summary.errors, summary.complete),
        (3, 1, true)
    );
}

#[test]
fn one_whose_parent_is_missing_is_not_complete() {
    let summary = Summary::of(&Tree::new(vec![span("late", 2, 1, 0, 1)])).unwrap();
    assert!(!summary.complete);
    assert_eq!(Summary::of(&Tree::new(Vec::new())), None);
}

#[test]
fn names_and_services_are_bounded() {
    let mut spans = vec![span(&"ü".repeat(100_000), 1, 0, 0, 100)];
    for id in 2..102 {
        spans.push(of(
            span("work", id, 1, id, 50),
            Kind::Internal,
            &format!("service {}", id / 2),
        ));
    }
    let summary = Summary::of(&Tree::new(spans)).unwrap();
    assert_eq!(summary.root_name.chars().count(), 256);
    assert!(summary.root_name.ends_with("ü…"));
    assert_eq!((summary.services.len(), summary.services_omitted), (32, 19));
    assert_eq!(summary.spans, 101);
}

#[test]
fn json_of_the_wrong_shape_is_refused_by_field() {
    let whole = Summary::of(&Tree::new(vec![span("a", 1, 0, 0, 1)]))
        .unwrap()
        .to_json();
    for field in whole.as_object().unwrap().keys() {
        let mut torn = whole.clone();
        torn.as_object_mut().unwrap().remove(field);
        let error = Summary::from_json(&torn).unwrap_err().to_string();
        assert!(error.contains(field.as_str()), "{error}");
    }
}

proptest! {
    #[test]
    fn json_gives_back_what_was_summed_up(spans in any_spans()) {
        let tree = Tree::new(spans);
        if let Some(summary) = Summary::of(&tree) {
            prop_assert_eq!(summary.services.iter().map(|it| it.spans).sum::<u64>(), tree.len() as u64);
            let text = summary.to_json().to_string();
            prop_assert_eq!(Summary::from_json(&serde_json::from_str(&text).unwrap()), Ok(summary));
        }
    }
}
