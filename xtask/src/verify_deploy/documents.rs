//! Every command of README.md and docs/deploy.md is run by a check or marked as not run.

use super::Check;

pub(super) const CHECKS: &[Check] = &[];
