//! Embedded receiver of OpenTelemetry traces, logs and metrics: takes OTLP over HTTP, keeps the newest in memory that is
//! bounded by bytes, and answers queries. A stand-in for the OpenTelemetry Collector with a viewer behind it where there is none: on
//! a laptop, in a test. It neither samples nor processes nor forwards.
//!
//! ```text
//! POST /v1/{traces,logs,metrics} ──> otlp (body, protobuf | json) ──> store ──> query (trace_json) ──> GET /api/…
//! ```
//!
//! A library with a thin program around it, so that tests can host it in their own process:
//!
//! ```
//! # async fn host() -> std::io::Result<()> {
//! use std::sync::Arc;
//! use collector::{otlp, query, server, store::Store};
//!
//! let store = Arc::new(Store::new(8 << 20));
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! let stop = std::future::pending();
//! tokio::spawn(server::serve(listener, otlp::router(store.clone(), otlp::Limits::default()), stop));
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! tokio::spawn(server::serve(listener, query::router(store, query::Limits::default()), std::future::pending()));
//! # Ok(())
//! # }
//! ```
//!
//! Spans, log records and metrics are kept as protobuf bytes, checked but never decoded on their way in: what is in memory
//! at one time is bounded whatever a sender makes up. Whatever is not kept is counted, and `GET /health` tells.

pub mod healthcheck;
pub mod otlp;
mod problem;
pub mod query;
pub mod server;
pub mod settings;
pub mod store;
