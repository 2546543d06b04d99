//! The HTTP interface: every route, and what is around all of them.
//!
//! Handlers turn requests into calls of `search` and answers into JSON; every error leaves as problem JSON. The server
//! listens before the library is loaded and says 503 until it is.

mod books;
mod compare;
mod explain;
mod health;
mod index;
mod openapi;
mod parameters;
mod problem;
mod search_api;
mod trace_context;

use std::future::Future;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::extract::MatchedPath;
use axum::http::{Extensions, HeaderValue, header};
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use shared::QueryCapture;
use shared::semconv::attribute;
use telemetry::http::ServerLayer;
use telemetry::{KeyValue, SpanContext};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

pub use problem::ApiError;

use crate::progress::Progress;
use crate::search::{Admission, Library, Limits};

/// Every address with what answers it; `openapi.json` describes the same ones.
fn routes() -> [(&'static str, MethodRouter<Arc<App>>); 12] {
    [
        ("/", get(index::index)),
        ("/books", get(books::books)),
        ("/books/{id}", get(books::book)),
        ("/books/{id}/text", get(books::text)),
        ("/search", get(search_api::search)),
        ("/search/compare", get(compare::compare)),
        ("/search/explain", get(explain::explain_hit)),
        ("/health", get(health::health)),
        ("/livez", get(health::livez)),
        ("/readyz", get(health::readyz)),
        ("/trace-context", get(trace_context::trace_context)),
        ("/openapi.json", get(openapi::openapi)),
    ]
}

/// Every address, with `{…}` for what differs.
pub fn addresses() -> impl Iterator<Item = &'static str> {
    routes().into_iter().map(|(address, _)| address)
}

/// All routes.
pub fn router(app: &Arc<App>) -> Router {
    let routed = |router: Router<Arc<App>>, (address, route)| router.route(address, route);
    routes()
        .into_iter()
        .fold(Router::new(), routed)
        .fallback(async || ApiError::NotFound)
        .method_not_allowed_fallback(async || ApiError::MethodNotAllowed)
        .layer(traced(app))
        .with_state(Arc::clone(app))
}

/// What all requests share.
pub struct App {
    library: OnceLock<Arc<Library>>,
    startup: Arc<OnceLock<SpanContext>>,
    capture_query: QueryCapture,
    admission: Admission,
    progress: Arc<Progress>,
    corpus_changed: OnceLock<String>,
}

impl App {
    /// An interface that is not ready yet, but knows how far the start-up is; its request spans link to `startup`.
    pub fn new(
        startup: SpanContext,
        capture_query: QueryCapture,
        limits: Limits,
        progress: Arc<Progress>,
    ) -> Self {
        let startup = Arc::new(OnceLock::from(startup));
        Self {
            library: OnceLock::new(),
            startup,
            capture_query,
            admission: Admission::new(limits),
            progress,
            corpus_changed: OnceLock::new(),
        }
    }

    /// Answers from `library` from now on. The first call counts.
    pub fn ready(&self, library: Library) {
        let _ = self.library.set(Arc::new(library));
    }

    /// The books are not what was read any more: `warning` says so in `/health` from now on. The first call counts.
    pub fn corpus_changed(&self, warning: String) {
        let _ = self.corpus_changed.set(warning);
    }

    fn startup_trace(&self) -> Option<String> {
        let startup = self.startup.get().filter(|startup| startup.is_sampled())?;
        Some(startup.trace_id().to_string())
    }

    fn library(&self) -> Result<&Arc<Library>, ApiError> {
        self.library.get().ok_or(ApiError::NotReady)
    }
}

/// How long answers say that their connection ends, before idle connections are closed: a request that is on its way over
/// one of these would be cut.
const LAST_ANSWERS: Duration = Duration::from_millis(500);
/// How long requests may take to finish after that.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// Answers requests until `stop` is done, asks clients to leave, then finishes what is under way.
///
/// # Errors
/// The listener fails.
pub async fn serve(
    listener: TcpListener,
    app: Arc<App>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (stopping, stopped) = oneshot::channel();
    let leaving = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&leaving);
    let router = router(&app).layer(map_response(move |mut response: Response| {
        if asked.load(Ordering::Relaxed) {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
        std::future::ready(response)
    }));
    let server = axum::serve(listener, router).with_graceful_shutdown(async move {
        stop.await;
        leaving.store(true, Ordering::Relaxed);
        tokio::time::sleep(LAST_ANSWERS).await;
        let _ = stopping.send(());
    });
    let too_late = async {
        let _ = stopped.await;
        tokio::time::sleep(DRAIN_TIMEOUT).await;
    };
    tokio::select! {
        result = async { server.await } => result,
        () = too_late => {
            tracing::warn!(seconds = DRAIN_TIMEOUT.as_secs(), "requests that did not finish in time are cut off");
            Ok(())
        }
    }
}

fn traced(app: &Arc<App>) -> ServerLayer {
    let (indexed, untraced) = (Arc::clone(app), ["/health", "/livez", "/readyz"]);
    let layer = ServerLayer::new()
        .route(|extensions: &Extensions| Some(extensions.get::<MatchedPath>()?.as_str().to_owned()))
        .skip(move |path| untraced.contains(&path))
        .link(Arc::clone(&app.startup))
        .attribute(move || {
            let version = indexed.library.get()?.indexes.version().to_owned();
            Some(KeyValue::new(attribute::INDEX_VERSION, version))
        });
    match app.capture_query {
        QueryCapture::Raw => layer,
        QueryCapture::Hash | QueryCapture::Off => layer.redact_query(&["q"]),
    }
}
