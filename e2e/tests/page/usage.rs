//! The page under the hands of its user: address, keyboard, books, panel.

use e2e::{StackOptions, wait_for};
use fantoccini::Locator;

use crate::page::Page;

#[tokio::test]
async fn a_question_in_the_address_is_asked_and_back_returns_to_the_one_before() {
    let page = Page::open(StackOptions::default()).await;
    page.visit("/?q=love").await;
    let first = page.ended_after("").await;
    assert!(first.status.contains("found"), "{}", first.status);
    let second = page.search("ocean").await;
    assert_eq!(
        page.browser.run("return location.search").await.unwrap(),
        "?q=ocean"
    );
    page.browser.client.back().await.unwrap();
    page.ended_after(&second.trace_id).await;
    assert_eq!(
        page.browser.run("return location.search").await.unwrap(),
        "?q=love"
    );
    let field = page
        .browser
        .run("return document.querySelector('input[name=q]').value")
        .await
        .unwrap();
    assert_eq!(field, "love");
    page.close().await;
}

#[tokio::test]
async fn the_keyboard_is_enough() {
    let page = Page::open(StackOptions::default()).await;
    page.search("love").await;
    page.browser
        .run("document.activeElement.blur()")
        .await
        .unwrap();
    let body = page
        .browser
        .client
        .find(Locator::Css("body"))
        .await
        .unwrap();
    body.send_keys("/").await.unwrap();
    let focused = page
        .browser
        .run("return document.activeElement.name")
        .await
        .unwrap();
    assert_eq!(focused, "q");
    page.close().await;
}

#[tokio::test]
async fn the_panel_shows_the_whole_trace_of_this_search() {
    let page = Page::open(StackOptions::default()).await;
    let ended = page.search("love").await;
    let footer = wait_for("the panel to be complete", async || {
        let footer = page.text_of(".trace footer").await;
        Ok(footer.contains("Complete").then_some(footer))
    })
    .await
    .unwrap();
    assert!(footer.contains("3 services"), "{footer}");
    assert!(footer.contains(&ended.trace_id), "{footer}");
    let rows = page.text_of(".trace [role=treegrid]").await;
    for name in [
        "frontend_search",
        "GET /api/{*path}",
        "GET /search",
        "compute_similarity",
        "update_ui_final",
    ] {
        assert!(rows.contains(name), "{name} is missing in {rows}");
    }
    assert_eq!(page.violations().await, serde_json::json!([]));
    page.close().await;
}

#[tokio::test]
async fn the_books_page_lists_the_library_and_says_that_it_is_the_sample() {
    let page = Page::open(StackOptions::default()).await;
    page.visit("/books").await;
    let main = wait_for("the books", async || {
        let main = page.text_of("main").await;
        Ok(main.contains("Moby-Dick").then_some(main))
    })
    .await
    .unwrap();
    assert!(main.to_lowercase().contains("sample"), "{main}");
    assert_eq!(page.violations().await, serde_json::json!([]));
    page.close().await;
}
