//! The load of the page is one trace with the request that served it.

use e2e::{StackOptions, rendered, wait_for};
use trace_model::{Span, Tree};

use crate::page::Page;

/// The newest trace with a finished span of this name, once it is whole.
async fn trace_with(page: &Page, name: &str) -> Tree {
    let trace_id = wait_for(&format!("a trace with {name}"), async || {
        let traces = page.traces().of_service("gutenberg-frontend").await?;
        let found = traces
            .into_iter()
            .find(|trace| trace.iter().any(|span| span.name == name));
        Ok(found.map(|trace| trace[0].trace_id.to_string()))
    })
    .await
    .unwrap();
    page.traces().complete(&trace_id).await.unwrap()
}

/// The trace without the spans of its resources, and these: how many snippets of JavaScript there are is the build's
/// business. Whether the first paint comes before the end of the load event is the machine's: events stand by name.
fn taken_apart(tree: Tree) -> (Tree, Vec<Span>) {
    let (mut others, resources): (Vec<Span>, Vec<Span>) = tree
        .into_spans()
        .into_iter()
        .partition(|span| span.name != "resourceFetch");
    for span in &mut others {
        if span.name == "documentLoad" {
            span.events.sort_by(|one, other| one.name.cmp(&other.name));
        }
    }
    (Tree::new(others), resources)
}

#[tokio::test]
async fn the_load_continues_the_trace_of_the_request_that_served_the_page() {
    let page = Page::open(StackOptions::default()).await;
    let tree = trace_with(&page, "documentLoad").await;
    let (tree, resources) = taken_apart(tree);
    insta::assert_snapshot!(rendered(&tree), @"
    GET / SERVER gutenberg-frontend-server {http.request.method=GET, http.response.status_code=200, http.route=/, network.protocol.version=1.1, server.address=127.0.0.1, server.port=…, url.path=/, url.scheme=http, user_agent.original=…}
      documentLoad INTERNAL gutenberg-frontend {url.full=…} events=domComplete,domContentLoadedEventEnd,domInteractive,firstContentfulPaint,firstPaint,loadEventEnd
        documentFetch INTERNAL gutenberg-frontend {http.response.body.size=…, url.full=…} events=request,response
        wasm_download INTERNAL gutenberg-frontend {http.response.body.size=…, url.full=…} events=request,response
        wasm_compile INTERNAL gutenberg-frontend
        wasm_instantiate INTERNAL gutenberg-frontend
        app_mount INTERNAL gutenberg-frontend
    ");
    let load = tree.span(1);
    let inside = |span: &Span| load.start_ns <= span.start_ns && span.end_ns <= load.end_ns;
    assert!(tree.spans()[1..].iter().chain(&resources).all(inside));
    let mut files: Vec<String> = resources
        .iter()
        .map(|span| {
            assert_eq!(span.parent_id, Some(load.span_id));
            let url = span.attribute("url.full").unwrap().to_string();
            let file = url.rsplit('/').next().unwrap_or_default();
            let (name, _hash) = file.split_once(['-', '.']).unwrap_or((file, ""));
            name.to_owned()
        })
        .collect();
    files.sort();
    files.dedup();
    for file in ["boot", "config", "frontend", "page", "shim"] {
        assert!(
            files.iter().any(|found| found == file),
            "{file} is missing in {files:?}"
        );
    }
    page.close().await;
}
