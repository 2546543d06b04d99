//! The same search as `tfidf`, done as badly as it is often done: to practise finding out from a trace what is slow.
//!
//! Five faults, each with a span of its own. The query is split anew with each letter (`slow_preprocess_query`); the
//! dictionary is read from its first word for every term (`slow_vectorize_query`); the lengths of all books are computed
//! anew, though they never change (`slow_compute_similarity`); results are put in order by comparing each with each
//! (`inefficient_bubble_sort`); whole books are split for one passage (`slow_generate_snippet`). The work is real. Every
//! fault also waits a little, as for a service that is not needed; meanwhile the thread serves others.

use std::sync::Arc;
use std::time::Duration;

use shared::Hit;
use shared::semconv::{attribute, span};
use tantivy::collector::Collector;
use tantivy::{DocAddress, Score, TantivyError};
use telemetry::{KeyValue, TraceContextExt, in_span_async};
use tokio::time;

use super::admission::Lane;
use super::cosine::{CosineQuery, CosineWeight, Lengths, Ranking};
use super::deadline::Deadline;
use super::filter::Filter;
use super::model::{Asked, Match, Model, Vector};
use super::perform_search::suggestions;
use super::preprocess_query::{Query, read};
use super::process_results::{cut_off, hit};
use super::terms::for_each_term;
use super::tfidf_search::{VectorSpace, cut};
use super::{Answer, Features, Library, Request, SearchError};

/// How long each fault waits, and how long it does so for each passage.
const PAUSE: Duration = Duration::from_millis(60);
const SHORT_PAUSE: Duration = Duration::from_millis(10);

/// A search with what it needs on its way from step to step.
struct Slow<'a> {
    library: &'a Arc<Library>,
    request: Request<'static>,
    deadline: &'a Deadline,
    lane: &'a Lane,
}

/// Answers `request` like `tfidf_search`, later.
pub(super) async fn slow_tfidf_search(
    library: &Arc<Library>,
    request: &Request<'_>,
    deadline: &Deadline,
    lane: &Lane,
) -> Result<Answer, SearchError> {
    in_span_async(span::SLOW_TFIDF_SEARCH, async |cx| {
        let slow = Slow {
            library,
            request: request.clone().into_owned(),
            deadline,
            lane,
        };
        let answer = slow.answer().await.inspect_err(|error| error.record(&cx))?;
        cx.span().set_attributes([
            KeyValue::new(attribute::SEARCH_MAX_RESULTS, request.limit as i64),
            KeyValue::new(attribute::SEARCH_TOTAL_MATCHES, answer.total_matches as i64),
        ]);
        Ok(answer)
    })
    .await
}

impl Slow<'_> {
    async fn answer(&self) -> Result<Answer, SearchError> {
        let query = self.slow_preprocess_query().await?;
        let vector = self.slow_vectorize_query(&query).await?;
        let matches = self.slow_compute_similarity(&query, &vector).await?;
        let (hits, total_matches) = self.slow_process_results(&vector, matches).await?;
        let unknown_words = query.typed(vector.unknown());
        let has_suggestions = self.request.features == Features::All;
        Ok(Answer {
            hits,
            total_matches,
            suggestions: match has_suggestions {
                true => suggestions(self.library, &unknown_words, &[])?,
                false => Vec::new(),
            },
            unknown_words,
            dropped_words: query.dropped.clone(),
            hints: query.hints.clone(),
        })
    }

    /// Fault 1: the query is split anew with each of its letters.
    async fn slow_preprocess_query(&self) -> Result<Arc<Query>, SearchError> {
        in_span_async(span::SLOW_PREPROCESS_QUERY, async |cx| {
            let work = self.work(|library, request, deadline| {
                let asked = Asked {
                    library,
                    request,
                    deadline,
                };
                let model = VectorSpace::of(library, request.features);
                for (end, _) in request.query.char_indices() {
                    deadline.check()?;
                    model.split(&request.query[..end]);
                }
                Ok(read(&model, asked))
            });
            let query = work.await?;
            cx.span().set_attribute(KeyValue::new(
                attribute::QUERY_TOKEN_COUNT,
                query.words.len() as i64,
            ));
            self.pause(PAUSE).await?;
            Ok(Arc::new(query))
        })
        .await
    }

    /// Fault 2: the dictionary is read from its first word for every term.
    async fn slow_vectorize_query(
        &self,
        query: &Arc<Query>,
    ) -> Result<Arc<CosineWeight>, SearchError> {
        in_span_async(span::SLOW_VECTORIZE_QUERY, async |cx| {
            let query = Arc::clone(query);
            let work = self.work(move |library, request, deadline| {
                let model = VectorSpace::of(library, request.features);
                let mut read = 0;
                for (term, _) in &query.terms {
                    deadline.check()?;
                    read += words_read_until(&model, term)?;
                }
                Ok((read, model.weigh(&query)?))
            });
            let (read, vector) = work.await?;
            cx.span().set_attributes([
                KeyValue::new(attribute::VECTOR_NONZERO, vector.nonzero() as i64),
                KeyValue::new(attribute::SLOW_WORDS_READ, read as i64),
            ]);
            self.pause(PAUSE).await?;
            Ok(Arc::new(vector))
        })
        .await
    }

    /// Fault 3: the lengths of all books are computed anew, though they never change.
    async fn slow_compute_similarity(
        &self,
        query: &Arc<Query>,
        vector: &Arc<CosineWeight>,
    ) -> Result<Vec<Match>, SearchError> {
        in_span_async(span::SLOW_COMPUTE_SIMILARITY, async |cx| {
            let (query, vector) = (Arc::clone(query), Arc::clone(vector));
            let work = self.work(move |library, request, deadline| {
                let model = VectorSpace::of(library, request.features);
                let filter = Filter::new(library, &query.restrictions, request.book, deadline)?;
                let allowed = filter.whole_books(&library.passages);
                let mut matches = Vec::new();
                if vector.nonzero() == 0 {
                    return Ok(matches);
                }
                let found = score_with_new_lengths(&model, &query)?;
                deadline.check()?;
                matches.extend(
                    found
                        .into_iter()
                        .filter(|one| allowed.as_ref().is_none_or(|allowed| allowed[one.book])),
                );
                Ok(matches)
            });
            let matches = work.await?;
            cx.span().set_attribute(KeyValue::new(
                attribute::SIMILARITY_DOCUMENTS_SCORED,
                matches.len() as i64,
            ));
            self.pause(PAUSE).await?;
            Ok(matches)
        })
        .await
    }

    async fn slow_process_results(
        &self,
        vector: &Arc<CosineWeight>,
        matches: Vec<Match>,
    ) -> Result<(Vec<Hit>, usize), SearchError> {
        in_span_async(span::SLOW_PROCESS_RESULTS, async |cx| {
            let ranked = self.inefficient_bubble_sort(matches).await?;
            let (_, total_matches) = cut_off(&ranked, cut(&self.request));
            let mut hits = Vec::new();
            for &found in &ranked[..total_matches.min(self.request.limit)] {
                hits.push(self.slow_generate_snippet(vector, found).await?);
            }
            cx.span().set_attribute(KeyValue::new(
                attribute::RESULTS_RETURNED,
                hits.len() as i64,
            ));
            Ok((hits, total_matches))
        })
        .await
    }

    /// Fault 4: results are put in order by comparing each with each, again and again.
    async fn inefficient_bubble_sort(
        &self,
        mut matches: Vec<Match>,
    ) -> Result<Vec<Match>, SearchError> {
        in_span_async(span::INEFFICIENT_BUBBLE_SORT, async |cx| {
            let mut comparisons = 0;
            for _ in 0..matches.len() {
                for next in 1..matches.len() {
                    comparisons += 1;
                    let (one, other) = (matches[next - 1], matches[next]);
                    if one.score < other.score {
                        matches.swap(next - 1, next);
                    }
                }
            }
            cx.span()
                .set_attribute(KeyValue::new(attribute::SLOW_COMPARISONS, comparisons));
            self.pause(PAUSE).await?;
            Ok(matches)
        })
        .await
    }

    /// Fault 5: the whole book is split into words for one passage.
    async fn slow_generate_snippet(
        &self,
        vector: &Arc<CosineWeight>,
        found: Match,
    ) -> Result<Hit, SearchError> {
        in_span_async(span::SLOW_GENERATE_SNIPPET, async |cx| {
            let vector = Arc::clone(vector);
            let work = self.work(move |library, request, _| {
                let book = &library.corpus.books[found.book];
                let mut words = 0;
                for_each_term(book.text.bytes(), request.features.splitting(), |_, _| {
                    words += 1
                });
                let model = VectorSpace::of(library, request.features);
                let snippet = model.show(book, &vector, found.document)?;
                Ok((words, hit(book, found, snippet)))
            });
            let (words, hit) = work.await?;
            cx.span().set_attributes([
                KeyValue::new(attribute::BOOK_ID, hit.id.clone()),
                KeyValue::new(attribute::SLOW_WORDS_READ, words as i64),
                KeyValue::new(attribute::SNIPPET_HIGHLIGHTS, hit.highlights.len() as i64),
            ]);
            self.pause(SHORT_PAUSE).await?;
            Ok(hit)
        })
        .await
    }

    /// Does a step on a thread for such work.
    async fn work<T: Send + 'static>(
        &self,
        step: impl FnOnce(&Library, &Request<'_>, &Deadline) -> Result<T, SearchError> + Send + 'static,
    ) -> Result<T, SearchError> {
        let (library, request) = (Arc::clone(self.library), self.request.clone());
        let step = move |deadline: &Deadline| step(&library, &request, deadline);
        self.lane.run(self.deadline, step).await
    }

    async fn pause(&self, time: Duration) -> Result<(), SearchError> {
        time::sleep(time).await;
        self.deadline.check()
    }
}

/// How many words of the dictionary are read until `term` is found.
fn words_read_until(model: &VectorSpace<'_>, term: &str) -> Result<usize, SearchError> {
    let reader = model.index.searcher.segment_reader(0);
    let terms = reader.inverted_index(model.index.field)?;
    let mut dictionary = terms.terms().stream().map_err(TantivyError::from)?;
    let mut read = 0;
    while let Some((word, _)) = dictionary.next() {
        read += 1;
        if String::from_utf8_lossy(word) == term {
            break;
        }
    }
    Ok(read)
}

/// Reads the whole index for what is known already, and then scores.
fn score_with_new_lengths(
    model: &VectorSpace<'_>,
    query: &Query,
) -> Result<Vec<Match>, SearchError> {
    let searcher = &model.index.searcher;
    let query = CosineQuery {
        field: model.index.field,
        terms: query.terms.clone(),
        lengths: Arc::new(Lengths::compute(searcher, model.index.field)?),
    };
    let weight = CosineWeight::new(&query, searcher)?;
    let scored = Ranking.collect_segment(&weight, 0, searcher.segment_reader(0))?;
    let as_match = |(score, address): (Score, DocAddress)| Match {
        score,
        book: address.doc_id as usize,
        document: address.doc_id,
    };
    Ok(scored.into_iter().map(as_match).collect())
}
