//! Drives a real browser against the real processes and asserts the trace it produced.
