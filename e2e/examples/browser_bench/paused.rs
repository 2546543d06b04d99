//! Memory of a browser that holds a response of 200 MB whose reader has stopped: untraced, with this project's tracer, with
//! the fetch instrumentation of opentelemetry-js.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Context;
use e2e::Browser;

use crate::server::{PAUSED_BYTES, Server};
use crate::{Side, result_of};

/// Browsers for each side; the median counts.
const VISITS: usize = 3;
/// Between two looks at how far the response is.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);
/// Looks without a byte more until the response counts as paused.
const QUIET_LOOKS: u32 = 20;

const SIDES: [Side; 3] = [
    Side {
        name: "untraced",
        module: "",
    },
    Side {
        name: "`opentelemetry-browser`",
        module: "/paused/page.js",
    },
    Side {
        name: "opentelemetry-js, fetch instrumentation",
        module: "/peers/fetch-instrumentation.js",
    },
];

/// Measures all sides and prints a table.
///
/// # Errors
/// When a page cannot be measured.
pub(crate) async fn run(server: &Server) -> anyhow::Result<()> {
    let mut rows = [const { Vec::new() }; SIDES.len()];
    for _ in 0..VISITS {
        for (side, row) in SIDES.iter().zip(&mut rows) {
            row.push(visit(server, side).await?);
        }
    }
    let medians = rows.map(|mut visits| {
        visits.sort_by(|one, other| one.0.total_cmp(&other.0));
        visits[VISITS / 2]
    });
    let (untraced_mib, _) = medians[0];
    println!(
        "| a paused response of 200 MB | memory MiB | times untraced | taken from the server MB |"
    );
    println!("| --- | ---: | ---: | ---: |");
    for (side, (memory_mib, taken_mb)) in SIDES.iter().zip(medians) {
        let times = memory_mib / untraced_mib;
        println!(
            "| {} | {memory_mib:.0} | {times:.2} | {taken_mb:.0} |",
            side.name
        );
    }
    Ok(())
}

/// Memory of all processes of a fresh browser in MiB, and the megabytes that the network took, once no more come.
async fn visit(server: &Server, side: &Side) -> anyhow::Result<(f64, f64)> {
    let browser = Browser::start().await?;
    let before = server.paused_bytes_written();
    let address = format!("{}/paused.html?module={}", server.origin, side.module);
    result_of(&browser, &address).await?;
    let (mut taken, mut quiet_looks) = (0, 0);
    while taken < PAUSED_BYTES && quiet_looks < QUIET_LOOKS {
        tokio::time::sleep(LOOK_INTERVAL).await;
        let now = server.paused_bytes_written() - before;
        quiet_looks = if now == taken { quiet_looks + 1 } else { 0 };
        taken = now;
    }
    // What is taken from the network may still be on its way from one process to another.
    tokio::time::sleep(LOOK_INTERVAL * QUIET_LOOKS).await;
    let driver = browser.driver_id().context("the driver has ended")?;
    let memory_kib = descendants(driver)?
        .into_iter()
        .filter_map(own_kib)
        .sum::<u64>();
    browser.close().await?;
    Ok((memory_kib as f64 / 1024.0, taken as f64 / 1e6))
}

/// The processes below `ancestor`.
fn descendants(ancestor: u32) -> anyhow::Result<Vec<u32>> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in std::fs::read_dir("/proc").context("memory is read from Linux's /proc")? {
        let Some(id) = entry?
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        // A process may have ended meanwhile. Its name stands in brackets and may hold any letter.
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        let parent = stat
            .rsplit_once(") ")
            .and_then(|(_, fields)| fields.split(' ').nth(1)?.parse().ok());
        if let Some(parent) = parent {
            children.entry(parent).or_default().push(id);
        }
    }
    let mut found = children.remove(&ancestor).unwrap_or_default();
    let mut next = 0;
    while let Some(id) = found.get(next) {
        let below = children.remove(id).unwrap_or_default();
        found.extend(below);
        next += 1;
    }
    Ok(found)
}

/// Memory of a process that is no copy of a file, pages that it shares divided among those that share them: pages of the
/// program are shared with every other browser of the machine, and would make the sum depend on them.
fn own_kib(id: u32) -> Option<u64> {
    let rollup = std::fs::read_to_string(format!("/proc/{id}/smaps_rollup")).ok()?;
    let field = |name| {
        let line = rollup.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()
    };
    Some(field("Pss_Anon:")? + field("Pss_Shmem:")?)
}
