//! Each rule against manifests that keep all of them, with one text replaced: exactly that rule must find it.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

use policy::{Manifests, check, rules};

const GOOD: &str = include_str!("good.yaml");

/// Rule, a text of `good.yaml`, what stands in its place; one breach a line.
#[rustfmt::skip]
const BROKEN: &[(&str, &str, &str)] = &[
    ("image-tag", "till:1.2", "till"),
    ("image-tag", "till:1.2", "till:latest"),
    ("resources", "requests: {cpu: 100m, ", "requests: {"),
    ("resources", "limits: {cpu: \"1\", memory: 64Mi, ephemeral-storage: 2Mi}", "limits: {cpu: \"1\", memory: 64Mi}"),
    ("probes", "startupProbe", "startProbe"),
    ("probes", "readinessProbe: {httpGet: {path: /ready, port: 8080}}", ""),
    ("probe-port", "path: /ready, port: 8080", "path: /ready, port: 8081"),
    ("probe-port", "path: /alive, port: http", "path: /alive, port: https"),
    ("host-port", "containerPort: 8080}", "containerPort: 8080, hostPort: 8080}"),
    ("read-only-root", "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false"),
    ("privilege-escalation", "allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true"),
    ("privilege-escalation", "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: true\n            privileged: true"),
    ("capabilities", "drop: [ALL]", "drop: [NET_RAW]"),
    ("capabilities", "drop: [ALL]", "drop: [ALL], add: [NET_ADMIN]"),
    ("drain", "preStop: {sleep: {seconds: 5}}", "preStop: {sleep: {seconds: 0}}"),
    ("drain", "terminationGracePeriodSeconds: 30", "terminationGracePeriodSeconds: 19"),
    ("host-namespaces", "enableServiceLinks: false", "enableServiceLinks: false\n      hostNetwork: true"),
    ("host-namespaces", "enableServiceLinks: false", "enableServiceLinks: false\n      hostIPC: true"),
    ("volumes", "emptyDir: {sizeLimit: 1Mi}", "hostPath: {path: /}"),
    ("volumes", "emptyDir: {sizeLimit: 1Mi}", "emptyDir: {}"),
    ("token", "      automountServiceAccountToken: false", "      automountServiceAccountToken: true"),
    ("token", "till, namespace: shop}\nautomountServiceAccountToken: false", "till, namespace: shop}"),
    ("token", "serviceAccountName: till", "serviceAccountName: tell"),
    ("non-root", "runAsNonRoot: true", "runAsNonRoot: false"),
    ("non-root", "runAsUser: 65532", "runAsUser: 0"),
    ("non-root", "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: true\n            runAsUser: 0"),
    ("seccomp", "type: RuntimeDefault", "type: Unconfined"),
    ("service-links", "enableServiceLinks: false", "enableServiceLinks: true"),
    ("labels", "        app.kubernetes.io/part-of: shop", ""),
    ("budget", "matchLabels: {app.kubernetes.io/name: till} # of the budget", "matchLabels: {app: tell}"),
    ("budget", "unhealthyPodEvictionPolicy: AlwaysAllow", "unhealthyPodEvictionPolicy: IfHealthyBudget"),
    ("spread", "{topologyKey: kubernetes.io/hostname, ", "{topologyKey: kubernetes.io/os, "),
    ("spread", "rollingUpdate: {maxUnavailable: 0}", "rollingUpdate: {maxUnavailable: 1}"),
    ("autoscaler", "kind: Deployment, name: till", "kind: Deployment, name: tell"),
    ("autoscaler", "minReplicas: 2", "minReplicas: 1"),
    ("service-type", "type: ClusterIP", "type: NodePort"),
    ("service-type", "type: ClusterIP", "type: LoadBalancer"),
    ("service-type", "type: ClusterIP", "type: ClusterIP\n  externalIPs: [192.0.2.1]"),
    ("service-type", "kind: DatadogMonitor", "kind: Ingress"),
    ("service-selector", "  selector: {app.kubernetes.io/name: till}\n  ports", "  selector: {app: till}\n  ports"),
    ("service-port", "targetPort: http", "targetPort: 9090"),
    ("service-port", "port: 80, targetPort: http", "port: 80"),
    ("pod-security", "enforce: restricted", "enforce: baseline"),
    ("pod-security", "warn-version: v1.34", "warn-version: latest"),
    ("default-deny", "  podSelector: {}\n  policyTypes: [Ingress, Egress]", "  podSelector: {}\n  policyTypes: [Ingress]"),
    ("policy-per-workload", "matchExpressions:\n      - {key: app.kubernetes.io/name, operator: In, values: [till]}", "{}"),
    ("policy-selector", "to: [{podSelector: {matchLabels: {app.kubernetes.io/name: till}}}]\n      ports: [{protocol: TCP, port: 8080}] # out", "to: [{namespaceSelector: {}}]"),
    ("policy-port", "ports: [{protocol: TCP, port: 8080}] # out", "ports: [{protocol: TCP, port: 8080}, {port: 53}] # both"),
    ("flow-both-ends", "  egress:\n    - to: [{podSelector: {matchLabels: {app.kubernetes.io/name: till}}}]\n      ports: [{protocol: TCP, port: 8080}] # out", ""),
    ("reference", "configMapRef: {name: settings}", "configMapRef: {name: setting}"),
    ("reference", "key: COLOUR", "key: COLOR"),
    ("secret", "kind: ConfigMap\nmetadata: {name: settings, namespace: shop}\n", "kind: Secret\nmetadata: {name: settings, namespace: shop}\n"),
    ("secret", "apiSecret: {secretName: datadog-secret, keyName: api-key}", "apiKey: 0123456789abcdef"),
    ("secret", "{name: MODE, value: fast}", "{name: DD_API_KEY, value: fast}"),
    ("unified-tags", "        tags.datadoghq.com/version: \"1.2\"", ""),
    ("unified-tags", "    tags.datadoghq.com/env: production\n    tags", "    tags.datadoghq.com/env: staging\n    tags"),
    ("datadog-query", "service:till}", "service:tell}"),
    ("datadog-query", "env:production,", "env:prod,"),
    ("dashboard", "}]'", "}'"),
    ("dashboard", "widgets: '[{\"definition\": {\"query\": \"sum:requests{service:till*,$env}\"}}]'", "widgets: '[]'"),
];

/// The other rules that a breach breaks with it.
fn follows(rule: &str, bad: &str) -> &'static [&'static str] {
    match rule {
        // A Secret is no ConfigMap, which the pod asks for.
        "secret" if bad.starts_with("kind: Secret") => &["reference"],
        // What is changed at one end of a way is not changed at the other.
        "policy-port" | "policy-selector" => &["flow-both-ends"],
        _ => &[],
    }
}

fn found(text: &str) -> BTreeSet<&'static str> {
    let manifests = Manifests::parse(text).expect("the sample is read");
    check(&manifests).iter().map(|it| it.rule).collect()
}

#[test]
fn good_manifests_keep_every_rule() {
    let manifests = Manifests::parse(GOOD).unwrap();
    assert_eq!(check(&manifests), []);
}

#[test]
fn each_breach_is_found_by_its_rule_alone() {
    for (rule, good, bad) in BROKEN {
        assert!(GOOD.contains(good), "{rule}: `{good}` is not in good.yaml");
        let expected: BTreeSet<&str> = follows(rule, bad).iter().copied().chain([*rule]).collect();
        assert_eq!(
            found(&GOOD.replacen(good, bad, 1)),
            expected,
            "{rule}: {bad}"
        );
    }
}

#[test]
fn every_rule_has_a_breach() {
    let rules: BTreeSet<&str> = rules::ALL.iter().map(|rule| rule.name).collect();
    let broken: BTreeSet<&str> = BROKEN.iter().map(|(rule, _, _)| *rule).collect();
    assert_eq!(rules, broken);
    assert_eq!(rules.len(), rules::ALL.len(), "each name once");
}

#[test]
fn a_single_pod_by_intention_needs_no_budget() {
    let single = GOOD
        .replace("  strategy:\n", "  replicas: 1\n  strategy:\n")
        .replace(
            "matchLabels: {app.kubernetes.io/name: till} # of the budget",
            "matchLabels: {app: tell}",
        );
    let manifests = Manifests::parse(&single).unwrap();
    let problems: Vec<String> = check(&manifests).iter().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        ["PodDisruptionBudget till-budget: protects no pod [budget]"]
    );
}

#[test]
fn a_digest_is_a_version() {
    let image = format!("till@sha256:{}", "0".repeat(64));
    assert_eq!(found(&GOOD.replace("till:1.2", &image)), BTreeSet::new());
}

#[test]
fn other_kinds_of_pods_are_looked_at_too() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  initContainers: [{name: i, image: a}]\n  containers: []\n";
    assert!(found(pod).contains("image-tag"));
    let job = "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: c}\nspec:\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          hostPID: true\n          containers: [{name: i, image: 'a:1'}]\n";
    let rules = found(job);
    assert!(rules.contains("host-namespaces"));
    assert!(
        !rules.contains("probes"),
        "a job is never asked whether it is ready"
    );
}

#[test]
fn what_is_no_manifest_is_an_error() {
    let error = |text| Manifests::parse(text).unwrap_err();
    assert_eq!(error(""), "there is no object to check");
    assert_eq!(error("---\n"), "there is no object to check");
    assert_eq!(
        error("kind: Pod\n"),
        "document 1 has no apiVersion, kind or name"
    );
    assert!(error("a: [").contains("line"), "{}", error("a: ["));
    assert!(
        error("a: 1\na: 2\n").contains("duplicate"),
        "{}",
        error("a: 1\na: 2\n")
    );
}

#[test]
fn the_program_says_what_it_found_and_ends_accordingly() {
    let run = |text: &str| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_policy"));
        let piped = program
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    };
    let (code, said) = run(GOOD);
    assert_eq!(code, Some(0));
    assert!(
        said.ends_with(&format!(" objects keep {} rules\n", rules::ALL.len())),
        "{said}"
    );
    let (code, said) = run(&GOOD.replace("type: ClusterIP", "type: NodePort"));
    assert_eq!(
        (code, said.as_str()),
        (
            Some(1),
            "Service till-service: is of type NodePort [service-type]\n"
        )
    );
    let (code, said) = run("");
    assert_eq!(
        (code, said.as_str()),
        (Some(2), "policy: there is no object to check\n")
    );
}
