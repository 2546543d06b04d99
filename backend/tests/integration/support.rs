//! Libraries and requests for tests.

use std::env;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use backend::corpus::{Book, Chapters, Corpus, MANIFEST, Source, Text, load_gutenberg_corpus};
use backend::http::{App, router};
use backend::progress::Progress;
use backend::search::{Library, Limits};
use serde_json::Value;
use shared::QueryCapture;
use telemetry::testing::{Recorder, record};
use telemetry::{SpanContext, TraceContextExt, in_span};
use tokio::net::TcpListener;
use tower::ServiceExt;

/// Where the real books are, if they are at hand.
pub(crate) fn corpus_dir() -> Option<PathBuf> {
    env::var_os("CORPUS_DIR")
        .filter(|name| !name.is_empty())
        .map(PathBuf::from)
}

/// The real books, indexed once for all tests; `None` without `CORPUS_DIR`.
pub(crate) fn real_library() -> Option<&'static Library> {
    static LIBRARY: LazyLock<Option<Library>> = LazyLock::new(|| {
        let corpus =
            load_gutenberg_corpus(Source::Directory(corpus_dir()?), &Progress::default()).unwrap();
        Some(Library::index(corpus).unwrap())
    });
    LIBRARY.as_ref()
}

/// A library of these texts, in ISO-8859-1, under the first ids of the manifest; if there are more, again and again.
pub(crate) fn library<T: Into<Vec<u8>>>(texts: impl IntoIterator<Item = T>) -> Library {
    let book = |(entry, text): (_, T)| {
        let text: &'static [u8] = Vec::leak(text.into());
        Book {
            entry,
            sha256: "of no interest".to_owned(),
            word_count: String::from_utf8_lossy(text).split_whitespace().count(),
            chapters: Chapters::find(text),
            text: Text::built_in(text),
        }
    };
    let corpus = Corpus {
        source: Source::Sample,
        books: MANIFEST.iter().cycle().zip(texts).map(book).collect(),
        skipped: Vec::new(),
    };
    Library::index(corpus).unwrap()
}

/// A whale, a white whale, and a garden, in this order.
pub(crate) fn three_books() -> Library {
    library([
        "CHAPTER I\n\nThe whale swam. It was a whale, and no fish.",
        "CHAPTER I\n\nLove.\n\nCHAPTER II\n\nThey saw the white\n   whale--white as snow. The white whale saw them.",
        "A garden had a white gate and no sea. Love lived there.",
    ])
}

/// A backend that is ready, without a socket.
pub(crate) struct Backend {
    app: Arc<App>,
    pub(crate) startup: SpanContext,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Backend {
    /// One that answers from `library`.
    pub(crate) fn new(library: Library, capture: QueryCapture) -> Self {
        let backend = Self::starting(capture);
        backend.app.ready(library);
        backend
    }

    /// One that answers from `library` within `limits`.
    pub(crate) fn with_limits(library: Library, capture: QueryCapture, limits: Limits) -> Self {
        let backend = Self::starting_with(capture, limits);
        backend.app.ready(library);
        backend
    }

    /// One that still loads its library.
    pub(crate) fn starting(capture: QueryCapture) -> Self {
        Self::starting_with(capture, Limits::default())
    }

    fn starting_with(capture: QueryCapture, limits: Limits) -> Self {
        record();
        let startup = in_span("a start-up", |cx| cx.span().span_context().clone());
        Self {
            app: Arc::new(App::new(startup.clone(), capture, limits, Arc::default())),
            startup,
        }
    }

    /// Answers from a socket, for ever.
    pub(crate) fn serve(&self, listener: TcpListener) -> impl Future<Output = ()> + 'static {
        let app = Arc::clone(&self.app);
        async move {
            let never = std::future::pending();
            backend::http::serve(listener, app, never).await.unwrap();
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        let request = Request::get(path).header("host", "books.example");
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = router(&self.app).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The trace that the answer names.
    pub(crate) fn trace_id(&self) -> &str {
        self.header("traceresponse").split('-').nth(1).unwrap()
    }

    /// The finished spans of that trace as text.
    pub(crate) fn trace(&self) -> String {
        let trace_id = self.trace_id().parse_trace_id();
        without_version(&recorder().render(trace_id))
    }
}

/// A trace with `…` for the fingerprint of the index, which changes with every rule for what an index holds.
fn without_version(trace: &str) -> String {
    const NAME: &str = "app.index.version=";
    const DIGITS: usize = 16;
    let mut parts = trace.split(NAME);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |before, part| {
        let (version, behind) = part.split_at(DIGITS);
        assert!(version.bytes().all(|digit| digit.is_ascii_hexdigit()));
        format!("{before}{NAME}…{behind}")
    })
}

pub(crate) fn recorder() -> &'static Recorder {
    record()
}

/// Text to ids of the SDK's types.
pub(crate) trait ParseTraceId {
    fn parse_trace_id(&self) -> opentelemetry::TraceId;
}

impl ParseTraceId for str {
    fn parse_trace_id(&self) -> opentelemetry::TraceId {
        opentelemetry::TraceId::from_hex(self).unwrap()
    }
}
