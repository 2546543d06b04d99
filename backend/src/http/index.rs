//! `GET /`: what this is.

use axum::Json;
use serde::Serialize;

/// Answer to `GET /`.
#[derive(Serialize)]
pub(super) struct Index {
    /// What this is and where to go on.
    message: &'static str,
    /// Version of the program.
    version: &'static str,
}

pub(super) async fn index() -> Json<Index> {
    Json(Index {
        message: "Gutenberg Explorer: search books with GET /search?q=, list them with GET /books",
        version: env!("CARGO_PKG_VERSION"),
    })
}
