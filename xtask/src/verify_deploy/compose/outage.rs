//! Jaeger is away for half a minute while people search: every trace of that time is in it afterwards, whole.

use std::time::{Duration, Instant, SystemTime};

use super::address;
use crate::http;
use crate::process;
use crate::verify_deploy::Verdict;
use crate::verify_deploy::docker::run;

const AWAY: Duration = Duration::from_secs(30);
const SEARCHES: u128 = 20;
/// The Collector waits up to ten seconds for the root of a trace, which these searches do not send.
const PATIENCE: Duration = Duration::from_secs(60);

/// Searches while Jaeger is stopped, starts it, and counts.
///
/// # Errors
/// When a search fails or a span does not arrive.
pub(super) fn nothing_is_lost() -> Result<(), Verdict> {
    let page = address("frontend", 3000)?;
    let collector = address("collector", 4319)?;
    run("docker compose stop jaeger")?;
    let since = Instant::now();
    let traces = trace_ids();
    for trace in &traces {
        let header = format!("traceparent: 00-{trace}-00f067aa0ba902b7-01\r\n");
        let path = "/api/search?q=love&method=tfidf";
        let status = http::get_with(&page, path, &header).map(|answer| answer.status);
        if status != Some(200) {
            return Err(format!("without jaeger, a search answers {status:?}").into());
        }
    }
    std::thread::sleep(AWAY.saturating_sub(since.elapsed()));
    run("docker compose start jaeger")?;
    let jaeger = address("jaeger", 16686)?;

    let deadline = Instant::now() + PATIENCE;
    for trace in &traces {
        let path = format!("/api/v3/traces/{trace}");
        loop {
            let (here, there) = (spans(&collector, &path), spans(&jaeger, &path));
            if here > 0 && here == there {
                break;
            }
            if Instant::now() > deadline {
                return Err(format!(
                    "of trace {trace}, the collector holds {here} span ids and jaeger {there}"
                )
                .into());
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }
    process::say(&format!(
        "{SEARCHES} traces of {} s without jaeger are whole in it",
        AWAY.as_secs()
    ));
    Ok(())
}

/// Ids that no earlier run has used.
fn trace_ids() -> Vec<String> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let first = now.map_or(1, |time| time.as_nanos()) << 32;
    (0..SEARCHES)
        .map(|number| format!("{:032x}", first + number))
        .collect()
}

/// How many ids of spans an answer in OTLP JSON holds.
fn spans(address: &str, path: &str) -> usize {
    http::get(address, path).map_or(0, |answer| answer.body.matches("\"spanId\"").count())
}
