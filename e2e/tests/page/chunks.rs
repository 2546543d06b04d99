//! The parts of the page that are downloaded when they are first wanted.

use e2e::{StackOptions, rendered, wait_for};
use fantoccini::Locator;
use serde_json::json;

use crate::page::Page;

/// Files of the program that the browser has asked for, but for its main module.
async fn chunks(page: &Page) -> Vec<String> {
    let script =
        "return performance.getEntriesByType('resource').map(entry => entry.name.split('/').pop())
        .filter(name => /^(split|chunk)_.*wasm$/.test(name)).sort()";
    let names = page.browser.run(script).await.unwrap();
    serde_json::from_value(names).unwrap()
}

#[tokio::test]
async fn a_search_with_its_waterfall_needs_no_chunk_and_a_link_loads_its_own_in_a_trace() {
    let page = Page::open(StackOptions::default()).await;
    let ended = page.search("whale").await;
    page.traces().complete(&ended.trace_id).await.unwrap();
    page.text_with(".waterfall .rows", "frontend_search").await;
    assert_eq!(chunks(&page).await, [""; 0]);

    page.click("nav a[href='/books']").await;
    page.text_with("h1", "The books").await;
    let loaded = chunks(&page).await;
    assert!(
        loaded.contains(&"split_books.wasm".to_owned()),
        "{loaded:?}"
    );
    assert!(
        !loaded.contains(&"split_traces.wasm".to_owned()),
        "{loaded:?}"
    );
    let trace = wait_for("the trace of the chunk", async || {
        let found = page
            .traces()
            .rooted_in("gutenberg-frontend", "load_chunk")
            .await?;
        Ok(found.into_iter().next())
    })
    .await
    .unwrap();
    let tree = page
        .traces()
        .complete(&trace[0].trace_id.to_string())
        .await
        .unwrap();
    assert_eq!(
        rendered(&tree),
        "load_chunk INTERNAL gutenberg-frontend {app.chunk.name=books}\n"
    );
    assert_eq!(page.violations().await, json!([]));
    page.close().await;
}

#[tokio::test]
async fn a_chunk_that_cannot_be_had_is_told_of_and_can_be_asked_for_again() {
    let page = Page::open(StackOptions::default()).await;
    page.browser
        .devtools("Network.enable", json!({}))
        .await
        .unwrap();
    let block = async |urls: &[&str]| {
        page.browser
            .devtools("Network.setBlockedURLs", json!({ "urls": urls }))
            .await
            .unwrap();
    };
    block(&["*split_traces.wasm"]).await;
    page.click("nav a[href='/traces']").await;
    let told = page.text_with("[role=alert]", "cannot be loaded").await;
    assert!(told.contains("there is no connection"), "{told}");

    let again = page
        .browser
        .client
        .find(Locator::Css("[role=alert] button"))
        .await
        .unwrap();
    block(&[]).await;
    again.click().await.unwrap();
    page.text_with("h1", "Traces").await;
    page.close().await;
}
