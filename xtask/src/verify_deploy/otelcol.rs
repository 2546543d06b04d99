//! The configuration of the real OpenTelemetry Collector, against the Collector itself.

use super::Check;

pub(super) const CHECKS: &[Check] = &[];
