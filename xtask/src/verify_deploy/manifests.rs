//! The Kubernetes manifests, rendered: schemas, policies, checkov.

use super::Check;

pub(super) const CHECKS: &[Check] = &[];
