//! Rules for Services: inside the cluster only, and leading to something.

use serde_json::Value;

use super::Problem;
use crate::{Manifests, Object, Workload};

/// Nothing is reachable from outside the cluster.
pub(super) fn service_type(manifests: &Manifests) -> Vec<Problem> {
    let mut problems = Vec::new();
    for service in manifests.of_kind("Service") {
        let kind = service.text("/spec/type").unwrap_or("ClusterIP");
        if kind != "ClusterIP" {
            problems.push((service.title(), format!("is of type {kind}")));
        }
        if !service.items("/spec/externalIPs").is_empty() {
            problems.push((service.title(), "has addresses of its own".to_owned()));
        }
    }
    let outside = ["Gateway", "HTTPRoute", "Ingress"].into_iter();
    let outside = outside.flat_map(|kind| manifests.of_kind(kind));
    problems.extend(outside.map(|object| (object.title(), "opens the cluster".to_owned())));
    problems
}

/// A Service leads to pods.
pub(super) fn selector(manifests: &Manifests) -> Vec<Problem> {
    manifests
        .of_kind("Service")
        .filter(|service| behind(manifests, service).is_empty())
        .map(|service| (service.title(), "selects no pod".to_owned()))
        .collect()
}

/// Every pod behind a Service listens on its ports.
pub(super) fn port(manifests: &Manifests) -> Vec<Problem> {
    let mut problems = Vec::new();
    for service in manifests.of_kind("Service") {
        let workloads = behind(manifests, service);
        for port in service.items("/spec/ports") {
            let target = port.get("targetPort").or_else(|| port.get("port"));
            let target = target.unwrap_or(&Value::Null);
            for workload in &workloads {
                if !workload.listens_on(target) {
                    let title = workload.object.title();
                    problems.push((service.title(), format!("{title} has no port {target}")));
                }
            }
        }
    }
    problems
}

fn behind<'m>(manifests: &'m Manifests, service: &Object) -> Vec<Workload<'m>> {
    let selector = service.at("/spec/selector").filter(|it| it.is_object());
    let selector = selector.map(|labels| serde_json::json!({ "matchLabels": labels }));
    selector
        .map(|selector| manifests.selected(service.namespace(), &selector))
        .unwrap_or_default()
}
