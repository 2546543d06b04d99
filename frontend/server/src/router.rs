//! Every route of the server, and how connections are served and drained.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::MatchedPath;
use axum::http::{HeaderValue, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use telemetry::http::ServerLayer;
use tokio::net::TcpListener;

use crate::assets::{Assets, first_part, is_page_path};
use crate::config::{BaseUrl, Config, QueryCapture};
use crate::ingest::{self, Logs, Metrics, Traces};
use crate::throttle::Throttle;
use crate::upstream::Upstream;
use crate::{page, proxy, security};

/// How long answers say that their connection ends, before idle connections are closed: a request that is on its way over
/// one of these would be cut.
const LAST_ANSWERS: Duration = Duration::from_millis(500);
/// How long requests under way may take after that.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) assets: Arc<Assets>,
    pub(crate) page_config: Arc<str>,
    pub(crate) upstream: Upstream,
    pub(crate) backend: BaseUrl,
    pub(crate) otlp: BaseUrl,
    pub(crate) query_api: Option<BaseUrl>,
    pub(crate) throttle: Arc<Throttle>,
}

/// The routes over `assets`; `page_config` is the body of `/config.json`.
pub fn router(config: &Config, assets: Assets, page_config: String) -> Router {
    // Search text is user data: only a server that may record it as typed keeps it in addresses.
    let redacted: &[&str] = match config.capture_query {
        QueryCapture::Raw => &[],
        QueryCapture::Hash | QueryCapture::Off => &["q"],
    };
    let app = App {
        assets: Arc::new(assets),
        page_config: page_config.into(),
        upstream: Upstream::new(config.upstream_timeout, redacted),
        backend: config.backend_url.clone(),
        otlp: config.otlp_url.clone(),
        query_api: config.telemetry_url.0.clone(),
        throttle: Arc::new(Throttle::default()),
    };
    let traced = ServerLayer::new()
        .route(|request| Some(request.get::<MatchedPath>()?.as_str().to_owned()))
        .skip(|path| !is_traced(path))
        .redact_query(redacted);
    Router::new()
        .route("/api/", any(proxy::api))
        .route("/api/{*path}", any(proxy::api))
        .route("/otlp/v1/traces", post(ingest::receive::<Traces>))
        .route("/otlp/v1/logs", post(ingest::receive::<Logs>))
        .route("/otlp/v1/metrics", post(ingest::receive::<Metrics>))
        .route("/telemetry/{*path}", get(proxy::telemetry))
        .route("/config.json", get(page::config))
        .route("/livez", get(livez))
        .route("/", get(page::page_or_asset))
        .route("/{*path}", get(page::page_or_asset))
        .layer(traced)
        .layer(map_response(security::add_headers))
        .with_state(app)
}

/// Serves until `stop`, asks clients to leave, then lets requests under way finish for at most 10 s.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let (stopping, mut stopped) = tokio::sync::watch::channel(false);
    let leaving = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&leaving);
    let router = router.layer(map_response(move |mut response: Response| {
        if asked.load(Ordering::Relaxed) {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
        std::future::ready(response)
    }));
    let stop = async move {
        stop.await;
        leaving.store(true, Ordering::Relaxed);
        tokio::time::sleep(LAST_ANSWERS).await;
        stopping.send_replace(true);
    };
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(listener, service).with_graceful_shutdown(stop);
    let overdue = async {
        // An error means that the server ended by itself, which the other branch reports.
        let _ = stopped.wait_for(|stopping| *stopping).await;
        tokio::time::sleep(DRAIN_TIMEOUT).await;
    };
    tokio::select! {
        served = served => served?,
        () = overdue => tracing::warn!("some requests did not finish in time and were cut off"),
    }
    Ok(())
}

/// Pages and API calls are work that someone asks about; assets, telemetry and health checks, here and behind, are not.
pub(crate) fn is_traced(path: &str) -> bool {
    match first_part(path) {
        "api" if matches!(path, "/api/health" | "/api/livez" | "/api/readyz") => false,
        "otlp" | "telemetry" | "livez" => false,
        "api" => true,
        _ => is_page_path(path),
    }
}

async fn livez() -> impl IntoResponse {
    let no_store = HeaderValue::from_static("no-store");
    ([(header::CACHE_CONTROL, no_store)], "alive\n")
}
