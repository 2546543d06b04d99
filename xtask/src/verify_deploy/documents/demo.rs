//! The first command of the README, as a stranger runs it: on its own port, with whatever must be compiled or fetched.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::Stdio;
use std::time::Duration;

use super::shell;
use crate::http;
use crate::process;
use crate::verify_deploy::Verdict;

pub(super) const COMMAND: &str = "cargo xtask demo";
const ADDRESS: &str = "localhost:3000";
/// More than the demo gives its services.
const GRACE: Duration = Duration::from_secs(30);

pub(super) fn run() -> Result<String, Verdict> {
    if TcpStream::connect(ADDRESS).is_ok() {
        return Err(format!("something else is listening at {ADDRESS}").into());
    }
    let mut child = shell(&format!("exec {COMMAND}"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot start `{COMMAND}`: {error}"))?;
    let printed = child.stdout.take().map(BufReader::new).into_iter();
    // They end with the process: a demo that fails leaves nobody waiting.
    let mut lines = printed.flat_map(BufRead::lines).map_while(Result::ok);
    let ready = lines.any(|line| line.contains(&format!("is ready: http://{ADDRESS}")));
    let page = ready.then(|| http::get(ADDRESS, "/"));
    let status = process::terminate(&mut child, GRACE)?;
    let page = page
        .ok_or_else(|| format!("`{COMMAND}` is not ready: {status}"))?
        .ok_or_else(|| format!("nothing answers at {ADDRESS}"))?;
    if page.status != 200 {
        return Err(format!("the page answers with {}", page.status).into());
    }
    if !status.success() || TcpStream::connect(ADDRESS).is_ok() {
        return Err(format!("`{COMMAND}` leaves something behind: {status}").into());
    }
    Ok(format!("{} bytes of page", page.body.len()))
}
