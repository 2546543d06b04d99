//! Takes the pictures of the documentation: starts everything with the bundled sample, searches, waits until the trace
//! is whole, and photographs the page. `cargo xtask screenshots` builds what is needed and runs this.

use std::path::Path;

use anyhow::Context;
use base64::Engine;
use e2e::{Browser, Stack, StackOptions, wait_for};
use serde_json::json;

/// File name, address, width, height, colour scheme and what must be on the page before the picture is taken.
const PICTURES: [(&str, &str, u32, u32, &str, &str); 6] = [
    ("search-light.png", SEARCH, 1440, 1000, "light", WHOLE),
    ("search-dark.png", SEARCH, 1440, 1000, "dark", WHOLE),
    ("search-phone.png", SEARCH, 390, 844, "light", WHOLE),
    ("books-light.png", "/books", 1440, 1000, "light", "main li"),
    ("reader-light.png", READER, 1440, 1000, "light", HERE),
    ("compare-light.png", COMPARE, 1440, 1000, "light", WHOLE),
];
const SEARCH: &str = "/?q=white+whale";
const READER: &str = "/books/melville-moby_dick.txt?from=1364&to=1606&q=white+whale";
const COMPARE: &str = "/compare?q=white+whale";
/// The match that the reader has brought into view.
const HERE: &str = ".text mark.here";
/// The footer of the panel once the trace is whole.
const WHOLE: &str = ".trace footer .ok";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let folder = std::env::args()
        .nth(1)
        .context("usage: screenshots FOLDER")?;
    std::fs::create_dir_all(&folder)?;
    let stack = Stack::start(StackOptions::default()).await?;
    let browser = Browser::start().await?;
    browser
        .devtools("Emulation.setScrollbarsHidden", json!({ "hidden": true }))
        .await?;
    for (file, path, width, height, scheme, sign) in PICTURES {
        browser
            .devtools(
                "Emulation.setDeviceMetricsOverride",
                json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false }),
            )
            .await?;
        browser
            .devtools(
                "Emulation.setEmulatedMedia",
                json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] }),
            )
            .await?;
        let address = format!("{}{path}", stack.page_url());
        // The first visit warms the browser's caches, the second one is photographed.
        for _ in 0..2 {
            browser.client.goto(&address).await?;
            wait_for(sign, async || {
                let script = format!("return document.querySelector({sign:?}) !== null");
                Ok((browser.run(&script).await? == true).then_some(()))
            })
            .await?;
        }
        let picture = browser
            .devtools("Page.captureScreenshot", json!({}))
            .await?;
        let encoded = picture["data"].as_str().context("no picture")?;
        let bytes = base64::engine::general_purpose::STANDARD.decode(encoded)?;
        std::fs::write(Path::new(&folder).join(file), bytes)?;
    }
    browser.close().await
}
