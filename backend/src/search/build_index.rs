//! Builds the index of a corpus, and keeps it for the next start where that is asked for.

use std::thread;

use shared::semconv::{attribute, span};
use tantivy::directory::RamDirectory;
use telemetry::{Context, KeyValue, TraceContextExt, fail, in_span};

use super::SearchError;
use super::bm25_indexing::bm25_indexing;
use super::index_folder::{IndexFolder, Lock};
use super::open_index::{BOOKS, PASSAGES, Parts};
use super::tfidf_vectorization::tfidf_vectorization;
use crate::corpus::Corpus;
use crate::progress::{Phase, Progress};

/// Where to keep what was built.
pub(super) struct Keep<'k> {
    pub(super) folder: &'k IndexFolder<'k>,
    pub(super) lock: &'k Lock,
    /// How many indexes of other versions are kept.
    pub(super) others: usize,
    /// Gets the sentence that it cannot be kept.
    pub(super) failed: &'k mut Option<String>,
}

/// Indexes `corpus`, whole books and passages at the same time, in memory: no disk, full or slow, is in the way of an
/// answer. Then it is written where `keep` says. `reason` says why it has to be built.
///
/// # Errors
/// tantivy cannot build an index.
pub(super) fn build_index(
    corpus: &Corpus,
    reason: &'static str,
    keep: Option<Keep<'_>>,
    progress: &Progress,
) -> Result<Parts, SearchError> {
    in_span(span::BUILD_INDEX, |cx| {
        cx.span()
            .set_attribute(KeyValue::new(attribute::INDEX_STATE, reason));
        let texts = corpus.books.iter().map(|book| book.text.bytes().len());
        // Every text is read for either index.
        progress.begin(Phase::BuildingIndex, 2 * texts.sum::<usize>() as u64);
        let parent = Context::current();
        let (books, passages) = thread::scope(|scope| {
            let passages = scope.spawn(|| {
                let _current = parent.attach();
                bm25_indexing(corpus, progress)
            });
            let books = tfidf_vectorization(corpus, progress);
            let passages = passages.join();
            (books, passages.expect("building an index does not panic"))
        });
        let ((books, book_files), (passages, passage_files)) = (books?, passages?);
        if let Some(keep) = keep {
            progress.begin(Phase::KeepingIndex, 0);
            save_index(keep, [(BOOKS, &book_files), (PASSAGES, &passage_files)]);
        }
        Ok(Parts { books, passages })
    })
}

/// Writes the files of an index; that this fails is said and no reason not to answer.
fn save_index(keep: Keep<'_>, parts: [(&str, &RamDirectory); 2]) {
    in_span(span::SAVE_INDEX, |cx| {
        match keep.folder.save(keep.lock, parts, keep.others) {
            Ok(bytes) => {
                let path = keep.folder.path();
                tracing::info!(path = %path.display(), bytes, "the index is kept for the next start");
                cx.span()
                    .set_attribute(KeyValue::new(attribute::INDEX_BYTES, bytes as i64));
            }
            Err(error) => {
                fail(cx, "index_not_kept", error.to_string());
                *keep.failed = Some(keep.folder.not_kept(&error));
            }
        }
    });
}
