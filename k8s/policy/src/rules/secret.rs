//! Rule: no secret is written down.

use serde_json::Value;

use super::Problem;
use crate::Manifests;

/// Fields of Datadog's resources that would hold a key itself.
const KEYS: [&str; 4] = [
    "/spec/global/credentials/apiKey",
    "/spec/global/credentials/appKey",
    "/spec/global/clusterAgentToken",
    "/spec/global/endpoint/credentials/apiKey",
];

pub(super) fn secret(manifests: &Manifests) -> Vec<Problem> {
    let mut problems = Vec::new();
    for secret in manifests.of_kind("Secret") {
        let held = ["/data", "/stringData"].map(|pointer| secret.at(pointer));
        if held.into_iter().flatten().any(is_filled) {
            problems.push((secret.title(), "holds what it should hide".to_owned()));
        }
    }
    for object in &manifests.objects {
        if let Some(key) = KEYS.into_iter().find(|key| object.at(key).is_some()) {
            problems.push((object.title(), format!("has a key in {key}")));
        }
    }
    for workload in manifests.workloads() {
        let variables = workload
            .all_containers()
            .flat_map(|container| crate::manifests::items(container, "/env"));
        for variable in variables.filter(|variable| variable["value"].is_string()) {
            let name = variable["name"].as_str().unwrap_or_default();
            let telling = ["KEY", "PASSWORD", "SECRET", "TOKEN"];
            if name.split('_').any(|word| telling.contains(&word)) {
                let problem = format!("{name} is written down");
                problems.push((workload.object.title(), problem));
            }
        }
    }
    problems
}

fn is_filled(value: &Value) -> bool {
    value.as_object().is_some_and(|data| !data.is_empty())
}
