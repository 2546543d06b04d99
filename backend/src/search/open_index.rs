//! Opens the index that an earlier start has kept, if it is there, whole, and that of this corpus.

use std::thread;

use shared::semconv::{attribute, span};
use telemetry::{KeyValue, TraceContextExt, fail, in_span};

use super::index::Books;
use super::index_folder::{IndexFolder, Unusable};
use super::passage_index::PassageIndex;
use crate::corpus::Corpus;

/// Both indexes of a corpus.
pub(super) struct Parts {
    pub(super) books: Books,
    pub(super) passages: PassageIndex,
}

/// Names of the parts of an index on disk.
pub(super) const BOOKS: &str = "books";
pub(super) const PASSAGES: &str = "passages";

/// Opens the index of `corpus` in `folder`.
///
/// # Errors
/// There is none that can be used.
pub(super) fn open_index(folder: &IndexFolder<'_>, corpus: &Corpus) -> Result<Parts, Unusable> {
    in_span(span::OPEN_INDEX, |cx| {
        let opened = open(folder, corpus);
        let state = match &opened {
            Ok(_) => "opened",
            Err(error) => error.state(),
        };
        cx.span()
            .set_attribute(KeyValue::new(attribute::INDEX_STATE, state));
        // That nothing is there yet is how it begins, and no failure.
        opened.inspect_err(|error| match error {
            Unusable::Missing => (),
            Unusable::Damaged(_) | Unusable::Foreign(_) => fail(cx, "index", error.to_string()),
        })
    })
}

fn open(folder: &IndexFolder<'_>, corpus: &Corpus) -> Result<Parts, Unusable> {
    let manifest = folder.manifest()?;
    let damaged = |error| Unusable::Damaged(format!("{:#}", anyhow::Error::from(error)));
    let (books, passages) = thread::scope(|scope| {
        let passages = scope.spawn(|| {
            let files = folder.read(&manifest, PASSAGES)?;
            PassageIndex::open(files, corpus).map_err(damaged)
        });
        let books = folder.read(&manifest, BOOKS);
        let books = books.and_then(|files| Books::open(files, corpus.books.len()).map_err(damaged));
        let passages = passages.join();
        let passages = passages.unwrap_or_else(|_| {
            let told = "it ends the thread that reads it".to_owned();
            Err(Unusable::Damaged(told))
        });
        (books, passages)
    });
    Ok(Parts {
        books: books?,
        passages: passages?,
    })
}
