//! Rules for namespaces and the ways between pods.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Problem, each_workload};
use crate::manifests::{items, selects};
use crate::{Manifests, Object, Workload};

/// A namespace takes hardened pods only, by a named version of the rules.
pub(super) fn pod_security(manifests: &Manifests) -> Vec<Problem> {
    let mut problems = Vec::new();
    for namespace in manifests.of_kind("Namespace") {
        let labels = namespace.at("/metadata/labels").unwrap_or(&Value::Null);
        for mode in ["enforce", "audit", "warn"] {
            let level = &labels[format!("pod-security.kubernetes.io/{mode}")];
            let version = &labels[format!("pod-security.kubernetes.io/{mode}-version")];
            let named = version.as_str().is_some_and(|it| it.starts_with("v1."));
            if level != "restricted" || !named {
                let problem = format!("does not {mode} a named version of `restricted`");
                problems.push((namespace.title(), problem));
            }
        }
    }
    problems
}

/// What no policy allows is denied, both ways.
pub(super) fn default_deny(manifests: &Manifests) -> Vec<Problem> {
    let used: BTreeSet<&str> = manifests
        .workloads()
        .map(|workload| workload.object.namespace())
        .collect();
    used.into_iter()
        .filter(|namespace| {
            !policies(manifests, namespace).any(|policy| {
                takes_all(policy)
                    && directions(policy).len() == 2
                    && policy.items("/spec/ingress").is_empty()
                    && policy.items("/spec/egress").is_empty()
            })
        })
        .map(|namespace| {
            let problem = "allows whatever no policy denies";
            (format!("Namespace {namespace}"), problem.to_owned())
        })
        .collect()
}

/// Someone has thought about every workload.
pub(super) fn policy_per_workload(manifests: &Manifests) -> Vec<Problem> {
    each_workload(manifests, |workload| {
        let own = policies(manifests, workload.object.namespace())
            .any(|policy| !takes_all(policy) && selects(pod_selector(policy), workload.labels()));
        (!own).then(|| "is in no policy of its own".to_owned())
    })
}

/// A policy and the pods that it names are there: a misspelt label would deny or allow nothing.
pub(super) fn policy_selector(manifests: &Manifests) -> Vec<Problem> {
    let mut problems = Vec::new();
    for policy in manifests.of_kind("NetworkPolicy") {
        let count = |selector| manifests.selected(policy.namespace(), selector).len();
        if count(pod_selector(policy)) == 0 {
            problems.push((policy.title(), "is for no pod".to_owned()));
        }
        for (_, rule) in rules(policy) {
            for peer in rule.peers {
                let unknown = own_pods(peer).is_some_and(|selector| count(selector) == 0);
                if unknown || peer.as_object().is_none_or(serde_json::Map::is_empty) {
                    problems.push((policy.title(), "names no pod".to_owned()));
                }
            }
            if rule.peers.is_empty() || rule.ports.is_empty() {
                let problem = "allows every pod or every port".to_owned();
                problems.push((policy.title(), problem));
            }
        }
    }
    problems
}

/// The pods that a policy lets in on a port, or out to, listen on it.
pub(super) fn policy_port(manifests: &Manifests) -> Vec<Problem> {
    let mut problems = Vec::new();
    for policy in manifests.of_kind("NetworkPolicy") {
        for (direction, rule) in rules(policy) {
            let selected = |selector| manifests.selected(policy.namespace(), selector);
            let servers: Vec<Workload<'_>> = match direction {
                Direction::Ingress => selected(pod_selector(policy)),
                Direction::Egress => {
                    let peers = rule.peers.iter().filter_map(own_pods);
                    peers.flat_map(selected).collect()
                }
            };
            for port in rule.ports {
                let number = &port["port"];
                for server in servers.iter().filter(|server| !server.listens_on(number)) {
                    let title = server.object.title();
                    problems.push((policy.title(), format!("{title} has no port {number}")));
                }
            }
        }
    }
    problems
}

/// A way between two pods is open at both ends or at none.
pub(super) fn flow_both_ends(manifests: &Manifests) -> Vec<Problem> {
    let mut out = BTreeSet::new();
    let mut into = BTreeSet::new();
    for policy in manifests.of_kind("NetworkPolicy") {
        let selected = |selector| names(&manifests.selected(policy.namespace(), selector));
        let own = selected(pod_selector(policy));
        for (direction, rule) in rules(policy) {
            let peers: BTreeSet<String> = rule
                .peers
                .iter()
                .filter_map(own_pods)
                .flat_map(selected)
                .collect();
            let ports = rule.ports.iter().map(|port| port["port"].to_string());
            for port in ports {
                for (one, other) in own
                    .iter()
                    .flat_map(|one| peers.iter().map(move |other| (one, other)))
                {
                    match direction {
                        Direction::Egress => out.insert((one.clone(), other.clone(), port.clone())),
                        Direction::Ingress => {
                            into.insert((other.clone(), one.clone(), port.clone()))
                        }
                    };
                }
            }
        }
    }
    out.symmetric_difference(&into)
        .map(|(from, to, port)| {
            (
                from.clone(),
                format!("the way to {to} on port {port} is open at one end only"),
            )
        })
        .collect()
}

#[derive(Clone, Copy)]
enum Direction {
    Ingress,
    Egress,
}

/// One rule of a policy.
struct Flow<'m> {
    peers: &'m [Value],
    ports: &'m [Value],
}

fn rules(policy: &Object) -> impl Iterator<Item = (Direction, Flow<'_>)> {
    let flows = |direction, list: &str, peers: &'static str| {
        policy.items(list).iter().map(move |rule| {
            let peers = items(rule, peers);
            let ports = items(rule, "/ports");
            (direction, Flow { peers, ports })
        })
    };
    flows(Direction::Ingress, "/spec/ingress", "/from").chain(flows(
        Direction::Egress,
        "/spec/egress",
        "/to",
    ))
}

/// The selector of a peer in the policy's own namespace.
fn own_pods(peer: &Value) -> Option<&Value> {
    match peer.get("namespaceSelector") {
        None => peer.get("podSelector"),
        Some(_) => None,
    }
}

fn policies<'m>(manifests: &'m Manifests, namespace: &'m str) -> impl Iterator<Item = &'m Object> {
    manifests
        .of_kind("NetworkPolicy")
        .filter(move |policy| policy.namespace() == namespace)
}

fn pod_selector(policy: &Object) -> &Value {
    policy.at("/spec/podSelector").unwrap_or(&Value::Null)
}

fn takes_all(policy: &Object) -> bool {
    let selector = pod_selector(policy).as_object();
    selector.is_none_or(serde_json::Map::is_empty)
}

fn directions(policy: &Object) -> BTreeSet<&str> {
    let types = policy.items("/spec/policyTypes");
    types.iter().filter_map(Value::as_str).collect()
}

fn names(workloads: &[Workload<'_>]) -> BTreeSet<String> {
    let titles = workloads.iter().map(|workload| workload.object.title());
    titles.collect()
}
