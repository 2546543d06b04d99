//! Handlers for the page: `index.html` with the trace that served it, its assets, its configuration.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use telemetry::{Context, propagation};

use crate::assets::{Asset, first_part, is_page_path};
use crate::problem::Problem;
use crate::router::App;

const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// First parts of paths that belong to proxies; below them nothing is a page.
const PROXIES: [&str; 3] = ["api", "otlp", "telemetry"];

/// `GET /` and every path that no other route takes: an asset, one of the page's own addresses, or nothing.
pub(crate) async fn page_or_asset(
    State(app): State<App>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let path = uri.path();
    if let Some(asset) = app.assets.get(path) {
        return answer_asset(asset, &headers);
    }
    if PROXIES.contains(&first_part(path)) || !(is_page_path(path) || path == "/index.html") {
        return Problem::new(
            StatusCode::NOT_FOUND,
            "Not found",
            "Nothing is served at this address.",
        )
        .into_response();
    }
    let traceparent = propagation::current(&Context::current()).map(|own| own.to_string());
    // Every answer names its own trace, so none may be kept.
    (
        [(header::CACHE_CONTROL, NO_CACHE)],
        Html(app.assets.page(traceparent)),
    )
        .into_response()
}

/// `GET /config.json`.
pub(crate) async fn config(State(app): State<App>) -> impl IntoResponse {
    let json = HeaderValue::from_static("application/json");
    (
        [
            (header::CACHE_CONTROL, NO_CACHE),
            (header::CONTENT_TYPE, json),
        ],
        app.page_config.to_string(),
    )
}

fn answer_asset(asset: &Asset, request: &HeaderMap) -> Response {
    let accepts = |encoding: &str| accepts_encoding(request, encoding);
    let (body, encoding) = match (&asset.brotli, &asset.gzip) {
        (Some(brotli), _) if accepts("br") => (brotli, Some("br")),
        (_, Some(gzip)) if accepts("gzip") => (gzip, Some("gzip")),
        _ => (&asset.identity, None),
    };
    let etag = match encoding {
        Some(encoding) => format!("\"{}-{encoding}\"", asset.etag),
        None => format!("\"{}\"", asset.etag),
    };
    let unchanged = matches_etag(request, &etag);
    let mut response = match unchanged {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => body.clone().into_response(),
    };
    let headers = response.headers_mut();
    let caching = if asset.immutable { IMMUTABLE } else { NO_CACHE };
    headers.insert(header::CACHE_CONTROL, caching);
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(
        header::ETAG,
        HeaderValue::try_from(etag).expect("hexadecimal digits and a fixed name"),
    );
    if unchanged {
        return response;
    }
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(asset.content_type),
    );
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

/// Whether the client takes an encoding: named, or by `*`, and not with a quality of 0.
fn accepts_encoding(request: &HeaderMap, encoding: &str) -> bool {
    let lines = request.get_all(header::ACCEPT_ENCODING).iter();
    let members = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','));
    let mut by_star = false;
    for member in members {
        let (name, quality) = member.split_once(';').unwrap_or((member, ""));
        let quality = quality.trim().strip_prefix("q=").map(str::trim);
        let wanted = quality.is_none_or(|quality| quality.parse::<f32>().is_ok_and(|q| q > 0.0));
        match name.trim() {
            name if name.eq_ignore_ascii_case(encoding) => return wanted,
            "*" => by_star = wanted,
            _ => {}
        }
    }
    by_star
}

fn matches_etag(request: &HeaderMap, etag: &str) -> bool {
    let lines = request.get_all(header::IF_NONE_MATCH).iter();
    let mut tags = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','));
    tags.any(|tag| {
        let tag = tag.trim();
        tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag
    })
}
