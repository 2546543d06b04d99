//! All rules, by what they look at. `tests/rules.rs` has a broken sample for each.

mod availability;
mod container;
mod datadog;
mod network;
mod pod;
mod reference;
mod secret;
mod service;

use crate::{Manifests, Workload};

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// What a finding is called.
    pub name: &'static str,
    /// The objects that break it, each with what is wrong.
    pub check: fn(&Manifests) -> Vec<Problem>,
}

/// Title of an object, and what is wrong with it.
pub type Problem = (String, String);

const fn rule(name: &'static str, check: fn(&Manifests) -> Vec<Problem>) -> Rule {
    Rule { name, check }
}

/// Every rule.
pub const ALL: &[Rule] = &[
    rule("image-tag", container::image_tag),
    rule("resources", container::resources),
    rule("probes", container::probes),
    rule("probe-port", container::probe_port),
    rule("host-port", container::host_port),
    rule("read-only-root", container::read_only_root),
    rule("privilege-escalation", container::privilege_escalation),
    rule("capabilities", container::capabilities),
    rule("drain", container::drain),
    rule("host-namespaces", pod::host_namespaces),
    rule("volumes", pod::volumes),
    rule("token", pod::token),
    rule("non-root", pod::non_root),
    rule("seccomp", pod::seccomp),
    rule("service-links", pod::service_links),
    rule("labels", pod::labels),
    rule("budget", availability::budget),
    rule("spread", availability::spread),
    rule("autoscaler", availability::autoscaler),
    rule("service-type", service::service_type),
    rule("service-selector", service::selector),
    rule("service-port", service::port),
    rule("pod-security", network::pod_security),
    rule("default-deny", network::default_deny),
    rule("policy-per-workload", network::policy_per_workload),
    rule("policy-selector", network::policy_selector),
    rule("policy-port", network::policy_port),
    rule("flow-both-ends", network::flow_both_ends),
    rule("reference", reference::reference),
    rule("secret", secret::secret),
    rule("unified-tags", datadog::unified_tags),
    rule("datadog-query", datadog::query),
    rule("dashboard", datadog::dashboard),
];

/// What `check` finds wrong with each workload.
fn each_workload(
    manifests: &Manifests,
    check: impl Fn(Workload<'_>) -> Option<String>,
) -> Vec<Problem> {
    manifests
        .workloads()
        .filter_map(|workload| Some((workload.object.title(), check(workload)?)))
        .collect()
}
