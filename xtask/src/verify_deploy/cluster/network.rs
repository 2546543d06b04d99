//! Who may talk to whom: pods that stand where each workload stands try every door.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::kubectl::{kubectl, kubectl_with};
use super::{ELSEWHERE, NAMESPACE, probe_image};
use crate::failure::Failure;
use crate::process;

const POD: &str = include_str!("probe.yaml");
const REACH: &str = include_str!("reach.sh");
const CLIENT_POLICY: &str = include_str!("client-policy.yaml");

/// The pod that stands in no workload's place.
const STRANGER: &str = "stranger";
/// The pod from which restarts are watched. It has a policy of its own, made here.
pub(super) const STEADY_CLIENT: &str = "steady-client";
/// Labels of the pods that try the doors; the last one stands in a namespace without policies.
const PODS: [&str; 8] = [
    "frontend",
    "backend",
    "otel-collector",
    "collector",
    "jaeger",
    STEADY_CLIENT,
    STRANGER,
    ELSEWHERE,
];

/// Every door, and the pods that may open it. That no door opens to the namespace without policies except the cluster's
/// own two shows that it is our policies which close the others, and not the prober.
const DOORS: [(&str, &[&str]); 10] = [
    (
        "frontend-service.gutenberg-explorer.svc:80",
        &[STEADY_CLIENT],
    ),
    ("backend-service.gutenberg-explorer.svc:8000", &["frontend"]),
    ("otel-collector.gutenberg-explorer.svc:4317", &[]),
    (
        "otel-collector.gutenberg-explorer.svc:4318",
        &["frontend", "backend"],
    ),
    (
        "collector-service.gutenberg-explorer.svc:4318",
        &["otel-collector"],
    ),
    (
        "collector-service.gutenberg-explorer.svc:4319",
        &["frontend"],
    ),
    ("jaeger.gutenberg-explorer.svc:4317", &["otel-collector"]),
    ("jaeger.gutenberg-explorer.svc:16686", &[]),
    ("kube-dns.kube-system.svc:53", &PODS),
    ("kubernetes.default.svc:443", &[ELSEWHERE]),
];

/// How long the cluster may take to apply policies to new pods.
const PATIENCE: Duration = Duration::from_secs(60);

/// Makes the pods, and holds what they can open against the table until it agrees, twice in a row. The steady client stays.
pub(super) fn check() -> Result<(), Failure> {
    let doors: Vec<&str> = DOORS.iter().map(|(door, _)| *door).collect();
    kubectl(&["create", "namespace", ELSEWHERE])?;
    kubectl_with(&["apply", "-f", "-"], CLIENT_POLICY)?;
    for pod in PODS {
        kubectl_with(&["apply", "-f", "-"], &manifest(pod))?;
    }
    for pod in PODS {
        let is_running = "--for=jsonpath={.status.phase}=Running";
        let name = format!("pod/{}", pod_name(pod));
        kubectl(&[
            "-n",
            namespace(pod),
            "wait",
            is_running,
            &name,
            "--timeout=120s",
        ])?;
    }
    for pod in PODS {
        let expected: BTreeMap<&str, bool> = DOORS
            .iter()
            .map(|(door, pods)| (*door, pods.contains(&pod)))
            .collect();
        let deadline = Instant::now() + PATIENCE;
        let mut agreed = 0;
        while agreed < 2 {
            let seen = reach(pod, &doors)?;
            let agrees = expected
                .iter()
                .all(|(door, open)| seen.get(*door) == Some(open));
            agreed = if agrees { agreed + 1 } else { 0 };
            if !agrees && Instant::now() >= deadline {
                return Err(format!("{pod} finds {seen:?}, expected was {expected:?}").into());
            }
        }
    }
    process::say(&table());
    for pod in PODS.iter().filter(|pod| **pod != STEADY_CLIENT) {
        kubectl(&["-n", namespace(pod), "delete", "pod", &pod_name(pod)])?;
    }
    Ok(())
}

/// Arguments that have kubectl run a script by bash in the pod.
pub(super) fn bash_in<'a>(pod: &str, script: &'a str, arguments: &[&'a str]) -> Vec<String> {
    [
        "-n",
        namespace(pod),
        "exec",
        &pod_name(pod),
        "--",
        "bash",
        "-c",
        script,
        "bash",
    ]
    .iter()
    .chain(arguments)
    .map(|word| (*word).to_owned())
    .collect()
}

/// Which of `doors` the pod can open.
fn reach(pod: &str, doors: &[&str]) -> Result<BTreeMap<String, bool>, Failure> {
    let command = bash_in(pod, REACH, doors);
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    let said = kubectl(&words)?;
    Ok(said
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(door, state)| (door.to_owned(), state == "open"))
        .collect())
}

fn manifest(pod: &str) -> String {
    // The workload's label stands in the name too.
    POD.replace("NAMESPACE", namespace(pod))
        .replace("PROBE_IMAGE", &probe_image())
        .replace("NAME", pod)
}

fn pod_name(pod: &str) -> String {
    format!("probe-{pod}")
}

fn namespace(pod: &str) -> &'static str {
    if pod == ELSEWHERE {
        ELSEWHERE
    } else {
        NAMESPACE
    }
}

/// What was shown, a line for each door.
fn table() -> String {
    let mut text = String::from("doors, and from which pods they open:");
    for (door, pods) in DOORS {
        let pods = match pods.len() {
            0 => "none".to_owned(),
            all if all == PODS.len() => "all".to_owned(),
            _ => pods.join(", "),
        };
        // Writing to a string cannot fail.
        let _ = write!(text, "\n  {door:46} {pods}");
    }
    text
}
