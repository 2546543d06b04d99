//! checkov over the rendered manifests, by `k8s/checkov.yaml`, whose list of skipped checks must be exactly what is needed.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::{Answer, Rendered, render, version_of, with_mistake};
use crate::failure::Failure;
use crate::verify_deploy::{Verdict, pinned};
use crate::workspace;

const CONFIGURATION: &str = "k8s/checkov.yaml";

pub(super) fn check() -> Result<String, Verdict> {
    let all = render::all()?;
    let files = all
        .iter()
        .map(|rendered| rendered.write("checkov", &rendered.text))
        .collect::<Result<Vec<PathBuf>, Failure>>()?;
    let configured = ["--config-file", CONFIGURATION];
    checkov(&configured, &files)?.must_accept("checkov")?;

    // The same without the list: what it refuses now is what the list is for.
    let bare = [
        "--framework",
        "kubernetes",
        "--compact",
        "--quiet",
        "--skip-download",
    ];
    let needed = checkov(&bare, &files)?.text;
    let needed: BTreeSet<&str> = needed.lines().filter_map(refused_check).collect();
    let text = std::fs::read_to_string(workspace::root().join(CONFIGURATION));
    let text = text.map_err(|error| format!("cannot read {CONFIGURATION}: {error}"))?;
    let listed: BTreeSet<&str> = text.lines().filter_map(listed_check).collect();
    if listed != needed {
        let message = format!("{CONFIGURATION} skips {listed:?}, and only {needed:?} are needed");
        return Err(message.into());
    }

    let rendered = all.first();
    let rendered = rendered.ok_or_else(|| "nothing was rendered".to_owned())?;
    refuses_mistakes(rendered, &configured)?;
    let version = version_of(pinned::from_pypi("checkov")?, "--version")?;
    Ok(format!(
        "checkov {version}, {} checks skipped",
        listed.len()
    ))
}

/// One run for all of them: each run takes seconds to start.
fn refuses_mistakes(rendered: &Rendered, configured: &[&str]) -> Result<(), Verdict> {
    let mistakes = [
        (
            "readOnlyRootFilesystem: true",
            "readOnlyRootFilesystem: false",
            "CKV_K8S_22",
        ),
        (
            "allowPrivilegeEscalation: false",
            "allowPrivilegeEscalation: true",
            "CKV_K8S_20",
        ),
        ("livenessProbe:", "liveness:", "CKV_K8S_8"),
    ];
    let mut text = rendered.text.clone();
    for (right, wrong, _) in mistakes {
        text = with_mistake(&text, right, wrong)?;
    }
    let answer = checkov(configured, &[rendered.write("mistake", &text)?])?;
    for (_, _, check) in mistakes {
        answer.must_refuse("checkov", &format!("{check}:"))?;
    }
    Ok(())
}

fn checkov(arguments: &[&str], files: &[PathBuf]) -> Result<Answer, Verdict> {
    let mut checkov = pinned::from_pypi("checkov")?;
    checkov.args(arguments).arg("--file").args(files);
    Ok(Answer::of(&mut checkov)?)
}

/// `CKV_K8S_43` of `Check: CKV_K8S_43: "Image should use digest"`.
fn refused_check(line: &str) -> Option<&str> {
    let (check, _) = line.strip_prefix("Check: ")?.split_once(':')?;
    Some(check)
}

/// `CKV_K8S_43` of `  - CKV_K8S_43`.
fn listed_check(line: &str) -> Option<&str> {
    let item = line.trim_start().strip_prefix("- ")?;
    item.starts_with("CKV").then_some(item.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_read_from_the_report_and_from_the_list() {
        let report = "Check: CKV_K8S_43: \"Image should use digest\"\n\tFAILED for resource: a";
        let refused: Vec<&str> = report.lines().filter_map(refused_check).collect();
        assert_eq!(refused, ["CKV_K8S_43"]);
        let list = "skip-check:\n  # - CKV_K8S_1 was needed once\n  - CKV_K8S_15\n";
        let listed: Vec<&str> = list.lines().filter_map(listed_check).collect();
        assert_eq!(listed, ["CKV_K8S_15"]);
    }
}
