//! What the Collector adds to a resource, and that it never takes anything away.

use crate::otelcol::{Otelcol, Setup};
use crate::ours::Ours;
use crate::send::export;
use crate::spans::{of_resource, span, text};

#[tokio::test]
async fn an_attribute_is_inserted_but_never_overwritten() -> anyhow::Result<()> {
    let ours = Ours::started().await?;
    let setup = Setup::new("ours.yaml")
        .with("OTELCOL_OURS_ENDPOINT", ours.endpoint())
        .with("OTELCOL_DEPLOYMENT_ENVIRONMENT", "here")
        // What the Collector is told about itself is not about those who send.
        .with("OTEL_SERVICE_NAME", "otelcol")
        .with(
            "OTEL_RESOURCE_ATTRIBUTES",
            "service.name=otelcol,deployment.environment.name=nowhere,service.version=9",
        );
    let otelcol = Otelcol::start(setup).await?;

    let name = "deployment.environment.name";
    let shop = text("service.name", "shop");
    let rows = [
        (vec![shop.clone()], vec![text(name, "here"), shop.clone()]),
        (
            vec![shop.clone(), text(name, "production")],
            vec![text(name, "production"), shop.clone()],
        ),
        (
            vec![shop.clone(), text("deployment.environment", "staging")],
            vec![
                text("deployment.environment", "staging"),
                text(name, "staging"),
                shop,
            ],
        ),
        // A sender without a name is not given one.
        (vec![], vec![text(name, "here")]),
    ];
    let requests = rows
        .iter()
        .zip(1..)
        .map(|((sent, _), id)| of_resource(sent.clone(), vec![span(id, 1, 0, "work")]));
    export(&otelcol, requests.collect()).await?;

    ours.holds(rows.len() as u64).await?;
    for ((sent, expected), id) in rows.iter().zip(1..) {
        let stored = ours.trace(id).await?;
        let resource = stored[0].resource.clone().unwrap();
        let mut attributes = resource.attributes;
        attributes.sort_by(|a, b| a.key.cmp(&b.key));
        assert_eq!(&attributes, expected, "sent {sent:?}");
    }
    Ok(())
}
