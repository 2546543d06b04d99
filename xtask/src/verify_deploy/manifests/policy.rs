//! The rendered manifests through `k8s/policy`. Its own tests break every rule; here, mistakes in the real manifests.

use std::fs::File;
use std::process::Stdio;

use super::{Answer, Rendered, render, with_mistake};
use crate::failure::Failure;
use crate::process;
use crate::supervise::Stop;
use crate::verify_deploy::Verdict;
use crate::workspace;

/// What is right in every folder, what is wrong instead, the rule.
const MISTAKES: &[(&str, &str, &str)] = &[
    ("type: ClusterIP", "type: NodePort", "service-type"),
    ("type: ClusterIP", "type: LoadBalancer", "service-type"),
    ("          limits:", "          limit:", "resources"),
    (
        "readOnlyRootFilesystem: true",
        "readOnlyRootFilesystem: false",
        "read-only-root",
    ),
    (
        "automountServiceAccountToken: false\n      containers",
        "containers",
        "token",
    ),
    ("livenessProbe:", "liveness:", "probes"),
    ("/backend:0.1.0", "/backend:latest", "image-tag"),
    ("targetPort: http", "targetPort: web", "service-port"),
];

pub(super) fn check() -> Result<String, Verdict> {
    process::run(
        process::cargo().args(["build", "--quiet", "--locked", "--package", "policy"]),
        &Stop::never(),
    )?;
    let mut last = String::new();
    for rendered in render::all()? {
        let folder = rendered.folder.clone();
        last = policy(&rendered, &rendered.text)?.must_accept(&folder)?;
        for (right, wrong, rule) in MISTAKES {
            let text = with_mistake(&rendered.text, right, wrong)?;
            let reason = format!("[{rule}]");
            policy(&rendered, &text)?.must_refuse(&folder, &reason)?;
        }
    }
    let rules = last.trim().rsplit_once("keep ").map(|(_, rules)| rules);
    Ok(format!("k8s/policy, {}", rules.unwrap_or_default()))
}

fn policy(rendered: &Rendered, text: &str) -> Result<Answer, Failure> {
    let file = rendered.write("policy", text)?;
    let input =
        File::open(&file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    let program = workspace::target_folder()?.join("debug/policy");
    Answer::with_input(&mut std::process::Command::new(program), Stdio::from(input))
}
