//! A trace as indented text without ids and times: two runs of the same work read the same, so tests can compare them.
//!
//! One line for each span: `name KIND service {key=value, …} [error: message] events=name,… links=1`, leaving out what
//! is empty. A span whose parent is missing or circular says so in brackets.

use std::fmt::Write as _;

use crate::{Salvage, Span, Status, Tree};

/// What to write. A key that ends in `*` stands for every key that starts like it.
#[derive(Clone, Copy, Debug)]
pub struct Options<'o> {
    /// Write the service of each span.
    pub service: bool,
    /// Keys of attributes to leave out.
    pub exclude: &'o [&'o str],
    /// Keys of attributes whose value changes from run to run: written as `key=…`.
    pub redact: &'o [&'o str],
}

impl Default for Options<'_> {
    /// Everything.
    fn default() -> Self {
        Self {
            service: true,
            exclude: &[],
            redact: &[],
        }
    }
}

/// The tree as text, one line for each span, two blanks for each level.
#[must_use]
pub fn tree(tree: &Tree, options: &Options<'_>) -> String {
    let mut text = String::new();
    for (row, span) in tree.spans().iter().enumerate() {
        let node = tree.node(row);
        text.extend(std::iter::repeat_n("  ", node.depth));
        line(&mut text, span, options);
        match node.salvage {
            None => {}
            Some(Salvage::MissingParent) => text.push_str(" (parent missing)"),
            Some(Salvage::ParentCycle) => text.push_str(" (parent circular)"),
        }
        text.push('\n');
    }
    text
}

fn line(text: &mut String, span: &Span, options: &Options<'_>) {
    text.push_str(&one_line(&span.name));
    // Writing to a string cannot fail.
    let _ = write!(text, " {}", span.kind);
    if options.service {
        text.push(' ');
        text.push_str(&one_line(&span.service));
    }
    attributes(text, span, options);
    match &span.status {
        Status::Unset => {}
        Status::Ok => text.push_str(" [ok]"),
        Status::Error(message) if message.is_empty() => text.push_str(" [error]"),
        Status::Error(message) => {
            let _ = write!(text, " [error: {}]", one_line(message));
        }
    }
    for (i, event) in span.events.iter().enumerate() {
        text.push_str(if i == 0 { " events=" } else { "," });
        text.push_str(&one_line(&event.name));
    }
    if !span.links.is_empty() {
        let _ = write!(text, " links={}", span.links.len());
    }
}

fn attributes(text: &mut String, span: &Span, options: &Options<'_>) {
    let mut shown: Vec<_> = span
        .attributes
        .iter()
        .filter(|(key, _)| !matches(options.exclude, key))
        .collect();
    if shown.is_empty() {
        return;
    }
    shown.sort_by_key(|(key, _)| key);
    for (i, (key, value)) in shown.into_iter().enumerate() {
        text.push_str(if i == 0 { " {" } else { ", " });
        text.push_str(&one_line(key));
        let _ = match matches(options.redact, key) {
            true => write!(text, "=…"),
            false => write!(text, "={value}"),
        };
    }
    text.push('}');
}

fn matches(patterns: &[&str], key: &str) -> bool {
    patterns
        .iter()
        .any(|pattern| match pattern.strip_suffix('*') {
            Some(start) => key.starts_with(start),
            None => key == *pattern,
        })
}

/// Text from outside with its control characters escaped, so that it stays on its line.
fn one_line(text: &str) -> String {
    if text.chars().any(char::is_control) {
        text.escape_debug().to_string()
    } else {
        text.to_owned()
    }
}
