//! What can be done with results: search one book, follow a suggestion, be told how a query was read, ask why a hit is one.

use e2e::{StackOptions, wait_for};
use serde_json::json;
use shared::Method;

use crate::page::Page;

#[tokio::test]
async fn one_book_is_searched_until_the_filter_is_removed() {
    let page = Page::open(StackOptions::default()).await;
    page.visit("/books").await;
    page.text_with(".shelf", "Moby-Dick").await;
    page.browser
        .run("document.querySelector('.shelf .inside[href*=moby]').click()")
        .await
        .unwrap();
    page.text_with(".filter", "in Moby-Dick; or, The Whale")
        .await;

    let inside = page.search("captain").await;
    assert!(
        inside.status.starts_with("3 passages found"),
        "{}",
        inside.status
    );
    let titles = "return [...document.querySelectorAll('.hits h3')].map(title => title.innerText)";
    assert_eq!(
        page.browser.run(titles).await.unwrap(),
        json!(vec!["Moby-Dick; or, The Whale"; 3])
    );
    assert_eq!(
        page.browser.run("return location.search").await.unwrap(),
        "?q=captain&book=melville-moby_dick.txt"
    );

    page.click(".filter .remove").await;
    let everywhere = page.ended_after(&inside.trace_id).await;
    assert!(
        everywhere.status.contains("books found"),
        "{}",
        everywhere.status
    );
    assert_eq!(page.count(".filter").await, 0);
    page.browser.client.back().await.unwrap();
    let again = page.ended_after(&everywhere.trace_id).await;
    assert!(
        again.status.starts_with("3 passages found"),
        "{}",
        again.status
    );
    page.text_with(".filter", "in Moby-Dick").await;
    assert_eq!(page.violations().await, json!([]));
    page.close().await;
}

#[tokio::test]
async fn a_suggestion_is_searched_for_when_it_is_clicked() {
    let page = Page::open(StackOptions::default()).await;
    page.choose(Method::Tfidf).await;
    let misspelt = page.search("the captian of the ship").await;
    page.text_with(".results .note:last-of-type", "Did you mean “captain”")
        .await;
    page.click(".results .note a").await;
    let meant = page.ended_after(&misspelt.trace_id).await;
    assert!(meant.status.contains("found"), "{}", meant.status);
    assert_eq!(
        page.browser.run("return location.search").await.unwrap(),
        "?q=the%20captain%20of%20the%20ship&method=tfidf"
    );
    page.close().await;
}

#[tokio::test]
async fn what_cannot_be_read_in_a_query_is_said_beside_its_results() {
    let page = Page::open(StackOptions::default()).await;
    page.search("\"white whale").await;
    page.text_with(
        ".results .note",
        "The quotation mark before “white” has no partner",
    )
    .await;
    assert!(page.count(".hits li").await > 0);

    page.search("whale author:melville").await;
    let titles = "return [...document.querySelectorAll('.hits h3')].map(title => title.innerText)";
    assert_eq!(
        page.browser.run(titles).await.unwrap(),
        json!(["Moby-Dick; or, The Whale"])
    );
    page.close().await;
}

#[tokio::test]
async fn why_a_hit_is_one_adds_up_to_its_score() {
    let page = Page::open(StackOptions::default()).await;
    for method in Method::ALL {
        page.choose(method).await;
        page.search("white whale").await;
        page.click(".hits li .more button").await;
        page.text_with(".why tfoot", "Score").await;
        let script = "
            const texts = selector => [...document.querySelectorAll(selector)].map(it => it.innerText);
            return {
                addends: texts('.why tbody td:nth-child(5)').map(Number),
                sum: Number(texts('.why tfoot td')[0]),
                score: Number(document.querySelector('.hits .score').dataset.value.split(' ')[1]),
                ends: [...document.querySelectorAll('.addend')].map(bar =>
                    bar.querySelector('i').getBoundingClientRect().right / bar.getBoundingClientRect().right),
                expanded: document.querySelector('.hits li .more button').ariaExpanded,
            }";
        let shown = page.browser.run(script).await.unwrap();
        let number = |value: &serde_json::Value| value.as_f64().unwrap();
        let addends: Vec<f64> = shown["addends"]
            .as_array()
            .unwrap()
            .iter()
            .map(number)
            .collect();
        let rounding = 0.000_06 * (addends.len() + 1) as f64;
        let sum: f64 = addends.iter().sum();
        assert!(!addends.is_empty(), "{method}");
        assert!(
            (sum - number(&shown["sum"])).abs() < rounding,
            "{method}: {shown}"
        );
        assert!(
            (number(&shown["score"]) - number(&shown["sum"])).abs() < 0.000_2,
            "{method}: {shown}"
        );
        let last = number(shown["ends"].as_array().unwrap().last().unwrap());
        assert!((last - 1.0).abs() < 0.01, "{method}: {shown}");
        assert_eq!(shown["expanded"], "true");
    }
    assert_eq!(page.violations().await, json!([]));
    page.close().await;
}

#[tokio::test]
async fn why_a_hit_is_one_leads_to_the_spans_that_found_it() {
    let page = Page::open(StackOptions::default()).await;
    let ended = page.search("white whale").await;
    page.text_with(".trace footer", "Complete").await;
    page.click(".hits li:nth-child(2) .more button").await;
    page.text_with(".why .steps", "generate_snippet").await;
    let script =
        "return [...document.querySelectorAll('.why .steps li')].map(step => step.innerText)";
    let steps = page.browser.run(script).await.unwrap();
    let steps: Vec<&str> = steps
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it.as_str().unwrap())
        .collect();
    for (step, begins) in steps.iter().zip([
        "preprocess_query 2 words read",
        "vectorize_query 2 terms weighed",
        "compute_similarity ",
        "rerank_passages ",
        "generate_snippet ",
    ]) {
        assert!(step.starts_with(begins), "{steps:?}");
    }
    assert_eq!(steps.len(), 5, "{steps:?}");

    // The snippet is that of the hit, not the first.
    page.click(".why .steps li:last-child button").await;
    page.text_with(".trace .details h3", "generate_snippet")
        .await;
    let book =
        "return document.querySelector('.hits li:nth-child(2) h3 a').pathname.split('/').at(-1)";
    let book = page.browser.run(book).await.unwrap();
    page.text_with(".trace .details", book.as_str().unwrap())
        .await;
    let tree = page.traces().complete(&ended.trace_id).await.unwrap();
    let snippets = tree
        .spans()
        .iter()
        .filter(|span| span.name == "generate_snippet");
    assert!(snippets.count() > 1, "the test would show nothing");
    assert_eq!(page.violations().await, json!([]));
    page.close().await;
}

#[tokio::test]
async fn a_slow_search_does_not_block_the_page_and_gives_way_to_a_new_one() {
    let page = Page::open(StackOptions::default()).await;
    let first = page.search("love").await;
    page.choose(Method::SlowTfidf).await;
    page.submit("white whale").await;
    wait_for("the old results to be dimmed", async || {
        let script = "const hits = document.querySelector('section.results .hits');
            return hits && Number(getComputedStyle(hits).opacity) < 1 && document.querySelector('.searching') !== null";
        Ok((page.browser.run(script).await? == true).then_some(()))
    })
    .await
    .unwrap();
    page.choose(Method::Hybrid).await;
    page.submit("death").await;
    let second = page.ended_after(&first.trace_id).await;
    let tree = page.traces().complete(&second.trace_id).await.unwrap();
    assert!(tree.spans().iter().any(|span| span.name == "hybrid_search"));
    assert_eq!(
        page.browser.run("return location.search").await.unwrap(),
        "?q=death"
    );
    page.close().await;
}
