//! The container images: size, user, contents.

use super::Check;

pub(super) const CHECKS: &[Check] = &[];
