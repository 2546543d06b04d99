//! Leptos components that draw a trace as a waterfall.
