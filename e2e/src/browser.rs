//! Headless Chromium, driven by its own driver over WebDriver.

use std::process::Stdio;

use anyhow::Context;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::PATIENCE;

/// One browser with a fresh profile. Close it with [`Browser::close`]; a test that fails first takes the driver down
/// with it, and the driver its browser.
pub struct Browser {
    /// The WebDriver session.
    pub client: Client,
    driver: Child,
    _profile: TempDir,
}

impl Browser {
    /// Starts driver and browser.
    ///
    /// # Errors
    /// When chromedriver or Chromium are missing or do not start.
    pub async fn start() -> anyhow::Result<Browser> {
        let program = std::env::var("CHROMEDRIVER").unwrap_or_else(|_| "chromedriver".to_owned());
        let mut driver = Command::new(&program)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("start {program}"))?;
        let stdout = driver.stdout.take().expect("stdout is piped");
        let mut lines = BufReader::new(stdout).lines();
        let port: u16 = loop {
            let line = tokio::time::timeout(PATIENCE, lines.next_line())
                .await
                .context("chromedriver says no port")??
                .context("chromedriver ended at once")?;
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                break port.trim_end_matches('.').parse()?;
            }
        };
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });

        let profile = TempDir::new()?;
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities(&profile))
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .context("start Chromium")?;
        Ok(Browser {
            client,
            driver,
            _profile: profile,
        })
    }

    /// Runs JavaScript in the page and returns what it returns.
    ///
    /// # Errors
    /// When the script throws.
    pub async fn run(&self, script: &str) -> anyhow::Result<Value> {
        Ok(self.client.execute(script, Vec::new()).await?)
    }

    /// Sends a command of the Chrome DevTools Protocol.
    ///
    /// # Errors
    /// When the browser refuses it.
    pub async fn devtools(&self, command: &str, parameters: Value) -> anyhow::Result<Value> {
        let command = Extension {
            path: "goog/cdp/execute",
            body: json!({ "cmd": command, "params": parameters }),
        };
        Ok(self.client.issue_cmd(command).await?)
    }

    /// What the browser has written into its console since it was last asked, as far as it is an error: a sentence each.
    ///
    /// # Errors
    /// When the browser does not say.
    pub async fn console_errors(&self) -> anyhow::Result<Vec<String>> {
        let command = Extension {
            path: "se/log",
            body: json!({ "type": "browser" }),
        };
        let entries = self.client.issue_cmd(command).await?;
        let entries = entries.as_array().context("no list of log entries")?;
        let errors = entries.iter().filter(|entry| entry["level"] == "SEVERE");
        Ok(errors.map(|entry| entry["message"].to_string()).collect())
    }

    /// Process id of the driver, whose child the browser is; none once it has ended.
    pub fn driver_id(&self) -> Option<u32> {
        self.driver.id()
    }

    /// Ends the session and the driver.
    ///
    /// # Errors
    /// When the session cannot be ended.
    pub async fn close(mut self) -> anyhow::Result<()> {
        self.client.clone().close().await?;
        self.driver.kill().await?;
        Ok(())
    }
}

/// Chromium without a window, without a sandbox (tests run as root in containers) and without requests of its own.
fn capabilities(profile: &TempDir) -> Capabilities {
    let mut arguments: Vec<String> = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1440,1000",
        // Ends with its driver, even with one that was killed.
        "--remote-debugging-pipe",
    ]
    .map(str::to_owned)
    .to_vec();
    arguments.push(format!("--user-data-dir={}", profile.path().display()));
    let mut options = json!({ "args": arguments });
    if let Ok(chromium) = std::env::var("CHROMIUM") {
        options["binary"] = json!(chromium);
    }
    let mut capabilities = Capabilities::new();
    capabilities.insert("goog:chromeOptions".to_owned(), options);
    capabilities.insert("goog:loggingPrefs".to_owned(), json!({ "browser": "ALL" }));
    capabilities
}

/// A command of Chromium's driver beyond WebDriver.
#[derive(Debug)]
struct Extension {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Extension {
    fn endpoint(
        &self,
        base_url: &url::Url,
        session_id: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        let session = session_id.unwrap_or_default();
        base_url.join(&format!("session/{session}/{}", self.path))
    }

    fn method_and_body(&self, _request_url: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.to_string()))
    }
}
