//! Rules for what is seen by Datadog: its resources ask for services that are deployed beside them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Problem, each_workload};
use crate::{Manifests, Object};

const TAGS: [&str; 3] = [
    "tags.datadoghq.com/env",
    "tags.datadoghq.com/service",
    "tags.datadoghq.com/version",
];

/// Beside an agent, every workload and its pods have all three unified service tags.
pub(super) fn unified_tags(manifests: &Manifests) -> Vec<Problem> {
    if manifests.of_kind("DatadogAgent").next().is_none() {
        return Vec::new();
    }
    each_workload(manifests, |workload| {
        let own = workload.object.at("/metadata/labels");
        let own = own.unwrap_or(&Value::Null);
        TAGS.into_iter()
            .find(|tag| own[tag].is_null() || own[tag] != workload.labels()[tag])
            .map(|tag| format!("lacks the label {tag} on itself or its pods"))
    })
}

/// A query names environments and services that are deployed.
pub(super) fn query(manifests: &Manifests) -> Vec<Problem> {
    let deployed = |tag: &str| -> BTreeSet<&str> {
        let labels = manifests.workloads().map(|workload| workload.labels());
        labels.filter_map(|labels| labels[tag].as_str()).collect()
    };
    let known = [("env", deployed(TAGS[0])), ("service", deployed(TAGS[1]))];
    let mut problems = Vec::new();
    for object in &manifests.objects {
        for text in queries(object) {
            for (key, values) in &known {
                let unknown = named(text, key).find(|name| !values.contains(name));
                let problem = unknown.map(|name| format!("no workload has {key}:{name}"));
                problems.extend(problem.map(|problem| (object.title(), problem)));
            }
        }
    }
    problems
}

/// The widgets of a dashboard, which its schema takes as any text, are JSON.
pub(super) fn dashboard(manifests: &Manifests) -> Vec<Problem> {
    let dashboards = manifests.of_kind("DatadogDashboard");
    dashboards
        .filter_map(|dashboard| {
            let widgets = dashboard.text("/spec/widgets").unwrap_or_default();
            let problem = match serde_json::from_str::<Value>(widgets) {
                Ok(Value::Array(widgets)) if !widgets.is_empty() => return None,
                Ok(_) => "has no widgets".to_owned(),
                Err(error) => format!("has widgets that are no JSON: {error}"),
            };
            Some((dashboard.title(), problem))
        })
        .collect()
}

/// The texts of a Datadog resource that hold queries.
fn queries(object: &Object) -> Vec<&str> {
    let pointers: &[&str] = match object.kind() {
        "DatadogDashboard" => &["/spec/widgets"],
        "DatadogMonitor" => &["/spec/query"],
        "DatadogSLO" => &["/spec/query/numerator", "/spec/query/denominator"],
        _ => &[],
    };
    let texts = pointers.iter().map(|pointer| object.text(pointer));
    texts.flatten().collect()
}

/// The values of `key:value` in the braces of a query; one with `*` stands for many.
fn named<'t>(text: &'t str, key: &str) -> impl Iterator<Item = &'t str> {
    let is_of_name =
        |character: char| character.is_ascii_alphanumeric() || "-_.*/".contains(character);
    let pattern = format!("{key}:");
    let starts: Vec<usize> = text
        .match_indices(&pattern)
        .filter(|(start, _)| text[..*start].ends_with(['{', ',']))
        .map(|(start, _)| start + pattern.len())
        .collect();
    starts
        .into_iter()
        .map(move |start| {
            let rest = &text[start..];
            let end = rest.find(|character| !is_of_name(character));
            &rest[..end.unwrap_or(rest.len())]
        })
        .filter(|name| !name.contains('*'))
}
