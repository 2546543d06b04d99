//! Rendered manifests as objects, workloads and label selectors. `rules` asks them.

use serde_json::{Map, Value};

/// Everything that was rendered together.
#[derive(Debug)]
pub struct Manifests {
    /// In the order of the text.
    pub objects: Vec<Object>,
}

impl Manifests {
    /// Reads a stream of YAML documents.
    ///
    /// # Errors
    /// When it is no YAML, empty, or a document is no Kubernetes object.
    pub fn parse(text: &str) -> Result<Manifests, String> {
        let documents: Vec<Value> =
            serde_saphyr::from_multiple(text).map_err(|error| error.to_string())?;
        let objects: Vec<Object> = documents
            .into_iter()
            .filter(|document| !document.is_null())
            .map(Object)
            .collect();
        if objects.is_empty() {
            return Err("there is no object to check".to_owned());
        }
        match objects.iter().position(|object| !object.is_named()) {
            None => Ok(Manifests { objects }),
            Some(index) => Err(format!(
                "document {} has no apiVersion, kind or name",
                index + 1
            )),
        }
    }

    /// Objects of this kind.
    pub fn of_kind<'m>(&'m self, kind: &str) -> impl Iterator<Item = &'m Object> {
        self.objects
            .iter()
            .filter(move |object| object.kind() == kind)
    }

    /// The object of that kind, namespace and name.
    pub fn find(&self, kind: &str, namespace: &str, name: &str) -> Option<&Object> {
        self.of_kind(kind)
            .find(|object| object.namespace() == namespace && object.name() == name)
    }

    /// Everything that makes pods.
    pub fn workloads(&self) -> impl Iterator<Item = Workload<'_>> {
        self.objects.iter().filter_map(Object::workload)
    }

    /// The workloads of `namespace` whose pods have the labels that `selector` asks for.
    pub fn selected<'m>(&'m self, namespace: &str, selector: &Value) -> Vec<Workload<'m>> {
        self.workloads()
            .filter(|workload| workload.object.namespace() == namespace)
            .filter(|workload| selects(selector, workload.labels()))
            .collect()
    }
}

/// One Kubernetes object.
#[derive(Debug)]
pub struct Object(Value);

impl Object {
    /// `Deployment`, …
    pub fn kind(&self) -> &str {
        self.text("/kind").unwrap_or_default()
    }

    /// `metadata.name`.
    pub fn name(&self) -> &str {
        self.text("/metadata/name").unwrap_or_default()
    }

    /// `metadata.namespace`; `default` where there is none, as `kubectl apply` would have it.
    pub fn namespace(&self) -> &str {
        self.text("/metadata/namespace").unwrap_or("default")
    }

    /// For people.
    pub fn title(&self) -> String {
        format!("{} {}", self.kind(), self.name())
    }

    /// What a JSON pointer leads to.
    pub fn at(&self, pointer: &str) -> Option<&Value> {
        self.0.pointer(pointer)
    }

    /// The text that a JSON pointer leads to.
    pub fn text(&self, pointer: &str) -> Option<&str> {
        self.at(pointer)?.as_str()
    }

    /// The items that a JSON pointer leads to.
    pub fn items(&self, pointer: &str) -> &[Value] {
        items(&self.0, pointer)
    }

    fn is_named(&self) -> bool {
        let required = ["/apiVersion", "/kind", "/metadata/name"];
        required.iter().all(|pointer| self.text(pointer).is_some())
    }

    fn workload(&self) -> Option<Workload<'_>> {
        let template = match self.kind() {
            "Pod" => "",
            "CronJob" => "/spec/jobTemplate/spec/template",
            "DaemonSet" | "Deployment" | "Job" | "ReplicaSet" | "StatefulSet" => "/spec/template",
            _ => return None,
        };
        Some(Workload {
            object: self,
            template: self.at(template).unwrap_or(&Value::Null),
        })
    }
}

/// An object that makes pods.
#[derive(Clone, Copy, Debug)]
pub struct Workload<'m> {
    /// The object itself.
    pub object: &'m Object,
    /// Metadata and specification of its pods.
    pub template: &'m Value,
}

impl<'m> Workload<'m> {
    /// Labels of its pods.
    pub fn labels(self) -> &'m Value {
        self.pod("/metadata/labels").unwrap_or(&Value::Null)
    }

    /// What a JSON pointer leads to in the template of its pods.
    pub fn pod(self, pointer: &str) -> Option<&'m Value> {
        self.template.pointer(pointer)
    }

    /// Containers that run as long as the pod does.
    pub fn containers(self) -> &'m [Value] {
        items(self.template, "/spec/containers")
    }

    /// Those, and the ones that run before them.
    pub fn all_containers(self) -> impl Iterator<Item = &'m Value> {
        let first = items(self.template, "/spec/initContainers");
        first.iter().chain(self.containers())
    }

    /// Whether a container listens on this port, given by number or name.
    pub fn listens_on(self, port: &Value) -> bool {
        self.containers().iter().any(|one| has_port(one, port))
    }

    /// Whether it answers until it is told to stop, rather than working to an end.
    pub fn serves(self) -> bool {
        !matches!(self.object.kind(), "CronJob" | "Job")
    }
}

/// Whether the container listens on this port, given by number or name.
pub(crate) fn has_port(container: &Value, port: &Value) -> bool {
    let mut ports = items(container, "/ports").iter();
    ports.any(|one| one.get("containerPort") == Some(port) || one.get("name") == Some(port))
}

/// The items of a list that may be absent.
pub(crate) fn items<'v>(value: &'v Value, pointer: &str) -> &'v [Value] {
    let found = value.pointer(pointer).and_then(Value::as_array);
    found.map(Vec::as_slice).unwrap_or_default()
}

/// Whether a label selector, with `matchLabels` and `matchExpressions`, takes these labels.
pub(crate) fn selects(selector: &Value, labels: &Value) -> bool {
    let exact = selector.get("matchLabels").and_then(Value::as_object);
    exact.is_none_or(|wanted| has_all(wanted, labels))
        && items(selector, "/matchExpressions")
            .iter()
            .all(|expression| holds(expression, labels))
}

/// Whether `labels` has every label that is wanted.
fn has_all(wanted: &Map<String, Value>, labels: &Value) -> bool {
    wanted
        .iter()
        .all(|(key, value)| labels.get(key) == Some(value))
}

fn holds(expression: &Value, labels: &Value) -> bool {
    let text = |key| expression.get(key).and_then(Value::as_str);
    let label = labels.get(text("key").unwrap_or_default());
    let listed = label.is_some_and(|label| items(expression, "/values").contains(label));
    match text("operator") {
        Some("In") => listed,
        Some("NotIn") => !listed,
        Some("Exists") => label.is_some(),
        Some("DoesNotExist") => label.is_none(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_selector_takes_labels_by_all_that_it_asks_for() {
        let labels = json!({"app": "till", "tier": "front"});
        let check = |selector: Value, expected: bool| {
            assert_eq!(selects(&selector, &labels), expected, "{selector}");
        };
        let expression = |key: &str, operator: &str, values: &[&str]| json!({"matchExpressions": [{"key": key, "operator": operator, "values": values}]});
        check(json!({}), true);
        check(json!({"matchLabels": {"app": "till"}}), true);
        check(
            json!({"matchLabels": {"app": "till", "tier": "back"}}),
            false,
        );
        check(expression("app", "In", &["till", "tell"]), true);
        check(expression("app", "In", &["tell"]), false);
        check(expression("zone", "In", &["a"]), false);
        check(expression("app", "NotIn", &["tell"]), true);
        check(expression("app", "NotIn", &["till"]), false);
        check(expression("zone", "NotIn", &["a"]), true);
        check(expression("tier", "Exists", &[]), true);
        check(expression("zone", "Exists", &[]), false);
        check(expression("zone", "DoesNotExist", &[]), true);
        check(expression("tier", "DoesNotExist", &[]), false);
        check(expression("app", "Gt", &["1"]), false);
    }
}
