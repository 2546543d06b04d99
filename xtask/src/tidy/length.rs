//! Rule: a file or function that grows past its alarm is looked at; what stays long for a reason is listed with that
//! reason in `xtask/tidy-exceptions.txt`.

use super::Finding;
use super::source::{Source, item_end};

const FILE_LINES: usize = 400;
const FUNCTION_LINES: usize = 70;
const EXCEPTIONS: &str = "xtask/tidy-exceptions.txt";

/// One line of the list: `path 450 reason` for a file, `path::function 90 reason` for a function.
struct Exception<'a> {
    name: &'a str,
    limit: usize,
}

pub(super) fn check(sources: &[Source], exceptions: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut allowed = Vec::new();
    for line in exceptions.lines() {
        match parse(line) {
            Ok(exception) => allowed.extend(exception),
            Err(problem) => findings.push(Finding {
                path: EXCEPTIONS.to_owned(),
                problem: format!("{problem}: `{line}`"),
                cure: "write the path, the limit in lines and the reason".to_owned(),
            }),
        }
    }
    let mut used = vec![false; allowed.len()];
    for source in sources {
        let file = (source.path.clone(), source.line_count, FILE_LINES);
        let functions = functions(&source.code)
            .into_iter()
            .map(|(name, lines)| (format!("{}::{name}", source.path), lines, FUNCTION_LINES));
        for (name, lines, alarm) in std::iter::once(file).chain(functions) {
            if lines <= alarm {
                continue;
            }
            let exception = allowed.iter().position(|exception| exception.name == name);
            if let Some(index) = exception {
                used[index] = true;
            }
            let limit = exception.map_or(alarm, |index| allowed[index].limit);
            if lines > limit {
                findings.push(Finding {
                    path: name,
                    problem: format!("{lines} lines, the alarm is at {limit}"),
                    cure: format!("split it by concept, or explain it in {EXCEPTIONS}"),
                });
            }
        }
    }
    for (exception, used) in allowed.iter().zip(used) {
        if !used {
            findings.push(Finding {
                path: EXCEPTIONS.to_owned(),
                problem: format!("{} needs no exception", exception.name),
                cure: "delete the line".to_owned(),
            });
        }
    }
    findings
}

fn parse(line: &str) -> Result<Option<Exception<'_>>, &'static str> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let (name, rest) = line.split_once(' ').ok_or("no limit")?;
    let (limit, reason) = rest.trim_start().split_once(' ').ok_or("no reason")?;
    let limit = limit.parse().map_err(|_| "no limit")?;
    if reason.trim().is_empty() {
        return Err("no reason");
    }
    Ok(Some(Exception { name, limit }))
}

/// Name and lines of every function that has a body.
fn functions(code: &str) -> Vec<(&str, usize)> {
    let mut found = Vec::new();
    for (start, _) in code.match_indices("fn ") {
        let begins_word =
            !code[..start].ends_with(|last: char| last.is_alphanumeric() || last == '_');
        let after = code[start + 3..].trim_start();
        let name_length = after
            .find(|letter: char| !letter.is_alphanumeric() && letter != '_')
            .unwrap_or(after.len());
        if !begins_word || name_length == 0 {
            continue;
        }
        let (name, rest) = after.split_at(name_length);
        if let Some(end) = item_end(rest)
            && rest[..end].ends_with('}')
        {
            found.push((name, 1 + rest[..end].matches('\n').count()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long_function(lines: usize) -> String {
        format!(
            "//! A.\nfn long() {{\n{}}}\nfn short() {{}}\n",
            "a();\n".repeat(lines - 2)
        )
    }

    fn problems(text: &str, exceptions: &str) -> Vec<String> {
        check(&[Source::new("a.rs", text)], exceptions)
            .into_iter()
            .map(|finding| format!("{}: {}", finding.path, finding.problem))
            .collect()
    }

    #[test]
    fn rejects_a_function_over_the_alarm() {
        assert_eq!(problems(&long_function(70), ""), [""; 0]);
        assert_eq!(
            problems(&long_function(71), ""),
            ["a.rs::long: 71 lines, the alarm is at 70"]
        );
    }

    #[test]
    fn rejects_a_file_over_the_alarm() {
        assert_eq!(problems(&"//! A.\n".repeat(400), ""), [""; 0]);
        assert_eq!(
            problems(&"//! A.\n".repeat(401), ""),
            ["a.rs: 401 lines, the alarm is at 400"]
        );
    }

    #[test]
    fn an_exception_has_a_limit_of_its_own() {
        let exceptions = "# Why.\n\na.rs::long 80 one table, row by row\n";
        assert_eq!(problems(&long_function(80), exceptions), [""; 0]);
        assert_eq!(
            problems(&long_function(81), exceptions),
            ["a.rs::long: 81 lines, the alarm is at 80"]
        );
    }

    #[test]
    fn rejects_an_exception_without_need_or_reason() {
        assert_eq!(
            problems(
                "//! A.\n",
                "a.rs 500 it was long once\nb.rs 500\nc.rs many lines\n"
            ),
            [
                "xtask/tidy-exceptions.txt: no reason: `b.rs 500`",
                "xtask/tidy-exceptions.txt: no limit: `c.rs many lines`",
                "xtask/tidy-exceptions.txt: a.rs needs no exception",
            ]
        );
    }

    #[test]
    fn function_pointers_and_declarations_are_no_functions() {
        let code =
            "struct A { run: fn (u8) -> u8 }\ntrait B { fn c(&self) -> [u8; 2]; }\nfn d() {\n}";
        assert_eq!(functions(code), [("d", 2)]);
    }
}
