//! The services compiled for 64-bit ARM and run under emulation.

use super::Check;

pub(super) const CHECKS: &[Check] = &[];
