//! SIGTERM while people search: what a container has accepted it answers, and it is back soon.

use std::time::{Duration, Instant};

use super::address;
use super::steady_client::SteadyClient;
use crate::http;
use crate::process;
use crate::verify_deploy::Verdict;
use crate::verify_deploy::docker::{output, run};

const ROUNDS: u32 = 3;
/// Enough to know that the client is under way: a second of it.
const WARM: u64 = 200;
const PATIENCE: Duration = Duration::from_secs(30);

/// Stops and starts frontend and backend under 200 requests a second. Answers with how long each took to be ready.
///
/// # Errors
/// When a request is cut or the container does not end cleanly.
pub(super) fn nothing_is_cut() -> Result<String, Verdict> {
    let mut starts = Vec::new();
    for (service, port, path) in [
        ("backend", 8000, "/search?q=love&method=tfidf"),
        ("frontend", 3000, "/api/search?q=love&method=tfidf"),
    ] {
        let mut slowest = Duration::ZERO;
        for _ in 0..ROUNDS {
            stop(service, port, path)?;
            slowest = slowest.max(start(service, port)?);
        }
        starts.push(format!("{service} ready after {} ms", slowest.as_millis()));
    }
    Ok(starts.join(", "))
}

fn stop(service: &str, port: u16, path: &str) -> Result<(), Verdict> {
    let client = SteadyClient::start(&address(service, port)?, path);
    let deadline = Instant::now() + PATIENCE;
    while client.answered() < WARM {
        if Instant::now() > deadline {
            return Err(format!("{service} does not answer a steady client").into());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    run(&format!("docker compose stop --timeout 20 {service}"))?;
    let counts = client.stop();
    let code = output(&format!(
        "docker inspect --format {{{{.State.ExitCode}}}} gutenberg-explorer-{service}-1"
    ));
    process::say(&format!("SIGTERM to {service} under load: {counts:?}"));
    if counts.cut > 0 || counts.failed > 0 || code.as_deref() != Some("0") {
        return Err(format!("{service}, stopped, ended with {code:?} and {counts:?}").into());
    }
    Ok(())
}

/// From the command to an answer that says it is ready.
fn start(service: &str, port: u16) -> Result<Duration, Verdict> {
    let begin = Instant::now();
    // Compose would first look at what the service depends on.
    run(&format!("docker start gutenberg-explorer-{service}-1"))?;
    let address = address(service, port)?;
    let path = if service == "backend" {
        "/readyz"
    } else {
        "/livez"
    };
    while http::get(&address, path).is_none_or(|answer| answer.status != 200) {
        if begin.elapsed() > PATIENCE {
            return Err(format!("{service} does not become ready").into());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(begin.elapsed())
}
