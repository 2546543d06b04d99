//! The tracing test page: each of its experiments leaves the trace that it promises, and the load of the page is drawn.

use e2e::{StackOptions, rendered, wait_for};
use fantoccini::key::Key;
use trace_model::Tree;

use crate::page::Page;

impl Page {
    /// Runs the experiment of this label; returns its trace id.
    pub(crate) async fn experiment(&self, label: &str) -> String {
        let before = self.text_of(".ids li:first-child code").await;
        let script = format!(
            "[...document.querySelectorAll('.tests button')].find(button => button.textContent.trim() === {label:?}).click()"
        );
        self.browser.run(&script).await.unwrap();
        wait_for(&format!("the trace of {label}"), async || {
            let newest = self.text_of(".ids li:first-child code").await;
            Ok((!newest.is_empty() && newest != before).then_some(newest))
        })
        .await
        .unwrap()
    }

    async fn tried(&self, label: &str) -> String {
        let trace_id = self.experiment(label).await;
        rendered(&self.settled(&trace_id).await)
    }

    /// The trace once it is whole and grows no more.
    async fn settled(&self, trace_id: &str) -> Tree {
        let mut before = 0;
        wait_for(&format!("trace {trace_id} to settle"), async || {
            let tree = self.traces().complete(trace_id).await?;
            let settled = tree.len() == before;
            before = tree.len();
            Ok(settled.then_some(tree))
        })
        .await
        .unwrap()
    }

    /// Presses the tabulator until something of this text has the focus; returns what had it on the way.
    async fn tab_to(&self, wanted: &str) -> Vec<String> {
        let mut passed = Vec::new();
        while passed.last().is_none_or(|last| last != wanted) {
            assert!(passed.len() < 80, "{wanted} is not reached: {passed:?}");
            self.press(&[Key::Tab.into()]).await;
            let focused = "return document.activeElement.textContent.trim()";
            let text = self.browser.run(focused).await.unwrap();
            passed.push(text.as_str().unwrap().to_owned());
        }
        passed
    }

    /// The counter of this name on the page: spans, or what stands beside it.
    pub(crate) async fn counter(&self, name: &str) -> String {
        let script = format!(
            "const head = [...document.querySelectorAll('.telemetry th, .telemetry dt')].find(head => head.textContent === {name:?});
             return head?.nextElementSibling?.textContent ?? ''"
        );
        let text = self.browser.run(&script).await.unwrap();
        text.as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn the_load_of_the_page_is_drawn_beside_the_tests() {
    let page = Page::open(StackOptions::default()).await;
    page.visit("/tracing-test").await;
    let footer = page.text_with(".trace footer", "Complete").await;
    assert!(footer.contains("2 services"), "{footer}");
    let rows = page.text_of(".trace [role=treegrid]").await;
    for name in [
        "documentLoad",
        "documentFetch",
        "wasm_download",
        "wasm_compile",
        "wasm_instantiate",
        "app_mount",
    ] {
        assert!(rows.contains(name), "{name} is missing in {rows}");
    }
    assert_eq!(page.violations().await, serde_json::json!([]));
    page.visit("/").await;
    page.click("footer.foot a").await;
    page.text_with("main h1", "Tracing test").await;
    assert_eq!(
        page.browser.run("return location.pathname").await.unwrap(),
        "/tracing-test"
    );
    page.close().await;
}

#[tokio::test]
async fn every_experiment_leaves_the_trace_that_it_promises() {
    let page = Page::open(StackOptions::default()).await;
    page.visit("/tracing-test").await;
    insta::assert_snapshot!(page.tried("Simple span").await, @"
    simple_span INTERNAL gutenberg-frontend
    ");
    insta::assert_snapshot!(page.tried("Error span").await, @"
    error_span INTERNAL gutenberg-frontend {error.type=on_purpose} [error: an error on purpose]
    ");
    insta::assert_snapshot!(page.tried("Three awaits").await, @"
    three_awaits INTERNAL gutenberg-frontend
      one_await INTERNAL gutenberg-frontend
      one_await INTERNAL gutenberg-frontend
      one_await INTERNAL gutenberg-frontend
    ");
    insta::assert_snapshot!(page.tried("Two overlapping tasks").await, @"
    overlapping_tasks INTERNAL gutenberg-frontend
      overlapping_task INTERNAL gutenberg-frontend {app.test.task=first}
        GET CLIENT gutenberg-frontend {http.request.method=GET, http.response.body.size=…, http.response.status_code=200, server.address=127.0.0.1, server.port=…, url.full=…} events=request,response
          GET /api/{*path} SERVER gutenberg-frontend-server {http.request.method=GET, http.response.status_code=200, http.route=/api/{*path}, network.protocol.version=1.1, server.address=127.0.0.1, server.port=…, url.path=/api/trace-context, url.scheme=http, user_agent.original=…}
            GET CLIENT gutenberg-frontend-server {http.request.method=GET, http.response.status_code=200, network.protocol.version=1.1, server.address=127.0.0.1, server.port=…, url.full=…}
              GET /trace-context SERVER gutenberg-backend {app.index.version=…, http.request.method=GET, http.response.status_code=200, http.route=/trace-context, network.protocol.version=1.1, server.address=127.0.0.1, server.port=…, url.path=/trace-context, url.scheme=http, user_agent.original=…} links=1
      overlapping_task INTERNAL gutenberg-frontend {app.test.task=second}
        GET CLIENT gutenberg-frontend {http.request.method=GET, http.response.body.size=…, http.response.status_code=200, server.address=127.0.0.1, server.port=…, url.full=…} events=request,response
          GET /api/{*path} SERVER gutenberg-frontend-server {http.request.method=GET, http.response.status_code=200, http.route=/api/{*path}, network.protocol.version=1.1, server.address=127.0.0.1, server.port=…, url.path=/api/trace-context, url.scheme=http, user_agent.original=…}
            GET CLIENT gutenberg-frontend-server {http.request.method=GET, http.response.status_code=200, network.protocol.version=1.1, server.address=127.0.0.1, server.port=…, url.full=…}
              GET /trace-context SERVER gutenberg-backend {app.index.version=…, http.request.method=GET, http.response.status_code=200, http.route=/trace-context, network.protocol.version=1.1, server.address=127.0.0.1, server.port=…, url.path=/trace-context, url.scheme=http, user_agent.original=…} links=1
    ");
    insta::assert_snapshot!(page.tried("Foreign-origin fetch").await, @"
    foreign_fetch INTERNAL gutenberg-frontend
      GET CLIENT gutenberg-frontend {error.type=TypeError, http.request.method=GET, server.address=foreign.invalid, server.port=…, url.full=…} [error: Failed to fetch]
    ");
    insta::assert_snapshot!(page.tried("Panic").await, @"
    panicking_span INTERNAL gutenberg-frontend {error.type=panic} [error: a panic on purpose]
    ");
    insta::assert_snapshot!(page.tried("Simple span").await, @"
    simple_span INTERNAL gutenberg-frontend
    ");
    let unfinished = page.experiment("Tab close").await;
    let tree = page.traces().complete(&unfinished).await.unwrap();
    insta::assert_snapshot!(rendered(&tree), @"
    unfinished_span INTERNAL gutenberg-frontend {page.unloaded=true}
    ");
    // The list survives that the page was loaded anew.
    page.text_with(".ids", &unfinished).await;
    page.close().await;
}

#[tokio::test]
async fn an_aborted_fetch_says_so() {
    let page = Page::open(StackOptions::default()).await;
    page.visit("/tracing-test").await;
    let trace_id = page.experiment("Aborted fetch").await;
    let mut spans = page
        .traces()
        .complete(&trace_id)
        .await
        .unwrap()
        .into_spans();
    // Whether the request left the browser at all is up to the moment.
    spans.retain(|span| span.service == shared::semconv::service::FRONTEND);
    insta::assert_snapshot!(rendered(&Tree::new(spans)), @"
    aborted_fetch INTERNAL gutenberg-frontend
      GET CLIENT gutenberg-frontend {cancelled=true, http.request.method=GET, server.address=127.0.0.1, server.port=…, url.full=…}
    ");
    page.close().await;
}

#[tokio::test]
async fn the_counters_add_up_and_a_span_has_its_price() {
    let page = Page::open(StackOptions::default()).await;
    page.visit("/tracing-test").await;
    page.experiment("Simple span").await;
    wait_for("spans to be sent", async || {
        let sent: u64 = page.counter("sent").await.parse().unwrap_or(0);
        let created: u64 = page.counter("created").await.parse().unwrap_or(0);
        Ok((sent > 0 && sent == created).then_some(()))
    })
    .await
    .unwrap();
    for cause in ["too many", "refused", "no answer", "rejected"] {
        assert_eq!(
            page.counter(&format!("dropped: {cause}")).await,
            "0",
            "{cause}"
        );
    }
    page.experiment("Two overlapping tasks").await;
    page.text_with(".telemetry dl", "ms ±").await;
    page.click(".telemetry button").await;
    let cost = page.text_with(".telemetry dd:has(button)", "µs").await;
    assert!(!cost.starts_with("0.00"), "{cost}");
    page.close().await;
}

#[tokio::test]
async fn the_keyboard_reaches_every_test_and_every_trace() {
    let page = Page::open(StackOptions::default()).await;
    page.visit("/tracing-test").await;
    page.text_with(".trace footer", "Complete").await;
    page.tab_to("Simple span").await;
    page.press(&[Key::Enter.into()]).await;
    page.text_with(".ids", "Simple span").await;
    // The trace of the test has taken the place of that of the load.
    page.text_with(".trace [role=treegrid]", "simple_span")
        .await;
    let labels = page.tab_to("Tab close").await;
    let offered = page.browser.run("return [...document.querySelectorAll('.tests button')].slice(1).map(button => button.textContent.trim())");
    assert_eq!(serde_json::json!(labels), offered.await.unwrap());
    page.tab_to("Load of this page").await;
    page.press(&[Key::Enter.into()]).await;
    page.text_with(".trace [role=treegrid]", "documentLoad")
        .await;
    let pressed = "return document.activeElement.getAttribute('aria-pressed')";
    assert_eq!(page.browser.run(pressed).await.unwrap(), "true");
    page.tab_to("Measure").await;
    page.press(&[Key::Enter.into()]).await;
    page.text_with(".telemetry dd:has(button)", "µs").await;
    let size = page.counter("code of all its features, compressed").await;
    assert!(
        size.starts_with("at most ") && size.ends_with(" KB"),
        "{size}"
    );
    page.close().await;
}
