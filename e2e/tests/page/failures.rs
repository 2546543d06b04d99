//! Searches that do not end well leave one whole trace each, which says what happened.

use std::process::Command;

use e2e::{StackOptions, wait_for};
use fantoccini::Locator;
use trace_model::{Span, Tree, Value};

use crate::page::Page;
use crate::tree::rendered;

#[tokio::test]
async fn a_search_without_backend_fails_visibly_and_can_be_tried_again() {
    let mut page = Page::open(StackOptions::default()).await;
    assert_eq!(page.stack.backend.terminate().await.unwrap(), Some(0));

    let ended = page.search("love").await;
    let notice = page.text_of(".notice").await;
    assert!(notice.contains("The search failed"), "{notice}");
    assert!(notice.contains(&ended.trace_id), "{notice}");
    let tree = page.traces().complete(&ended.trace_id).await.unwrap();
    insta::assert_snapshot!(rendered(&tree), @"");

    let again = page
        .browser
        .client
        .find(Locator::Css(".notice button"))
        .await
        .unwrap();
    again.click().await.unwrap();
    let second = page.ended_after(&ended.trace_id).await;
    page.traces().complete(&second.trace_id).await.unwrap();
    assert_eq!(page.searches(2).await.len(), 2);
    page.close().await;
}

#[tokio::test]
async fn a_stale_search_is_aborted_and_says_so_while_the_new_one_is_whole() {
    let page = Page::open(StackOptions::default()).await;
    let backend = Paused::new(page.stack.backend.id());
    page.submit("love").await;
    wait_for("the first request to be under way", async || {
        Ok((page.count("section.results[aria-busy=true]").await == 1).then_some(()))
    })
    .await
    .unwrap();
    page.submit("death").await;
    drop(backend);

    let searches = page.searches(2).await;
    let outcomes: Vec<_> = searches.iter().map(|spans| outcome(spans)).collect();
    assert_eq!(outcomes, [("love", "aborted"), ("death", "answered")]);
    for spans in searches {
        let trace_id = spans[0].trace_id.to_string();
        let tree = page.traces().complete(&trace_id).await.unwrap();
        assert_one_root(&tree);
    }
    assert_eq!(
        page.browser
            .run("return new URLSearchParams(location.search).get('q')")
            .await
            .unwrap(),
        "death"
    );
    page.close().await;
}

#[tokio::test]
async fn two_searches_at_once_do_not_mix() {
    let page = Page::open(StackOptions::default()).await;
    let backend = Paused::new(page.stack.backend.id());
    page.run_asking("window.other = window.open('/?q=death'); $ask('love');")
        .await;
    wait_for("the other page to have asked", async || {
        let busy = page
            .browser
            .run("return other.document.querySelectorAll('section.results[aria-busy=true]').length")
            .await?;
        Ok((busy == 1).then_some(()))
    })
    .await
    .unwrap();
    drop(backend);

    let mut queries = Vec::new();
    for spans in page.searches(2).await {
        let (query, outcome) = outcome(&spans);
        queries.push(query.to_owned());
        assert_eq!(outcome, "answered");
        let trace_id = spans[0].trace_id.to_string();
        let tree = page.traces().complete(&trace_id).await.unwrap();
        assert_one_root(&tree);
        // Every span of the trace that knows the question knows the same one.
        for span in tree.spans() {
            if let Some(Value::String(text)) = span.attribute("app.search.query") {
                assert_eq!(text, query);
            }
        }
    }
    queries.sort();
    assert_eq!(queries, ["death", "love"]);
    page.close().await;
}

#[tokio::test]
async fn a_tab_that_is_closed_ten_milliseconds_after_the_click_leaves_a_whole_trace() {
    let page = Page::open(StackOptions::default()).await;
    page.run_asking(
        "window.other = window.open('/');
         const field = () => other.document?.querySelector('input[name=q]');
         const wait = setInterval(() => {
             if (!field()) return;
             clearInterval(wait);
             field().value = 'love';
             field().dispatchEvent(new other.Event('input', { bubbles: true }));
             field().form.requestSubmit();
             other.setTimeout(() => other.close(), 10);
         }, 20);",
    )
    .await;
    let searches = page.searches(1).await;
    let trace_id = searches[0][0].trace_id.to_string();
    let tree = page.traces().complete(&trace_id).await.unwrap();
    assert_one_root(&tree);
    assert_eq!(tree.span(0).name, "frontend_search");
    assert_eq!(page.searches(1).await.len(), 1);
    page.close().await;
}

/// Question and outcome as the root of a search tells them.
fn outcome(spans: &[Span]) -> (&str, &str) {
    let root = spans.iter().find(|span| span.parent_id.is_none()).unwrap();
    let text = |key| match root.attribute(key) {
        Some(Value::String(text)) => text.as_str(),
        other => panic!("{key} is {other:?}"),
    };
    (text("app.search.query"), text("app.search.outcome"))
}

fn assert_one_root(tree: &Tree) {
    assert_eq!(tree.roots().len(), 1, "{}", rendered(tree));
    assert_eq!(tree.span(0).parent_id, None, "{}", rendered(tree));
}

/// A process that is stopped as long as this lives: requests reach it and wait.
struct Paused {
    pid: u32,
}

impl Paused {
    fn new(pid: u32) -> Paused {
        signal("-STOP", pid);
        Paused { pid }
    }
}

impl Drop for Paused {
    fn drop(&mut self) {
        signal("-CONT", self.pid);
    }
}

fn signal(signal: &str, pid: u32) {
    let status = Command::new("kill")
        .args([signal, &pid.to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}
