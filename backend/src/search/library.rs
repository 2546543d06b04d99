//! The corpus together with its indexes: opened where an earlier start has kept them, else built, and kept for the next.
//!
//! Whatever is wrong with the folder of the indexes, searches are answered: an index that cannot be read is built, and one
//! that cannot be kept stays in memory. Both are said.

use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use super::SearchError;
use super::build_index::{Keep, build_index};
use super::index_folder::{IndexFolder, Lock, Unusable};
use super::index_version::index_version;
use super::open_index::{Parts, open_index};
use super::passage_index::PassageIndex;
use super::warm_norms::{TfidfIndexes, warm_norms};
use crate::corpus::Corpus;
use crate::progress::{Phase, Progress};

/// All that a search needs.
pub struct Library {
    /// The books.
    pub corpus: Corpus,
    /// The indexes of whole books; document numbers are places in `corpus.books`.
    pub indexes: TfidfIndexes,
    /// The index of their passages.
    pub(super) passages: PassageIndex,
    /// Why the index is held in memory for this run, where it should have been kept.
    pub not_kept: Option<String>,
}

/// Where indexes are kept, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndexSettings {
    /// The folder; without one, the index is built in memory.
    pub directory: Option<PathBuf>,
    /// Build even if there is an index to open.
    pub rebuild: bool,
    /// How long to wait for another process that builds.
    pub patience: Duration,
    /// How many indexes of other versions are kept.
    pub others: usize,
}

impl Library {
    /// Indexes `corpus` in memory.
    ///
    /// # Errors
    /// tantivy cannot build an index.
    pub fn index(corpus: Corpus) -> Result<Self, SearchError> {
        Self::start(corpus, &IndexSettings::default(), &Progress::default())
    }

    /// Opens the index of `corpus`, or builds and keeps it.
    ///
    /// # Errors
    /// tantivy cannot build an index. Not that it cannot be kept: see [`Library::not_kept`].
    pub fn start(
        corpus: Corpus,
        settings: &IndexSettings,
        progress: &Progress,
    ) -> Result<Self, SearchError> {
        let version = index_version(&corpus);
        let (parts, not_kept) = match &settings.directory {
            None => (build_index(&corpus, "in_memory", None, progress)?, None),
            Some(root) => {
                let folder = IndexFolder::new(root, &version);
                open_or_build(&corpus, &folder, settings, progress)?
            }
        };
        Ok(Self {
            indexes: warm_norms(&parts.books, version)?,
            passages: parts.passages,
            corpus,
            not_kept,
        })
    }

    /// The passages that are searched: the place of the book in the corpus, and the bytes of its text.
    pub fn passages(&self) -> impl Iterator<Item = (usize, Range<usize>)> {
        self.passages.ranges()
    }

    /// Asks every index for a word that it holds.
    ///
    /// # Errors
    /// An index cannot be read or does not find its own word.
    pub fn check(&self) -> Result<(), SearchError> {
        self.indexes.check()?;
        self.passages.check()
    }
}

/// The index, and why it could not be kept.
type Kept = (Parts, Option<String>);

fn open_or_build(
    corpus: &Corpus,
    folder: &IndexFolder<'_>,
    settings: &IndexSettings,
    progress: &Progress,
) -> Result<Kept, SearchError> {
    progress.begin(Phase::OpeningIndex, 0);
    let mut reason = match settings.rebuild {
        true => "asked_for",
        false => match open(folder, corpus) {
            Ok(parts) => return Ok((parts, None)),
            Err(reason) => reason,
        },
    };
    let lock = match lock(folder, settings.patience) {
        Ok(lock) => lock,
        Err(not_kept) => {
            let parts = build_index(corpus, reason, None, progress)?;
            return Ok((parts, Some(not_kept)));
        }
    };
    // Whoever had the lock until now has built what is missing here.
    if !settings.rebuild && (lock.waited || (reason == "missing" && folder.is_there())) {
        reason = match open(folder, corpus) {
            Ok(parts) => return Ok((parts, None)),
            Err(reason) => reason,
        };
    }
    let mut not_kept = None;
    let keep = Keep {
        folder,
        lock: &lock,
        others: settings.others,
        failed: &mut not_kept,
    };
    let built = build_index(corpus, reason, Some(keep), progress)?;
    if not_kept.is_some() {
        return Ok((built, not_kept));
    }
    // Built, it lies in between what was needed only to build it, and so keeps memory that nobody uses from being given
    // back. What was kept is read as the next start would read it.
    drop(built);
    progress.begin(Phase::OpeningIndex, 0);
    let parts = open_index(folder, corpus).or_else(|error| {
        let path = folder.path();
        let path = path.display();
        tracing::warn!(%path, %error, "the index was kept and cannot be read: it is built again, in memory");
        build_index(corpus, error.state(), None, progress)
    });
    Ok((parts?, None))
}

/// The index that is there, or why there is none, for telemetry.
fn open(folder: &IndexFolder<'_>, corpus: &Corpus) -> Result<Parts, &'static str> {
    let path = folder.path();
    let path = path.display();
    open_index(folder, corpus)
        .inspect(|_| tracing::info!(%path, "the index of an earlier start is opened"))
        .map_err(|error| {
            match &error {
                Unusable::Missing => tracing::info!(%path, "no index is kept yet: it is built"),
                Unusable::Damaged(_) | Unusable::Foreign(_) => {
                    tracing::warn!(%path, %error, "the index that is kept cannot be used: it is built anew");
                }
            }
            error.state()
        })
}

/// The right to build in the folder, or the sentence that there is none.
fn lock(folder: &IndexFolder<'_>, patience: Duration) -> Result<Lock, String> {
    let why = match folder.lock(patience) {
        Ok(Some(lock)) => return Ok(lock),
        Ok(None) => format!(
            "another process still builds after {} s",
            patience.as_secs()
        ),
        Err(error) => error.to_string(),
    };
    Err(folder.not_kept(&why))
}
