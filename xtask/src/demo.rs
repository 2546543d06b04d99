//! `cargo xtask demo`: one command from a fresh clone to a page that searches and shows the trace of each search.
//!
//! [`run`] checks the command line and hands over to the supervising shell (see `supervise`); [`supervised`] then does
//! the work.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::failure::Failure;
use crate::page::{self, Profile};
use crate::process;
use crate::services::Services;
use crate::supervise::{self, Stop};
use crate::tools::Tools;

/// Settings that would send the demo's traces away from its own panel, or mix up who made them.
const FOREIGN_SETTINGS: &[&str] = &[
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_SDK_DISABLED",
    "OTEL_SERVICE_NAME",
    "OTEL_TRACES_EXPORTER",
];

#[derive(Clone, Debug, PartialEq, Eq)]
struct Options {
    /// Of the page; 0 takes any free one.
    port: u16,
    /// Whether nothing may be fetched.
    offline: bool,
    profile: Profile,
    /// A folder with the three binaries and the page in `dist`; nothing is built then.
    prebuilt: Option<PathBuf>,
}

/// What is ready to run.
struct Built {
    binaries: PathBuf,
    dist: PathBuf,
}

/// Runs the command.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    parse(arguments)?;
    supervise::hand_over(arguments)
}

/// The work, as the child of the supervising shell.
pub(crate) fn supervised(arguments: &[String]) -> Result<(), Failure> {
    let options = parse(arguments)?;
    let stop = Stop::at_end_of_input();
    check_port(options.port)?;
    let built = match &options.prebuilt {
        Some(folder) => Built {
            binaries: folder.clone(),
            dist: folder.join("dist"),
        },
        None => build(&options, &stop)?,
    };
    serve(&options, &built, &stop)
}

fn build(options: &Options, stop: &Stop) -> Result<Built, Failure> {
    if !options.offline {
        step("crates");
        page::fetch_crates(stop)?;
    }
    step("tools");
    let tools = Tools::ensure(options.offline, stop)?;
    step("services");
    let binaries = page::build_binaries(options.profile, stop)?;
    step("page");
    let dist = page::build(options.profile, &tools, &binaries, stop)?;
    let own_books = std::env::var_os("CORPUS_DIR").is_some_and(|folder| !folder.is_empty());
    if !options.offline && !own_books {
        step("books");
        fetch_books(&binaries, stop)?;
    }
    Ok(Built { binaries, dist })
}

/// The books are nice to have: without them the backend serves its bundled sample.
fn fetch_books(binaries: &Path, stop: &Stop) -> Result<(), Failure> {
    let mut command = Command::new(binaries.join("backend"));
    match process::run(command.arg("fetch-corpus"), stop) {
        Err(failure) if stop.is_asked() => Err(failure),
        Err(failure) => {
            process::say(&format!(
                "    {}: the bundled sample is served instead",
                failure.message
            ));
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

/// Starts the services, each after those it talks to, and runs them until a stop is asked for.
fn serve(options: &Options, built: &Built, stop: &Stop) -> Result<(), Failure> {
    step("start");
    let command = |name: &str| {
        let mut command = Command::new(built.binaries.join(name));
        for setting in FOREIGN_SETTINGS {
            command.env_remove(setting);
        }
        // On one's own machine one may see what one has typed.
        command.env("CAPTURE_QUERY", "raw");
        command
    };
    let mut services = Services::default();
    let [otlp, _, query] = services.start(
        "collector",
        command("collector")
            .args(["--otlp-http", &free_or_any(4318)])
            .args(["--otlp-grpc", &free_or_any(4317)])
            .args(["--query", &free_or_any(4319)]),
        ["otlp-http", "otlp-grpc", "query"],
        stop,
    )?;
    let otlp_url = format!("http://{otlp}");
    let [backend] = services.start(
        "backend",
        command("backend")
            .args(["--listen", &free_or_any(8000)])
            // Told nothing, glibc keeps what indexing took at the start.
            .env("MALLOC_TRIM_THRESHOLD_", "131072")
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", &otlp_url),
        ["http"],
        stop,
    )?;
    let [page] = services.start(
        "frontend-server",
        command("frontend-server")
            .args(["--listen", &format!("127.0.0.1:{}", options.port)])
            .arg("--dist")
            .arg(&built.dist)
            .args(["--backend-url", &format!("http://{backend}")])
            .args(["--otlp-url", &otlp_url])
            .args(["--telemetry-url", &format!("http://{query}")]),
        ["http"],
        stop,
    )?;
    services.wait_until_ready(&backend, "/readyz", stop)?;
    services.wait_until_ready(&page, "/", stop)?;

    let port = page.rsplit(':').next().unwrap_or_default();
    process::say(&format!(
        "\nGutenberg Explorer is ready: http://localhost:{port}\n\n\
         \u{20}   frontend-server  http://{page}  the page and its proxies\n\
         \u{20}   backend          http://{backend}  the search\n\
         \u{20}   collector        http://{otlp}  takes traces (OTLP over HTTP)\n\
         \u{20}                    http://{query}  answers questions about them\n\n\
         Ctrl-C stops everything.\n"
    ));
    services.run_until(stop)?;
    step("stop");
    services.stop()
}

fn parse(arguments: &[String]) -> Result<Options, Failure> {
    let mut options = Options {
        port: 3000,
        offline: false,
        profile: Profile::Release,
        prebuilt: None,
    };
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let (name, joined) = match argument.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (argument.as_str(), None),
        };
        let mut value = || {
            joined
                .clone()
                .or_else(|| arguments.next().cloned())
                .ok_or_else(|| Failure::usage(format!("{name} needs a value")))
        };
        match name {
            "--port" => {
                let text = value()?;
                options.port = text.parse().map_err(|_| {
                    Failure::usage(format!("--port: `{text}` is no port (0 to 65535)"))
                })?;
            }
            "--prebuilt" => options.prebuilt = Some(PathBuf::from(value()?)),
            "--offline" if joined.is_none() => options.offline = true,
            "--debug" if joined.is_none() => options.profile = Profile::Debug,
            _ => return Err(Failure::usage(format!("demo does not know `{argument}`"))),
        }
    }
    Ok(options)
}

/// Finds out before the long build what would fail after it.
fn check_port(port: u16) -> Result<(), Failure> {
    if port == 0 {
        return Ok(());
    }
    let advice = "choose another one with --port, or --port 0 for any free one";
    // `localhost` may lead to either address.
    let taken = [
        SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        SocketAddr::from((Ipv6Addr::LOCALHOST, port)),
    ]
    .iter()
    .any(|address| TcpStream::connect_timeout(address, Duration::from_secs(1)).is_ok());
    if taken {
        return Err(format!("port {port} is taken by another program; {advice}").into());
    }
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("port {port} cannot be used ({error}); {advice}").into()),
    }
}

/// The usual port of a service when nobody listens there, else any free one.
fn free_or_any(usual_port: u16) -> String {
    let port = check_port(usual_port).map_or(0, |()| usual_port);
    format!("127.0.0.1:{port}")
}

fn step(name: &str) {
    process::say(&format!("==> {name}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Options, String> {
        let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        parse(&arguments).map_err(|failure| failure.message)
    }

    #[test]
    fn reads_every_option_in_both_spellings() {
        let options = Options {
            port: 0,
            offline: true,
            profile: Profile::Debug,
            prebuilt: Some(PathBuf::from("built")),
        };
        assert_eq!(
            parsed("--port 0 --offline --debug --prebuilt built"),
            Ok(options.clone())
        );
        assert_eq!(
            parsed("--debug --prebuilt=built --port=0 --offline"),
            Ok(options)
        );
    }

    #[test]
    fn refuses_what_it_does_not_understand() {
        let check = |line, message: &str| assert_eq!(parsed(line), Err(message.to_owned()));
        check("--prot 1", "demo does not know `--prot`");
        check("--debug=yes", "demo does not know `--debug=yes`");
        check("--port", "--port needs a value");
        check("--port 70000", "--port: `70000` is no port (0 to 65535)");
    }

    #[test]
    fn a_port_where_somebody_listens_is_taken() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let message = check_port(port).unwrap_err().message;
        assert!(
            message.starts_with(&format!("port {port} is taken")),
            "{message}"
        );
        assert_eq!(free_or_any(port), "127.0.0.1:0");
    }
}
