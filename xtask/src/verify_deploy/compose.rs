//! `docker compose up` as a user runs it: a browser searches, the trace is whole in the page and in Jaeger, every part is
//! killed once while the others go on, stopped while it works and missing for half a minute, and nothing is left behind.

mod footprint;
mod outage;
mod steady_client;
mod stop_under_load;

use super::docker::{output, run, versions};
use super::{Check, Speed, Verdict};
use crate::http;
use crate::process;
use crate::supervise::Stop;
use crate::test;

pub(super) const CHECKS: &[Check] = &[Check {
    name: "compose",
    shows: "one search is one whole trace in page and Jaeger, also after each container was killed once",
    speed: Speed::Slow,
    commands: &[UP, DOWN],
    run: compose,
}];

const UP: &str = "docker compose up --build --wait";
const DOWN: &str = "docker compose down";
const SERVICES: [&str; 5] = [
    "frontend",
    "backend",
    "otel-collector",
    "collector",
    "jaeger",
];

fn compose() -> Result<String, Verdict> {
    let versions = versions()?;
    run("docker compose pull --quiet --policy missing otel-collector jaeger").map_err(|_| {
        Verdict::Skipped("the images of the Collector and of Jaeger cannot be pulled".to_owned())
    })?;
    let outcome = up_and_search();
    if outcome.is_err() {
        let _ = run("docker compose logs --no-color --tail 50");
    }
    let down = run(DOWN);
    let footprint = outcome?;
    down?;
    nothing_is_left()?;
    Ok(format!("{versions}; {footprint}"))
}

/// Answers with what the project takes when it is idle, and how fast it starts.
fn up_and_search() -> Result<String, Verdict> {
    run(UP)?;
    search_in_a_browser()?;
    for service in SERVICES {
        kill(service)?;
    }
    search_in_a_browser()?;
    outage::nothing_is_lost()?;
    let starts = stop_under_load::nothing_is_cut()?;
    let memory = footprint::memory()?;
    Ok(format!("{memory}; {starts}"))
}

/// The tests of a running deployment, against this one.
fn search_in_a_browser() -> Result<(), Verdict> {
    let stop = Stop::never();
    let mut tests = process::cargo();
    tests
        .args(["test", "--locked", "-p", "e2e", "--test", "deployed"])
        .args(["--", "--test-threads=1"])
        .env("CHROMEDRIVER", test::chromedriver(&stop)?)
        .env(
            "E2E_PAGE_URL",
            format!("http://{}", address("frontend", 3000)?),
        )
        .env(
            "E2E_JAEGER_URL",
            format!("http://{}", address("jaeger", 16686)?),
        );
    Ok(process::run(&mut tests, &stop)?)
}

/// Kills a container, looks whether the others still do what they can without it, and starts it again.
fn kill(service: &str) -> Result<(), Verdict> {
    const SEARCH: &str = "/search?q=love&method=tfidf";
    let page = address("frontend", 3000)?;
    let backend = address("backend", 8000)?;
    run(&format!("docker compose kill {service}"))?;
    match service {
        "frontend" => expect(service, &backend, SEARCH, &[200])?,
        "backend" => {
            expect(service, &page, "/", &[200])?;
            expect(service, &page, &format!("/api{SEARCH}"), &[502, 504])?;
        }
        _ => expect(service, &page, &format!("/api{SEARCH}"), &[200])?,
    }
    run(&format!(
        "docker compose up --detach --no-deps --wait {service}"
    ))
}

fn expect(killed: &str, address: &str, path: &str, allowed: &[u16]) -> Result<(), Verdict> {
    let found = http::get(address, path).map(|answer| answer.status);
    match found {
        Some(status) if allowed.contains(&status) => Ok(()),
        _ => Err(format!(
            "without {killed}, http://{address}{path} answers {found:?}, not one of {allowed:?}"
        )
        .into()),
    }
}

/// Where a port of a service is published.
fn address(service: &str, port: u16) -> Result<String, Verdict> {
    output(&format!("docker compose port {service} {port}"))
        .filter(|address| !address.is_empty())
        .ok_or_else(|| format!("port {port} of {service} is not published").into())
}

fn nothing_is_left() -> Result<(), Verdict> {
    let mine = "--quiet --filter label=com.docker.compose.project=gutenberg-explorer";
    for list in ["ps --all", "network ls", "volume ls"] {
        let line = format!("docker {list} {mine}");
        let left = output(&line).ok_or_else(|| format!("`{line}` failed"))?;
        if !left.is_empty() {
            return Err(format!("`{DOWN}` has left these ({list}): {left}").into());
        }
    }
    Ok(())
}
