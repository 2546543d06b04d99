//! Rule: a ConfigMap that a pod reads is rendered with it.

use serde_json::Value;

use super::{Problem, each_workload};
use crate::manifests::items;
use crate::{Manifests, Workload};

pub(super) fn reference(manifests: &Manifests) -> Vec<Problem> {
    each_workload(manifests, |workload| {
        let namespace = workload.object.namespace();
        references(workload).into_iter().find_map(|(name, key)| {
            let Some(map) = manifests.find("ConfigMap", namespace, name) else {
                return Some(format!("reads ConfigMap {name}, which is not there"));
            };
            let data = map.at("/data").unwrap_or(&Value::Null);
            let key = key.filter(|key| data[key].is_null())?;
            Some(format!("reads {key} of ConfigMap {name}, which has none"))
        })
    })
}

/// Names of ConfigMaps, with the key where only one is read.
fn references(workload: Workload<'_>) -> Vec<(&str, Option<&str>)> {
    let mut found = Vec::new();
    for container in workload.all_containers() {
        for source in items(container, "/envFrom") {
            found.push((&source["configMapRef"]["name"], &Value::Null));
        }
        for variable in items(container, "/env") {
            let reference = &variable["valueFrom"]["configMapKeyRef"];
            found.push((&reference["name"], &reference["key"]));
        }
    }
    for volume in items(workload.template, "/spec/volumes") {
        found.push((&volume["configMap"]["name"], &Value::Null));
    }
    found
        .into_iter()
        .filter_map(|(name, key)| Some((name.as_str()?, key.as_str())))
        .collect()
}
