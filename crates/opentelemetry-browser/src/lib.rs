//! OpenTelemetry tracing for Rust pages compiled to WebAssembly.
