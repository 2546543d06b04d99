//! The shares of a trace's time.

use proptest::prelude::*;
use trace_model::{Kind, Part, Share, Tree, split};

use crate::spans::{any_spans, of, span};

#[test]
fn a_call_over_the_network_is_split_into_its_parts() {
    let tree = Tree::new(vec![
        span("search", 1, 0, 0, 100),
        of(span("GET", 2, 1, 10, 90), Kind::Client, "page"),
        of(span("GET /api", 3, 2, 20, 80), Kind::Server, "proxy"),
        of(span("GET", 4, 3, 25, 75), Kind::Client, "proxy"),
        of(span("GET /search", 5, 4, 30, 70), Kind::Server, "backend"),
    ]);
    let shares: Vec<_> = split(&tree, |span| span.service.clone())
        .into_iter()
        .map(|share| match share.part {
            Part::Network => format!("network {}", share.duration_ns),
            Part::Origin(service) => format!("{service} {}", share.duration_ns),
        })
        .collect();
    assert_eq!(shares, ["page 20", "network 30", "proxy 10", "backend 40"]);
}

#[test]
fn a_call_that_nobody_answered_is_its_callers_time() {
    let tree = Tree::new(vec![
        span("search", 1, 0, 0, 100),
        of(span("GET", 2, 1, 10, 90), Kind::Client, "page"),
    ]);
    let shares = split(&tree, |span| span.service.clone());
    assert_eq!(
        shares,
        [Share {
            part: Part::Origin("page".to_owned()),
            duration_ns: 100
        }]
    );
}

proptest! {
    #[test]
    fn shares_sum_to_the_total(spans in any_spans()) {
        let tree = Tree::new(spans);
        let total_ns = tree.whole().map_or(0, |root| tree.span(root).duration_ns());
        let shares = split(&tree, |span| span.service.clone());
        prop_assert_eq!(shares.iter().map(|share| share.duration_ns).sum::<u64>(), total_ns);
    }
}
