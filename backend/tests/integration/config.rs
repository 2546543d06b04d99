//! Settings: what is taken, and what is refused before anything listens.

use std::ffi::OsString;

use backend::config::{Arguments, Command, Config};
use backend::corpus::Source;
use clap::Parser;
use shared::QueryCapture;
use tempfile::TempDir;

fn parse(arguments: &[&str]) -> Result<Arguments, clap::Error> {
    Arguments::try_parse_from([&["backend"], arguments].concat())
}

#[test]
fn serving_on_the_loopback_interface_is_the_default() {
    let arguments = parse(&[]).unwrap();
    assert!(matches!(
        arguments.command.unwrap_or_default(),
        Command::Serve
    ));
    assert_eq!(arguments.settings.listen.to_string(), "127.0.0.1:8000");
    assert_eq!(arguments.settings.capture_query, QueryCapture::Hash);
}

#[test]
fn settings_stand_before_and_after_the_command() {
    for order in [
        ["--listen", "[::1]:0", "serve"],
        ["serve", "--listen", "[::1]:0"],
    ] {
        assert_eq!(
            parse(&order).unwrap().settings.listen.to_string(),
            "[::1]:0"
        );
    }
}

#[test]
fn a_bad_value_is_named() {
    let check = |arguments: &[&str], told: &str| {
        let error = parse(arguments).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains(told), "{error}");
    };
    check(&["--listen", "here"], "--listen");
    check(&["--listen", "127.0.0.1:70000"], "--listen");
    check(&["--capture-query", "all"], "allowed: raw, hash, off");
    check(&["server"], "unrecognized subcommand 'server'");
}

#[test]
fn a_corpus_directory_must_be_one_and_an_empty_setting_is_none() {
    let directory = TempDir::new().unwrap();
    let check = |corpus_dir: OsString| {
        let mut settings = parse(&[]).unwrap().settings;
        settings.corpus_dir = Some(corpus_dir);
        Config::check(settings)
            .map(|config| config.source)
            .map_err(|error| error.to_string())
    };
    let path = directory.path();
    assert_eq!(check(path.into()), Ok(Source::Directory(path.to_owned())));
    let missing = path.join("missing");
    let told = format!(
        "--corpus-dir (CORPUS_DIR): {} is not a directory",
        missing.display()
    );
    assert_eq!(check(missing.into()), Err(told));
    assert!(!matches!(check(OsString::new()), Ok(Source::Directory(_))));
}
