//! Rules for Deployments with several pods: some are there while nodes and versions change.

use serde_json::Value;

use super::Problem;
use crate::manifests::items;
use crate::{Manifests, Workload};

/// A drain takes one pod at a time, and one that never became ready does not stop it.
pub(super) fn budget(manifests: &Manifests) -> Vec<Problem> {
    let mut problems = Vec::new();
    for budget in manifests.of_kind("PodDisruptionBudget") {
        let selector = budget.at("/spec/selector").unwrap_or(&Value::Null);
        if manifests.selected(budget.namespace(), selector).is_empty() {
            problems.push((budget.title(), "protects no pod".to_owned()));
        }
        if budget.text("/spec/unhealthyPodEvictionPolicy") != Some("AlwaysAllow") {
            problems.push((budget.title(), "lets a broken pod stop a drain".to_owned()));
        }
    }
    problems.extend(each_replicated(manifests, |deployment| {
        let protected = manifests.of_kind("PodDisruptionBudget").any(|budget| {
            let selector = budget.at("/spec/selector").unwrap_or(&Value::Null);
            let selected = manifests.selected(budget.namespace(), selector);
            let title = deployment.object.title();
            selected.iter().any(|one| one.object.title() == title)
        });
        (!protected).then(|| "has no PodDisruptionBudget".to_owned())
    }));
    problems
}

/// Pods keep away from each other, and a rollout makes a new one before it takes an old one.
pub(super) fn spread(manifests: &Manifests) -> Vec<Problem> {
    each_replicated(manifests, |deployment| {
        let constraints = items(deployment.template, "/spec/topologySpreadConstraints");
        let keys = ["topology.kubernetes.io/zone", "kubernetes.io/hostname"];
        let spread = keys.into_iter().all(|key| {
            constraints.iter().any(|constraint| {
                constraint["topologyKey"] == key && !constraint["labelSelector"].is_null()
            })
        });
        if !spread {
            return Some("may have all its pods in one place".to_owned());
        }
        let unavailable = deployment
            .object
            .at("/spec/strategy/rollingUpdate/maxUnavailable");
        (unavailable != Some(&Value::from(0))).then(|| "has fewer pods during a rollout".to_owned())
    })
}

/// An autoscaler scales something that is there, and never below two.
pub(super) fn autoscaler(manifests: &Manifests) -> Vec<Problem> {
    let mut problems = Vec::new();
    for scaler in manifests.of_kind("HorizontalPodAutoscaler") {
        let kind = scaler.text("/spec/scaleTargetRef/kind").unwrap_or_default();
        let name = scaler.text("/spec/scaleTargetRef/name").unwrap_or_default();
        if manifests.find(kind, scaler.namespace(), name).is_none() {
            problems.push((
                scaler.title(),
                format!("scales {kind} {name}, which is not there"),
            ));
        }
        let least = scaler.at("/spec/minReplicas").and_then(Value::as_u64);
        if least.is_none_or(|least| least < 2) {
            problems.push((scaler.title(), "may leave a single pod".to_owned()));
        }
    }
    problems
}

/// What `check` finds wrong with each Deployment of several pods. A number that is absent is the autoscaler's.
fn each_replicated(
    manifests: &Manifests,
    check: impl Fn(Workload<'_>) -> Option<String>,
) -> Vec<Problem> {
    manifests
        .workloads()
        .filter(|workload| workload.object.kind() == "Deployment")
        .filter(|workload| workload.object.at("/spec/replicas") != Some(&Value::from(1)))
        .filter_map(|workload| Some((workload.object.title(), check(workload)?)))
        .collect()
}
