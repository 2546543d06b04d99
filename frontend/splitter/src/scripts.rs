//! The scripts of the program without what is for their readers alone: comments, indentation, empty lines.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

/// Shortens every script in a folder and in the folders in it.
///
/// # Errors
/// When one cannot be read or written, or has a text over several lines, in which indentation would count.
pub(crate) fn shorten(folder: &Path) -> Result<()> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            shorten(&path)?;
        } else if path.extension().is_some_and(|extension| extension == "js") {
            let script = fs::read_to_string(&path)?;
            let shortened =
                shortened(&script).with_context(|| format!("cannot shorten {}", path.display()))?;
            fs::write(&path, shortened)?;
        }
    }
    Ok(())
}

/// The lines that do something.
fn shortened(script: &str) -> Result<String> {
    let mut shortened = String::with_capacity(script.len());
    let mut is_comment = false;
    for line in script.lines().map(str::trim) {
        if is_comment || line.starts_with("/*") {
            let rest = line.split_once("*/").map(|(_, rest)| rest);
            ensure!(
                rest.is_none_or(str::is_empty),
                "something follows the comment in `{line}`"
            );
            is_comment = rest.is_none();
            continue;
        }
        ensure!(
            line.matches('`').count() % 2 == 0,
            "a text goes over several lines from `{line}` on"
        );
        if !line.is_empty() && !line.starts_with("//") {
            shortened.push_str(line);
            shortened.push('\n');
        }
    }
    Ok(shortened)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_indentation_are_left_out() {
        let script = "// Why.\nexport function f(a) {\n    /**\n     * @returns {number}\n     */\n    /* One line. */\n\n    return `${a} // b`;\n}\n";
        assert_eq!(
            shortened(script).unwrap(),
            "export function f(a) {\nreturn `${a} // b`;\n}\n"
        );
    }

    #[test]
    fn what_cannot_be_told_by_its_lines_is_refused() {
        for script in ["let a = `one\n  two`;", "/* Why. */ f(); /* How. */ g();"] {
            assert!(shortened(script).is_err(), "{script}");
        }
    }
}
