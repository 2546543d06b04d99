//! What the API server takes and what it refuses, before anything runs.

use super::kubectl::{kubectl, kubectl_with, must_refuse};
use crate::failure::Failure;
use crate::process;

/// Arguments that have the server look at everything, unknown fields too, and keep nothing.
pub(super) const STRICT: [&str; 4] = ["apply", "--dry-run=server", "--validate=strict", "-f"];

const FORBIDDEN_POD: &str = include_str!("forbidden-pod.yaml");

/// The overlay is taken as it is; a field that does not exist and a pod with rights are refused.
pub(super) fn check() -> Result<(), Failure> {
    let rendered = kubectl(&["kustomize", "k8s/overlays/local"])?;
    let strict = [&STRICT[..], &["-"]].concat();
    let taken = kubectl_with(&strict, &rendered)?;
    let objects = taken.lines().count();

    let broken = rendered.replacen("\n  replicas: ", "\n  replicaz: ", 1);
    must_refuse(&strict, &broken, "unknown field \"spec.replicaz\"")?;
    must_refuse(
        &["create", "-f", "-"],
        FORBIDDEN_POD,
        "violates PodSecurity \"restricted:",
    )?;
    process::say(&format!(
        "the server takes all {objects} objects, and refuses an unknown field and a pod with rights"
    ));
    Ok(())
}
