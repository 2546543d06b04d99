//! Storage gets whole traces: those with an error, the slow ones, and a ratio of the others. Our collector gets all.

use std::collections::BTreeSet;

use e2e::wait_for;
use opentelemetry_proto::tonic::trace::v1::Span;

use crate::otelcol::{Otelcol, Setup};
use crate::ours::Ours;
use crate::send::export;
use crate::spans::{ERROR, MILLISECOND_NS, START_NS, of_service, span, status};

const ORDINARY: u128 = 400;
const FAILED: u128 = 10;
const SLOW: u128 = 10;
const ALL: u128 = ORDINARY + FAILED + SLOW;

/// A Collector between a storage, which is one more Collector and all that comes through it, and our collector.
struct Sampled {
    otelcol: Otelcol,
    ours: Ours,
    storage: Ours,
    _way_to_storage: Otelcol,
}

impl Sampled {
    async fn start(percentage: &str) -> anyhow::Result<Sampled> {
        let storage = Ours::started().await?;
        let setup = Setup::new("ours.yaml").with("OTELCOL_OURS_ENDPOINT", storage.endpoint());
        let way_to_storage = Otelcol::start(setup).await?;
        let ours = Ours::started().await?;
        let setup = Setup::new("local.yaml")
            .with("OTELCOL_OURS_ENDPOINT", ours.endpoint())
            .with("OTELCOL_JAEGER_ENDPOINT", way_to_storage.grpc())
            .with("OTELCOL_SAMPLING_PERCENTAGE", percentage)
            .with("OTELCOL_SLOW_MS", "200")
            .deciding_soon();
        Ok(Sampled {
            otelcol: Otelcol::start(setup).await?,
            ours,
            storage,
            _way_to_storage: way_to_storage,
        })
    }

    /// Sends [`ALL`] traces of two spans, each from another service in another request.
    async fn send_all(&self) -> anyhow::Result<()> {
        let children: Vec<Span> = (1..=ALL)
            .map(|number| Span {
                end_time_unix_nano: START_NS + duration_ms(number) * MILLISECOND_NS,
                status: is_failed(number).then(|| status(ERROR, "no").unwrap()),
                ..span(trace_id(number), 2, 1, "GET /search")
            })
            .collect();
        let roots: Vec<Span> = (1..=ALL)
            .map(|number| span(trace_id(number), 1, 0, "search"))
            .collect();
        export(&self.otelcol, vec![of_service("backend", children)]).await?;
        export(&self.otelcol, vec![of_service("page", roots)]).await
    }

    /// The numbers of the traces in storage once all are decided; each is there as a whole.
    async fn kept(&self) -> anyhow::Result<BTreeSet<u128>> {
        let decisions = "otelcol_processor_tail_sampling_global_count_traces_sampled";
        wait_for("all decisions", async || {
            let decided = self.otelcol.metric(8888, decisions, &[]).await?;
            anyhow::ensure!(decided == ALL as f64, "{decided} traces decided");
            Ok(Some(()))
        })
        .await?;
        let yes = ["sampled=\"true\""];
        let kept = self.otelcol.metric(8888, decisions, &yes).await?;
        self.storage.holds(kept as u64 * 2).await?;
        let mut traces = BTreeSet::new();
        for number in 1..=ALL {
            let stored = self.storage.trace(trace_id(number)).await?;
            if !stored.is_empty() {
                assert_eq!(stored.len(), 2, "both services of trace {number}");
                traces.insert(number);
            }
        }
        Ok(traces)
    }
}

/// Spread over all bits, as random ids are: the ratio is one of hashed ids.
fn trace_id(number: u128) -> u128 {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
}

fn is_failed(number: u128) -> bool {
    number > ORDINARY && number <= ORDINARY + FAILED
}

fn duration_ms(number: u128) -> u64 {
    if number > ORDINARY + FAILED { 200 } else { 199 }
}

fn must_be_kept() -> BTreeSet<u128> {
    (ORDINARY + 1..=ALL).collect()
}

#[tokio::test]
async fn without_a_ratio_errors_and_slow_traces_remain() -> anyhow::Result<()> {
    let sampled = Sampled::start("0").await?;
    sampled.send_all().await?;
    assert_eq!(sampled.kept().await?, must_be_kept());
    sampled.ours.holds(2 * ALL as u64).await?;

    // A span that is late follows the decision about its trace, whatever it says itself.
    let late = |number| Span {
        status: status(ERROR, "late"),
        ..span(trace_id(number), 3, 1, "late")
    };
    let spans = vec![late(1), late(ORDINARY + 1)];
    export(&sampled.otelcol, vec![of_service("backend", spans)]).await?;
    sampled.ours.holds(2 * ALL as u64 + 2).await?;
    sampled
        .storage
        .holds(2 * (FAILED + SLOW) as u64 + 1)
        .await?;
    assert!(sampled.storage.trace(trace_id(1)).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_ratio_of_the_others_is_kept_the_same_by_every_collector() -> anyhow::Result<()> {
    let sampled = Sampled::start("25").await?;
    sampled.send_all().await?;
    let kept = sampled.kept().await?;
    sampled.ours.holds(2 * ALL as u64).await?;
    assert!(kept.is_superset(&must_be_kept()));
    let ordinary = kept.len() - must_be_kept().len();
    assert!((65..=135).contains(&ordinary), "{ordinary} of {ORDINARY}");

    let other = Sampled::start("25").await?;
    other.send_all().await?;
    assert_eq!(other.kept().await?, kept);
    Ok(())
}

#[tokio::test]
async fn everything_is_kept_by_default() -> anyhow::Result<()> {
    let sampled = Sampled::start("100").await?;
    sampled.send_all().await?;
    assert_eq!(sampled.kept().await?.len() as u128, ALL);
    Ok(())
}
