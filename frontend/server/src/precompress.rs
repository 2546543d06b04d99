//! `frontend-server precompress`: compresses the built page once, as hard as possible, so that serving costs nothing.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::Context as _;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Extensions of files that compress well.
const COMPRESSIBLE: [&str; 10] = [
    "css", "html", "ico", "js", "json", "map", "mjs", "svg", "txt", "wasm",
];
/// Below this, the headers of the answer outweigh what is saved.
const MIN_BYTES: usize = 256;
const BROTLI_QUALITY: i32 = 11;
/// Largest window that every browser takes, as a power of two.
const BROTLI_WINDOW: i32 = 22;

/// Writes `.br` and `.gz` beside every compressible file below `dir` where that is shorter; removes outdated ones.
///
/// # Errors
/// When a file cannot be read or written.
pub fn run(dir: &Path) -> anyhow::Result<()> {
    for entry in fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            run(&path)?;
        } else if is_compressible(&path) {
            compress(&path).with_context(|| format!("cannot compress {}", path.display()))?;
        }
    }
    Ok(())
}

fn compress(path: &Path) -> anyhow::Result<()> {
    let content = fs::read(path)?;
    write_if_shorter(path, "br", &content, brotli(&content)?)?;
    write_if_shorter(path, "gz", &content, gzip(&content)?)
}

fn write_if_shorter(
    path: &Path,
    extension: &str,
    content: &[u8],
    compressed: Vec<u8>,
) -> anyhow::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    let sibling = Path::new(&name);
    if content.len() >= MIN_BYTES && compressed.len() < content.len() {
        fs::write(sibling, compressed)?;
    } else if sibling.exists() {
        fs::remove_file(sibling)?;
    }
    Ok(())
}

fn brotli(content: &[u8]) -> anyhow::Result<Vec<u8>> {
    let params = brotli::enc::BrotliEncoderParams {
        quality: BROTLI_QUALITY,
        lgwin: BROTLI_WINDOW,
        size_hint: content.len(),
        ..Default::default()
    };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &content[..], &mut compressed, &params)?;
    Ok(compressed)
}

fn gzip(content: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    Ok(encoder.finish()?)
}

fn is_compressible(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| COMPRESSIBLE.contains(&extension))
}
