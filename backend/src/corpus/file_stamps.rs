//! Whether the files of the books are still those that were read at the start.
//!
//! What is served stays what was read, so a change makes no answer wrong; but it is not what the files say any more, and
//! only a restart brings both together.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::manifest::MANIFEST;
use super::source::Source;

/// What the system says of each file without opening it.
#[derive(Debug)]
pub struct FileStamps {
    directory: PathBuf,
    stamps: Vec<Option<Stamp>>,
}

/// Device, number, length, and time of the last change with its nanoseconds; none of a file that is not there.
type Stamp = (u64, u64, u64, i64, i64);

impl FileStamps {
    /// The files as they are now; none for the sample, which cannot change.
    pub fn of(source: &Source) -> Option<Self> {
        let directory = source.directory()?;
        Some(Self {
            directory: directory.to_owned(),
            stamps: stamps(directory),
        })
    }

    /// A sentence about what has changed since, and what to do.
    pub fn change(&self) -> Option<String> {
        let now = stamps(&self.directory);
        let mut changed = MANIFEST
            .iter()
            .zip(self.stamps.iter().zip(&now))
            .filter(|(_, (then, now))| then != now)
            .map(|(entry, _)| entry.id);
        let first = changed.next()?;
        let others = match changed.count() {
            0 => String::new(),
            others => format!(" and {others} more"),
        };
        Some(format!(
            "the books in {} have changed since they were read ({first}{others}): they are served as they were; \
             restart the backend to serve them as they are",
            self.directory.display()
        ))
    }
}

fn stamps(directory: &Path) -> Vec<Option<Stamp>> {
    let stamp = |id| {
        let file = fs::metadata(directory.join(id)).ok()?;
        Some((
            file.dev(),
            file.ino(),
            file.len(),
            file.mtime(),
            file.mtime_nsec(),
        ))
    };
    MANIFEST.iter().map(|entry| stamp(entry.id)).collect()
}
