//! `docker compose up` as a user runs it.

use super::Check;

pub(super) const CHECKS: &[Check] = &[];
