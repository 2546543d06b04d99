//! Encodes finished spans to OTLP protobuf bytes in place, for wasm and native.
