//! Wire types and telemetry names that the page and the backend share. Data only: no I/O, no behaviour beyond parsing.

pub mod semconv;
mod wire;

pub use wire::{
    Book, BookDetail, BookText, Books, Chapter, ComparedMethod, ComparedSpeed, Comparison,
    Contribution, Explanation, Health, HealthStatus, Hit, Location, Method, PageConfig, Problem,
    QueryCapture, ScorePart, SearchResponse, SkippedBook, StartProgress, Suggestion, TraceContext,
    TraceContextHeaders, UnknownMethod,
};
