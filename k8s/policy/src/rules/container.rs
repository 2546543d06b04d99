//! Rules for each container of a workload.

use serde_json::Value;

use super::Problem;
use crate::manifests::{has_port, items};
use crate::{Manifests, Workload};

/// Requests still under way after SIGTERM, and spans that wait to be sent, need this long.
const DRAIN_SECONDS: u64 = 15;

/// An image is named by digest, or by a tag that says which version it is.
pub(super) fn image_tag(manifests: &Manifests) -> Vec<Problem> {
    each_container(manifests, |container| {
        let image = container.get("image").and_then(Value::as_str)?;
        let last = image.rsplit('/').next().unwrap_or(image);
        let tag = last.split_once(':').map(|(_, tag)| tag);
        let fixed =
            image.contains("@sha256:") || tag.is_some_and(|tag| !tag.is_empty() && tag != "latest");
        (!fixed).then(|| format!("{image} does not say which version it is"))
    })
}

/// Processor, memory and disk are asked for and bounded.
pub(super) fn resources(manifests: &Manifests) -> Vec<Problem> {
    each_container(manifests, |container| {
        let missing: Vec<String> = ["requests", "limits"]
            .into_iter()
            .flat_map(|kind| ["cpu", "memory", "ephemeral-storage"].map(|what| (kind, what)))
            .filter(|(kind, what)| container["resources"][kind][what].is_null())
            .map(|(kind, what)| format!("{kind}.{what}"))
            .collect();
        (!missing.is_empty()).then(|| format!("has no {}", missing.join(", ")))
    })
}

/// Started, ready and alive are three questions.
pub(super) fn probes(manifests: &Manifests) -> Vec<Problem> {
    each_server(manifests, |_, container| {
        let missing: Vec<&str> = PROBES
            .into_iter()
            .filter(|probe| container[probe].is_null())
            .collect();
        (!missing.is_empty()).then(|| format!("has no {}", missing.join(", ")))
    })
}

const PROBES: [&str; 3] = ["startupProbe", "readinessProbe", "livenessProbe"];

/// A probe asks a port that the container has.
pub(super) fn probe_port(manifests: &Manifests) -> Vec<Problem> {
    each_server(manifests, |_, container| {
        let ports = PROBES.into_iter().flat_map(|probe| {
            let actions = ["httpGet", "tcpSocket", "grpc"];
            actions.map(|action| &container[probe][action]["port"])
        });
        let mut wrong = ports.filter(|port| !port.is_null() && !has_port(container, port));
        wrong
            .next()
            .map(|port| format!("has no port {port}, which a probe asks"))
    })
}

/// No port of the node is taken.
pub(super) fn host_port(manifests: &Manifests) -> Vec<Problem> {
    each_container(manifests, |container| {
        let mut ports = items(container, "/ports").iter();
        let taken = ports.find_map(|port| port.get("hostPort"))?;
        Some(format!("takes port {taken} of the node"))
    })
}

/// Nobody who gets in can change the program.
pub(super) fn read_only_root(manifests: &Manifests) -> Vec<Problem> {
    each_container(manifests, |container| {
        let read_only = container["securityContext"]["readOnlyRootFilesystem"] == true;
        (!read_only).then(|| "can write to its root".to_owned())
    })
}

/// A process never gets more rights than it was started with.
pub(super) fn privilege_escalation(manifests: &Manifests) -> Vec<Problem> {
    each_container(manifests, |container| {
        let context = &container["securityContext"];
        let safe = context["allowPrivilegeEscalation"] == false && context["privileged"] != true;
        (!safe).then(|| "may gain privileges".to_owned())
    })
}

/// All capabilities are dropped and none is added.
pub(super) fn capabilities(manifests: &Manifests) -> Vec<Problem> {
    each_container(manifests, |container| {
        let context = &container["securityContext"];
        let drops_all = items(context, "/capabilities/drop")
            .iter()
            .any(|one| one == "ALL");
        let adds = !items(context, "/capabilities/add").is_empty();
        (!drops_all || adds).then(|| "keeps capabilities".to_owned())
    })
}

/// A stopping pod answers until the nodes know, and then has time to finish.
pub(super) fn drain(manifests: &Manifests) -> Vec<Problem> {
    each_server(manifests, |workload, container| {
        let sleep = &container["lifecycle"]["preStop"]["sleep"]["seconds"];
        let Some(sleep) = sleep.as_u64().filter(|seconds| *seconds > 0) else {
            return Some("does not wait before it stops".to_owned());
        };
        let grace = workload.pod("/spec/terminationGracePeriodSeconds");
        let grace = grace.and_then(Value::as_u64).unwrap_or(30);
        let least = sleep + DRAIN_SECONDS;
        (grace < least).then(|| format!("is killed after {grace} s and needs up to {least} s"))
    })
}

/// What `check` finds wrong with each container.
fn each_container(manifests: &Manifests, check: impl Fn(&Value) -> Option<String>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for workload in manifests.workloads() {
        for container in workload.all_containers() {
            problems.extend(check(container).map(|problem| of(workload, container, &problem)));
        }
    }
    problems
}

/// What `check` finds wrong with each container that answers requests.
fn each_server(
    manifests: &Manifests,
    check: impl Fn(Workload<'_>, &Value) -> Option<String>,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    for workload in manifests.workloads().filter(|workload| workload.serves()) {
        for container in workload.containers() {
            let problem = check(workload, container);
            problems.extend(problem.map(|problem| of(workload, container, &problem)));
        }
    }
    problems
}

fn of(workload: Workload<'_>, container: &Value, problem: &str) -> Problem {
    let name = container.get("name").and_then(Value::as_str);
    let name = name.unwrap_or("without a name");
    (
        workload.object.title(),
        format!("container {name} {problem}"),
    )
}
