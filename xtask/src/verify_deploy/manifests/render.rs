//! Base and overlays as one text each, by the pinned kustomize; the other checks read what it renders.

use std::path::Path;
use std::process::Command;

use super::{Answer, Rendered};
use crate::failure::Failure;
use crate::process;
use crate::verify_deploy::{Verdict, pinned};
use crate::workspace;

const VERSION: &str = "v5.8.1";

/// kustomize renders everything, a misspelt field is refused, and kubectl, where there is one, renders the same.
pub(super) fn check() -> Result<String, Verdict> {
    let all = all()?;
    let kubectl = process::find_program("kubectl");
    let version = workspace::locked_version("backend")?;
    for rendered in &all {
        if let Some(line) = other_version(&rendered.text, &version) {
            let folder = &rendered.folder;
            return Err(format!("{folder}: `{line}` is not of version {version}").into());
        }
        if let Some(kubectl) = &kubectl {
            let mut command = Command::new(kubectl);
            command.arg("kustomize").arg(&rendered.folder);
            let answer = Answer::of(command.current_dir(workspace::root()))?;
            let text = answer.must_accept(&rendered.folder)?;
            if let Some(difference) = first_difference(&rendered.text, &text) {
                let folder = &rendered.folder;
                return Err(
                    format!("{folder}: kubectl renders something else: {difference}").into(),
                );
            }
        }
    }
    refuses("resouces: []\n", "unknown field")?;
    refuses("resources: [absent.yaml]\n", "absent.yaml")?;
    let count = all.len();
    Ok(match kubectl {
        Some(_) => format!("kustomize {VERSION} and kubectl, {count} folders"),
        None => format!("kustomize {VERSION}, {count} folders (no kubectl to compare with)"),
    })
}

/// Every folder that can be applied, rendered.
pub(super) fn all() -> Result<Vec<Rendered>, Verdict> {
    let mut folders = vec!["k8s/base".to_owned()];
    let overlays = "k8s/overlays";
    let entries = std::fs::read_dir(workspace::root().join(overlays));
    let entries = entries.map_err(|error| format!("cannot read {overlays}: {error}"))?;
    for entry in entries {
        let entry = entry.map_err(|error| format!("cannot read {overlays}: {error}"))?;
        folders.push(format!(
            "{overlays}/{}",
            entry.file_name().to_string_lossy()
        ));
    }
    folders.sort();
    folders
        .into_iter()
        .map(|folder| {
            let answer = build(Path::new(&folder))?;
            let text = answer.must_accept(&folder)?;
            Ok(Rendered { folder, text })
        })
        .collect()
}

fn build(folder: &Path) -> Result<Answer, Verdict> {
    let package = "sigs.k8s.io/kustomize/kustomize/v5";
    let mut kustomize = pinned::from_go("kustomize", package, VERSION)?;
    Ok(Answer::of(kustomize.arg("build").arg(folder))?)
}

/// A folder with this kustomization cannot be rendered.
fn refuses(kustomization: &str, reason: &str) -> Result<(), Verdict> {
    let folder = workspace::target_folder()?.join("manifests/mistake");
    std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::write(folder.join("kustomization.yaml"), kustomization))
        .map_err(|error| Failure::from(format!("cannot write {}: {error}", folder.display())))?;
    Ok(build(&folder)?.must_refuse(kustomization.trim(), reason)?)
}

/// A line that names another version of this project than Cargo.toml does.
fn other_version<'t>(text: &'t str, version: &str) -> Option<&'t str> {
    let of_project = |line: &&str| {
        let value = line.trim_start_matches("- ");
        ["image: gutenberg-explorer/", "app.kubernetes.io/version: "]
            .into_iter()
            .any(|start| value.starts_with(start))
    };
    let mut lines = text.lines().map(str::trim).filter(of_project);
    lines.find(|line| line.rsplit([':', ' ']).next() != Some(version))
}

fn first_difference(ours: &str, theirs: &str) -> Option<String> {
    let mut lines = ours.lines().zip(theirs.lines());
    match lines.find(|(our, their)| our != their) {
        Some((our, their)) => Some(format!("`{}` instead of `{}`", their.trim(), our.trim())),
        None if ours.trim_end() == theirs.trim_end() => None,
        None => Some("one of both ends early".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_and_labels_have_the_version_of_the_workspace() {
        let text = "app.kubernetes.io/version: 0.1.0\n- image: gutenberg-explorer/a:0.1.0\n  image: other/b:2\n";
        assert_eq!(other_version(text, "0.1.0"), None);
        assert_eq!(
            other_version(text, "0.2.0"),
            Some("app.kubernetes.io/version: 0.1.0")
        );
        let image = "- image: gutenberg-explorer/a:0.1.0";
        assert_eq!(other_version(image, "0.2.0"), Some(image));
    }

    #[test]
    fn two_texts_differ_in_a_line_or_in_length() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(
            first_difference("a\n b\n", "a\n c\n").as_deref(),
            Some("`c` instead of `b`")
        );
        assert_eq!(
            first_difference("a\n", "a\nb\n").as_deref(),
            Some("one of both ends early")
        );
    }
}
