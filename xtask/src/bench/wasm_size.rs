//! `cargo xtask bench wasm-size`: the bytes that tracing adds to a page, beside JavaScript libraries that are bundled in the
//! same run, and the bytes of this project's page. The budgets for them are part of `cargo xtask test`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bench::browser::{self, Module};
use crate::failure::Failure;
use crate::page::{self, Profile};
use crate::process;
use crate::supervise::Stop;
use crate::tools::Tools;
use crate::workspace;

const BUDGETS: &str = "benches/browser/budgets.toml";
const PROGRAM: &str = "page";
/// The module without tracing.
const UNTRACED: &str = "untraced";
/// What the page of `browser-bench` does by feature, and the budget for what that adds.
const PAGES: [(&str, &str, Option<&str>); 3] = [
    ("core", "core", None),
    (
        "load",
        "core, fetch, document load",
        Some("core_fetch_load"),
    ),
    ("everything", "every feature", Some("everything")),
];
/// Bundles of the peers that are a page's whole tracing.
const PEERS: [(&str, &str); 4] = [
    (
        "opentelemetry-without-zone",
        "opentelemetry-js, fetch and document load, protobuf",
    ),
    ("opentelemetry-with-zone", "the same with zone.js"),
    ("faro", "Grafana Faro with tracing"),
    ("sentry", "Sentry with browser tracing"),
];

/// A size with what it may be.
struct Row {
    name: String,
    bytes: u64,
    budget_bytes: Option<u64>,
}

/// Runs the command.
pub(super) fn run() -> Result<(), Failure> {
    let stop = Stop::never();
    let tools = Tools::ensure(false, &stop)?;
    let ours = added_by_the_crate(&tools, &stop)?;
    let bundled = added_when_bundled()?;
    let peers = browser::bundle_peers()?;
    let binaries = page::build_packages(&["frontend-server"], Profile::Release, &stop)?;
    let page = of_the_page(&page::build(Profile::Release, &tools, &binaries, &stop)?)?;

    process::say("\n| added to a page, gzip | KB | budget KB |\n| --- | ---: | ---: |");
    for row in ours.iter().chain(&bundled) {
        process::say(&line(row));
    }
    for (bundle, name) in PEERS {
        let (_, bytes) = peers
            .iter()
            .find(|(built, _)| built == bundle)
            .ok_or_else(|| format!("there is no bundle {bundle}"))?;
        process::say(&line(&Row {
            name: name.to_owned(),
            bytes: *bytes,
            budget_bytes: None,
        }));
    }
    process::say("\n| the page of this project, gzip | KB | budget KB |\n| --- | ---: | ---: |");
    for row in &page {
        process::say(&line(row));
    }
    within_budget(ours.iter().chain(&page))
}

/// Holds what the crate adds to its budgets.
///
/// # Errors
/// When it is more, or cannot be built.
pub(crate) fn check_crate(tools: &Tools, stop: &Stop) -> Result<(), Failure> {
    within_budget(&added_by_the_crate(tools, stop)?)
}

/// Holds the built page in `dist` to its budget.
///
/// # Errors
/// When it is larger, or a file cannot be read.
pub(crate) fn check_page(dist: &Path) -> Result<(), Failure> {
    within_budget(&of_the_page(dist)?)
}

fn added_by_the_crate(tools: &Tools, stop: &Stop) -> Result<Vec<Row>, Failure> {
    let untraced = browser::build_module(tools, &module(UNTRACED, ""), stop)?;
    let untraced_bytes = compressed_bytes(&untraced)?;
    let mut rows = Vec::new();
    for (feature, contents, budget) in PAGES {
        let folder = browser::build_module(tools, &module(feature, feature), stop)?;
        rows.push(Row {
            name: format!("`opentelemetry-browser`: {contents}"),
            bytes: compressed_bytes(&folder)?.saturating_sub(untraced_bytes),
            budget_bytes: budget.map(budget_bytes).transpose()?,
        });
    }
    Ok(rows)
}

/// The same with its JavaScript bundled as the libraries are, of the modules that were built before.
fn added_when_bundled() -> Result<Vec<Row>, Failure> {
    let untraced_bytes = browser::bundled_bytes(UNTRACED, PROGRAM)?;
    let mut rows = Vec::new();
    for (feature, contents, _) in PAGES {
        rows.push(Row {
            name: format!("`opentelemetry-browser`, bundled: {contents}"),
            bytes: browser::bundled_bytes(feature, PROGRAM)?.saturating_sub(untraced_bytes),
            budget_bytes: None,
        });
    }
    Ok(rows)
}

fn module(name: &'static str, feature: &'static str) -> Module {
    Module {
        name,
        program: PROGRAM,
        feature,
        profile: browser::SMALL,
    }
}

/// What the page downloads when it is opened, a search and its waterfall included, and with every chunk that is loaded later.
fn of_the_page(dist: &Path) -> Result<Vec<Row>, Failure> {
    let mut program_bytes = 0;
    let mut first_bytes = 0;
    let mut bytes = 0;
    for file in files(dist)? {
        let size = gzip(&file)?;
        bytes += size;
        if !is_chunk(&file) {
            first_bytes += size;
            if is_wasm(&file) {
                program_bytes += size;
            }
        }
    }
    let row = |name: &str, bytes, budget_bytes| Row {
        name: name.to_owned(),
        bytes,
        budget_bytes,
    };
    Ok(vec![
        row("main module", program_bytes, None),
        row(
            "first load, with a search and its waterfall",
            first_bytes,
            Some(budget_bytes("page_first_load")?),
        ),
        row("with every chunk", bytes, Some(budget_bytes("page")?)),
    ])
}

fn is_wasm(file: &Path) -> bool {
    file.extension()
        .is_some_and(|extension| extension == "wasm")
}

/// Whether `frontend/splitter` has made the file for later.
fn is_chunk(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    is_wasm(file) && (name.starts_with("split_") || name.starts_with("chunk_"))
}

fn within_budget<'r>(rows: impl IntoIterator<Item = &'r Row>) -> Result<(), Failure> {
    let over: Vec<String> = rows
        .into_iter()
        .filter_map(|row| {
            let budget = row.budget_bytes.filter(|budget| row.bytes > *budget)?;
            Some(format!(
                "{} has {} bytes, {budget} are allowed",
                row.name, row.bytes
            ))
        })
        .collect();
    match over.is_empty() {
        true => Ok(()),
        false => Err(format!("over the budget of {BUDGETS}: {}", over.join("; ")).into()),
    }
}

/// The budget of that name.
fn budget_bytes(name: &str) -> Result<u64, Failure> {
    let file = workspace::root().join(BUDGETS);
    let text = std::fs::read_to_string(&file)
        .map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    budget_in(&text, name).ok_or_else(|| format!("{BUDGETS} has no line `{name} = BYTES`").into())
}

fn budget_in(text: &str, name: &str) -> Option<u64> {
    let settings = text.lines().filter_map(|line| line.split_once('='));
    let (_, value) = settings.into_iter().find(|(key, _)| key.trim() == name)?;
    value.trim().parse().ok()
}

/// The bytes of all files of a folder, each compressed by itself, as a server sends them.
fn compressed_bytes(folder: &Path) -> Result<u64, Failure> {
    files(folder)?.iter().map(|file| gzip(file)).sum()
}

/// Files of a folder and of the folders in it, without copies that are compressed already.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = std::fs::read_dir(folder)
        .map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    let mut found = Vec::new();
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let is_copy = path
            .extension()
            .is_some_and(|end| end == "gz" || end == "br");
        match path.is_dir() {
            true => found.extend(files(&path)?),
            false if is_copy => {}
            false => found.push(path),
        }
    }
    Ok(found)
}

/// Bytes of a file after compression.
///
/// # Errors
/// When there is no gzip or no such file.
pub(super) fn gzip(file: &Path) -> Result<u64, Failure> {
    let output = Command::new("gzip").args(["-9", "-c"]).arg(file).output();
    match output {
        Ok(output) if output.status.success() => Ok(output.stdout.len() as u64),
        Ok(_) => Err(format!("gzip cannot compress {}", file.display()).into()),
        Err(error) => Err(format!("cannot start gzip: {error}").into()),
    }
}

fn line(row: &Row) -> String {
    let kilobytes = |bytes: u64| format!("{:.1}", bytes as f64 / 1000.0);
    let budget = row.budget_bytes.map(kilobytes).unwrap_or_default();
    format!("| {} | {} | {budget} |", row.name, kilobytes(row.bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(bytes: u64, budget_bytes: Option<u64>) -> Row {
        Row {
            name: "page".to_owned(),
            bytes,
            budget_bytes,
        }
    }

    #[test]
    fn what_is_over_its_budget_is_told_with_both_numbers() {
        assert!(within_budget(&[row(160_000, Some(160_000)), row(9, None)]).is_ok());
        let failure = within_budget(&[row(160_001, Some(160_000))]).unwrap_err();
        assert!(
            failure
                .message
                .ends_with("page has 160001 bytes, 160000 are allowed"),
            "{}",
            failure.message
        );
    }

    #[test]
    fn every_budget_that_is_asked_for_is_in_the_file() {
        let names = PAGES.iter().filter_map(|(_, _, budget)| *budget);
        for name in names.chain(["page", "page_first_load"]) {
            assert!(budget_bytes(name).unwrap() > 0, "{name}");
        }
        assert_eq!(
            budget_in("# page = 1\npage_two = 2\n page = 3", "page"),
            Some(3)
        );
        assert_eq!(budget_in("page = much", "page"), None);
    }

    #[test]
    fn a_chunk_is_no_part_of_a_first_load() {
        let is_chunk = |name| is_chunk(&Path::new("dist/program-0").join(name));
        assert!(is_chunk("split_traces.wasm"));
        assert!(is_chunk("chunk_4.wasm"));
        assert!(!is_chunk("frontend_bg.wasm"));
        assert!(!is_chunk("chunks.js"));
    }

    #[test]
    fn a_row_has_a_budget_or_an_empty_field() {
        assert_eq!(line(&row(24_849, Some(25_000))), "| page | 24.8 | 25.0 |");
        assert_eq!(line(&row(95_500, None)), "| page | 95.5 |  |");
    }
}
