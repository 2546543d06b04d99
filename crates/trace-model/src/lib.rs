//! Spans as a tree: orphans, self time, critical path, clock skew, text rendering; pure.
