//! The real books, when `CORPUS_DIR` names them: what is found is what the books hold.

use std::path::PathBuf;

use e2e::{Corpus, StackOptions};

use crate::page::Page;

/// Books in which each word weighs enough when only the 5,000 most frequent terms count.
const COUNTS: [(&str, usize); 9] = [
    ("love", 10),
    ("death", 9),
    ("time", 18),
    ("hope", 6),
    ("fear", 7),
    ("joy", 5),
    ("peace", 6),
    ("war", 3),
    ("nature", 6),
];

#[tokio::test]
async fn the_real_books_are_searched_from_the_page() {
    let Some(folder) = std::env::var_os("CORPUS_DIR").map(PathBuf::from) else {
        println!("CORPUS_DIR is not set: the real books are not tested here");
        return;
    };
    let page = Page::open(StackOptions {
        corpus: Corpus::Directory(folder),
        ..StackOptions::default()
    })
    .await;
    let ended = page.search("white whale").await;
    assert!(ended.status.contains("found"), "{}", ended.status);
    assert_eq!(
        page.text_of(".hits li h3").await,
        "Moby-Dick; or, The Whale"
    );
    page.traces().complete(&ended.trace_id).await.unwrap();

    for (query, count) in COUNTS {
        let script = format!(
            "return fetch('/api/search?features=5000&q={query}').then(r => r.json()).then(a => a.total_matches)"
        );
        assert_eq!(page.browser.run(&script).await.unwrap(), count, "{query}");
    }
    page.close().await;
}
