//! Pinned linters over Dockerfile, YAML, workflows and shell, and proof that each refuses a broken sample.

use super::Check;

pub(super) const CHECKS: &[Check] = &[];
