//! Every way to search that the page offers: one whole trace that goes through the search of that name.

use e2e::{StackOptions, assert_contained};
use shared::Method;
use trace_model::Span;

use crate::page::Page;

#[tokio::test]
async fn each_method_searches_in_its_own_way_in_one_whole_trace() {
    let page = Page::open(StackOptions::default()).await;
    for method in Method::ALL {
        page.choose(method).await;
        let ended = page.search("white whale").await;
        assert!(ended.status.contains("found"), "{method}: {}", ended.status);
        assert!(page.count(".hits mark").await > 0, "{method}");

        let mut tree = page.traces().complete(&ended.trace_id).await.unwrap();
        let spans = tree.spans();
        let named =
            |name: &str| -> Vec<&Span> { spans.iter().filter(|span| span.name == name).collect() };
        let [perform] = named("perform_search")[..] else {
            panic!("{method}: not one perform_search");
        };
        let below: Vec<&str> = spans
            .iter()
            .filter(|span| span.parent_id == Some(perform.span_id))
            .map(|span| span.name.as_str())
            .collect();
        assert_eq!(below, [format!("{method}_search")]);
        let reranked = named("rerank_passages").len();
        assert_eq!(reranked, usize::from(method == Method::Hybrid), "{method}");
        assert_contained(&mut tree);
    }
    page.close().await;
}

#[tokio::test]
async fn an_address_with_a_method_searches_by_it() {
    let page = Page::open(StackOptions::default()).await;
    page.visit("/?q=white+whale&method=bm25").await;
    let ended = page.ended_after("").await;
    let spans = page.traces().complete(&ended.trace_id).await.unwrap();
    assert!(spans.spans().iter().any(|span| span.name == "bm25_search"));
    let script = "return document.querySelector('input[name=method]:checked').value";
    assert_eq!(page.browser.run(script).await.unwrap(), "bm25");
    page.close().await;
}

#[tokio::test]
async fn the_page_searches_for_the_best_passage_unless_told_otherwise() {
    let page = Page::open(StackOptions::default()).await;
    let pills =
        "return [...document.querySelectorAll('input[name=method]')].map(pill => pill.value)";
    assert_eq!(
        page.browser.run(pills).await.unwrap(),
        serde_json::json!(["hybrid", "tfidf", "bm25", "phrase", "fuzzy", "slow_tfidf"])
    );
    let ended = page.search("white whale").await;
    let tree = page.traces().complete(&ended.trace_id).await.unwrap();
    assert!(tree.spans().iter().any(|span| span.name == "hybrid_search"));
    assert_eq!(
        page.browser.run("return location.search").await.unwrap(),
        "?q=white%20whale"
    );
    page.close().await;
}
