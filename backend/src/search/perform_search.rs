//! The entry to search: runs the method that was asked for.

use shared::semconv::{attribute, span};
use shared::{Method, Suggestion};
use telemetry::{KeyValue, TraceContextExt, fail, in_span};

use super::bm25_search::bm25_search;
use super::fuzzy_search::fuzzy_search;
use super::hybrid_search::hybrid_search;
use super::phrase_search::phrase_search;
use super::similar_words::{MOST_REPLACED, similar_words};
use super::tfidf_search::tfidf_search;
use super::{Answer, Features, Library, Request, SearchError};

/// Most words that are suggested in place of one; more would be a riddle.
const MOST_SUGGESTED: usize = 3;

/// Answers `request` from `library`.
///
/// # Errors
/// The index cannot be read.
pub fn perform_search(library: &Library, request: &Request<'_>) -> Result<Answer, SearchError> {
    in_span(span::PERFORM_SEARCH, |cx| {
        cx.span().set_attribute(KeyValue::new(
            attribute::SEARCH_METHOD,
            request.method.as_str(),
        ));
        let answer = match request.method {
            Method::Tfidf => tfidf_search(library, request),
            Method::Bm25 => bm25_search(library, request),
            Method::Hybrid => hybrid_search(library, request),
            Method::Phrase => phrase_search(library, request),
            Method::Fuzzy => fuzzy_search(library, request),
        };
        let suggested = answer.and_then(|answer| {
            // Nine of ten words are unknown to the compatible variant, and few of them are misspelled.
            if request.features == Features::MostFrequent {
                return Ok(answer);
            }
            Ok(Answer {
                suggestions: suggestions(library, &answer.unknown_words)?,
                ..answer
            })
        });
        suggested.inspect_err(|error| fail(cx, "index", error.to_string()))
    })
}

/// What may have been meant by each of the unknown words, where the books have something like it.
fn suggestions(library: &Library, unknown: &[String]) -> Result<Vec<Suggestion>, SearchError> {
    let dictionary = library.indexes.of(Features::All);
    let mut found: Vec<Suggestion> = Vec::new();
    let mut looked_up: Vec<&String> = Vec::new();
    for word in unknown {
        if looked_up.contains(&word) {
            continue;
        }
        if looked_up.len() == MOST_REPLACED {
            break;
        }
        looked_up.push(word);
        let similar = similar_words(dictionary, word)?.into_iter();
        let instead: Vec<String> = similar
            .map(|word| word.letters)
            .take(MOST_SUGGESTED)
            .collect();
        if !instead.is_empty() {
            found.push(Suggestion {
                word: word.clone(),
                instead,
            });
        }
    }
    Ok(found)
}
