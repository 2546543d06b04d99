//! Exports that do not get through at once: what becomes of the spans, and what the page says about it.

use e2e::{Fault, Faults, StackOptions, rendered, wait_for};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use prost::Message;
use serde_json::json;

use crate::page::Page;

/// The tracing test page, with everything sent that its load has made.
async fn quiet_page() -> Page {
    let page = Page::open(StackOptions {
        faults: true,
        ..StackOptions::default()
    })
    .await;
    page.visit("/tracing-test").await;
    page.text_with(".trace footer", "Complete").await;
    all_sent(&page).await;
    page
}

fn faults(page: &Page) -> &Faults {
    page.stack.faults.as_ref().unwrap()
}

/// Waits until nothing is open, waiting or on the way.
async fn all_sent(page: &Page) {
    wait_for("all spans to be sent", async || {
        for counter in ["open", "waiting", "on the way"] {
            if page.counter(counter).await != "0" {
                return Ok(None);
            }
        }
        Ok((page.counter("created").await != "0").then_some(()))
    })
    .await
    .unwrap();
}

async fn counted(page: &Page, name: &str, at_least: u64) {
    wait_for(&format!("{name} to be {at_least} or more"), async || {
        let count: u64 = page.counter(name).await.parse().unwrap_or(0);
        Ok((count >= at_least).then_some(()))
    })
    .await
    .unwrap();
}

async fn nothing_is_dropped(page: &Page) {
    for cause in ["too many", "refused", "no answer", "rejected"] {
        assert_eq!(
            page.counter(&format!("dropped: {cause}")).await,
            "0",
            "{cause}"
        );
    }
}

#[tokio::test]
async fn a_busy_collector_is_asked_again_until_it_takes_the_spans() {
    let page = quiet_page().await;
    faults(&page).plan([Fault::Refuse(429, Some(1)), Fault::Refuse(503, None)]);
    let trace_id = page.experiment("Simple span").await;
    let tree = page.traces().complete(&trace_id).await.unwrap();
    assert_eq!(rendered(&tree), "simple_span INTERNAL gutenberg-frontend\n");
    counted(&page, "requests sent again", 2).await;
    nothing_is_dropped(&page).await;
    page.close().await;
}

#[tokio::test]
async fn spans_that_the_collector_rejects_or_refuses_are_counted_by_cause() {
    let page = quiet_page().await;
    let partial = ExportTraceServiceResponse {
        partial_success: Some(ExportTracePartialSuccess {
            rejected_spans: 1,
            error_message: "not today".to_owned(),
        }),
    };
    faults(&page).plan([Fault::Answer(partial.encode_to_vec())]);
    page.experiment("Simple span").await;
    counted(&page, "dropped: rejected", 1).await;
    all_sent(&page).await;

    faults(&page).plan([Fault::Refuse(400, None)]);
    let refused = page.experiment("Error span").await;
    counted(&page, "dropped: refused", 1).await;
    assert!(
        page.traces().spans(&refused).await.is_err(),
        "it was refused for good"
    );

    let later = page.experiment("Simple span").await;
    page.traces().complete(&later).await.unwrap();
    page.close().await;
}

#[tokio::test]
async fn a_collector_that_never_answers_is_no_matter_for_the_page_and_gets_the_spans_later() {
    let page = quiet_page().await;
    faults(&page).be_silent(true);
    let before = faults(&page).exports();
    let trace_id = page.experiment("Simple span").await;
    wait_for("an export without answer", async || {
        Ok((faults(&page).exports() > before).then_some(()))
    })
    .await
    .unwrap();
    counted(&page, "on the way", 1).await;
    // Meanwhile the page works: this experiment asks the backend twice.
    page.experiment("Two overlapping tasks").await;
    faults(&page).be_silent(false);
    let tree = page.traces().complete(&trace_id).await.unwrap();
    assert_eq!(tree.len(), 1);
    all_sent(&page).await;
    nothing_is_dropped(&page).await;
    page.close().await;
}

#[tokio::test]
async fn spans_of_an_offline_page_arrive_when_it_is_online_again() {
    let page = quiet_page().await;
    network(&page, true).await;
    let trace_id = page.experiment("Simple span").await;
    counted(&page, "requests sent again", 1).await;
    assert!(
        page.traces().spans(&trace_id).await.is_err(),
        "nothing got through"
    );
    network(&page, false).await;
    let tree = page.traces().complete(&trace_id).await.unwrap();
    assert_eq!(tree.len(), 1);
    all_sent(&page).await;
    nothing_is_dropped(&page).await;
    page.close().await;
}

async fn network(page: &Page, offline: bool) {
    let conditions = json!({
        "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1,
    });
    page.browser
        .devtools("Network.enable", json!({}))
        .await
        .unwrap();
    page.browser
        .devtools("Network.emulateNetworkConditions", conditions)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_page_that_comes_back_from_the_cache_goes_on_tracing() {
    let page = Page::open(StackOptions::default()).await;
    page.visit("/tracing-test").await;
    page.text_with(".trace footer", "Complete").await;
    page.browser
        .run("window.sameAsBefore = true; addEventListener('pageshow', event => { window.fromCache = event.persisted; })")
        .await
        .unwrap();
    let elsewhere = format!("{}/icon-does-not-exist.svg", page.stack.page_url());
    page.browser.client.goto(&elsewhere).await.unwrap();
    page.browser.client.back().await.unwrap();
    page.text_with("main h1", "Tracing test").await;
    let from_cache = page
        .browser
        .run("return window.fromCache === true")
        .await
        .unwrap();
    assert_eq!(from_cache, true, "it was loaded anew");
    assert_eq!(
        page.browser
            .run("return window.sameAsBefore")
            .await
            .unwrap(),
        true
    );
    let trace_id = page.experiment("Three awaits").await;
    let tree = page.traces().complete(&trace_id).await.unwrap();
    assert_eq!(tree.len(), 4);
    page.close().await;
}
