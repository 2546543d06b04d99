//! Serves the page and everything it needs on one origin: static files, `/api` to the backend, `/otlp` and `/telemetry`
//! to the collector. `main.rs` tells the life of the process; `router` names every route.

pub mod assets;
pub mod config;
pub mod healthcheck;
mod ingest;
mod page;
pub mod precompress;
mod problem;
mod proxy;
pub mod router;
mod security;
mod throttle;
mod upstream;
