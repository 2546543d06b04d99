//! The deployment as its user sees it, through port-forwards.

use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::kubectl::shell;
use crate::failure::Failure;
use crate::process;
use crate::supervise::Stop;
use crate::test;

pub(super) const FORWARD_PAGE: &str =
    "kubectl -n gutenberg-explorer port-forward service/frontend-service 3000:80";
pub(super) const FORWARD_JAEGER: &str =
    "kubectl -n gutenberg-explorer port-forward service/jaeger 16686:16686";
pub(super) const FORWARD_BOTH: &str = "k8s/scripts/port-forward.sh";

const PAGE_PORT: u16 = 3000;
const JAEGER_PORT: u16 = 16686;
/// How long a port-forward may take to be there, and its end to be over.
const PATIENCE: Duration = Duration::from_secs(20);

/// A search in a real browser is one whole trace, in the panel and in Jaeger; the script that forwards both ports does
/// so and ends when it is told to.
pub(super) fn check() -> Result<(), Failure> {
    let page = Forward::start(FORWARD_PAGE, &[PAGE_PORT])?;
    let jaeger = Forward::start(FORWARD_JAEGER, &[JAEGER_PORT])?;
    let mut tests = process::cargo();
    tests
        .args(["test", "--locked", "-p", "e2e", "--test", "deployed"])
        .args(["--", "--test-threads=1"])
        .env("E2E_PAGE_URL", format!("http://localhost:{PAGE_PORT}"))
        .env("E2E_JAEGER_URL", format!("http://localhost:{JAEGER_PORT}"))
        .env("CHROMEDRIVER", test::chromedriver(&Stop::never())?);
    process::run(&mut tests, &Stop::never())?;
    drop((page, jaeger));

    let both = Forward::start(FORWARD_BOTH, &[PAGE_PORT, JAEGER_PORT])?;
    drop(both);
    await_ports(&[PAGE_PORT, JAEGER_PORT], false, "ended by a signal")
}

/// A command that forwards ports for as long as this lives.
struct Forward(Child);

impl Forward {
    fn start(line: &str, ports: &[u16]) -> Result<Forward, Failure> {
        // Whoever already listens there would answer in place of the cluster.
        await_ports(ports, false, "free before the port-forward")?;
        process::say(&format!("$ {line}"));
        let child = shell(&format!("exec {line}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .map_err(|error| format!("cannot start sh: {error}"))?;
        let forward = Forward(child);
        await_ports(ports, true, line)?;
        Ok(forward)
    }
}

impl Drop for Forward {
    fn drop(&mut self) {
        if let Err(failure) = process::terminate(&mut self.0, PATIENCE) {
            process::complain(&failure.message);
        }
    }
}

/// Waits until all `ports` of this machine take connections, or until none does.
fn await_ports(ports: &[u16], open: bool, what: &str) -> Result<(), Failure> {
    let deadline = Instant::now() + PATIENCE;
    let is_open = |port: &u16| TcpStream::connect((Ipv4Addr::LOCALHOST, *port)).is_ok();
    while ports.iter().any(|port| is_open(port) != open) {
        if Instant::now() >= deadline {
            let state = if open { "open" } else { "closed" };
            return Err(format!("{what}: the ports {ports:?} are not {state}").into());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}
