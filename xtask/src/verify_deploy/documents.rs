//! The documents keep their word: every command in them is run by a check or a test, or says why not; every link, every
//! path and every setting in them is there.

mod demo;
mod markdown;

use std::collections::BTreeSet;
use std::process::Command;

use super::linters::files_in_git;
use super::{Check, Speed, Verdict};
use crate::failure::Failure;
use crate::process;
use crate::workspace;
use markdown::Page;

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "documents",
        shows: "every command in the documents is run or says why not; links, paths and settings are there",
        speed: Speed::Fast,
        commands: &[LIST],
        run: documents,
    },
    Check {
        name: "demo",
        shows: "the one command of the README starts everything, and SIGTERM ends all of it",
        speed: Speed::Slow,
        commands: &[demo::COMMAND],
        run: demo::run,
    },
];

const LIST: &str = "cargo xtask verify-deploy --list";

/// Documents whose commands people copy.
const WITH_COMMANDS: &[&str] = &["README.md", "CONTRIBUTING.md", DEPLOY];
/// Names every check, and explains every setting of the compose file.
const DEPLOY: &str = "docs/deploy.md";
/// The settings with their defaults.
const EXAMPLE: &str = ".env.example";
/// Commands that are run by what runs the checks, and where that is written.
const RUN_BY_CI: &[(&str, &str)] = &[
    ("cargo xtask test", ".ci/run"),
    ("cargo xtask verify-deploy", ".github/workflows/test.yml"),
];
/// A shell block in another language than `sh` would be overlooked.
const OTHER_SHELLS: [&str; 5] = ["bash", "shell", "console", "zsh", "terminal"];
/// By these ends, code between backquotes is known for a file.
const SUFFIXES: [&str; 10] = [
    ".md", ".rs", ".toml", ".yaml", ".yml", ".sh", ".json", ".txt", ".example", ".js",
];

fn documents() -> Result<String, Verdict> {
    let files = files_in_git(&["."])?;
    let known = known_commands()?;
    let mut run = BTreeSet::new();
    let mut findings = Vec::new();
    for path in WITH_COMMANDS {
        let page = markdown::parse(&read(path)?);
        findings.extend(unknown_commands(path, &page, &known, &mut run));
        findings.extend(missing_paths(path, &page, &files));
    }
    findings.extend(
        known
            .difference(&run)
            .map(|command| format!("`{command}` is run by a check but stands in no document")),
    );
    let mut links = 0;
    for path in files.iter().filter(|path| path.ends_with(".md")) {
        let page = markdown::parse(&read(path)?);
        findings.extend(missing_targets(path, &page, &files, read)?);
        links += page.links.len();
    }
    let deploy = read(DEPLOY)?;
    let checks: Vec<&str> = super::checks().iter().map(|check| check.name).collect();
    findings.extend(missing_checks(&markdown::parse(&deploy), &checks));
    findings.extend(missing_settings(&read(EXAMPLE)?, &deploy));
    if !findings.is_empty() {
        return Err(findings.join("\n").into());
    }

    let listed = process::output_of(&mut shell(LIST)).ok_or_else(|| format!("`{LIST}` fails"))?;
    if !checks.iter().all(|check| listed.contains(check)) {
        return Err(format!("`{LIST}` does not list every check").into());
    }
    Ok(format!("{} commands, {links} links", run.len()))
}

fn read(path: &str) -> Result<String, Failure> {
    std::fs::read_to_string(workspace::root().join(path))
        .map_err(|error| format!("cannot read {path}: {error}").into())
}

fn shell(line: &str) -> Command {
    let mut command = Command::new("sh");
    command.current_dir(workspace::root()).args(["-c", line]);
    command
}

/// What checks and CI run, each proved by the file that is said to run it.
fn known_commands() -> Result<BTreeSet<String>, Failure> {
    let mut known: BTreeSet<String> = super::checks()
        .iter()
        .flat_map(|check| check.commands)
        .map(|command| (*command).to_owned())
        .collect();
    for (command, file) in RUN_BY_CI {
        if !read(file)?.contains(command) {
            return Err(format!("{file} no longer runs `{command}`").into());
        }
        known.insert((*command).to_owned());
    }
    Ok(known)
}

/// Commands that nothing runs and that do not say why. Those that are run go into `seen`.
fn unknown_commands(
    path: &str,
    page: &Page,
    known: &BTreeSet<String>,
    seen: &mut BTreeSet<String>,
) -> Vec<String> {
    let mut findings = Vec::new();
    for (line, language) in &page.languages {
        if OTHER_SHELLS.contains(&language.as_str()) {
            findings.push(format!(
                "{path}:{line}: a block of commands is called `sh`, not `{language}`"
            ));
        }
    }
    for (line, command) in &page.commands {
        let text = &command.text;
        match (known.contains(text), &command.not_run) {
            (true, None) => {
                seen.insert(text.clone());
            }
            (true, Some(_)) => findings.push(format!(
                "{path}:{line}: `{text}` is run by a check, so it is not `not run here`"
            )),
            (false, Some(_)) => {}
            (false, None) => findings.push(format!(
                "{path}:{line}: `{text}` is run by no check; add it to one, or `# not run here: why`"
            )),
        }
    }
    findings
}

/// Relative links whose file or heading is not there.
fn missing_targets(
    path: &str,
    page: &Page,
    files: &[String],
    read: impl Fn(&str) -> Result<String, Failure>,
) -> Result<Vec<String>, Failure> {
    let mut findings = Vec::new();
    for (line, link) in &page.links {
        if link.contains("://") || link.starts_with("mailto:") {
            continue;
        }
        let (target, fragment) = link.split_once('#').unwrap_or((link, ""));
        let file = match target {
            "" => path.to_owned(),
            target => resolve(path, target),
        };
        let there = exists(&file, files);
        let heading = |text: String| markdown::parse(&text).anchors.contains(fragment);
        if !there || !(fragment.is_empty() || heading(read(&file)?)) {
            findings.push(format!("{path}:{line}: nothing is at `{link}`"));
        }
    }
    Ok(findings)
}

/// A link seen from the document's folder, as a path from the root.
fn resolve(document: &str, target: &str) -> String {
    let folder = document.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            // Above the root nothing is found, as it should be.
            ".." if parts.pop().is_none() => parts.push(".."),
            ".." => {}
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// A file, or a folder of files.
fn exists(path: &str, files: &[String]) -> bool {
    let folder = format!("{path}/");
    files
        .iter()
        .any(|file| file == path || file.starts_with(&folder))
}

/// Code between backquotes that reads as a path of this repository and is none.
fn missing_paths(path: &str, page: &Page, files: &[String]) -> Vec<String> {
    let below_root = |code: &str| {
        let top = code.split_once('/').map(|(top, _)| format!("{top}/"));
        top.is_some_and(|top| files.iter().any(|file| file.starts_with(&top)))
    };
    let is_path = |code: &str| {
        let letter = |one: char| one.is_ascii_alphanumeric() || "._-/".contains(one);
        code.chars().all(letter)
            && !code.starts_with('/')
            && (below_root(code) || SUFFIXES.iter().any(|suffix| code.ends_with(suffix)))
    };
    // `base.yaml` may stand below the folder that the sentence is about.
    let is_there = |code: &str| {
        let below = format!("/{code}");
        exists(code.trim_end_matches('/'), files) || files.iter().any(|file| file.ends_with(&below))
    };
    page.code
        .iter()
        .filter(|(_, code)| is_path(code) && !is_there(code))
        .map(|(line, code)| format!("{path}:{line}: there is no `{code}`"))
        .collect()
}

/// Checks of which the document does not say what they show.
fn missing_checks(page: &Page, checks: &[&str]) -> Vec<String> {
    let is_named = |check: &str| page.code.iter().any(|(_, code)| code == check);
    checks
        .iter()
        .filter(|check| !is_named(check))
        .map(|check| format!("{DEPLOY} does not name the check `{check}`"))
        .collect()
}

/// Settings that the table of the document lacks or gives another default, and rows that no setting has.
fn missing_settings(example: &str, document: &str) -> Vec<String> {
    let settings: BTreeSet<(&str, &str)> = example
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .collect();
    let rows: BTreeSet<(&str, &str)> = document
        .lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix("| `")?.split(" | ");
            let name = cells.next()?.strip_suffix('`')?;
            let default = cells.next()?.trim_matches('`');
            let is_name = name.contains(|one: char| one.is_ascii_uppercase())
                && !name.contains(|one: char| one.is_ascii_lowercase());
            is_name.then_some((name, if default == "empty" { "" } else { default }))
        })
        .collect();
    let lacking = settings.difference(&rows).map(|(name, default)| {
        format!("{DEPLOY} has no row for {name} with the default `{default}`")
    });
    let superfluous = rows
        .difference(&settings)
        .map(|(name, default)| format!("{EXAMPLE} has no {name} with the default `{default}`"));
    lacking.chain(superfluous).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Vec<String> {
        ["README.md", "docs/deploy.md", "k8s/base/backend.yaml"]
            .map(str::to_owned)
            .to_vec()
    }

    #[test]
    fn a_command_that_nothing_runs_is_found_unless_it_says_why() {
        let known = BTreeSet::from(["docker compose down".to_owned()]);
        let text = "```sh\n\
            docker compose down\n\
            docker compose pull\n\
            aws login   # not run here: needs an account\n\
            ```\n\
            ```bash\n\
            rm -r /\n\
            ```\n";
        let mut seen = BTreeSet::new();

        let findings = unknown_commands("a.md", &markdown::parse(text), &known, &mut seen);

        assert_eq!(
            findings,
            [
                "a.md:6: a block of commands is called `sh`, not `bash`",
                "a.md:3: `docker compose pull` is run by no check; add it to one, or `# not run here: why`",
            ]
        );
        assert_eq!(seen, known);
    }

    #[test]
    fn a_command_that_is_run_cannot_be_marked_as_not_run() {
        let known = BTreeSet::from(["docker compose down".to_owned()]);
        let page = markdown::parse("```sh\ndocker compose down # not run here: no Docker\n```\n");
        let findings = unknown_commands("a.md", &page, &known, &mut BTreeSet::new());
        assert_eq!(findings.len(), 1, "{findings:?}");
    }

    #[test]
    fn a_link_to_nothing_is_found() {
        let text = "[a](deploy.md) [b](../README.md#run-it) [c](../k8s/base) [d](https://rustup.rs)\n\
            [e](gone.md) [f](../README.md#gone) [g](../../README.md) [h](#gone)\n";
        let read = |_: &str| Ok("# Run it\n".to_owned());

        let findings =
            missing_targets("docs/deploy.md", &markdown::parse(text), &files(), read).unwrap();

        assert_eq!(
            findings,
            [
                "docs/deploy.md:2: nothing is at `gone.md`",
                "docs/deploy.md:2: nothing is at `../README.md#gone`",
                "docs/deploy.md:2: nothing is at `../../README.md`",
                "docs/deploy.md:2: nothing is at `#gone`",
            ]
        );
    }

    #[test]
    fn a_path_to_nothing_is_found() {
        let text = "`k8s/base`, `backend.yaml`, `/livez`, `cargo xtask demo`, `a/b`,\n\
            `k8s/gone`, `gone.yaml`\n";
        let findings = missing_paths("README.md", &markdown::parse(text), &files());
        assert_eq!(
            findings,
            [
                "README.md:2: there is no `k8s/gone`",
                "README.md:2: there is no `gone.yaml`",
            ]
        );
    }

    #[test]
    fn a_check_that_is_not_named_is_found() {
        let page = markdown::parse("`compose` shows that it starts.\n");
        assert_eq!(
            missing_checks(&page, &["compose", "cluster"]),
            ["docs/deploy.md does not name the check `cluster`"]
        );
    }

    #[test]
    fn a_setting_without_a_row_is_found_and_so_is_a_row_without_a_setting() {
        let example = "# PORT=1 is not the default.\nPORT=3000\nARGUMENT=\nLEVEL=info\n";
        let document = "| setting | default | what |\n\
            | `PORT` | `3000` | where |\n\
            | `ARGUMENT` | empty | of the sampler |\n\
            | `LEVEL` | `debug` | of records |\n\
            | `frontend` | `3000` | no setting |\n";
        assert_eq!(
            missing_settings(example, document),
            [
                "docs/deploy.md has no row for LEVEL with the default `info`",
                ".env.example has no LEVEL with the default `debug`",
            ]
        );
    }
}
