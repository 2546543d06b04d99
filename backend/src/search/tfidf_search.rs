//! Search by TF-IDF and cosine similarity: the four steps, in order.

use shared::semconv::{attribute, span};
use telemetry::{KeyValue, TraceContextExt, in_span};

use super::compute_similarity::compute_similarity;
use super::features::Features;
use super::preprocess_query::preprocess_query;
use super::process_results::{Cut, process_results};
use super::vectorize_query::vectorize_query;
use super::{Answer, Library, Request, SearchError};

/// Score that a hit must exceed unless the request says otherwise: the book is about the words, it does not only contain
/// them.
const THRESHOLD: f64 = 0.01;

/// Answers `request` from the index that has the features it asks for.
pub(super) fn tfidf_search(
    library: &Library,
    request: &Request<'_>,
) -> Result<Answer, SearchError> {
    in_span(span::TFIDF_SEARCH, |cx| {
        let index = library.indexes.of(request.features);
        let query = preprocess_query(request.query, index.features);
        let weight = vectorize_query(index, &query)?;
        let matches = compute_similarity(index, &weight)?;
        let results = process_results(&library.corpus, index, &weight, matches, cut(request))?;
        cx.span().set_attributes([
            KeyValue::new(attribute::SEARCH_MAX_RESULTS, request.limit as i64),
            KeyValue::new(attribute::SEARCH_THRESHOLD, results.threshold),
            KeyValue::new(
                attribute::SEARCH_TOTAL_MATCHES,
                results.total_matches as i64,
            ),
        ]);
        if let Some(best) = results.hits.first() {
            cx.span()
                .set_attribute(KeyValue::new(attribute::SEARCH_TOP_SCORE, best.score));
        }
        Ok(Answer {
            hits: results.hits,
            total_matches: results.total_matches,
            unknown_words: query.typed(&weight.unknown),
            dropped_words: query.dropped,
        })
    })
}

fn cut(request: &Request<'_>) -> Cut {
    Cut {
        limit: request.limit,
        threshold: request.threshold.unwrap_or(THRESHOLD),
        // A rare word such as `yorick` is in one book and never what that book is about. With the whole vocabulary it is
        // still found; the compatible variant finds what the original found.
        may_fall_to_zero: request.threshold.is_none() && request.features == Features::All,
    }
}
