//! `collector check`, and budgets of a collector's own.

use std::process::Stdio;

use super::{Ran, TempFile, search};
use crate::host::exchange;
use crate::process::{Running, collector};

#[test]
fn check_has_an_exit_code_for_a_pipeline() {
    let running = Running::start();
    running.send(&search(1));
    running.send(&search(2));
    let budgets = |text: &str| TempFile::new("budgets.toml", text);
    let good =
        budgets("[[budget]]\nspan = \"search\"\nmax = \"20 ms\"\np50 = \"20ms\"\ncount = 2\n");
    let kept = running.run(&["check", "--budgets", good.path()]);
    assert_eq!(
        kept.succeeded(),
        "kept      search: 2 spans\n\
         kept        max     20.0 ms of 20.0 ms\n\
         kept        p50     20.0 ms of 20.0 ms\n\
         1 of 1 budgets kept, 2 traces\n"
    );
    drop(good);
    let strict = "[[budget]]\nspan = \"search\"\nmax = \"19.9 ms\"\n\
                  [[budget]]\nspan = \"rank\"\nservice = \"shop\"\nerrors = \"10 %\"\n\
                  [[budget]]\nspan = \"pay\"\nmax = \"1 h\"\n";
    let strict = budgets(strict);
    let broken = running.run(&["check", "--budgets", strict.path()]);
    assert_eq!(broken.code, Some(1));
    let slowest = format!("slowest in trace {:032x}", 2);
    assert_eq!(
        broken.out,
        format!(
            "NOT KEPT  search: 2 spans, {slowest}\n\
             NOT KEPT    max     20.0 ms of 19.9 ms\n\
             NOT KEPT  rank of shop: 2 spans, {slowest}\n\
             NOT KEPT    errors 100.00 % of 10 %\n\
             NOT KEPT  pay: 0 spans, 1 are needed\n\
             kept        max        0 µs of 3600 s\n\
             0 of 3 budgets kept, 2 traces\n"
        )
    );
}

#[test]
fn check_says_what_is_wrong_with_budgets_before_it_asks() {
    let running = Running::start();
    let budgets = |text: &str| TempFile::new("bad.toml", text);
    for (text, said) in [
        (
            "[[budget]]\nspan = \"search\"\nmaximum = \"1 s\"\n",
            "budget 1: `maximum` is not known",
        ),
        ("[[budget", "is not TOML"),
        ("", "expected at least one `budget`"),
    ] {
        let bad = budgets(text);
        let ran = running.run(&["check", "--budgets", bad.path()]);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.err.contains(said), "{}", ran.err);
        let refused = Ran::of(
            collector()
                .args(["--budgets", bad.path()])
                .output()
                .unwrap(),
        );
        assert_eq!(
            refused.code,
            Some(2),
            "a collector does not start with them either: {refused:?}"
        );
    }
    for (arguments, code) in [
        (&["check"][..], 2),
        (&["check", "--budgets", "/no/such/file"], 2),
        (&["check", "--wait", "soon"], 2),
    ] {
        assert_eq!(running.run(arguments).code, Some(code), "{arguments:?}");
    }
    let good = budgets("[[budget]]\nspan = \"search\"\nmax = \"1 s\"\n");
    let nobody = collector()
        .args(["check", "--budgets", good.path(), "--query", "127.0.0.1:1"])
        .output();
    assert_eq!(Ran::of(nobody.unwrap()).code, Some(3));
}

#[test]
fn check_waits_for_the_spans_that_it_needs() {
    let running = Running::start();
    let budgets = TempFile::new(
        "wait.toml",
        "[[budget]]\nspan = \"search\"\nmax = \"1 s\"\ncount = 2\n",
    );
    running.send(&search(1));
    assert_eq!(
        running.run(&["check", "--budgets", budgets.path()]).code,
        Some(1)
    );
    let mut waiting = running.command(&["check", "--budgets", budgets.path(), "--wait", "60s"]);
    let waiting = waiting.stdout(Stdio::piped()).spawn().unwrap();
    running.send(&search(2));
    assert_eq!(
        Ran::of(waiting.wait_with_output().unwrap())
            .succeeded()
            .lines()
            .last(),
        Some("1 of 1 budgets kept, 2 traces")
    );
}

#[test]
fn a_collector_holds_spans_to_the_budgets_it_was_started_with() {
    let budgets = TempFile::new("own.toml", "[[budget]]\nspan = \"search\"\nmax = \"1 s\"\n");
    let running = Running::with(&["--budgets", budgets.path()]);
    running.send(&search(1));
    let answer = exchange(
        running.socket("query"),
        "GET /api/x/budgets HTTP/1.1\r\n",
        b"",
    );
    assert_eq!((answer.status, &answer.json()["good"]), (200, &true.into()));
}
