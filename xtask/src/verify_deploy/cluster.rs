//! The manifests on a real Kubernetes, whichever KUBECONFIG names.

use super::Check;

pub(super) const CHECKS: &[Check] = &[];
