//! What the pages load beside searches. Each function is the root of a trace of its own and carries the name of its span.

use opentelemetry::Context;
use opentelemetry::KeyValue;
use opentelemetry::trace::TraceContextExt;
use opentelemetry_browser::{fail, in_new_trace};
use shared::semconv::{attribute, span};
use shared::{BookDetail, BookText, Books, Comparison, Explanation, Method};

use crate::api;
use crate::comparing::COMPARED;
use crate::frontend_search::{TracedSearch, traced_search};
use crate::percent;
use crate::reading::{self, Range, Reading};
use crate::reply::ApiError;
use crate::state::{Failure, Place, Question};

/// A part of the page by its name in `chunks`; `load` fetches it.
pub(crate) async fn load_chunk<E>(
    name: &'static str,
    load: impl Future<Output = Result<(), E>>,
) -> Result<(), Failure> {
    const REASON: &str = "It cannot be downloaded: there is no connection, or the page has been renewed since you opened it and must be loaded anew.";
    in_new_trace(span::LOAD_CHUNK, async |cx: Context| {
        cx.span()
            .set_attribute(KeyValue::new(attribute::CHUNK_NAME, name));
        load.await.map_err(|_| {
            fail(
                &cx,
                "chunk_not_loaded",
                "the chunk cannot be fetched or linked",
            );
            Failure {
                reason: REASON.into(),
                trace_id: cx.span().span_context().trace_id().to_string(),
            }
        })
    })
    .await
}

/// The list of books.
pub(crate) async fn load_books() -> Result<Books, Failure> {
    in_new_trace(span::LOAD_BOOKS, async |cx: Context| {
        told(&cx, api::read("/books", &[]).await)
    })
    .await
}

/// A book, opened at `place`.
pub(crate) async fn load_book(place: &Place) -> Result<Reading, Failure> {
    in_new_trace(span::LOAD_BOOK, async |cx: Context| {
        let opened = async {
            let path = format!("/books/{}", percent::encode(&place.id));
            let book: BookDetail = api::read(&path, &[]).await?;
            let (wanted, passage) =
                reading::opening(book.bytes as u64, place.spot).map_err(ApiError::NoSuchPlace)?;
            let text = text(&place.id, wanted, &place.query).await?;
            Ok(Reading::new(book, passage, &text))
        };
        told(&cx, opened.await)
    })
    .await
}

/// A part of the text of the book of `place`.
pub(crate) async fn load_text(place: &Place, wanted: Range) -> Result<BookText, Failure> {
    in_new_trace(span::LOAD_TEXT, async |cx: Context| {
        told(&cx, text(&place.id, wanted, &place.query).await)
    })
    .await
}

/// The answers of several methods to one question, and the trace in which they were found.
pub(crate) async fn load_comparison(
    question: &Question,
) -> (Result<Comparison, Failure>, TracedSearch) {
    in_new_trace(span::LOAD_COMPARISON, async |cx: Context| {
        let methods = COMPARED.map(Method::as_str).join(",");
        let mut parameters = vec![("q", question.query.as_str()), ("methods", &methods)];
        if let Some(book) = &question.book {
            parameters.push(("book", book));
        }
        let loaded = api::read("/search/compare", &parameters).await;
        (told(&cx, loaded), traced_search(&cx))
    })
    .await
}

/// How the score of the hit at `place` among the answers to `question` came about.
pub(crate) async fn load_explanation(
    question: &Question,
    place: &Place,
) -> Result<Explanation, Failure> {
    in_new_trace(span::LOAD_EXPLANATION, async |cx: Context| {
        let from = place.from().to_string();
        let mut parameters = vec![
            ("q", question.query.as_str()),
            ("id", place.id.as_str()),
            ("from", from.as_str()),
            ("method", question.method.as_str()),
        ];
        parameters.extend(question.book.as_deref().map(|book| ("book", book)));
        told(&cx, api::read("/search/explain", &parameters).await)
    })
    .await
}

async fn text(id: &str, wanted: Range, query: &str) -> Result<BookText, ApiError> {
    let path = format!("/books/{}/text", percent::encode(id));
    let (from, to) = (wanted.from.to_string(), wanted.to.to_string());
    let mut parameters = vec![("from", from.as_str()), ("to", to.as_str())];
    if !query.trim().is_empty() {
        parameters.push(("q", query));
    }
    api::read(&path, &parameters).await
}

/// What was loaded; a failure is written into the span of `cx` and told with its trace.
fn told<T>(cx: &Context, loaded: Result<T, ApiError>) -> Result<T, Failure> {
    loaded.map_err(|error| {
        fail(cx, error.error_type(), error.message());
        Failure {
            reason: error.reason(),
            trace_id: cx.span().span_context().trace_id().to_string(),
        }
    })
}
