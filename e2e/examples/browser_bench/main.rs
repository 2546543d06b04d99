//! What tracing costs a page in Chromium, for `cargo xtask bench browser-span` and `cargo xtask bench paused-response`, which
//! build what is needed and run this: `browser_bench spans|paused FOLDER...`. The folders hold the pages and the modules.

#![allow(clippy::print_stdout, reason = "the tables are what this is for")]

mod paused;
mod server;
mod spans;

use std::path::PathBuf;

use anyhow::{Context, bail};
use e2e::Browser;
use serde_json::Value;

use server::Server;

/// A library with the address of its module on the server.
pub(crate) struct Side {
    pub(crate) name: &'static str,
    pub(crate) module: &'static str,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().unwrap_or_default();
    let server = Server::start(arguments.map(PathBuf::from).collect()).await?;
    match what.as_str() {
        "spans" => spans::run(&server).await,
        "paused" => paused::run(&server).await,
        _ => bail!("usage: browser_bench spans|paused FOLDER..."),
    }
}

/// What the page at `address` promises as `window.result`. Nothing asks while it works: asking would cost it time.
pub(crate) async fn result_of(browser: &Browser, address: &str) -> anyhow::Result<Value> {
    const SCRIPT: &str = "const done = arguments[0];
        window.result.then(done, (error) => done({ error: String(error.stack) }))";
    browser.client.goto(address).await?;
    let result = browser.client.execute_async(SCRIPT, Vec::new()).await?;
    match result["error"].as_str() {
        None => Ok(result),
        Some(error) => Err(anyhow::Error::msg(error.to_owned())).context(address.to_owned()),
    }
}
