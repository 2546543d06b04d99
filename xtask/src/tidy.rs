//! `cargo xtask tidy`: the rules of the project that the compiler does not know. Each rule is a file of its own below
//! this one; each finding names the file and the cure.

mod dependencies;
mod first_line;
mod length;
mod modules;
mod names;
mod scripts;
mod source;
mod spans;

use std::fmt;
use std::path::Path;

use crate::failure::Failure;
use crate::process;
use crate::workspace;
use source::Source;

/// Files that cargo, Trunk and git make, and what is not ours.
const NOT_OURS: &[&str] = &["target", "dist", ".git", "node_modules"];

/// One breach of a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    /// Relative to the workspace.
    path: String,
    problem: String,
    cure: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}: {}\n    {}",
            self.path, self.problem, self.cure
        )
    }
}

/// Every file of the workspace by its path, relative and with `/`; Rust sources and manifests with their text.
#[derive(Default)]
struct Tree {
    paths: Vec<String>,
    sources: Vec<Source>,
    /// Path and text of every Cargo.toml.
    manifests: Vec<(String, String)>,
    exceptions: String,
}

/// Runs the command.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    if let Some(unknown) = arguments.first() {
        return Err(Failure::usage(format!(
            "tidy takes no arguments, not `{unknown}`"
        )));
    }
    let tree = Tree::read(workspace::root())
        .map_err(|error| format!("cannot read the workspace: {error}"))?;
    let mut findings = check(&tree);
    findings.sort();
    for finding in &findings {
        process::say(&finding.to_string());
    }
    match findings.len() {
        0 => {
            process::say(&format!(
                "tidy: {} files, nothing to mend",
                tree.paths.len()
            ));
            Ok(())
        }
        count => Err(format!("tidy: {count} to mend").into()),
    }
}

fn check(tree: &Tree) -> Vec<Finding> {
    [
        names::check(&tree.paths),
        scripts::check(&tree.paths),
        first_line::check(&tree.sources),
        length::check(&tree.sources, &tree.exceptions),
        dependencies::check(&tree.manifests),
        modules::check(&tree.sources),
        spans::check(&tree.sources),
    ]
    .concat()
}

impl Tree {
    fn read(root: &Path) -> std::io::Result<Tree> {
        let mut tree = Tree {
            exceptions: std::fs::read_to_string(root.join("xtask/tidy-exceptions.txt"))?,
            ..Tree::default()
        };
        tree.add_folder(root, "")?;
        tree.paths.sort();
        tree.sources.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(tree)
    }

    fn add_folder(&mut self, root: &Path, folder: &str) -> std::io::Result<()> {
        for entry in std::fs::read_dir(root.join(folder))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = match folder {
                "" => name.clone(),
                _ => format!("{folder}/{name}"),
            };
            if entry.file_type()?.is_dir() {
                if !NOT_OURS.contains(&name.as_str()) {
                    self.add_folder(root, &path)?;
                }
                continue;
            }
            if name.ends_with(".rs") {
                let text = std::fs::read_to_string(entry.path())?;
                self.sources.push(Source::new(&path, &text));
            } else if name == "Cargo.toml" {
                let text = std::fs::read_to_string(entry.path())?;
                self.manifests.push((path.clone(), text));
            }
            self.paths.push(path);
        }
        Ok(())
    }
}
