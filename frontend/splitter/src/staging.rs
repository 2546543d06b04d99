//! What Trunk has made: the document, and in it and beside it the program as one module, which is taken out.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// Name of the program's files.
pub(crate) const PROGRAM: &str = "frontend";
/// Scripts of the program that are not made by wasm-bindgen.
const SNIPPETS: &str = "snippets";

/// Trunk's folder, with the names in it that are replaced.
pub(crate) struct Staging {
    folder: PathBuf,
    html: String,
    /// `frontend-0123456789abcdef`.
    stem: String,
}

impl Staging {
    /// Reads the document and finds the program beside it.
    ///
    /// # Errors
    /// When one of them is missing.
    pub(crate) fn read(folder: &Path) -> Result<Staging> {
        let index = folder.join("index.html");
        let html = fs::read_to_string(&index)
            .with_context(|| format!("cannot read {}", index.display()))?;
        let stem = stem_in(folder)?
            .filter(|stem| html.contains(stem))
            .with_context(|| format!("{} names no program", index.display()))?;
        Ok(Staging {
            folder: folder.to_owned(),
            html,
            stem,
        })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Lets the document name the files in `program`, a folder beside it, and removes those that it has named until now.
    ///
    /// # Errors
    /// When a file cannot be removed or written.
    pub(crate) fn replace_program(&self, program: &str) -> Result<()> {
        for end in [".js", "_bg.wasm"] {
            let file = self.folder.join(format!("{}{end}", self.stem));
            fs::remove_file(&file).with_context(|| format!("cannot remove {}", file.display()))?;
        }
        let snippets = self.folder.join(SNIPPETS);
        if snippets.is_dir() {
            fs::remove_dir_all(&snippets)
                .with_context(|| format!("cannot remove {}", snippets.display()))?;
        }
        fs::write(
            self.folder.join("index.html"),
            renamed(&self.html, &self.stem, program),
        )
        .context("cannot write index.html")
    }
}

/// The name that Trunk has given to the program.
fn stem_in(folder: &Path) -> Result<Option<String>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let stem = |name: String| {
        let stem = name.strip_suffix("_bg.wasm")?;
        stem.starts_with(PROGRAM).then(|| stem.to_owned())
    };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    Ok(names.filter_map(stem).next())
}

/// The document with other names in it; the script of the chunks is fetched early as well, for the program imports it.
fn renamed(html: &str, stem: &str, program: &str) -> String {
    let html = html
        .replace(&format!("{stem}.js"), &format!("{program}/{PROGRAM}.js"))
        .replace(
            &format!("{stem}_bg.wasm"),
            &format!("{program}/{PROGRAM}_bg.wasm"),
        )
        .replace(&format!("{SNIPPETS}/"), &format!("{program}/{SNIPPETS}/"));
    let preload = html
        .split_inclusive('>')
        .map(|piece| &piece[piece.find('<').unwrap_or(0)..])
        .find(|tag| tag.starts_with("<link") && tag.contains(&format!("/{PROGRAM}.js")));
    match preload {
        Some(tag) => {
            let chunks = tag.replace(&format!("/{PROGRAM}.js"), "/chunks.js");
            html.replacen(tag, &format!("{tag}{chunks}"), 1)
        }
        None => html,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HTML: &str = r#"<head><meta name="program" data-js="/frontend-0123456789abcdef.js" data-wasm="/frontend-0123456789abcdef_bg.wasm">
<link rel="modulepreload" href="/frontend-0123456789abcdef.js" crossorigin="anonymous"><link rel="modulepreload" href="/snippets/tracer-1/shim.js"><link rel="preload" href="/frontend-0123456789abcdef_bg.wasm" as="fetch"></head>"#;

    #[test]
    fn the_document_names_the_folder_and_fetches_the_script_of_the_chunks_early() {
        assert_eq!(
            renamed(HTML, "frontend-0123456789abcdef", "program-1"),
            r#"<head><meta name="program" data-js="/program-1/frontend.js" data-wasm="/program-1/frontend_bg.wasm">
<link rel="modulepreload" href="/program-1/frontend.js" crossorigin="anonymous"><link rel="modulepreload" href="/program-1/chunks.js" crossorigin="anonymous"><link rel="modulepreload" href="/program-1/snippets/tracer-1/shim.js"><link rel="preload" href="/program-1/frontend_bg.wasm" as="fetch"></head>"#
        );
    }

    #[test]
    fn files_of_the_undivided_program_are_taken_out() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str| fs::write(folder.path().join(name), HTML).unwrap();
        fs::create_dir(folder.path().join("snippets")).unwrap();
        for name in [
            "index.html",
            "frontend-0123456789abcdef.js",
            "frontend-0123456789abcdef_bg.wasm",
            "page-1.css",
            "snippets/shim.js",
        ] {
            write(name);
        }
        let staging = Staging::read(folder.path()).unwrap();
        staging.replace_program("program-1").unwrap();
        let mut left: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, ["index.html", "page-1.css"]);
    }

    #[test]
    fn a_document_without_a_program_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("index.html"), "<html>").unwrap();
        let error = Staging::read(folder.path()).err().unwrap();
        assert!(error.to_string().ends_with("names no program"), "{error}");
    }
}
