//! As much of Markdown as the check of the documents reads: shell blocks, links, headings and code spans.

use std::collections::BTreeSet;

/// A document in parts, each with the number of its line.
#[derive(Default)]
pub(super) struct Page {
    pub(super) commands: Vec<(usize, Command)>,
    /// Targets of links and pictures.
    pub(super) links: Vec<(usize, String)>,
    /// What stands between backquotes in the text.
    pub(super) code: Vec<(usize, String)>,
    /// Languages of the fenced blocks.
    pub(super) languages: Vec<(usize, String)>,
    /// The fragments by which GitHub finds the headings.
    pub(super) anchors: BTreeSet<String>,
}

/// A command of a block that is marked `sh`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Command {
    /// Without its comment; continued lines are one, with single spaces between their parts.
    pub(super) text: String,
    /// The reason after `# Not run here:`, which stands behind the command or above it in the block.
    pub(super) not_run: Option<String>,
}

const FENCE: &str = "```";

/// Takes a document apart.
pub(super) fn parse(text: &str) -> Page {
    let mut page = Page::default();
    // Blocks become empty lines, so that what is left keeps its line numbers.
    let mut prose = String::new();
    let mut block: Option<(usize, Vec<&str>)> = None;
    let mut language = "";
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        match (line.trim_start().strip_prefix(FENCE), &mut block) {
            (Some(info), None) => {
                language = info.trim();
                page.languages.push((number, language.to_owned()));
                block = Some((number + 1, Vec::new()));
            }
            (Some(_), Some((first, lines))) => {
                if language == "sh" {
                    page.commands.extend(commands(*first, lines));
                }
                block = None;
            }
            (None, Some((_, lines))) => lines.push(line),
            (None, None) => {
                if let Some(heading) = line.strip_prefix('#') {
                    page.anchors.insert(anchor(heading.trim_start_matches('#')));
                }
                prose.push_str(line);
            }
        }
        prose.push('\n');
    }
    page.code = between(&prose, "`", "`");
    for (_, code) in &page.code {
        prose = prose.replacen(&format!("`{code}`"), &blank(code), 1);
    }
    page.links = between(&prose, "](", ")");
    page
}

/// Newlines of a text that is left out.
fn blank(code: &str) -> String {
    code.chars().filter(|&letter| letter == '\n').collect()
}

/// What stands between the two marks, with the line on which it begins.
fn between(text: &str, open: &str, close: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut line = 1;
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(open) {
        line += before.matches('\n').count();
        let Some((inner, after)) = after.split_once(close) else {
            break;
        };
        found.push((line, inner.to_owned()));
        line += inner.matches('\n').count();
        rest = after;
    }
    found
}

fn commands(first: usize, lines: &[&str]) -> Vec<(usize, Command)> {
    let mut found = Vec::new();
    let mut reason_for_all = None;
    let mut begun: Option<(usize, String)> = None;
    for (number, line) in (first..).zip(lines) {
        let (text, comment) = match line.trim() {
            comment if comment.starts_with('#') => ("", comment),
            line => line.split_once(" #").unwrap_or((line, "")),
        };
        let reason = not_run(comment);
        let (number, text) = match begun.take() {
            Some((number, before)) => (number, format!("{before} {}", text.trim())),
            None => (number, text.trim().to_owned()),
        };
        if let Some(before) = text.strip_suffix('\\') {
            begun = Some((number, before.trim_end().to_owned()));
        } else if text.is_empty() {
            reason_for_all = reason.or(reason_for_all);
        } else {
            let not_run = reason.or_else(|| reason_for_all.clone());
            found.push((number, Command { text, not_run }));
        }
    }
    found
}

/// The reason in a comment that says that a command is not run here.
fn not_run(comment: &str) -> Option<String> {
    let comment = comment.trim_start_matches('#').trim();
    let (mark, reason) = comment.split_once(':')?;
    let reason = reason.trim();
    (mark.eq_ignore_ascii_case("not run here") && !reason.is_empty()).then(|| reason.to_owned())
}

/// Lower case, without punctuation, with hyphens for spaces.
fn anchor(heading: &str) -> String {
    heading
        .trim()
        .to_lowercase()
        .chars()
        .filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'))
        .map(|letter| if letter == ' ' { '-' } else { letter })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# A heading: with `code`\n\
        See [the\nmap](docs/map.md#north) or `k8s/base`; `[not](a-link)`.\n\
        \n\
        ```sh\n\
        one     # and then two\n\
        two --long \\\n    --longer\n\
        three   # not run here: it needs a cluster\n\
        # Not run here: it needs money.\n\
        four\n\
        ```\n\
        ```yaml\n\
        # no heading: [no](link)\n\
        ```\n\
        ![a picture](picture.png)\n";

    #[test]
    fn takes_a_page_apart() {
        let page = parse(PAGE);

        assert_eq!(
            page.links,
            [
                (3, "docs/map.md#north".to_owned()),
                (16, "picture.png".to_owned())
            ]
        );
        let code: Vec<&str> = page.code.iter().map(|(_, code)| code.as_str()).collect();
        assert_eq!(code, ["code", "k8s/base", "[not](a-link)"]);
        assert_eq!(
            page.languages,
            [(5, "sh".to_owned()), (13, "yaml".to_owned())]
        );
        assert_eq!(
            page.anchors,
            BTreeSet::from(["a-heading-with-code".to_owned()])
        );
    }

    #[test]
    fn reads_commands_with_the_reason_why_they_are_not_run() {
        let commands = parse(PAGE).commands;

        let seen: Vec<_> = commands
            .iter()
            .map(|(line, command)| (*line, command.text.as_str(), command.not_run.as_deref()))
            .collect();
        assert_eq!(
            seen,
            [
                (6, "one", None),
                (7, "two --long --longer", None),
                (9, "three", Some("it needs a cluster")),
                (11, "four", Some("it needs money.")),
            ]
        );
    }

    #[test]
    fn a_mark_without_a_reason_is_none() {
        let page = parse("```sh\none # not run here:\n```\n");
        assert_eq!(page.commands[0].1.not_run, None);
    }
}
