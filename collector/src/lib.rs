//! Embedded receiver of OpenTelemetry traces, logs and metrics: takes OTLP over HTTP and gRPC, keeps the newest in
//! memory that is bounded by bytes, and answers queries. A stand-in for the OpenTelemetry Collector with a viewer behind it where there is none: on
//! a laptop, in a test. It neither samples nor processes.
//!
//! ```text
//! OTLP ──> server ──> otlp (http | grpc, body, protobuf | json) ──> store ──> query ──> GET /api/…
//! ```
//!
//! With a folder, requests are on the disk before they are acknowledged ([`wal`]); with an address, they are passed on to
//! another receiver ([`tee`]).
//!
//! A library with a thin program around it, so that tests can host it in their own process:
//!
//! ```
//! # async fn host() -> std::io::Result<()> {
//! use std::sync::Arc;
//! use collector::server::{Limits, Protocol, Server};
//! use collector::{otlp, query, store::Store};
//! use tokio::net::TcpListener;
//!
//! let store = Arc::new(Store::new(8 << 20));
//! let receiver = otlp::Receiver::new(store.clone(), otlp::Limits::default());
//! let listener = TcpListener::bind("127.0.0.1:0").await?;
//! let server = Server::new(listener, Protocol::Http1, Limits::default());
//! tokio::spawn(server.serve(otlp::http_router(receiver), std::future::pending()));
//! let listener = TcpListener::bind("127.0.0.1:0").await?;
//! let server = Server::new(listener, Protocol::Http1, Limits::default());
//! let router = query::router(store, query::Limits::default());
//! tokio::spawn(server.serve(router, std::future::pending()));
//! # Ok(())
//! # }
//! ```
//!
//! Spans, log records and metrics are kept as protobuf bytes, checked but never decoded on their way in: what is in memory
//! at one time is bounded whatever a sender makes up. Whatever is not kept is counted, and `GET /health` tells.

pub mod cli;
pub mod healthcheck;
pub mod metrics;
pub mod otlp;
mod problem;
pub mod query;
pub mod server;
pub mod settings;
pub mod store;
pub mod tee;
pub mod wal;
