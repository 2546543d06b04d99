//! Serves what the benchmarks measure: the files of some folders, a greeting, and a response of 200 MB that waits for as
//! long as its reader does.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Length of the response that is paused, in bytes.
pub(crate) const PAUSED_BYTES: u64 = 200_000_000;
static CHUNK: [u8; 64 * 1024] = [b'x'; 64 * 1024];

/// A server of its own origin, for as long as the runtime lives.
pub(crate) struct Server {
    /// Its origin.
    pub(crate) origin: String,
    state: Arc<State>,
}

struct State {
    folders: Vec<PathBuf>,
    paused_bytes_written: AtomicU64,
}

impl Server {
    /// Serves the files of `folders`; of two with one name, that of the folder that stands first.
    ///
    /// # Errors
    /// When there is no port.
    pub(crate) async fn start(folders: Vec<PathBuf>) -> anyhow::Result<Server> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let origin = format!("http://{}", listener.local_addr()?);
        let state = Arc::new(State {
            folders,
            paused_bytes_written: AtomicU64::new(0),
        });
        let served = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&served);
                // A browser that hangs up is nobody's failure.
                tokio::spawn(async move { answer(stream, &state).await });
            }
        });
        Ok(Server { origin, state })
    }

    /// Bytes of paused responses that the network has taken since the server began.
    pub(crate) fn paused_bytes_written(&self) -> u64 {
        self.state.paused_bytes_written.load(Ordering::Relaxed)
    }
}

async fn answer(mut stream: TcpStream, state: &State) -> anyhow::Result<()> {
    let (reading, mut writing) = stream.split();
    let mut reading = BufReader::new(reading);
    let mut line = String::new();
    reading.read_line(&mut line).await?;
    let target = line.split(' ').nth(1).context("no target")?.to_owned();
    let path = target.split('?').next().unwrap_or_default();
    let mut body_bytes = 0;
    loop {
        line.clear();
        reading.read_line(&mut line).await?;
        if line.trim_end().is_empty() {
            break;
        }
        if let Some(length) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            body_bytes = length.trim().parse()?;
        }
    }
    tokio::io::copy(&mut reading.take(body_bytes), &mut tokio::io::sink()).await?;
    if path == "/paused" {
        let head = head("200 OK", "application/octet-stream", PAUSED_BYTES);
        writing.write_all(head.as_bytes()).await?;
        let mut left = PAUSED_BYTES;
        while left > 0 {
            let chunk = &CHUNK[..left.min(CHUNK.len() as u64) as usize];
            let written = writing.write(chunk).await? as u64;
            state
                .paused_bytes_written
                .fetch_add(written, Ordering::Relaxed);
            left -= written;
        }
        return Ok(());
    }
    let (status, content) = match path {
        "/greeting" => ("200 OK", b"Good evening".to_vec()),
        "/otlp/v1/traces" | "/otlp/v1/logs" => ("200 OK", Vec::new()),
        _ => state.file(path).map_or_else(
            || ("404 Not Found", Vec::new()),
            |content| ("200 OK", content),
        ),
    };
    let head = head(status, content_type(path), content.len() as u64);
    writing.write_all(head.as_bytes()).await?;
    writing.write_all(&content).await?;
    Ok(())
}

impl State {
    fn file(&self, path: &str) -> Option<Vec<u8>> {
        let path = path.trim_start_matches('/');
        if path.split('/').any(|part| part == "..") {
            return None;
        }
        self.folders
            .iter()
            .find_map(|folder| std::fs::read(folder.join(path)).ok())
    }
}

/// Isolated pages get a clock of 5 µs instead of 100 µs.
fn head(status: &str, content_type: &str, content_bytes: u64) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {content_bytes}\r\n\
         cross-origin-opener-policy: same-origin\r\ncross-origin-embedder-policy: require-corp\r\n\
         cache-control: no-store\r\nconnection: close\r\n\r\n"
    )
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html",
        Some("js") => "text/javascript",
        Some("wasm") => "application/wasm",
        _ => "text/plain",
    }
}
