//! Where indexes are kept between starts: a folder with a folder for each version, and a lock for who builds.
//!
//! A version is written beside its place, brought to the disk, and renamed: it is there whole or not at all, whenever the
//! process dies. Its manifest says what it was made from and how long every file is with its CRC-32, so whatever became
//! of the files since is found before tantivy reads a byte of them.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use serde::{Deserialize, Serialize};
use tantivy::Directory;
use tantivy::directory::{MmapDirectory, RamDirectory};

use super::stored_files::StoredFiles;
use crate::large_memory::LargeMemory;

/// The place of one version.
pub(super) struct IndexFolder<'s> {
    root: &'s Path,
    version: &'s str,
}

/// Why there is no index to open.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unusable {
    /// Nothing is there.
    #[error("there is none")]
    Missing,
    /// Something is there, and it is not as it was written.
    #[error("{0}")]
    Damaged(String),
    /// An index is there, and it is that of something else.
    #[error("it was made from something else: its version is {0:?}")]
    Foreign(String),
}

impl Unusable {
    /// Name of low cardinality for telemetry.
    pub(super) fn state(&self) -> &'static str {
        match self {
            Unusable::Missing => "missing",
            Unusable::Damaged(_) => "damaged",
            Unusable::Foreign(_) => "foreign",
        }
    }
}

/// What stands beside the files of a version.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    version: String,
    /// By path below the folder of the version.
    files: BTreeMap<String, Checked>,
}

/// How a file is recognised.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Checked {
    bytes: u64,
    crc32: u32,
}

/// Names inside the root. None is that of a version.
const LOCK: &str = "lock";
/// What the file of the lock holds while somebody has it.
const BUILDING: &[u8] = b"building\n";
const FRESH: &str = ".new";
const OLD: &str = ".old";
/// Name inside a version.
const MANIFEST: &str = "index.json";
/// How often a process that waits for the lock tries again.
const RETRY: Duration = Duration::from_millis(20);
/// Bytes of a file that are read before they are checked.
const CHECKED_TOGETHER: usize = 128 * 1024;

impl<'s> IndexFolder<'s> {
    /// The place of `version` below `root`.
    pub(super) fn new(root: &'s Path, version: &'s str) -> Self {
        Self { root, version }
    }

    /// The folder itself.
    pub(super) fn path(&self) -> PathBuf {
        self.root.join(self.version)
    }

    /// Reads what stands beside the files.
    pub(super) fn manifest(&self) -> Result<Manifest, Unusable> {
        let path = self.path();
        let text = fs::read(path.join(MANIFEST)).map_err(|error| {
            match fs::symlink_metadata(&path).is_err() {
                true => Unusable::Missing,
                false => Unusable::Damaged(format!("{MANIFEST}: {error}")),
            }
        })?;
        let manifest: Manifest = serde_json::from_slice(&text)
            .map_err(|error| Unusable::Damaged(format!("{MANIFEST}: {error}")))?;
        match manifest.version == self.version {
            true => Ok(manifest),
            false => Err(Unusable::Foreign(manifest.version)),
        }
    }

    /// Reads and checks the files of `part`.
    pub(super) fn read(&self, manifest: &Manifest, part: &str) -> Result<StoredFiles, Unusable> {
        let damaged =
            |name: &str, what: &dyn fmt::Display| Unusable::Damaged(format!("{name}: {what}"));
        let mut files = Vec::new();
        for (name, checked) in &manifest.files {
            let Ok(inside) = Path::new(name).strip_prefix(part) else {
                continue;
            };
            let is_name = |one| matches!(one, Component::Normal(_));
            if !inside.components().all(is_name) {
                return Err(damaged(name, &"no name of a file of an index"));
            }
            let file = open(&self.path().join(name), checked.bytes);
            let file = file.map_err(|error| damaged(name, &error))?;
            files.push((name, inside.to_owned(), file, checked));
        }
        let lengths = || files.iter().map(|(.., checked)| checked.bytes as usize);
        let no_memory = |error| damaged(part, &error);
        let mut memory = LargeMemory::new(lengths().sum()).map_err(no_memory)?;
        let mut parts: Vec<_> = memory.parts(lengths()).into_iter().zip(&files).collect();
        parts.sort_by_key(|(bytes, _)| bytes.len());
        let parts = Mutex::new(parts);
        // The longest first: two of them are four fifths of all.
        let next = || parts.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let read = || {
            while let Some((bytes, (name, _, file, checked))) = next() {
                read_checked(file, checked.crc32, bytes).map_err(|error| damaged(name, &error))?;
            }
            Ok(())
        };
        thread::scope(|scope| {
            let other = scope.spawn(read);
            let own = read();
            let told = "it ends the thread that reads it";
            own.and(other.join().unwrap_or_else(|_| Err(damaged(part, &told))))
        })?;
        drop(parts);
        let bytes = memory.freeze(lengths()).map_err(no_memory)?;
        let names = files.into_iter().map(|(_, inside, ..)| inside);
        Ok(StoredFiles::new(names.zip(bytes).collect()))
    }

    /// Takes the lock of whoever builds, which ends with the process at the latest, and says whether that took waiting;
    /// `None` if somebody else has it for longer than `patience`.
    pub(super) fn lock(&self, patience: Duration) -> io::Result<Option<Lock>> {
        fs::create_dir_all(self.root)?;
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.root.join(LOCK))?;
        let start = Instant::now();
        let mut waited = false;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(Lock::taken(file, waited, self.root)?)),
                Err(TryLockError::Error(error)) => return Err(error),
                Err(TryLockError::WouldBlock) if start.elapsed() >= patience => return Ok(None),
                Err(TryLockError::WouldBlock) if !waited => {
                    waited = true;
                    let path = self.root.display();
                    tracing::info!(%path, "another process builds an index: waiting for it");
                }
                Err(TryLockError::WouldBlock) => thread::sleep(RETRY),
            }
        }
    }

    /// Says, and returns, that an index cannot be kept here.
    pub(super) fn not_kept(&self, why: &dyn fmt::Display) -> String {
        let root = self.root.display();
        let told = format!(
            "the index cannot be kept in {root} ({why}) and is held in memory for this run"
        );
        tracing::warn!("{told}");
        told
    }

    /// Whether the version seems to be there.
    pub(super) fn is_there(&self) -> bool {
        self.path().join(MANIFEST).exists()
    }

    /// Puts `parts` in the place of whatever is there, removes all other versions but the newest `others`, and says how
    /// many bytes were written.
    pub(super) fn save(
        &self,
        _lock: &Lock,
        parts: [(&str, &RamDirectory); 2],
        others: usize,
    ) -> io::Result<u64> {
        let (fresh, old) = (self.root.join(FRESH), self.root.join(OLD));
        // Left by a process that died here.
        remove(&fresh)?;
        remove(&old)?;
        let saved = self.write(&fresh, parts).and_then(|bytes| {
            let place = self.path();
            if fs::symlink_metadata(&place).is_ok() {
                fs::rename(&place, &old)?;
            }
            fs::rename(&fresh, &place)?;
            sync(self.root)?;
            Ok(bytes)
        });
        // What is left has no name that anybody opens, and who comes next removes it.
        let _ = remove(&fresh);
        let _ = remove(&old);
        if saved.is_ok() {
            self.prune(others);
        }
        saved
    }

    fn write(&self, fresh: &Path, parts: [(&str, &RamDirectory); 2]) -> io::Result<u64> {
        let mut manifest = Manifest {
            version: self.version.to_owned(),
            files: BTreeMap::new(),
        };
        for (part, files) in parts {
            let folder = fresh.join(part);
            fs::create_dir_all(&folder)?;
            let mapped = MmapDirectory::open(&folder).map_err(io::Error::other)?;
            files.persist(&mapped).map_err(into_io)?;
            for file in fs::read_dir(&folder)? {
                let name = file?.file_name();
                let path = Path::new(&name);
                let slice = files.open_read(path).map_err(io::Error::other)?;
                // Of the bytes that were meant, not of those that arrived.
                let bytes = slice.read_bytes()?;
                let checked = Checked {
                    bytes: bytes.len() as u64,
                    crc32: crc32fast::hash(&bytes),
                };
                let name = format!("{part}/{}", path.display());
                manifest.files.insert(name, checked);
            }
            sync(&folder)?;
        }
        let path = fresh.join(MANIFEST);
        fs::write(&path, serde_json::to_vec(&manifest)?)?;
        File::open(&path)?.sync_all()?;
        sync(fresh)?;
        Ok(manifest.files.values().map(|file| file.bytes).sum())
    }

    /// Removes all other versions but the newest `kept`. One that cannot be removed is in nobody's way.
    fn prune(&self, kept: usize) {
        let Ok(entries) = fs::read_dir(self.root) else {
            return;
        };
        let mut others: Vec<(SystemTime, PathBuf)> = entries
            .filter_map(|entry| {
                let path = entry.ok()?.path();
                // A folder is a version if its manifest says so; nothing else here is ours to remove.
                let text = fs::read(path.join(MANIFEST)).ok()?;
                let manifest: Manifest = serde_json::from_slice(&text).ok()?;
                let name = path.file_name()?.to_str()?;
                let is_other = name != self.version && name == manifest.version;
                let written = fs::metadata(path.join(MANIFEST)).ok()?.modified().ok()?;
                is_other.then_some((written, path))
            })
            .collect();
        others.sort_unstable_by(|one, other| other.cmp(one));
        for (_, path) in others.into_iter().skip(kept) {
            match remove(&path) {
                Ok(()) => tracing::info!(path = %path.display(), "an old index is removed"),
                Err(error) => {
                    tracing::warn!(path = %path.display(), %error, "an old index cannot be removed")
                }
            }
        }
    }
}

/// The right to build; given back when it is dropped, by the kernel if need be.
pub(super) struct Lock {
    /// Whether another process had it before.
    pub(super) waited: bool,
    file: File,
}

impl Lock {
    /// Says when whoever had the lock before did not come to its end: until then, the file of the lock holds a word.
    fn taken(mut file: File, waited: bool, root: &Path) -> io::Result<Self> {
        if file.metadata()?.len() > 0 {
            let path = root.display();
            tracing::warn!(%path, "the process that built an index here before was ended halfway: what it left is not used");
        }
        // Where there is no room for a word, a death in here is not told of, and harms no more than otherwise.
        let _ = file.write_all(BUILDING);
        Ok(Self { waited, file })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Where this fails, the next process only takes this one for dead.
        let _ = self.file.set_len(0);
    }
}

/// Opens a file if it has so many bytes.
fn open(path: &Path, bytes: u64) -> io::Result<File> {
    // Asked first, because opening a pipe would wait for somebody to write into it.
    let found = fs::metadata(path)?;
    match found.is_file() && found.len() == bytes {
        true => File::open(path),
        false => Err(wrong(format!("{} bytes instead of {bytes}", found.len()))),
    }
}

/// Fills `bytes`, which are checked while they are still near the processor.
fn read_checked(mut file: &File, crc32: u32, bytes: &mut [u8]) -> io::Result<()> {
    let mut hasher = crc32fast::Hasher::new();
    for part in bytes.chunks_mut(CHECKED_TOGETHER) {
        file.read_exact(part)?;
        hasher.update(part);
    }
    match hasher.finalize() == crc32 {
        true => Ok(()),
        false => Err(wrong("its checksum is wrong".to_owned())),
    }
}

fn wrong(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

fn remove(path: &Path) -> io::Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Brings the names in a folder to the disk.
fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// The error of the system, where tantivy only passes it on.
fn into_io(error: tantivy::TantivyError) -> io::Error {
    match error {
        tantivy::TantivyError::IoError(error) => io::Error::new(error.kind(), error),
        other => io::Error::other(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_the_lock_holds_a_word_while_somebody_has_it() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join(LOCK);
        let folder = IndexFolder::new(root.path(), "0");
        for _ in 0..2 {
            let lock = folder.lock(Duration::ZERO).unwrap();
            assert!(lock.is_some());
            assert_eq!(fs::read(&file).unwrap(), BUILDING);
            drop(lock);
            assert_eq!(fs::read(&file).unwrap(), b"");
        }
    }
}
