//! Rules for Kubernetes manifests that no schema knows: what a workload must have, what nothing may have, and that names
//! which point at each other meet. `main` reads what kustomize rendered; `rules` has the rules.

mod manifests;
pub mod rules;

use std::fmt;

pub use manifests::{Manifests, Object, Workload};

/// An object that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Name of the rule.
    pub rule: &'static str,
    /// Kind and name of the object.
    pub object: String,
    /// What is wrong with it.
    pub problem: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}: {} [{}]",
            self.object, self.problem, self.rule
        )
    }
}

/// Every breach of every rule.
pub fn check(manifests: &Manifests) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in rules::ALL {
        let problems = (rule.check)(manifests).into_iter();
        findings.extend(problems.map(|(object, problem)| Finding {
            rule: rule.name,
            object,
            problem,
        }));
    }
    findings.sort();
    findings
}
