//! The load of the page under test as spans.

use opentelemetry_browser::{app_mount, in_span, page_load};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::otlp::Span;
use crate::page::{export_all, exported_spans, let_tasks_run, start};

/// The spans of the load that are over.
async fn load_spans() -> Vec<Span> {
    export_all().await;
    let trace_id = page_load().expect("tracing is started").trace_id();
    let mut spans = exported_spans();
    spans.retain(|span| span.trace_id == trace_id.to_bytes());
    spans
}

/// The span of this name, once it is over.
pub(crate) async fn load_span(name: &str) -> Span {
    loop {
        if let Some(span) = load_spans()
            .await
            .into_iter()
            .find(|span| span.name == name)
        {
            return span;
        }
        let_tasks_run().await;
    }
}

#[wasm_bindgen_test]
async fn the_load_of_the_page_is_a_trace() {
    start();
    let load = load_span("documentLoad").await;
    assert!(load.parent_span_id.is_empty(), "nobody named a parent");
    assert!(
        load.attribute("url.full")
            .is_some_and(|url| url.starts_with("http://127.0.0.1:"))
    );
    let reached: Vec<&str> = load.events.iter().map(|event| &*event.name).collect();
    for milestone in ["domInteractive", "domComplete", "loadEventEnd"] {
        assert!(reached.contains(&milestone), "{reached:?}");
    }
    let mut times = vec![load.start_ns];
    times.extend(load.events.iter().map(|event| event.time_ns));
    times.push(load.end_ns);
    assert!(times.is_sorted(), "{times:?}");

    let document = load_span("documentFetch").await;
    assert_eq!(document.parent_span_id, load.span_id);
    assert_eq!(document.start_ns, load.start_ns);
    assert!(document.end_ns <= load.end_ns);
    assert!(document.attribute("http.response.body.size").is_some());

    let spans = load_spans().await;
    let resources: Vec<&Span> = spans
        .iter()
        .filter(|span| span.name == "resourceFetch")
        .collect();
    assert!(!resources.is_empty());
    for resource in resources {
        assert_eq!(resource.parent_span_id, load.span_id);
        let url = resource.attribute("url.full").expect("a URL");
        assert!(!url.ends_with(".wasm"), "{url} is the program");
    }
    let wasm = load_span("wasm_download").await;
    assert_eq!(wasm.parent_span_id, load.span_id);
    assert!(
        wasm.attribute("url.full")
            .is_some_and(|url| url.ends_with(".wasm"))
    );
}

#[wasm_bindgen_test]
async fn what_is_mounted_belongs_to_the_load() {
    start();
    app_mount(|_| in_span("while mounting", |_| {}));
    let mount = load_span("app_mount").await;
    let trace_id = page_load().expect("tracing is started").trace_id();
    assert_eq!(mount.trace_id, trace_id.to_bytes());
    assert_eq!(
        load_span("while mounting").await.parent_span_id,
        mount.span_id
    );
}
