//! Time and bytes per span, this project's tracer beside opentelemetry-js.

use anyhow::Context;
use e2e::Browser;

use crate::Side;
use crate::server::Server;

/// Visits of each page, in turns: what else runs on the machine meets all of them.
const VISITS: usize = 5;

const SIDES: [Side; 3] = [
    Side {
        name: "`opentelemetry-browser`, `opt-level = 3`",
        module: "/spans-fast/spans.js",
    },
    Side {
        name: "`opentelemetry-browser`, `opt-level = \"z\"` as in this page",
        module: "/spans-small/spans.js",
    },
    Side {
        name: "opentelemetry-js, protobuf",
        module: "/peers/spans.js",
    },
];

/// What one side does with spans that are recorded, and with spans that are not.
#[derive(Default)]
struct Measured {
    recorded_us: Vec<f64>,
    unsampled_us: Vec<f64>,
    bytes_per_span: f64,
}

/// Measures both sides and prints a table.
///
/// # Errors
/// When a page cannot be measured.
pub(crate) async fn run(server: &Server) -> anyhow::Result<()> {
    let mut measured = SIDES.map(|_| Measured::default());
    let browser = Browser::start().await?;
    for _ in 0..VISITS {
        for (side, measured) in SIDES.iter().zip(&mut measured) {
            let (rounds_us, bytes_per_span) = visit(&browser, server, side, 1.0).await?;
            measured.recorded_us.extend(rounds_us);
            measured.bytes_per_span = bytes_per_span;
            let (rounds_us, _) = visit(&browser, server, side, 0.0).await?;
            measured.unsampled_us.extend(rounds_us);
        }
    }
    browser.close().await?;
    println!(
        "| one span | median µs | 90 % below µs | not sampled, median µs | bytes on the wire |"
    );
    println!("| --- | ---: | ---: | ---: | ---: |");
    for (side, measured) in SIDES.iter().zip(&mut measured) {
        println!(
            "| {} | {:.2} | {:.2} | {:.3} | {:.0} |",
            side.name,
            quantile(&mut measured.recorded_us, 0.5),
            quantile(&mut measured.recorded_us, 0.9),
            quantile(&mut measured.unsampled_us, 0.5),
            measured.bytes_per_span,
        );
    }
    let [fast, small, peer] = measured.map(|mut side| quantile(&mut side.recorded_us, 0.5));
    let (times, times_small) = (peer / fast, peer / small);
    println!(
        "\nIn JavaScript a recorded span takes {times:.1} and {times_small:.1} times as long."
    );
    Ok(())
}

/// The microseconds per span of each round, and the bytes per span.
async fn visit(
    browser: &Browser,
    server: &Server,
    side: &Side,
    ratio: f64,
) -> anyhow::Result<(Vec<f64>, f64)> {
    let (origin, module) = (&server.origin, &side.module);
    let address = format!("{origin}/spans.html?module={module}&ratio={ratio}");
    let result = crate::result_of(browser, &address).await?;
    let rounds_us = result["rounds_us"].as_array().context("no rounds")?;
    let rounds_us = rounds_us.iter().filter_map(serde_json::Value::as_f64);
    let bytes = result["bytes_per_span"].as_f64().context("no bytes")?;
    Ok((rounds_us.collect(), bytes))
}

fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * share) as usize]
}
