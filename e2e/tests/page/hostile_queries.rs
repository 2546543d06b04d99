//! Questions nobody sensible would ask: each gets a right answer or a clear refusal, and nothing of it is executed.

use e2e::StackOptions;

use crate::page::Page;

/// Query and what the page must say to it.
const QUERIES: [(&str, &str); 8] = [
    ("love c++", "found"),
    ("(", "Nothing found"),
    ("<img src=x onerror=alert(1)>", "Nothing found"),
    ("</script><script>window.hacked=1</script>", "found"),
    ("愛", "Nothing found"),
    ("the and of", "found"),
    ("love\u{202e}evol", "found"),
    ("%00%0d%0a", "Nothing found"),
];

#[tokio::test]
async fn hostile_queries_are_only_words() {
    let page = Page::open(StackOptions::default()).await;
    for (query, said) in QUERIES {
        let before = page.trace_id().await;
        page.run_asking(&format!("$ask({});", serde_json::to_string(query).unwrap()))
            .await;
        let ended = page.ended_after(&before).await;
        let shown = format!("{} {}", ended.status, page.text_of("section.results").await);
        assert!(shown.contains(said), "{query}: {shown}");
        page.traces().complete(&ended.trace_id).await.unwrap();
    }
    assert_eq!(
        page.count("section.results img, section.results script")
            .await,
        0
    );
    assert_eq!(
        page.browser
            .run("return window.hacked ?? null")
            .await
            .unwrap(),
        serde_json::Value::Null
    );
    assert_eq!(page.violations().await, serde_json::json!([]));
    page.close().await;
}

#[tokio::test]
async fn a_query_of_ten_thousand_letters_is_refused_with_the_limit() {
    let page = Page::open(StackOptions::default()).await;
    page.run_asking("$ask('x'.repeat(10000));").await;
    let ended = page.ended_after("").await;
    let notice = page.text_of(".notice").await;
    assert!(
        notice.contains("The query may have at most 1024 bytes."),
        "{notice}"
    );
    page.traces().complete(&ended.trace_id).await.unwrap();
    page.close().await;
}

#[tokio::test]
async fn a_blank_query_asks_nothing() {
    let page = Page::open(StackOptions::default()).await;
    page.submit("   ").await;
    let ended = page.search("love").await;
    let searches = page.searches(1).await;
    assert_eq!(searches.len(), 1);
    assert_eq!(searches[0][0].trace_id.to_string(), ended.trace_id);
    page.close().await;
}

#[tokio::test]
async fn line_breaks_and_nul_in_the_address_are_only_words() {
    let page = Page::open(StackOptions::default()).await;
    page.visit("/?q=love%0D%0ASet-Cookie:%20x%00").await;
    let ended = page.ended_after("").await;
    let shown = format!("{} {}", ended.status, page.text_of("section.results").await);
    assert!(shown.contains("found"), "{shown}");
    assert_eq!(page.violations().await, serde_json::json!([]));
    page.close().await;
}
