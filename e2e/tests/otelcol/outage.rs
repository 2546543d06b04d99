//! Destinations that are down, and a Collector that is killed: what was acknowledged arrives.

use e2e::wait_for;

use crate::otelcol::{Otelcol, Setup};
use crate::ours::Ours;
use crate::send::export;
use crate::spans::{of_service, span};

/// Sends one trace of one span.
async fn send(otelcol: &Otelcol, id: u128) -> anyhow::Result<()> {
    export(
        otelcol,
        vec![of_service("shop", vec![span(id, 1, 0, "work")])],
    )
    .await
}

/// Waits until all of these traces are there; some may have come twice.
async fn all_there(ours: &Ours, ids: impl IntoIterator<Item = u128>) -> anyhow::Result<()> {
    for id in ids {
        wait_for(&format!("trace {id}"), async || {
            Ok((!ours.trace(id).await?.is_empty()).then_some(()))
        })
        .await?;
    }
    Ok(())
}

#[tokio::test]
async fn our_collector_down_and_the_collector_killed() -> anyhow::Result<()> {
    let mut ours = Ours::stopped();
    let setup = Setup::new("ours.yaml").with("OTELCOL_OURS_ENDPOINT", ours.endpoint());
    let mut otelcol = Otelcol::start(setup).await?;
    for id in 1..=40 {
        send(&otelcol, id).await?;
    }

    otelcol.kill().await?;
    send(&otelcol, 99).await.unwrap_err();
    otelcol.restart().await?;
    for id in 41..=80 {
        send(&otelcol, id).await?;
    }
    ours.start().await?;

    all_there(&ours, 1..=80).await?;
    assert!(ours.trace(99).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn killed_in_the_middle_of_traffic() -> anyhow::Result<()> {
    let ours = Ours::started().await?;
    let setup = Setup::new("ours.yaml").with("OTELCOL_OURS_ENDPOINT", ours.endpoint());
    let mut otelcol = Otelcol::start(setup).await?;
    let mut acknowledged = Vec::new();
    let mut first = 1;
    for _ in 0..3 {
        // Some spans have been given on, some wait for their batch, some are on their way.
        let last = first + 60;
        let mut sending = tokio::task::JoinSet::new();
        for id in first..last {
            let request = vec![of_service("shop", vec![span(id, 1, 0, "work")])];
            let url = otelcol.traces_url();
            sending.spawn(async move { crate::send::export_to(&url, request).await.map(|()| id) });
        }
        let mut answered = 0;
        while let Some(outcome) = sending.join_next().await {
            if let Ok(id) = outcome? {
                acknowledged.push(id);
            }
            answered += 1;
            if answered == 30 {
                otelcol.kill().await?;
            }
        }
        otelcol.restart().await?;
        first = last;
    }
    assert!(
        acknowledged.len() >= 30,
        "{} acknowledged",
        acknowledged.len()
    );
    all_there(&ours, acknowledged).await
}

#[tokio::test]
async fn storage_down_and_the_collector_killed() -> anyhow::Result<()> {
    let ours = Ours::started().await?;
    let setup = Setup::new("ours.yaml").with("OTELCOL_OURS_ENDPOINT", ours.endpoint());
    let mut storage = Otelcol::start(setup).await?;
    storage.kill().await?;
    let setup = Setup::new("jaeger.yaml")
        .with("OTELCOL_JAEGER_ENDPOINT", storage.grpc())
        .deciding_soon();
    let mut otelcol = Otelcol::start(setup).await?;
    for id in 1..=40 {
        send(&otelcol, id).await?;
    }
    // What tail sampling has not decided yet is in memory; what it has given on is in the queue.
    wait_for("all traces in the queue", async || {
        let given_on = "otelcol_processor_tail_sampling_global_count_traces_sampled";
        let queued = otelcol.metric(8888, given_on, &[]).await?;
        anyhow::ensure!(queued == 40.0, "{queued} are there");
        Ok(Some(()))
    })
    .await?;

    otelcol.kill().await?;
    otelcol.restart().await?;
    storage.restart().await?;
    all_there(&ours, 1..=40).await
}

/// A queue that has no room says so to the sender, who keeps the spans and comes back.
#[tokio::test]
async fn a_full_queue_refuses_and_forgets_nothing() -> anyhow::Result<()> {
    let mut ours = Ours::stopped();
    let setup = Setup::new("ours.yaml")
        .with("OTELCOL_OURS_ENDPOINT", ours.endpoint())
        .overriding("exporters::otlp_http/ours::sending_queue::batch::min_size: 1000")
        .overriding("exporters::otlp_http/ours::sending_queue::queue_size: 20000");
    let otelcol = Otelcol::start(setup).await?;
    let mut accepted = 0;
    let refusal = loop {
        match send(&otelcol, accepted + 1).await {
            Ok(()) => accepted += 1,
            Err(error) => break error.to_string(),
        }
        anyhow::ensure!(accepted < 1_000, "nothing is ever refused");
    };
    assert!(refusal.contains("503"), "{refusal}");
    assert!(accepted > 50, "{accepted}");

    ours.start().await?;
    all_there(&ours, 1..=accepted).await?;
    send(&otelcol, accepted + 1).await?;
    all_there(&ours, [accepted + 1]).await
}

#[tokio::test]
async fn one_destination_down_does_not_hold_up_the_other() -> anyhow::Result<()> {
    let stored = Ours::started().await?;
    let setup = Setup::new("ours.yaml").with("OTELCOL_OURS_ENDPOINT", stored.endpoint());
    let mut storage = Otelcol::start(setup).await?;
    let mut ours = Ours::stopped();
    let setup = Setup::new("local.yaml")
        .with("OTELCOL_OURS_ENDPOINT", ours.endpoint())
        .with("OTELCOL_JAEGER_ENDPOINT", storage.grpc())
        .deciding_soon();
    let otelcol = Otelcol::start(setup).await?;

    send(&otelcol, 1).await?;
    all_there(&stored, [1]).await?;
    ours.start().await?;
    all_there(&ours, [1]).await?;

    storage.kill().await?;
    send(&otelcol, 2).await?;
    all_there(&ours, [2]).await?;
    storage.restart().await?;
    all_there(&stored, [2]).await?;

    // A collector that starts anew has forgotten, and is given what comes from then on.
    ours.stop().await?;
    send(&otelcol, 3).await?;
    ours.start().await?;
    all_there(&ours, [3]).await
}
