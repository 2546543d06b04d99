//! Connections: accepted up to a bound, the idlest closed for new ones beyond it, given up when slow, drained at the end.

mod connections;
mod stall;

use std::io;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use clap::Args;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulConnection, GracefulShutdown};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt as _;

use crate::settings::{duration, positive};
pub use connections::ConnectionCounters;
use connections::{Connection, Connections};
use stall::Impatient;

/// How long requests under way are waited for at the end.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);
/// How long to wait when the system has no file descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What is spoken on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2 without TLS, which gRPC uses.
    Http2,
}

/// What clients may do. Each is a setting: `--max-streams`, or `COLLECTOR_MAX_STREAMS` in the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Args)]
#[command(next_help_heading = "Bounds of connections")]
#[group(skip)]
pub struct Limits {
    /// Connections at a time on each address; for one more, those that are idle longest are closed, and where none is idle,
    /// it waits.
    #[arg(long = "max-connections", env = "COLLECTOR_MAX_CONNECTIONS", default_value = "512", value_parser = positive, global = true)]
    pub connections_max: usize,
    /// How long a client may take for the head of its next request, or to answer a ping of HTTP/2.
    #[arg(long, env = "COLLECTOR_HEAD_TIMEOUT", default_value = "60s", value_parser = duration, global = true)]
    pub head_timeout: Duration,
    /// How long a client may take nothing of an answer.
    #[arg(long, env = "COLLECTOR_STALL_TIMEOUT", default_value = "60s", value_parser = duration, global = true)]
    pub stall_timeout: Duration,
    /// Requests at a time on a connection of HTTP/2; further ones wait at the client.
    #[arg(long = "max-streams", env = "COLLECTOR_MAX_STREAMS", default_value = "128", value_parser = clap::value_parser!(u32).range(1..), global = true)]
    pub streams_max: u32,
}

impl Default for Limits {
    /// What the settings are when none is given: 512 connections, which is half of the file descriptors that a process gets where nobody has said otherwise; 60 s
    /// for a head, 60 s for an answer; 128 streams.
    fn default() -> Self {
        Self {
            connections_max: 512,
            head_timeout: Duration::from_secs(60),
            stall_timeout: Duration::from_secs(60),
            streams_max: 128,
        }
    }
}

/// A listening address and how it is served.
pub struct Server {
    listener: TcpListener,
    protocol: Protocol,
    limits: Limits,
    connections: Connections,
}

impl Server {
    /// Serves `protocol` on `listener` within `limits`.
    #[must_use]
    pub fn new(listener: TcpListener, protocol: Protocol, limits: Limits) -> Self {
        Self {
            listener,
            protocol,
            limits,
            connections: Connections::new(limits.connections_max, limits.streams_max),
        }
    }

    /// How its connections fare, now and later.
    #[must_use]
    pub fn counters(&self) -> ConnectionCounters {
        self.connections.counters()
    }

    /// Serves `router` until `stop` is ready, then finishes what is under way.
    pub async fn serve(self, router: Router, stop: impl Future<Output = ()>) {
        let under_way = GracefulShutdown::new();
        let mut stop = std::pin::pin!(stop);
        loop {
            let accepted = async {
                let accepted = self.listener.accept().await;
                (accepted, self.connections.place().await)
            };
            let (accepted, connection) = tokio::select! {
                accepted = accepted => accepted,
                () = &mut stop => break,
            };
            match accepted {
                Ok((stream, _)) => self.start(stream, connection, router.clone(), &under_way),
                Err(error) => pause_after(&error).await,
            }
        }
        drop(self.listener);
        if tokio::time::timeout(DRAIN_TIMEOUT, under_way.shutdown())
            .await
            .is_err()
        {
            tracing::warn!("requests were still under way at the end");
        }
    }

    fn start(
        &self,
        stream: TcpStream,
        connection: Connection,
        router: Router,
        under_way: &GracefulShutdown,
    ) {
        // Answers are small and waited for.
        drop(stream.set_nodelay(true));
        let stream = TokioIo::new(stream);
        let stream = Impatient::new(stream, self.limits.stall_timeout, connection.clone());
        let requests = connection.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let busy = requests.busy();
            let router = router.clone();
            async move {
                let response = router.oneshot(request.map(Body::new)).await;
                response.map(|response| response.map(|body| busy.until_sent(body)))
            }
        });
        match self.protocol {
            Protocol::Http1 => {
                let served = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(self.limits.head_timeout)
                    .serve_connection(stream, service);
                spawn(under_way, connection, served);
            }
            Protocol::Http2 => {
                let served = http2::Builder::new(TokioExecutor::new())
                    .timer(TokioTimer::new())
                    .keep_alive_interval(self.limits.head_timeout)
                    .keep_alive_timeout(self.limits.head_timeout)
                    .max_concurrent_streams(self.limits.streams_max)
                    .initial_stream_window_size(1 << 20)
                    .initial_connection_window_size(4 << 20)
                    .serve_connection(stream, service);
                spawn(under_way, connection, served);
            }
        }
    }
}

/// Runs a connection until it ends or has to make room.
fn spawn<C>(under_way: &GracefulShutdown, connection: Connection, served: C)
where
    C: GracefulConnection<Error = hyper::Error> + Send + 'static,
{
    let served = under_way.watch(served);
    tokio::spawn(async move {
        let ended = tokio::select! {
            ended = served => ended,
            () = connection.has_to_go() => Ok(()),
        };
        if let Err(error) = ended {
            if error.is_timeout() {
                connection.count_late();
            }
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                "a connection ended early"
            );
        }
    });
}

async fn pause_after(error: &io::Error) {
    tracing::warn!(
        error = error as &dyn std::error::Error,
        "a connection could not be accepted"
    );
    tokio::time::sleep(ACCEPT_PAUSE).await;
}
