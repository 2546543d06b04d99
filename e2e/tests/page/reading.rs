//! The reader: a hit in its place, the way from match to match and back to the results, and places that do not exist.

use e2e::{StackOptions, rendered, wait_for};
use fantoccini::Locator;
use serde_json::json;

use crate::page::Page;

/// Where the first element that `selector` finds stands in the window: 0 at its top, 1 at its end.
async fn height_in_window(page: &Page, selector: &str) -> f64 {
    let script = format!(
        "return document.querySelector({selector:?}).getBoundingClientRect().top / innerHeight"
    );
    page.browser.run(&script).await.unwrap().as_f64().unwrap()
}

async fn scroll_position(page: &Page) -> f64 {
    let scrolled = page.browser.run("return scrollY").await.unwrap();
    scrolled.as_f64().unwrap()
}

#[tokio::test]
async fn a_hit_is_opened_in_its_place_and_back_returns_to_the_results() {
    let page = Page::open(StackOptions::default()).await;
    let ended = page.search("whale").await;
    let hit = ".hits li:nth-child(2)";
    let title = page.text_of(&format!("{hit} h3")).await;
    let marked = page.text_of(&format!("{hit} mark")).await;
    page.click(&format!("{hit} .more a")).await;

    page.text_with("h1", &title).await;
    let passage = page.text_with(".text .passage", &marked).await;
    wait_for("the passage to be in view", async || {
        let height = height_in_window(&page, ".text .passage mark").await;
        Ok((0.0..1.0).contains(&height).then_some(()))
    })
    .await
    .unwrap();
    assert_eq!(
        page.text_of(".text .passage mark").await,
        marked,
        "{passage}"
    );
    assert!(
        page.text_of(".matches [role=status]")
            .await
            .starts_with("Match ")
    );

    page.browser.client.back().await.unwrap();
    page.text_with(&format!("{hit} h3"), &title).await;
    assert_eq!(
        page.trace_id().await,
        ended.trace_id,
        "nothing is searched again"
    );
    assert_eq!(page.searches(1).await.len(), 1);
    assert_eq!(page.violations().await, json!([]));
    page.close().await;
}

#[tokio::test]
async fn back_from_the_reader_the_results_are_where_they_were() {
    let page = Page::open(StackOptions::default()).await;
    page.search("love").await;
    page.browser.run("scrollTo(0, 700)").await.unwrap();
    let before = scroll_position(&page).await;
    assert!(before > 100.0, "the results are longer than the window");
    // By script, because WebDriver itself scrolls to what it clicks.
    page.browser
        .run("document.querySelector('.hits li:nth-child(5) .more a').click()")
        .await
        .unwrap();
    page.text_with(".text", "love").await;
    page.browser.client.back().await.unwrap();
    wait_for("the results to be where they were", async || {
        let there = (scroll_position(&page).await - before).abs() < 2.0;
        Ok((there && page.count(".hits li").await > 0).then_some(()))
    })
    .await
    .unwrap();
    page.close().await;
}

#[tokio::test]
async fn keys_go_from_match_to_match_and_the_focus_goes_with_them() {
    let page = Page::open(StackOptions::default()).await;
    page.visit("/books/melville-moby_dick.txt?q=whale").await;
    page.text_with(".matches [role=status]", "in this part")
        .await;
    let body = page
        .browser
        .client
        .find(Locator::Css("body"))
        .await
        .unwrap();
    let total = page.count(".text mark").await;
    assert!(total > 2);
    for (key, place) in [("n", 1), ("n", 2), ("n", 3), ("p", 2)] {
        body.send_keys(key).await.unwrap();
        page.text_with(
            ".matches [role=status]",
            &format!("Match {place} of {total} in this part"),
        )
        .await;
        let focused = "return [...document.querySelectorAll('.text mark')].indexOf(document.activeElement) + 1";
        assert_eq!(page.browser.run(focused).await.unwrap(), place);
        let height = height_in_window(&page, ".text mark.here").await;
        assert!((0.0..1.0).contains(&height), "{height}");
    }
    body.send_keys("p").await.unwrap();
    page.text_with(".matches [role=status]", "Match 1 of").await;
    body.send_keys("p").await.unwrap();
    page.text_with(".matches [role=status]", "No other match")
        .await;
    page.close().await;
}

#[tokio::test]
async fn chapters_are_listed_and_earlier_text_is_loaded_when_it_is_asked_for() {
    let page = Page::open(StackOptions::default()).await;
    page.visit("/books/melville-moby_dick.txt").await;
    page.text_with(".text h2", "CHAPTER I").await;
    let chapters = page.count(".chapters li").await;
    assert_eq!(chapters, page.count(".text h2").await);
    assert_eq!(page.count(".rest").await, 0, "the whole book is there");

    page.click(".chapters li:last-child a").await;
    page.text_with(".chapters [aria-current]", "CHAPTER IV")
        .await;
    page.text_with(".text h2", "CHAPTER IV").await;
    assert_eq!(page.count(".text h2").await, 1);
    page.click(".rest button").await;
    wait_for("all chapters", async || {
        Ok((page.count(".text h2").await == chapters).then_some(()))
    })
    .await
    .unwrap();
    assert_eq!(page.violations().await, json!([]));
    page.close().await;
}

#[tokio::test]
async fn opening_a_book_is_one_whole_trace() {
    let page = Page::open(StackOptions::default()).await;
    page.visit("/books/austen-emma.txt?from=100&to=200&q=love")
        .await;
    page.text_with(".text .passage", "").await;
    let opened = wait_for("the trace of the reader", async || {
        let traces = page
            .traces()
            .rooted_in(shared::semconv::service::FRONTEND, "load_book")
            .await?;
        Ok(traces.into_iter().next())
    })
    .await
    .unwrap();
    let trace_id = opened[0].trace_id.to_string();
    let tree = page.traces().complete(&trace_id).await.unwrap();
    let names: Vec<&str> = tree.spans().iter().map(|span| span.name.as_str()).collect();
    let way = |route| ["GET", "GET /api/{*path}", "GET", route];
    assert_eq!(
        names,
        [
            vec!["load_book"],
            way("GET /books/{id}").to_vec(),
            way("GET /books/{id}/text").to_vec(),
        ]
        .concat(),
        "{}",
        rendered(&tree)
    );
    page.close().await;
}

#[tokio::test]
async fn places_that_do_not_exist_are_said_in_a_sentence() {
    let page = Page::open(StackOptions::default()).await;
    for (address, sentence) in [
        (
            "/books/%3Cscript%3Ewindow.hacked=1%3C%2Fscript%3E",
            "There is no book with this id",
        ),
        (
            "/books/..%2F..%2Fetc%2Fpasswd",
            "There is no book with this id",
        ),
        (
            "/books/austen-emma.txt?from=99999999999",
            "the address asks for those from 99999999999 to 99999999999.",
        ),
        (
            "/books/austen-emma.txt?from=0&to=99999999999999999999999999",
            "The address names no passage",
        ),
        (
            "/books/austen-emma.txt?from=-1&to=x",
            "The address names no passage",
        ),
        ("/?q=love&book=%3Cb%3E", "There is no book with this id"),
        (
            "/compare?q=love&book=nobody",
            "There is no book with this id",
        ),
        ("/compare", "Q is missing or blank"),
    ] {
        page.visit(address).await;
        let notice = page.text_with(".notice", sentence).await;
        assert!(notice.contains("Trace "), "{address}: {notice}");
    }
    assert_eq!(page.count("main script, main b b").await, 0);
    let hacked = page.browser.run("return window.hacked ?? null").await;
    assert_eq!(hacked.unwrap(), serde_json::Value::Null);
    assert_eq!(page.violations().await, json!([]));
    page.close().await;
}

#[tokio::test]
async fn a_reader_without_backend_says_so_and_names_the_trace() {
    let mut page = Page::open(StackOptions::default()).await;
    assert_eq!(page.stack.backend.terminate().await.unwrap(), Some(0));
    page.visit("/books/austen-emma.txt").await;
    let notice = page
        .text_with(".notice", "The backend cannot be reached.")
        .await;
    let trace_id = notice
        .split_whitespace()
        .find(|word| word.len() == 32)
        .unwrap();
    let tree = page.traces().complete(trace_id).await.unwrap();
    assert_eq!(tree.span(0).name, "load_book");
    assert!(rendered(&tree).contains("error.type=502"));
    page.close().await;
}
