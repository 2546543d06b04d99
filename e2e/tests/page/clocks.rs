//! Clocks that are wrong: traces stay whole, in order and where the wall clock of the page says.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use e2e::{StackOptions, assert_contained};
use serde_json::json;
use shared::Method;
use shared::semconv::service;
use trace_model::Tree;

use crate::page::Page;

const SECOND_NS: i128 = 1_000_000_000;

/// How far the page's part of a trace seems to be from now, in nanoseconds.
fn ahead_ns(tree: &Tree) -> i128 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let root = tree
        .spans()
        .iter()
        .find(|span| span.service == service::FRONTEND)
        .unwrap();
    i128::from(root.start_ns) - now.as_nanos() as i128
}

#[tokio::test]
async fn after_an_hour_of_sleep_traces_are_of_now() {
    let page = Page::open(StackOptions::default()).await;
    page.visit("/tracing-test").await;
    let before = page.experiment("Simple span").await;
    let before = page.traces().complete(&before).await.unwrap();
    assert!(ahead_ns(&before).abs() < 60 * SECOND_NS);
    // While a machine sleeps, the wall clock goes on and the fine clock of the page stands still.
    page.browser
        .run("const now = Date.now; Date.now = () => now() + 3_600_000;")
        .await
        .unwrap();
    let after = page.experiment("Three awaits").await;
    let after = page.traces().complete(&after).await.unwrap();
    let slept_ns = ahead_ns(&after) - 3600 * SECOND_NS;
    assert!(slept_ns.abs() < 60 * SECOND_NS, "{slept_ns}");
    let root = after.span(0);
    let lasted = Duration::from_nanos(root.duration_ns());
    assert!(lasted < Duration::from_secs(30), "{lasted:?}");
    page.close().await;
}

#[tokio::test]
async fn a_page_whose_clock_is_ahead_or_behind_makes_whole_traces() {
    for offset_s in [90_i64, -90] {
        let page = Page::open(StackOptions::default()).await;
        let wrong = format!("const now = Date.now; Date.now = () => now() + {offset_s}_000;");
        page.browser
            .devtools(
                "Page.addScriptToEvaluateOnNewDocument",
                json!({ "source": wrong }),
            )
            .await
            .unwrap();
        page.visit("/").await;
        page.choose(Method::Tfidf).await;
        let ended = page.search("love").await;
        let mut tree = page.traces().complete(&ended.trace_id).await.unwrap();
        let off_ns = ahead_ns(&tree) - i128::from(offset_s) * SECOND_NS;
        assert!(off_ns.abs() < 60 * SECOND_NS, "{offset_s}: {off_ns}");
        // After one offset for each service, everything lies inside what caused it.
        assert_contained(&mut tree);
        let footer = page.text_with(".trace footer", "Complete").await;
        let direction = if offset_s > 0 { "later" } else { "earlier" };
        assert!(
            footer.contains("clock of gutenberg-frontend-server set"),
            "{footer}"
        );
        assert!(footer.contains(direction), "{footer}");
        page.close().await;
    }
}
