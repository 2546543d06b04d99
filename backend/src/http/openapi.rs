//! `GET /openapi.json`: the description of this interface, written by hand and held to the routes by a test.

use axum::http::header;
use axum::response::IntoResponse;

pub(super) async fn openapi() -> impl IntoResponse {
    let json = [(header::CONTENT_TYPE, "application/json")];
    (json, include_str!("../../openapi.json"))
}
