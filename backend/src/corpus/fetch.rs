//! Download of the real texts into the cache (`backend fetch-corpus`), the only place that ever reaches into the
//! internet, and only when asked to.
//!
//! The archive is read whole, every text is checked against the manifest, and the cache is replaced in one step: it
//! holds all 18 books or it is not touched.

mod progress;

use std::fs;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::process;
use std::time::Duration;

use sha2::{Digest, Sha256};
use zip::ZipArchive;
use zip::result::ZipError;

pub use progress::Progress;

use super::manifest::{Entry, MANIFEST};
use super::process_book::hex;

/// Where NLTK keeps its selection of Project Gutenberg texts.
pub const ARCHIVE_URL: &str =
    "https://raw.githubusercontent.com/nltk/nltk_data/gh-pages/packages/corpora/gutenberg.zip";

/// More than four times the archive.
const MOST_BYTES: u64 = 20 * 1024 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const DOWNLOAD_TIMEOUT: Duration = Duration::from_secs(600);

/// Why the texts are not in the cache now.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The archive did not arrive.
    #[error(
        "{url} cannot be downloaded: {reason}. Without a network, put the texts into a directory and name it with \
         --corpus-dir or CORPUS_DIR; without texts the built-in sample is served"
    )]
    Download {
        /// Where the archive was asked for.
        url: String,
        /// What went wrong.
        reason: String,
    },
    /// What arrived is no archive.
    #[error("what {url} sent is no zip archive")]
    Archive {
        /// Where the archive was asked for.
        url: String,
        /// What is wrong with it.
        #[source]
        source: ZipError,
    },
    /// A book is missing in the archive or differs from the manifest.
    #[error("{id} in the archive is not the expected text: {reason}")]
    Text {
        /// Id of the book.
        id: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The texts cannot be written.
    #[error("{} cannot be written", path.display())]
    Write {
        /// File or directory.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

/// How [`fetch`] ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// All texts were already there and are intact.
    AlreadyThere,
    /// All texts were downloaded.
    Downloaded,
}

/// Makes sure that `directory` holds all books, by downloading the archive at `url` unless it does.
///
/// # Errors
/// See [`FetchError`]; `directory` is then as it was.
pub fn fetch(url: &str, directory: &Path, progress: &mut Progress) -> Result<Fetched, FetchError> {
    if MANIFEST.iter().all(|entry| is_intact(entry, directory)) {
        return Ok(Fetched::AlreadyThere);
    }
    let archive = download(url, progress)?;
    let mut archive =
        ZipArchive::new(Cursor::new(archive)).map_err(|source| FetchError::Archive {
            url: url.to_owned(),
            source,
        })?;
    let texts = MANIFEST
        .iter()
        .map(|entry| Ok((entry.id, extract(entry, &mut archive)?)))
        .collect::<Result<Vec<_>, FetchError>>()?;
    replace(directory, &texts)?;
    Ok(Fetched::Downloaded)
}

fn is_intact(entry: &Entry, directory: &Path) -> bool {
    fs::read(directory.join(entry.id)).is_ok_and(|text| is_the_text(entry, &text))
}

fn is_the_text(entry: &Entry, text: &[u8]) -> bool {
    hex(&Sha256::digest(text)) == entry.sha256
}

fn download(url: &str, progress: &mut Progress) -> Result<Vec<u8>, FetchError> {
    let failed = |reason: String| FetchError::Download {
        url: url.to_owned(),
        reason,
    };
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_connect(Some(CONNECT_TIMEOUT))
        .timeout_global(Some(DOWNLOAD_TIMEOUT))
        .build()
        .into();
    let response = agent
        .get(url)
        .call()
        .map_err(|error| failed(error.to_string()))?;
    let mut body = response.into_body();
    let total = body.content_length();
    let mut reader = body.with_config().limit(MOST_BYTES).reader();
    let mut archive = Vec::new();
    let mut block = [0; 64 * 1024];
    loop {
        match reader
            .read(&mut block)
            .map_err(|error| failed(error.to_string()))?
        {
            0 => break,
            length => archive.extend_from_slice(&block[..length]),
        }
        progress.update(archive.len() as u64, total);
    }
    progress.finish();
    Ok(archive)
}

fn extract(
    entry: &'static Entry,
    archive: &mut ZipArchive<Cursor<Vec<u8>>>,
) -> Result<Vec<u8>, FetchError> {
    let wrong = |reason: String| FetchError::Text {
        id: entry.id,
        reason,
    };
    let name = archive
        .file_names()
        .filter_map(Result::ok)
        .find(|name| name.rsplit('/').next() == Some(entry.id))
        .map(|name| name.into_owned())
        .ok_or_else(|| wrong("it is missing".to_owned()))?;
    let file = archive
        .by_name(&name)
        .map_err(|error| wrong(error.to_string()))?;
    let mut text = Vec::new();
    // One byte more than there should be tells a longer text without reading on for ever.
    file.take(entry.bytes + 1)
        .read_to_end(&mut text)
        .map_err(|error| wrong(error.to_string()))?;
    if !is_the_text(entry, &text) {
        return Err(wrong("its SHA-256 differs".to_owned()));
    }
    Ok(text)
}

/// Writes all texts beside `directory` and puts them in its place.
fn replace(directory: &Path, texts: &[(&str, Vec<u8>)]) -> Result<(), FetchError> {
    let write = |path: &Path, source| FetchError::Write {
        path: path.to_owned(),
        source,
    };
    let beside = |suffix: &str| directory.with_extension(format!("{suffix}-{}", process::id()));
    let (fresh, old) = (beside("new"), beside("old"));
    fs::create_dir_all(&fresh).map_err(|error| write(&fresh, error))?;
    let placed = (|| {
        for (id, text) in texts {
            let path = fresh.join(id);
            fs::write(&path, text).map_err(|error| write(&path, error))?;
        }
        let had_one = directory.exists();
        if had_one {
            fs::rename(directory, &old).map_err(|error| write(directory, error))?;
        }
        fs::rename(&fresh, directory).map_err(|error| {
            if had_one {
                let _ = fs::rename(&old, directory);
            }
            write(directory, error)
        })
    })();
    // Whatever is left beside the directory is of no use any more, and failing to remove it changes nothing.
    let _ = fs::remove_dir_all(&fresh);
    let _ = fs::remove_dir_all(&old);
    placed
}
