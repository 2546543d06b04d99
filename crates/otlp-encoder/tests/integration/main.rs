//! Whatever is encoded decodes to exactly the same, judged by `prost` and the generated OTLP types.

mod model;
mod requests;
mod spans;
