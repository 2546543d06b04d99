//! One search is one trace: complete, of the right shape, with every attribute.

use e2e::{Case, Setting, StackOptions, assert_contained, expected, rendered};
use shared::Method;

use crate::page::Page;

/// Twenty questions that the sample answers with many books, a few, one or none.
const CASES: [Case; 20] = [
    Case("love", 1, 0, 0, 12, 12),
    Case("death", 1, 0, 0, 10, 10),
    Case("time", 1, 0, 0, 16, 16),
    Case("hope", 1, 0, 0, 6, 6),
    Case("fear", 1, 0, 0, 12, 12),
    Case("joy", 1, 0, 0, 7, 7),
    Case("peace", 1, 0, 0, 11, 11),
    Case("war", 1, 0, 0, 7, 7),
    Case("nature", 1, 0, 0, 4, 4),
    Case("ocean", 1, 0, 0, 6, 6),
    Case("white whale", 2, 0, 0, 8, 10),
    Case("blue sky", 2, 0, 0, 7, 13),
    Case("freedom", 1, 0, 0, 4, 4),
    Case("adventure", 1, 0, 0, 3, 3),
    Case("wisdom", 1, 0, 0, 6, 6),
    Case("dream", 1, 0, 0, 6, 6),
    Case("king", 1, 0, 0, 6, 6),
    Case("zeppelin", 1, 0, 1, 0, 0),
    Case("the and of", 0, 3, 0, 0, 0),
    Case("Love & Death", 2, 1, 0, 14, 22),
];

#[tokio::test]
async fn twenty_searches_are_twenty_whole_traces() {
    let page = Page::open(StackOptions::default()).await;
    page.choose(Method::Tfidf).await;
    let setting = Setting::default();
    let mut seen = Vec::new();
    for case in CASES {
        let query = case.0;
        let ended = page.search(query).await;
        let mut tree = page.traces().complete(&ended.trace_id).await.unwrap();
        let answer = page.answer_to(query).await;
        assert_eq!(
            rendered(&tree),
            expected(&case, &answer, &setting),
            "{query}"
        );
        assert_contained(&mut tree);
        seen.push(ended.trace_id);
    }
    let kept = page.searches(CASES.len()).await;
    let kept: Vec<String> = kept
        .iter()
        .map(|trace| trace[0].trace_id.to_string())
        .collect();
    assert_eq!(kept, seen);
    page.close().await;
}
