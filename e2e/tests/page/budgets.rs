//! Searches keep to the budgets of the project, as `collector check` finds in a pipeline.

use e2e::{StackOptions, collector_command};

use crate::page::Page;

#[tokio::test]
async fn searches_keep_to_their_budgets() {
    let page = Page::open(StackOptions::default()).await;
    for query in ["love", "white whale", "ocean"] {
        let ended = page.search(query).await;
        page.traces().complete(&ended.trace_id).await.unwrap();
    }
    let budgets = concat!(env!("CARGO_MANIFEST_DIR"), "/../collector/budgets.toml");
    let query = page.stack.query_address().to_string();
    let check = ["check", "--budgets", budgets, "--query", &query];
    let checked = collector_command().args(check).output().await.unwrap();
    let found = String::from_utf8(checked.stdout).unwrap();
    assert_eq!(checked.status.code(), Some(0), "{found}");
    assert!(found.contains("4 of 4 budgets kept"), "{found}");
    page.close().await;
}
