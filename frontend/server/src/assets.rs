//! The built page in memory: found, typed, hashed and checked once at the start. `page` serves it.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use sha2::{Digest, Sha256};

/// Every file of the folder that Trunk built, by its path on the server.
#[derive(Debug)]
pub struct Assets {
    files: HashMap<String, Asset>,
    index: Index,
}

/// One file, as it is and compressed.
#[derive(Debug, Default)]
pub(crate) struct Asset {
    pub(crate) identity: Bytes,
    pub(crate) brotli: Option<Bytes>,
    pub(crate) gzip: Option<Bytes>,
    pub(crate) content_type: &'static str,
    /// Strong entity tag of the content, in quotes; the encodings add their names.
    pub(crate) etag: String,
    /// Whether the name holds a hash of the content, so that the content never changes.
    pub(crate) immutable: bool,
}

/// `index.html` around the place where each answer puts its trace: behind what says how the document is encoded, which must
/// stand within its first kilobyte.
#[derive(Debug)]
struct Index {
    before: String,
    after: String,
}

impl Assets {
    /// Reads a folder with all its subfolders.
    ///
    /// # Errors
    /// When a file cannot be read, or `index.html` is missing or does not begin its head with `<meta charset>`.
    pub fn load(dist: &Path) -> anyhow::Result<Self> {
        let mut contents = HashMap::new();
        read_folder(dist, "", &mut contents)
            .with_context(|| format!("cannot read the built page in {}", dist.display()))?;
        let html = contents.remove("/index.html").with_context(|| {
            format!(
                "no index.html in {}: build the page first (trunk build)",
                dist.display()
            )
        })?;
        contents.remove("/index.html.br");
        contents.remove("/index.html.gz");
        let files = contents
            .iter()
            .filter(|(path, _)| {
                original_of(path).is_none_or(|original| !contents.contains_key(original))
            })
            .map(|(path, content)| (path.clone(), asset(path, content, &contents)))
            .collect();
        Ok(Self {
            files,
            index: Index::parse(&html)?,
        })
    }

    /// The file at a path of the server, such as `/style-0123456789abcdef.css`.
    pub(crate) fn get(&self, path: &str) -> Option<&Asset> {
        self.files.get(path)
    }

    /// The page with the span that serves it, or as built where there is none.
    pub(crate) fn page(&self, traceparent: Option<String>) -> String {
        let Index { before, after } = &self.index;
        match traceparent {
            Some(parent) => {
                format!("{before}<meta name=\"traceparent\" content=\"{parent}\">{after}")
            }
            None => format!("{before}{after}"),
        }
    }
}

/// Below this part of a path every address is one of the page's own: ids of books look like names of files.
const BOOKS: &str = "books";

/// Whether a path is one of the page's own addresses: its last part has no extension, or it names a book.
pub(crate) fn is_page_path(path: &str) -> bool {
    let (_, last) = path.rsplit_once('/').unwrap_or(("", path));
    first_part(path) == BOOKS || !last.contains('.')
}

/// `books` of `/books/emma`.
pub(crate) fn first_part(path: &str) -> &str {
    path.split('/').nth(1).unwrap_or_default()
}

impl Index {
    fn parse(html: &[u8]) -> anyhow::Result<Self> {
        let html = std::str::from_utf8(html).context("index.html is not UTF-8")?;
        const CHARSET: &str = "<meta charset";
        let charset = html.find(CHARSET);
        let end = charset.and_then(|start| Some(start + html[start..].find('>')? + 1));
        let Some(end) = end else {
            bail!("index.html has no {CHARSET}=…>");
        };
        let (before, after) = html.split_at(end);
        Ok(Self {
            before: before.to_owned(),
            after: after.to_owned(),
        })
    }
}

fn read_folder(
    folder: &Path,
    prefix: &str,
    contents: &mut HashMap<String, Bytes>,
) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let path = format!("{prefix}/{}", name.to_string_lossy());
        if entry.file_type()?.is_dir() {
            read_folder(&entry.path(), &path, contents)?;
        } else {
            contents.insert(path, fs::read(entry.path())?.into());
        }
    }
    Ok(())
}

fn asset(path: &str, content: &Bytes, contents: &HashMap<String, Bytes>) -> Asset {
    let compressed = |extension: &str| contents.get(&format!("{path}.{extension}")).cloned();
    let digest = Sha256::digest(content);
    let digits: String = digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Asset {
        identity: content.clone(),
        brotli: compressed("br"),
        gzip: compressed("gz"),
        content_type: content_type(path),
        etag: digits,
        immutable: is_hashed(path),
    }
}

/// The file whose compressed form this is.
fn original_of(path: &str) -> Option<&str> {
    path.strip_suffix(".br")
        .or_else(|| path.strip_suffix(".gz"))
}

/// Trunk's names, `name-<16 hexadecimal digits>`, then `.css` or `.js`; and everything in the folder of the program, which
/// has such a name as a whole.
fn is_hashed(path: &str) -> bool {
    const PROGRAM: &str = "/program-";
    let name = match path
        .strip_prefix(PROGRAM)
        .and_then(|path| path.split_once('/'))
    {
        Some((hash, _)) => return is_hash(hash),
        None => path.rsplit_once('/').map_or(path, |(_, name)| name),
    };
    let stem = name.split_once('.').map_or("", |(stem, _)| stem);
    stem.rsplit_once('-').is_some_and(|(_, hash)| is_hash(hash))
}

fn is_hash(text: &str) -> bool {
    text.len() >= 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn content_type(path: &str) -> &'static str {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "ico" => "image/x-icon",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "map" => "application/json",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        "webmanifest" => "application/manifest+json",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::{is_hashed, is_page_path};

    #[test]
    fn only_names_with_a_content_hash_are_immutable() {
        assert!(is_hashed("/frontend-0123456789abcdef.js"));
        assert!(is_hashed("/program-0123456789abcdef/frontend_bg.wasm"));
        assert!(is_hashed("/program-0123456789abcdef/snippets/shim.js"));
        assert!(!is_hashed("/program-new/frontend_bg.wasm"));
        assert!(is_hashed("/snippets/leptos-0123456789abcdef.js"));
        assert!(!is_hashed("/frontend.js"));
        assert!(!is_hashed("/favicon-large-version.png"));
        assert!(!is_hashed("/robots.txt"));
    }

    #[test]
    fn a_page_path_has_no_extension_unless_it_names_a_book() {
        assert!(is_page_path("/"));
        assert!(is_page_path("/books"));
        assert!(is_page_path("/v1.2/books"));
        assert!(is_page_path("/books/austen-emma.txt"));
        assert!(!is_page_path("/missing.js"));
        assert!(!is_page_path("/bookshelf/austen-emma.txt"));
    }
}
