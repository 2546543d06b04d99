//! Every rendered object against the schemas of Kubernetes and of Datadog's operator, which refuse unknown fields.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Answer, Rendered, documents, render, version_of, with_mistake};
use crate::failure::Failure;
use crate::process;
use crate::verify_deploy::{Verdict, pinned};

/// From the oldest that knows every field in use to the newest that the package has.
const KUBERNETES: [&str; 5] = ["1.30", "1.32", "1.34", "1.36", "1.37"];

/// Datadog's operator, and the hash of its module.
const OPERATOR: &str = "github.com/DataDog/datadog-operator@v1.31.0";
const OPERATOR_SUM: &str = "h1:y6aSnI/XCYPx0INJ3swYgv06s32y833Bj79shePpzOc=";

/// What is right, what is wrong instead, what the validator says of that.
type Mistake = (&'static str, &'static str, &'static str);

const MISTAKES: [Mistake; 3] = [
    (
        "timeoutSeconds: 2",
        "timeoutSecond: 2",
        "'timeoutSecond' was unexpected",
    ),
    ("minReplicas: 2", "minReplicas: two", "'two' is not of type"),
    ("sizeLimit: ", "limit: ", "'limit' was unexpected"),
];

/// One for each kind that is in use.
const DATADOG_MISTAKES: [(&str, Mistake); 4] = [
    (
        "DatadogAgent",
        ("hostPortConfig:", "hostPort:", "'hostPort' was unexpected"),
    ),
    (
        "DatadogDashboard",
        ("widgets: ", "widget: ", "'widget' was unexpected"),
    ),
    (
        "DatadogMonitor",
        ("type: query alert", "type: alarm", "'alarm' is not one of"),
    ),
    (
        "DatadogSLO",
        (
            "timeframe: ",
            "time: ",
            "'timeframe' is a required property",
        ),
    ),
];

pub(super) fn check() -> Result<String, Verdict> {
    let all = render::all()?;
    kubernetes(&all)?;
    datadog(&all)?;
    Ok(format!(
        "kubernetes-validate {} for {}; definitions of {}",
        version_of(pinned::from_pypi("kubernetes-validate")?, "--version")?,
        KUBERNETES.join(", "),
        OPERATOR.rsplit('/').next().unwrap_or(OPERATOR),
    ))
}

fn kubernetes(all: &[Rendered]) -> Result<(), Verdict> {
    let mut files = Vec::new();
    for rendered in all {
        files.push(rendered.write("kubernetes", &without_datadog(&rendered.text))?);
    }
    let has_all = |rendered: &&Rendered| MISTAKES.iter().all(|it| rendered.text.contains(it.0));
    let rendered = all.iter().find(has_all);
    let rendered = rendered.ok_or_else(|| "no folder has what MISTAKES makes wrong".to_owned())?;
    let mut text = without_datadog(&rendered.text);
    for (right, wrong, _) in MISTAKES {
        text = with_mistake(&text, right, wrong)?;
    }
    let mistaken = rendered.write("mistakes", &text)?;
    for version in KUBERNETES {
        let what = format!("Kubernetes {version}");
        validate(version, &files)?.must_accept(&what)?;
        let answer = validate(version, std::slice::from_ref(&mistaken))?;
        for (_, _, reason) in MISTAKES {
            answer.must_refuse(&what, reason)?;
        }
    }
    Ok(())
}

fn validate(version: &str, files: &[PathBuf]) -> Result<Answer, Verdict> {
    let mut validate = pinned::from_pypi("kubernetes-validate")?;
    validate.args(["--strict", "--quiet", "--kubernetes-version", version]);
    Ok(Answer::of(validate.args(files))?)
}

fn without_datadog(text: &str) -> String {
    let of_kubernetes = documents(text).filter(|(kind, _)| !is_of_datadog(kind));
    let texts: Vec<&str> = of_kubernetes.map(|(_, document)| document).collect();
    texts.join("\n---\n")
}

fn is_of_datadog(kind: &str) -> bool {
    kind.starts_with("Datadog")
}

fn datadog(all: &[Rendered]) -> Result<(), Verdict> {
    let definitions = definitions()?;
    let mut by_schema: BTreeMap<PathBuf, Vec<(&Rendered, &str, &str)>> = BTreeMap::new();
    for rendered in all {
        for (kind, document) in documents(&rendered.text).filter(|it| is_of_datadog(it.0)) {
            let schema = schema_of(&definitions, kind, document)?;
            let objects = by_schema.entry(schema).or_default();
            objects.push((rendered, kind, document));
        }
    }
    for (schema, objects) in by_schema {
        let mut files = Vec::new();
        for (index, (rendered, kind, document)) in objects.iter().enumerate() {
            files.push(rendered.write(&format!("{kind}-{index}"), document)?);
        }
        let (rendered, kind, document) = objects[0];
        validate_datadog(&schema, &files)?.must_accept(kind)?;
        let (_, (right, wrong, reason)) = DATADOG_MISTAKES
            .iter()
            .find(|it| it.0 == kind)
            .ok_or_else(|| format!("no mistake is known for a {kind}"))?;
        let text = with_mistake(document, right, wrong)?;
        let mistaken = rendered.write(&format!("{kind}-mistake"), &text)?;
        validate_datadog(&schema, &[mistaken])?.must_refuse(kind, reason)?;
    }
    Ok(())
}

fn validate_datadog(schema: &Path, files: &[PathBuf]) -> Result<Answer, Verdict> {
    let mut validate = pinned::from_pypi("check-jsonschema")?;
    validate.arg("--schemafile").arg(schema);
    Ok(Answer::of(validate.args(files))?)
}

/// The schema that the operator makes of its definition of this kind and version.
fn schema_of(definitions: &Path, kind: &str, document: &str) -> Result<PathBuf, Failure> {
    let version = document
        .lines()
        .find_map(|line| line.strip_prefix("apiVersion: datadoghq.com/"))
        .ok_or_else(|| format!("a {kind} of another group than datadoghq.com"))?;
    let plural = kind.to_lowercase();
    let schema = definitions.join(format!("datadoghq.com_{plural}s_{version}.json"));
    match schema.is_file() {
        true => Ok(schema),
        false => Err(format!("the operator defines no {kind} {version}").into()),
    }
}

/// The operator's folder of resource definitions, from the Go module proxy.
fn definitions() -> Result<PathBuf, Verdict> {
    let skipped = |reason: &str| Verdict::Skipped(format!("{OPERATOR}: {reason}"));
    let go = process::find_program("go").ok_or_else(|| skipped("there is no go to fetch it"))?;
    // Outside a module, so that no go.mod plays a part.
    let mut download = Command::new(go);
    download.args(["mod", "download", "-json", OPERATOR]);
    let json = process::output_of(download.current_dir(std::env::temp_dir()))
        .ok_or_else(|| skipped("the Go module proxy does not have it"))?;
    let value = |key: &str| {
        let (_, after) = json.split_once(&format!("\"{key}\": \""))?;
        Some(after.split_once('"')?.0)
    };
    if value("Sum") != Some(OPERATOR_SUM) {
        return Err(format!("{OPERATOR} is not what it was: {json}").into());
    }
    let folder = value("Dir").map(|folder| Path::new(folder).join("config/crd/bases/v1"));
    Ok(folder.ok_or_else(|| format!("go does not say where {OPERATOR} is"))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_of_datadog_are_left_to_their_own_schemas() {
        let text = "kind: Service\na: 1\n---\nkind: DatadogAgent\nb: 2\n---\nkind: Namespace\n";
        assert_eq!(
            without_datadog(text),
            "kind: Service\na: 1\n---\nkind: Namespace\n"
        );
    }
}
