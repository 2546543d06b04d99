//! The entry to search: runs the method that was asked for, where its cost says.

use std::sync::Arc;

use shared::semconv::{attribute, span};
use shared::{Method, Suggestion};
use telemetry::{KeyValue, TraceContextExt, in_span_async};

use super::admission::{Admission, Lane};
use super::bm25_search::bm25_search;
use super::deadline::Deadline;
use super::fuzzy_search::fuzzy_search;
use super::hybrid_search::hybrid_search;
use super::model::Asked;
use super::phrase_search::phrase_search;
use super::similar_words::{MOST_REPLACED, similar_words, suggestion};
use super::slow_tfidf_search::slow_tfidf_search;
use super::tfidf_search::tfidf_search;
use super::{Answer, Features, Library, Request, SearchError};

/// Where a search runs.
pub(super) enum Place<'a> {
    /// Here if it is cheap, else in a lane of `Admission`.
    ByCost(&'a Admission),
    /// Beside other methods.
    Lane(Lane),
}

/// Answers `request` from `library` within the limits of `admission`.
///
/// # Errors
/// The index cannot be read, the time is over, or too many searches wait already.
pub async fn perform_search(
    library: &Arc<Library>,
    admission: &Admission,
    request: &Request<'_>,
) -> Result<Answer, SearchError> {
    let deadline = Deadline::after(admission.limits.deadline);
    let result = run(library, request, &deadline, Place::ByCost(admission)).await;
    admission.count(&result);
    result
}

/// Answers `request` in its `place`.
pub(super) async fn run(
    library: &Arc<Library>,
    request: &Request<'_>,
    deadline: &Deadline,
    place: Place<'_>,
) -> Result<Answer, SearchError> {
    in_span_async(span::PERFORM_SEARCH, async |cx| {
        cx.span().set_attribute(KeyValue::new(
            attribute::SEARCH_METHOD,
            request.method.as_str(),
        ));
        let is_slow = request.method == Method::SlowTfidf;
        let answered = async {
            let lane = match place {
                Place::Lane(lane) => lane,
                Place::ByCost(admission)
                    if is_slow || library.postings(request)? > admission.limits.cheap_postings =>
                {
                    admission.enter()?
                }
                Place::ByCost(_) => return library.search(request, deadline),
            };
            if is_slow {
                return slow_tfidf_search(library, request, deadline, &lane).await;
            }
            let (library, request) = (Arc::clone(library), request.clone().into_owned());
            let search = move |deadline: &Deadline| library.search(&request, deadline);
            lane.run(deadline, search).await
        };
        let result: Result<Answer, SearchError> = answered.await;
        result.inspect_err(|error| error.record(&cx))
    })
    .await
}

impl Library {
    /// Answers `request` here and now. `slow_tfidf` finds what `tfidf` does and differs in how long that takes, so here
    /// it is answered by `tfidf`.
    ///
    /// # Errors
    /// The index cannot be read, or the time is over.
    pub fn search(
        &self,
        request: &Request<'_>,
        deadline: &Deadline,
    ) -> Result<Answer, SearchError> {
        let asked = Asked {
            library: self,
            request,
            deadline,
        };
        let answer = match request.method {
            Method::Tfidf | Method::SlowTfidf => {
                let answer = tfidf_search(asked)?;
                // Nine of ten words are unknown to the compatible variant, and few of them are misspelled.
                if request.features == Features::MostFrequent {
                    return Ok(answer);
                }
                answer
            }
            Method::Bm25 => bm25_search(asked)?,
            Method::Hybrid => hybrid_search(asked)?,
            Method::Phrase => phrase_search(asked)?,
            Method::Fuzzy => fuzzy_search(asked)?,
        };
        Ok(Answer {
            suggestions: suggestions(self, &answer.unknown_words, &answer.suggestions)?,
            ..answer
        })
    }

    /// How many postings a search is expected to read, by the lengths of the lists of its words.
    fn postings(&self, request: &Request<'_>) -> Result<u64, SearchError> {
        let mut postings = 0;
        for key in self.passages.keys(&request.query) {
            let term = self.passages.look_up(&key)?;
            postings += term.map_or(POSTINGS_OF_UNKNOWN, |term| u64::from(term.info.doc_freq));
        }
        Ok(postings)
    }
}

/// A walk through the dictionary in search of similar words takes as long as so many postings.
const POSTINGS_OF_UNKNOWN: u64 = 5_000;

/// What may have been meant by each of the unknown words, where the books have something like it. Some were
/// `found_before`, by a search that read other words in place of them, even where that is nothing.
pub(super) fn suggestions(
    library: &Library,
    unknown: &[String],
    found_before: &[Suggestion],
) -> Result<Vec<Suggestion>, SearchError> {
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
        let before = found_before.iter().find(|one| one.word == *word);
        let suggestion = match before {
            Some(before) => before.clone(),
            None => suggestion(word, &similar_words(dictionary, word)?),
        };
        if !suggestion.instead.is_empty() {
            found.push(suggestion);
        }
    }
    Ok(found)
}
