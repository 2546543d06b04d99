//! `cargo xtask`: the developer commands of this project, in the standard library alone so that they compile in a
//! moment on a fresh machine. This file lists the commands; each has a file of its own name.

mod bench;
mod corpus;
mod demo;
mod failure;
mod http;
mod lint;
mod node;
mod page;
mod process;
mod python;
mod screenshots;
mod services;
mod supervise;
mod test;
mod tidy;
mod tools;
mod verify_api;
mod verify_deploy;
mod workspace;

use std::process::ExitCode;

use failure::Failure;

/// One line of the help, and what it runs.
struct Subcommand {
    name: &'static str,
    arguments: &'static str,
    help: &'static str,
    run: fn(&[String]) -> Result<(), Failure>,
}

const SUBCOMMANDS: &[Subcommand] = &[
    Subcommand {
        name: "demo",
        arguments: "[--port 3000] [--offline] [--debug] [--prebuilt DIR]",
        help: "build everything, start it on this machine and print the address of the page",
        run: demo::run,
    },
    Subcommand {
        name: "test",
        arguments: "[native|wasm|e2e|deploy]",
        help: "run every test, or one part: native, in wasm, in a real browser, of deployment files",
        run: test::run,
    },
    Subcommand {
        name: "lint",
        arguments: "",
        help: "formatting, clippy for both targets, documentation, packages, tidy",
        run: lint::run,
    },
    Subcommand {
        name: "tidy",
        arguments: "",
        help: "names, first lines, lengths, dependencies and spans against the project's rules",
        run: tidy::run,
    },
    Subcommand {
        name: "corpus",
        arguments: "",
        help: "download and verify the books",
        run: corpus::run,
    },
    Subcommand {
        name: "screenshots",
        arguments: "",
        help: "take the pictures of the documentation",
        run: screenshots::run,
    },
    Subcommand {
        name: "verify-api",
        arguments: "[--examples 500]",
        help: "check the backend against its own description with schemathesis",
        run: verify_api::run,
    },
    Subcommand {
        name: "verify-deploy",
        arguments: "[--list|--fast|--only NAME]",
        help: "check images, compose file, Collector configuration, manifests and workflows",
        run: verify_deploy::run,
    },
    Subcommand {
        name: "bench",
        arguments: "[relevance|search [--scale 1,10,100]|peers|wasm-size|browser-span|paused-response]",
        help: "run the benchmarks of search, or one: relevance, speed, or speed beside other programs; bytes, time or memory of tracing in the browser",
        run: bench::run,
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            process::complain(&failure.message);
            ExitCode::from(failure.exit_code)
        }
    }
}

fn dispatch(arguments: &[String]) -> Result<(), Failure> {
    let Some((name, rest)) = arguments.split_first() else {
        return Err(Failure::usage(help()));
    };
    match name.as_str() {
        "help" | "-h" | "--help" => {
            process::say(&help());
            Ok(())
        }
        supervise::IN_OWN_GROUP => supervise::enter_own_group(rest),
        supervise::SUPERVISED => demo::supervised(rest),
        _ => {
            let subcommand = SUBCOMMANDS
                .iter()
                .find(|known| known.name == name)
                .ok_or_else(|| {
                    Failure::usage(format!("there is no command `{name}`\n\n{}", help()))
                })?;
            if rest
                .iter()
                .any(|argument| argument == "--help" || argument == "-h")
            {
                process::say(&help());
                return Ok(());
            }
            (subcommand.run)(rest)
        }
    }
}

fn help() -> String {
    let mut text = String::from("Usage: cargo xtask <command>\n");
    for subcommand in SUBCOMMANDS {
        let call = format!("{} {}", subcommand.name, subcommand.arguments);
        text.push_str(&format!("\n  {}\n      {}\n", call.trim(), subcommand.help));
    }
    text
}
