//! The overlay for Datadog, against a server that takes what Datadog's intake takes.

use std::sync::{Arc, Mutex};

use e2e::wait_for;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::otelcol::{Otelcol, Setup};
use crate::send::export;
use crate::spans::search;

const KEY: &str = "0123456789abcdef0123456789abcdef";

/// Heads of the requests so far, in lower case.
type Heads = Arc<Mutex<Vec<String>>>;

#[tokio::test]
async fn traces_and_span_metrics_go_to_datadog() -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let intake = format!("http://{}", listener.local_addr()?);
    let heads = Heads::default();
    tokio::spawn(serve(listener, heads.clone()));

    let setup = Setup::new("datadog.yaml")
        .with("DD_API_KEY", KEY)
        .overriding(format!("exporters::datadog::traces::endpoint: {intake}"))
        .overriding(format!("exporters::datadog::metrics::endpoint: {intake}"))
        .overriding("connectors::span_metrics::metrics_flush_interval: 1s")
        .deciding_soon();
    let otelcol = Otelcol::start(setup).await?;
    export(&otelcol, search(1)).await?;

    // Durations come as sketches; a series is sent in any case, about the exporter itself.
    for path in ["/api/v0.2/traces", "/api/beta/sketches"] {
        wait_for(&format!("{path} to be asked with the key"), async || {
            let heads = heads.lock().unwrap();
            let found = heads.iter().any(|head| {
                head.starts_with(&format!("post {path} "))
                    && head.contains(&format!("dd-api-key: {KEY}\r\n"))
            });
            anyhow::ensure!(found, "so far: {heads:?}");
            Ok(Some(()))
        })
        .await?;
    }
    Ok(())
}

async fn serve(listener: TcpListener, heads: Heads) {
    while let Ok((connection, _)) = listener.accept().await {
        tokio::spawn(answer(connection, heads.clone()));
    }
}

/// Accepts every request of a connection.
async fn answer(connection: TcpStream, heads: Heads) -> anyhow::Result<()> {
    let mut connection = BufReader::new(connection);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            anyhow::ensure!(connection.read_line(&mut head).await? > 0, "closed");
        }
        let head = head.to_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length: u64 = length.unwrap_or("0").parse()?;
        let mut body = Vec::new();
        (&mut connection)
            .take(length)
            .read_to_end(&mut body)
            .await?;
        heads.lock().unwrap().push(head);
        let accepted = b"HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\n{}";
        connection.write_all(accepted).await?;
    }
}
