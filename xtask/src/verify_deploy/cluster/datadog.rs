//! `k8s/overlays/eks-datadog` against Datadog's own resource definitions: taken as it is, refused with a wrong field.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::admission::STRICT;
use super::kubectl::{Made, exists, kubectl, kubectl_with, must_refuse};
use crate::failure::Failure;
use crate::process;

/// The operator whose definitions are used.
const OPERATOR: &str = "github.com/DataDog/datadog-operator@v1.31.0";

/// Says with what it was checked, or why it could not be.
pub(super) fn check(made: &mut Made) -> Result<String, Failure> {
    let Some(definitions) = definitions() else {
        return Ok(format!("eks-datadog not tried: go cannot fetch {OPERATOR}"));
    };
    let mut installed = Vec::new();
    for file in yaml_files(&definitions)? {
        let path = file.to_string_lossy();
        let name = kubectl(&["create", "--dry-run=client", "--output=name", "-f", &path])?;
        let name = name
            .trim()
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .to_owned();
        if !exists("crd", &name) {
            made.object("crd", &name);
            kubectl(&["apply", "--server-side", "-f", &path])?;
        }
        installed.push(format!("crd/{name}"));
    }
    let mut wait = vec!["wait", "--for=condition=Established", "--timeout=60s"];
    wait.extend(installed.iter().map(String::as_str));
    kubectl(&wait)?;

    let rendered = kubectl(&["kustomize", "k8s/overlays/eks-datadog"])?;
    // A dry run of what lies in a namespace needs the namespace.
    for namespace in namespaces(&rendered) {
        if !exists("namespace", namespace) {
            made.object("namespace", namespace);
            kubectl(&["create", "namespace", namespace])?;
        }
    }
    let strict = [&STRICT[..], &["-"]].concat();
    let taken = kubectl_with(&strict, &rendered)?;
    let agent = "datadogagent.datadoghq.com/datadog ";
    if !taken.contains(agent) {
        return Err(format!("there is no {agent}in what the server took: {taken}").into());
    }
    let (before, after) = rendered
        .split_once("\nkind: DatadogAgent\n")
        .ok_or("eks-datadog has no DatadogAgent")?;
    let broken = after.replacen("\nspec:\n", "\nspec:\n  moon: full\n", 1);
    let broken = format!("{before}\nkind: DatadogAgent\n{broken}");
    must_refuse(&strict, &broken, "unknown field \"spec.moon\"")?;

    let objects = taken.lines().count();
    process::say(&format!(
        "with Datadog's definitions the server takes all {objects} objects of eks-datadog, and refuses a wrong field"
    ));
    Ok(format!(
        "definitions of {}",
        OPERATOR.rsplit('/').next().unwrap_or(OPERATOR)
    ))
}

/// The operator's folder of resource definitions, from the Go module proxy.
fn definitions() -> Option<PathBuf> {
    let mut download = Command::new("go");
    // Outside a module, so that no go.mod plays a part.
    download
        .args(["mod", "download", "-json", OPERATOR])
        .current_dir(std::env::temp_dir());
    let json = process::output_of(&mut download)?;
    let dir = json.lines().find_map(|line| {
        let value = line.trim().strip_prefix("\"Dir\": \"")?;
        value.split('"').next()
    })?;
    Some(Path::new(dir).join("config/crd/bases/v1"))
}

fn yaml_files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let lost = |error| format!("{}: {error}", folder.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(lost)? {
        files.push(entry.map_err(lost)?.path());
    }
    files.retain(|file| {
        file.extension()
            .is_some_and(|extension| extension == "yaml")
    });
    files.sort();
    Ok(files)
}

fn namespaces(rendered: &str) -> BTreeSet<&str> {
    rendered
        .lines()
        .filter_map(|line| line.strip_prefix("  namespace: "))
        .collect()
}
