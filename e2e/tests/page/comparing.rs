//! The comparison: every method in a column, hits that moved, and one trace in which all methods ran.

use e2e::{StackOptions, wait_for};
use serde_json::json;

use crate::page::Page;

#[tokio::test]
async fn methods_are_compared_side_by_side_in_one_trace() {
    let page = Page::open(StackOptions::default()).await;
    page.search("white whale").await;
    let titles = "return [...document.querySelectorAll('.hits h3')].map(title => title.innerText)";
    let found = page.browser.run(titles).await.unwrap();
    page.click(".sums a").await;
    page.text_with(".columns", "BM25").await;

    let script = "
        const columns = [...document.querySelectorAll('.columns section')];
        return {
            names: columns.map(column => column.querySelector('h2').innerText),
            first: [...columns[0].querySelectorAll('a')].map(title => title.innerText),
            moves: columns.map(column => column.querySelectorAll('.move').length),
            words: [...document.querySelectorAll('.move .unseen')].map(words => words.textContent),
            hits: columns.map(column => column.querySelectorAll('li').length),
            address: location.pathname + location.search,
        }";
    let shown = page.browser.run(script).await.unwrap();
    assert_eq!(
        shown["names"],
        json!(["Best passage", "TF-IDF", "BM25", "Phrase", "Fuzzy"])
    );
    assert_eq!(shown["first"], found);
    assert_eq!(shown["address"], "/compare?q=white%20whale");
    let count = |value: &serde_json::Value, column: usize| value[column].as_u64().unwrap();
    assert_eq!(count(&shown["moves"], 0), 0);
    for column in 1..5 {
        assert_eq!(
            count(&shown["moves"], column),
            count(&shown["hits"], column)
        );
    }
    let words = shown["words"].to_string();
    assert!(
        words.contains("the same rank as in Best passage"),
        "{words}"
    );
    assert!(words.contains("higher than in Best passage"), "{words}");

    let footer = page.text_with(".trace footer", "Complete").await;
    assert!(footer.contains("3 services"), "{footer}");
    let trace_id = page.trace_id().await;
    let tree = page.traces().complete(&trace_id).await.unwrap();
    let count = |name: &str| tree.spans().iter().filter(|span| span.name == name).count();
    assert_eq!(tree.span(0).name, "load_comparison");
    for method in ["hybrid", "tfidf", "bm25", "phrase", "fuzzy"] {
        assert_eq!(count(&format!("{method}_search")), 1, "{method}");
    }
    assert_eq!(page.violations().await, json!([]));

    // Back are the results, with nothing searched again.
    page.browser.client.back().await.unwrap();
    wait_for("the results", async || {
        Ok((page.browser.run(titles).await? == found).then_some(()))
    })
    .await
    .unwrap();
    assert_eq!(page.searches(1).await.len(), 1);
    page.close().await;
}
