//! What the page's own telemetry has done so far: spans and events by what became of them, and what they cost.

use boxed_view::{CollectView, RwSignal, View, spawn, view};
use leptos::prelude::*;

use crate::counters::{Readings, bytes, rows};
use crate::frame;
use crate::session::Session;
use crate::wording;

/// Pause between two readings.
const PAUSE_MS: i32 = 1000;

/// The counters, read every second while they are shown. `cost_ns` is what one span takes, once it was measured.
#[component]
pub(crate) fn Telemetry(cost_ns: RwSignal<Option<f64>>, measure: Callback<()>) -> View {
    let session = expect_context::<Session>();
    let readings = RwSignal::new(Readings::default());
    spawn(async move {
        let add = |readings: &mut Readings| readings.add(session.telemetry());
        while readings.try_update(add).is_some() {
            frame::pause(PAUSE_MS).await;
        }
    });
    view! {
        <section class="telemetry" aria-label="Telemetry of this page">
            <h2>"Telemetry of this page"</h2>
            <table>
                <thead>
                    <tr>
                        <th></th>
                        <th scope="col">"spans"</th>
                        <th scope="col">"events"</th>
                        <th scope="col">"last minute"</th>
                    </tr>
                </thead>
                <tbody>{move || readings.with(table)}</tbody>
            </table>
            <dl>
                {move || readings.with(sums)}
                <div>
                    <dt>"server’s clock against this one"</dt>
                    <dd>{move || readings.with(|_| offset(session))}</dd>
                </div>
                <div>
                    <dt>"cost of a span"</dt>
                    <dd>
                        {move || cost_ns.get().map(|cost_ns| format!("{:.2} µs ", cost_ns / 1e3))}
                        <button type="button" on:click=move |_| measure.run(())>
                            "Measure"
                        </button>
                    </dd>
                </div>
            </dl>
        </section>
    }
}

fn table(readings: &Readings) -> View {
    let row = |(index, row): (usize, crate::counters::Row)| {
        let bad = row.is_loss && row.counts != [0, 0];
        let line = readings.line(index);
        view! {
            <tr class:bad=bad>
                <th scope="row">{row.name}</th>
                {row.counts.map(|count| view! { <td>{wording::grouped(count as usize)}</td> }).collect_view()}
                <td>
                    <svg viewBox="0 0 60 16" preserveAspectRatio="none" aria-hidden="true">
                        <polyline points=line />
                    </svg>
                </td>
            </tr>
        }
    };
    rows(&readings.latest())
        .into_iter()
        .enumerate()
        .map(row)
        .collect_view()
}

fn sums(readings: &Readings) -> View {
    let stats = readings.latest();
    let sums = [
        ("sent", bytes(stats.exported_bytes)),
        ("requests sent again", stats.retries.to_string()),
        (
            "attributes, events and links left out",
            stats.dropped_items.to_string(),
        ),
        ("texts cut short", stats.shortened_texts.to_string()),
        (
            "code of all its features, compressed",
            code_bytes().map_or_else(String::new, |most| format!("at most {}", bytes(most))),
        ),
    ];
    sums.into_iter()
        .map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> })
        .collect_view()
}

/// What the tracer may add to a download, which the tests hold it to.
fn code_bytes() -> Option<u64> {
    let mut lines = include_str!("../../../benches/browser/budgets.toml").lines();
    lines.find_map(|line| line.strip_prefix("everything = ")?.parse().ok())
}

/// The distance of the clocks in words, and how well it is known.
fn offset(session: Session) -> String {
    session.clock_offset().map_or_else(
        || "not known yet".to_owned(),
        |known| {
            format!(
                "{:+.2} ms ± {:.2} ms",
                known.offset_ms, known.uncertainty_ms
            )
        },
    )
}
