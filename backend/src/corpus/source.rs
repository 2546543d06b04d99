//! Where texts come from, and the directory of an earlier download.

use std::env;
use std::path::{Path, PathBuf};

/// Where the texts of a corpus came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A directory that was asked for (`CORPUS_DIR`).
    Directory(PathBuf),
    /// What `fetch-corpus` downloaded earlier.
    Cache(PathBuf),
    /// The sample that is built into the program.
    Sample,
}

impl Source {
    /// The first source there is: `asked_for`, the cache, the sample.
    pub fn find(asked_for: Option<PathBuf>) -> Self {
        match (asked_for, cache_directory()) {
            (Some(directory), _) => Source::Directory(directory),
            (None, Some(cache)) if cache.is_dir() => Source::Cache(cache),
            (None, _) => Source::Sample,
        }
    }

    /// The directory of the files; none for the sample.
    pub fn directory(&self) -> Option<&Path> {
        match self {
            Source::Directory(path) | Source::Cache(path) => Some(path),
            Source::Sample => None,
        }
    }

    /// Name in telemetry.
    pub fn as_str(&self) -> &'static str {
        match self {
            Source::Directory(_) => "directory",
            Source::Cache(_) => "cache",
            Source::Sample => "sample",
        }
    }

    /// Which texts these are, on the wire: the real ones or the sample.
    pub fn corpus_name(&self) -> &'static str {
        match self {
            Source::Directory(_) | Source::Cache(_) => "gutenberg",
            Source::Sample => "sample",
        }
    }
}

/// `gutenberg-explorer/corpus` in the user's cache, whether or not it exists; `None` without a home.
pub fn cache_directory() -> Option<PathBuf> {
    Some(cache()?.join("corpus"))
}

/// `gutenberg-explorer` in the user's cache.
pub(crate) fn cache() -> Option<PathBuf> {
    let absolute = |name| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let cache = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))?;
    Some(cache.join("gutenberg-explorer"))
}
