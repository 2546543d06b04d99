//! The text of a trace.

use trace_model::render::{Options, tree};
use trace_model::{Event, Kind, Link, Status, Tree, Value};

use crate::spans::{of, span};

fn sample() -> Tree {
    let mut server = of(span("GET /search", 2, 1, 10, 90), Kind::Server, "backend");
    server.attributes = vec![
        ("url.path".to_owned(), Value::String("/search".to_owned())),
        ("http.response.status_code".to_owned(), Value::Int(503)),
        ("thread.id".to_owned(), Value::Int(7)),
        ("network.peer.port".to_owned(), Value::Int(51_234)),
        (
            "tags".to_owned(),
            Value::Array(vec![Value::Bool(true), Value::Double(0.5)]),
        ),
    ];
    server.status = Status::Error("not ready".to_owned());
    server.links.push(Link::default());
    let named = |name: &str| Event {
        name: name.to_owned(),
        ..Event::default()
    };
    server.events = vec![named("request"), named("response")];
    let mut root = of(span("GET", 1, 0, 0, 100), Kind::Client, "page");
    root.status = Status::Ok;
    Tree::new(vec![root, server])
}

#[test]
fn a_line_says_all_but_ids_and_times() {
    insta::assert_snapshot!(tree(&sample(), &Options::default()), @r"
    GET CLIENT page [ok]
      GET /search SERVER backend {http.response.status_code=503, network.peer.port=51234, tags=[true, 0.5], thread.id=7, url.path=/search} [error: not ready] events=request,response links=1
    ");
}

#[test]
fn attributes_can_be_left_out_and_redacted() {
    let options = Options {
        service: false,
        exclude: &["thread.*", "tags"],
        redact: &["network.peer.port"],
    };
    insta::assert_snapshot!(tree(&sample(), &options), @r"
    GET CLIENT [ok]
      GET /search SERVER {http.response.status_code=503, network.peer.port=…, url.path=/search} [error: not ready] events=request,response links=1
    ");
}

#[test]
fn text_from_outside_stays_on_its_line() {
    let mut hostile = span("a\nb", 1, 0, 0, 1);
    hostile.attributes = vec![("k\r\n".to_owned(), Value::String("v\u{1b}[31m".to_owned()))];
    hostile.status = Status::Error("x\ny".to_owned());
    let text = tree(&Tree::new(vec![hostile]), &Options::default());
    assert_eq!(
        text,
        "a\\nb INTERNAL page {k\\r\\n=\"v\\u{1b}[31m\"} [error: x\\ny]\n"
    );
}
