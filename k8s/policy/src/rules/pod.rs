//! Rules for the pods of a workload.

use serde_json::Value;

use super::{Problem, each_workload};
use crate::Manifests;
use crate::manifests::items;

/// A pod shares neither network nor processes with its node.
pub(super) fn host_namespaces(manifests: &Manifests) -> Vec<Problem> {
    each_workload(manifests, |workload| {
        let shared: Vec<&str> = ["hostNetwork", "hostPID", "hostIPC"]
            .into_iter()
            .filter(|name| workload.pod("/spec").is_some_and(|spec| spec[name] == true))
            .collect();
        (!shared.is_empty()).then(|| format!("has {}", shared.join(", ")))
    })
}

/// No folder of the node is mounted, and what is written to the node's disk has a bound.
pub(super) fn volumes(manifests: &Manifests) -> Vec<Problem> {
    each_workload(manifests, |workload| {
        let volumes = items(workload.template, "/spec/volumes");
        let wrong = volumes.iter().find_map(|volume| {
            let unbounded = |empty: &Value| empty["sizeLimit"].is_null();
            match (volume.get("hostPath"), volume.get("emptyDir")) {
                (Some(_), _) => Some("is a folder of the node"),
                (_, Some(empty)) if unbounded(empty) => Some("has no sizeLimit"),
                _ => None,
            }
            .map(|problem| (volume, problem))
        });
        wrong.map(|(volume, problem)| format!("volume {} {problem}", volume["name"]))
    })
}

/// A pod has an account of its own and no token of it.
pub(super) fn token(manifests: &Manifests) -> Vec<Problem> {
    each_workload(manifests, |workload| {
        if workload.pod("/spec/automountServiceAccountToken") != Some(&Value::Bool(false)) {
            return Some("mounts the token of its account".to_owned());
        }
        let name = workload.pod("/spec/serviceAccountName");
        let Some(name) = name.and_then(Value::as_str) else {
            return Some("has no account of its own".to_owned());
        };
        let account = manifests.find("ServiceAccount", workload.object.namespace(), name);
        let account = account.and_then(|account| account.at("/automountServiceAccountToken"));
        (account != Some(&Value::Bool(false)))
            .then(|| format!("account {name} is missing or mounts its token"))
    })
}

/// Nothing runs as root, by the number of the user and not only by a promise of the image.
pub(super) fn non_root(manifests: &Manifests) -> Vec<Problem> {
    each_workload(manifests, |workload| {
        let of_pod = workload.pod("/spec/securityContext");
        let of_pod = of_pod.unwrap_or(&Value::Null);
        let rootless = workload.all_containers().all(|container| {
            let of_container = &container["securityContext"];
            let effective = |name: &str| match &of_container[name] {
                Value::Null => &of_pod[name],
                own => own,
            };
            let user = effective("runAsUser").as_u64();
            *effective("runAsNonRoot") == true && user.is_some_and(|user| user > 0)
        });
        (!rootless).then(|| "may run as root".to_owned())
    })
}

/// The system calls of a pod are filtered.
pub(super) fn seccomp(manifests: &Manifests) -> Vec<Problem> {
    each_workload(manifests, |workload| {
        let profile = workload.pod("/spec/securityContext/seccompProfile/type");
        let filtered = profile.is_some_and(|profile| profile == "RuntimeDefault");
        (!filtered).then(|| "has no seccomp profile".to_owned())
    })
}

/// Services do not become variables, which programs would read as settings.
pub(super) fn service_links(manifests: &Manifests) -> Vec<Problem> {
    each_workload(manifests, |workload| {
        let off = workload.pod("/spec/enableServiceLinks") == Some(&Value::Bool(false));
        (!off).then(|| "gets every Service as variables".to_owned())
    })
}

/// Object and pods say what they are and where they belong.
pub(super) fn labels(manifests: &Manifests) -> Vec<Problem> {
    each_workload(manifests, |workload| {
        let own = workload.object.at("/metadata/labels");
        let own = own.unwrap_or(&Value::Null);
        ["app.kubernetes.io/name", "app.kubernetes.io/part-of"]
            .into_iter()
            .find(|name| own[name].is_null() || workload.labels()[name].is_null())
            .map(|name| format!("lacks the label {name} on itself or its pods"))
    })
}
