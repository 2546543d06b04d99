//! The Kubernetes manifests, rendered: one text from every renderer, schemas, policies, checkov. Each check also gives its
//! tool manifests with one mistake, which it must refuse for that mistake.

mod checkov;
mod policy;
mod render;
mod schema;

use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::{Check, Speed, Verdict};
use crate::failure::Failure;
use crate::workspace;

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "manifests-render",
        shows: "kustomize and kubectl render the same from base and overlays",
        speed: Speed::Fast,
        commands: &[],
        run: render::check,
    },
    Check {
        name: "manifests-schema",
        shows: "every object is valid in five versions of Kubernetes and for Datadog's operator",
        speed: Speed::Fast,
        commands: &[],
        run: schema::check,
    },
    Check {
        name: "manifests-policy",
        shows: "the manifests keep the rules of k8s/policy",
        speed: Speed::Fast,
        commands: &[],
        run: policy::check,
    },
    Check {
        name: "manifests-checkov",
        shows: "checkov finds nothing beyond the reviewed list",
        speed: Speed::Fast,
        commands: &[],
        run: checkov::check,
    },
];

/// What was rendered from one folder.
struct Rendered {
    /// From the workspace, such as `k8s/overlays/local`.
    folder: String,
    text: String,
}

impl Rendered {
    /// Writes `text` to a file that is called after the folder and `what`.
    fn write(&self, what: &str, text: &str) -> Result<PathBuf, Failure> {
        let folder = workspace::target_folder()?.join("manifests");
        let file = folder.join(format!("{}-{what}.yaml", self.folder.replace('/', "-")));
        std::fs::create_dir_all(&folder)
            .and_then(|()| std::fs::write(&file, text))
            .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
        Ok(file)
    }
}

/// The text with one mistake: the first `right` replaced by `wrong`.
fn with_mistake(text: &str, right: &str, wrong: &str) -> Result<String, Failure> {
    match text.contains(right) {
        true => Ok(text.replacen(right, wrong, 1)),
        false => Err(format!("there is no `{right}` to make wrong").into()),
    }
}

/// The documents of a rendered text, each with its kind.
fn documents(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split("\n---\n").map(|document| {
        let mut lines = document.lines();
        let kind = lines.find_map(|line| line.strip_prefix("kind: "));
        (kind.unwrap_or_default(), document)
    })
}

/// What a program printed, and whether it was content.
struct Answer {
    accepted: bool,
    text: String,
}

impl Answer {
    /// Runs a program to its end.
    fn of(command: &mut Command) -> Result<Answer, Failure> {
        Answer::with_input(command, Stdio::null())
    }

    fn with_input(command: &mut Command, input: Stdio) -> Result<Answer, Failure> {
        let program = command.get_program().to_string_lossy().into_owned();
        let output = command
            .stdin(input)
            .output()
            .map_err(|error| format!("cannot start {program}: {error}"))?;
        let text = [output.stdout, output.stderr].concat();
        Ok(Answer {
            accepted: output.status.success(),
            text: String::from_utf8_lossy(&text).into_owned(),
        })
    }

    fn must_accept(self, what: &str) -> Result<String, Failure> {
        match self.accepted {
            true => Ok(self.text),
            false => Err(format!("{what}:\n{}", self.text).into()),
        }
    }

    /// Refused, and for `reason`: another complaint would prove nothing about this mistake.
    fn must_refuse(&self, what: &str, reason: &str) -> Result<(), Failure> {
        match (self.accepted, self.text.contains(reason)) {
            (false, true) => Ok(()),
            (true, _) => Err(format!("{what}: a mistake passes that is due: {reason}").into()),
            (false, false) => {
                Err(format!("{what}: refused, but not for {reason}:\n{}", self.text).into())
            }
        }
    }
}

/// The first line of what `program --version` prints.
fn version_of(mut program: Command, argument: &str) -> Result<String, Verdict> {
    let text = Answer::of(program.arg(argument))?.must_accept("the version of a tool")?;
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(accepted: bool, text: &str) -> Answer {
        let text = text.to_owned();
        Answer { accepted, text }
    }

    #[test]
    fn a_mistake_counts_only_when_it_is_refused_for_its_own_sake() {
        assert!(
            answer(false, "unknown field")
                .must_refuse("a", "field")
                .is_ok()
        );
        assert!(
            answer(false, "no such file")
                .must_refuse("a", "field")
                .is_err()
        );
        assert!(
            answer(true, "unknown field")
                .must_refuse("a", "field")
                .is_err()
        );
    }

    #[test]
    fn a_mistake_that_cannot_be_made_is_a_failure() {
        let mistaken = with_mistake("kind: Pod\n", "Pod", "Pot");
        assert_eq!(mistaken.ok().as_deref(), Some("kind: Pot\n"));
        assert!(with_mistake("kind: Pod\n", "Deployment", "").is_err());
    }

    #[test]
    fn documents_are_told_by_their_own_kind() {
        let text = "apiVersion: v1\nkind: ConfigMap\ndata:\n  kind: x\n---\nkind: Service\n";
        let kinds: Vec<&str> = documents(text).map(|(kind, _)| kind).collect();
        assert_eq!(kinds, ["ConfigMap", "Service"]);
    }
}
