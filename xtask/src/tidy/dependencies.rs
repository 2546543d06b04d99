//! Rule: the table of dependencies in ARCHITECTURE.md. Which folder may use which other one, and what some of them must
//! never pull in.

use std::collections::BTreeSet;

use super::Finding;

/// What a folder may depend on.
struct Row {
    folder: &'static str,
    /// Packages of this workspace.
    may: &'static [&'static str],
    /// Beginnings of names of other packages, for dependencies outside of tests.
    never: &'static [&'static str],
}

/// Whatever waits for files, sockets or timers.
const IO: &[&str] = &[
    "async-std",
    "axum",
    "gloo",
    "hyper",
    "leptos",
    "mio",
    "opentelemetry",
    "reqwest",
    "tokio",
    "tracing",
    "ureq",
    "web-sys",
];

const TABLE: &[Row] = &[
    Row {
        folder: "backend",
        may: &["shared", "telemetry"],
        never: &["leptos"],
    },
    Row {
        folder: "benches/browser",
        may: &["opentelemetry-browser"],
        never: &["axum", "leptos", "tokio"],
    },
    Row {
        folder: "collector",
        may: &["telemetry", "trace-model"],
        never: &["leptos"],
    },
    Row {
        folder: "crates/boxed-view",
        may: &["boxed-view-macro"],
        never: &["axum", "tokio"],
    },
    Row {
        folder: "crates/boxed-view-macro",
        may: &[],
        never: IO,
    },
    Row {
        folder: "crates/opentelemetry-browser",
        may: &["otlp-encoder"],
        // Leptos is optional here: its own feature wraps its actions and resources.
        never: &["axum", "tokio"],
    },
    Row {
        folder: "crates/otlp-encoder",
        may: &[],
        never: IO,
    },
    Row {
        folder: "crates/telemetry",
        may: &["otlp-encoder", "trace-model"],
        never: &["axum", "leptos", "web-sys"],
    },
    Row {
        folder: "crates/trace-model",
        may: &[],
        never: IO,
    },
    Row {
        folder: "crates/trace-view",
        may: &["boxed-view", "trace-model"],
        never: &["axum", "tokio"],
    },
    Row {
        folder: "e2e",
        may: &["shared", "trace-model"],
        never: &[],
    },
    Row {
        folder: "frontend",
        may: &[
            "boxed-view",
            "opentelemetry-browser",
            "shared",
            "trace-model",
            "trace-view",
        ],
        never: &["axum", "tokio"],
    },
    Row {
        folder: "frontend/server",
        may: &["telemetry"],
        never: &["leptos"],
    },
    Row {
        folder: "frontend/splitter",
        may: &[],
        never: &["axum", "leptos", "tokio"],
    },
    Row {
        folder: "k8s/policy",
        may: &[],
        never: IO,
    },
    Row {
        folder: "shared",
        may: &[],
        never: IO,
    },
    Row {
        folder: "xtask",
        may: &[],
        // Every name begins with nothing.
        never: &[""],
    },
];

/// One line of a table of dependencies.
#[derive(Debug, PartialEq, Eq)]
struct Dependency {
    package: String,
    only_for_tests: bool,
}

pub(super) fn check(manifests: &[(String, String)]) -> Vec<Finding> {
    let packages: BTreeSet<&str> = manifests
        .iter()
        .filter_map(|(_, text)| package_name(text))
        .collect();
    let mut findings = Vec::new();
    for (path, text) in manifests {
        // The root has no package of its own; `fuzz` is a workspace of its own.
        if package_name(text).is_none() || path.starts_with("fuzz/") {
            continue;
        }
        let folder = path.trim_end_matches("/Cargo.toml");
        let Some(row) = TABLE.iter().find(|row| row.folder == folder) else {
            findings.push(Finding {
                path: path.clone(),
                problem: "the table of dependencies has no row for this package".to_owned(),
                cure: "add one to ARCHITECTURE.md and to xtask/src/tidy/dependencies.rs".to_owned(),
            });
            continue;
        };
        findings.extend(
            breaches(row, &packages, text)
                .into_iter()
                .map(|problem| Finding {
                    path: path.clone(),
                    problem,
                    cure: "find another way, or argue for the new edge in a change of its own"
                        .to_owned(),
                }),
        );
    }
    findings
}

fn breaches(row: &Row, packages: &BTreeSet<&str>, manifest: &str) -> Vec<String> {
    let mut breaches = Vec::new();
    let own = package_name(manifest);
    for Dependency {
        package,
        only_for_tests,
    } in dependencies(manifest)
    {
        // A crate may turn on features of its own for its tests.
        if own == Some(&package) {
            continue;
        }
        let of_workspace = packages.contains(package.as_str());
        let forbidden = match of_workspace {
            true => !row.may.contains(&package.as_str()),
            false => {
                let never = row.never.iter().any(|prefix| package.starts_with(prefix));
                never && (!only_for_tests || row.never.contains(&""))
            }
        };
        if forbidden {
            breaches.push(format!("{} may not depend on {package}", row.folder));
        }
    }
    breaches
}

fn package_name(manifest: &str) -> Option<&str> {
    let (_, package) = manifest.split_once("[package]")?;
    let line = package.lines().find(|line| line.starts_with("name"))?;
    line.split('"').nth(1)
}

/// Every dependency of a manifest. Knows the spellings that cargo's own commands write: `name = …`,
/// `name.workspace = true`, a table of its own, and a renamed package.
fn dependencies(manifest: &str) -> Vec<Dependency> {
    let mut found: Vec<Dependency> = Vec::new();
    // Of the table that the current line is in: `None` when it is no table of dependencies.
    let mut only_for_tests = None;
    let mut own_table = false;
    for line in manifest.lines().map(str::trim) {
        if let Some(header) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            let (table, name) = match header.rsplit_once("dependencies.") {
                Some((before, name)) => (format!("{before}dependencies"), Some(name)),
                None => (header.to_owned(), None),
            };
            let kind = table.rsplit('.').next().unwrap_or_default();
            only_for_tests = match kind {
                "dependencies" | "build-dependencies" => Some(false),
                "dev-dependencies" => Some(true),
                _ => None,
            };
            own_table = name.is_some();
            if let (Some(name), Some(only_for_tests)) = (name, only_for_tests) {
                found.push(Dependency {
                    package: name.trim_matches('"').to_owned(),
                    only_for_tests,
                });
            }
        } else if let (Some(only_for_tests), Some((key, value))) =
            (only_for_tests, line.split_once('='))
            && !line.starts_with('#')
        {
            let key = key.trim();
            let renamed = value
                .split_once("package")
                .and_then(|(_, after)| after.split('"').nth(1));
            if !own_table {
                let name = key.split('.').next().unwrap_or(key).trim_matches('"');
                found.push(Dependency {
                    package: renamed.unwrap_or(name).to_owned(),
                    only_for_tests,
                });
            } else if key == "package"
                && let Some(last) = found.last_mut()
            {
                last.package = value.trim().trim_matches('"').to_owned();
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(folder: &str, dependencies: &str) -> Vec<String> {
        let manifest = |name: &str, rest: &str| format!("[package]\nname = \"{name}\"\n\n{rest}");
        let name = folder.rsplit('/').next().unwrap();
        let others = ["backend", "shared", "telemetry", "trace-model"]
            .into_iter()
            .filter(|other| *other != name)
            .map(|other| (format!("elsewhere/{other}/Cargo.toml"), manifest(other, "")));
        let own = (format!("{folder}/Cargo.toml"), manifest(name, dependencies));
        let manifests: Vec<_> = others.chain([own]).collect();
        check(&manifests)
            .into_iter()
            .filter(|finding| finding.path.starts_with(folder))
            .map(|finding| finding.problem)
            .collect()
    }

    #[test]
    fn accepts_what_the_table_allows() {
        assert_eq!(
            problems(
                "backend",
                "[dependencies]\naxum.workspace = true\nshared.workspace = true\n"
            ),
            [""; 0]
        );
        assert_eq!(
            problems(
                "crates/telemetry",
                "[dev-dependencies]\ntelemetry = { path = \".\", features = [\"testing\"] }\n"
            ),
            [""; 0]
        );
        assert_eq!(
            problems(
                "crates/trace-model",
                "[dev-dependencies]\ntokio.workspace = true\n"
            ),
            [""; 0]
        );
    }

    #[test]
    fn rejects_an_edge_inside_the_workspace() {
        assert_eq!(
            problems("collector", "[dependencies]\nshared.workspace = true\n"),
            ["collector may not depend on shared"]
        );
        assert_eq!(
            problems(
                "e2e",
                "[dev-dependencies]\nbackend = { path = \"../backend\" }\n"
            ),
            ["e2e may not depend on backend"]
        );
    }

    #[test]
    fn rejects_a_foreign_package_in_any_spelling() {
        let check = |dependencies| {
            assert_eq!(
                problems("shared", dependencies),
                ["shared may not depend on tokio"],
                "{dependencies}"
            );
        };
        check("[dependencies]\ntokio = \"1\"\n");
        check("[dependencies.tokio]\nversion = \"1\"\n");
        check("[dependencies]\nruntime = { version = \"1\", package = \"tokio\" }\n");
        check("[dependencies.runtime]\npackage = \"tokio\"\n");
        check("[target.'cfg(unix)'.dependencies]\ntokio.workspace = true\n");
        check("[build-dependencies]\ntokio = { workspace = true, features = [\"rt\"] }\n");
    }

    #[test]
    fn rejects_anything_in_xtask() {
        assert_eq!(
            problems("xtask", "[dev-dependencies]\ntempfile.workspace = true\n"),
            ["xtask may not depend on tempfile"]
        );
    }

    #[test]
    fn rejects_a_package_without_a_row() {
        assert_eq!(
            problems("crates/new", ""),
            ["the table of dependencies has no row for this package"]
        );
    }
}
