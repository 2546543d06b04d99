//! The manifests on a real Kubernetes, whichever KUBECONFIG names: what the server takes and refuses, a rollout, a browser
//! search, who may talk to whom, restarts under load, the way back from a bad deployment, and the definitions of Datadog.
//!
//! The cluster holds the images of `k8s/overlays/local` and `PROBE_IMAGE` (default `debian:bookworm-slim`), or
//! `E2E_LOAD_IMAGES` is a command that brings the images in which it is called with. The namespace must not be there yet;
//! whatever this makes is deleted at the end.

mod admission;
mod browser;
mod datadog;
mod deploy_script;
mod kubectl;
mod network;
mod restarts;

use std::collections::BTreeSet;

use kubectl::{Made, kubectl, text};

use super::{Check, Speed, Verdict};
use crate::failure::Failure;
use crate::process;

pub(super) const CHECKS: &[Check] = &[Check {
    name: "cluster",
    shows: "the manifests work on a real Kubernetes",
    speed: Speed::Slow,
    commands: &[
        APPLY,
        browser::FORWARD_PAGE,
        browser::FORWARD_JAEGER,
        browser::FORWARD_BOTH,
        deploy_script::DEPLOY,
        SMOKE,
    ],
    run,
}];

const NAMESPACE: &str = "gutenberg-explorer";
/// A namespace without any policy.
const ELSEWHERE: &str = "gutenberg-explorer-elsewhere";
const APPLY: &str = "kubectl apply -k k8s/overlays/local";
const SMOKE: &str = "k8s/scripts/smoke.sh";
/// Deployments of the overlay, those that are called before those that call.
const WORKLOADS: [&str; 5] = [
    "jaeger",
    "collector",
    "otel-collector",
    "backend",
    "frontend",
];

fn run() -> Result<String, Verdict> {
    let versions = kubectl::versions()?;
    let mut made = Made::default();
    for namespace in [NAMESPACE, ELSEWHERE] {
        if kubectl::exists("namespace", namespace) {
            let message = format!(
                "there is a namespace {namespace} already, and this check would delete what is in it; \
                 `kubectl delete namespace {namespace}` if it can go"
            );
            return Err(message.into());
        }
        made.object("namespace", namespace);
    }
    let datadog = whole(&mut made).inspect_err(|_| show_state())?;
    Ok(format!("{versions}; {datadog}"))
}

/// Everything, in the order of a deployment's life. Says what became of the part that needs Datadog's definitions.
fn whole(made: &mut Made) -> Result<String, Failure> {
    load_images()?;
    kubectl(&["apply", "-f", "k8s/base/namespace.yaml"])?;
    admission::check()?;

    text(APPLY)?;
    await_rollout()?;
    text(SMOKE)?;
    browser::check()?;
    network::check()?;
    restarts::check()?;
    deploy_script::check()?;
    text(SMOKE)?;
    datadog::check(made)
}

/// Waits until every Deployment is as it should be.
fn await_rollout() -> Result<(), Failure> {
    WORKLOADS.into_iter().try_for_each(await_rollout_of)
}

/// Waits until the Deployment of `workload` is as it should be.
fn await_rollout_of(workload: &str) -> Result<(), Failure> {
    let deployment = format!("deployment/{workload}");
    kubectl(&[
        "-n",
        NAMESPACE,
        "rollout",
        "status",
        &deployment,
        "--timeout=180s",
    ])
    .map(drop)
}

/// The image with a shell that looks from inside the cluster.
fn probe_image() -> String {
    std::env::var("PROBE_IMAGE").unwrap_or_else(|_| "debian:bookworm-slim".to_owned())
}

/// Prints what helps to see why something failed, before it is deleted.
fn show_state() {
    for question in [
        &["get", "pods"][..],
        &["get", "events", "--field-selector=type=Warning"],
    ] {
        let arguments = [&["-n", NAMESPACE], question].concat();
        process::complain(&kubectl(&arguments).unwrap_or_else(|failure| failure.message));
    }
}

/// Calls the hook that brings images into the cluster, where there is one.
fn load_images() -> Result<(), Failure> {
    let Ok(hook) = std::env::var("E2E_LOAD_IMAGES") else {
        return Ok(());
    };
    let rendered = kubectl(&["kustomize", "k8s/overlays/local"])?;
    let mut images: BTreeSet<&str> = rendered
        .lines()
        .filter_map(|line| line.trim_start_matches([' ', '-']).strip_prefix("image: "))
        .collect();
    let probe_image = probe_image();
    images.insert(&probe_image);
    process::say(&format!("loading {} images", images.len()));
    let mut command = kubectl::shell(&format!("{hook} \"$@\""));
    process::run(
        command.arg("sh").args(images),
        &crate::supervise::Stop::never(),
    )
}
