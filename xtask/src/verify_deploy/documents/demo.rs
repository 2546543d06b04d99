//! The first command of the README, as a stranger runs it: on its own port, with whatever must be compiled or fetched.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Stdio;
use std::time::Duration;

use super::shell;
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
    let page = ready.then(get_page);
    let status = process::terminate(&mut child, GRACE)?;
    let page = page
        .ok_or_else(|| format!("`{COMMAND}` is not ready: {status}"))?
        .map_err(|error| format!("the page does not answer: {error}"))?;
    if !page.starts_with("HTTP/1.1 200 ") {
        let first = page.lines().next().unwrap_or_default();
        return Err(format!("the page answers `{first}`").into());
    }
    if !status.success() || TcpStream::connect(ADDRESS).is_ok() {
        return Err(format!("`{COMMAND}` leaves something behind: {status}").into());
    }
    Ok(format!("{} bytes of page", page.len()))
}

fn get_page() -> std::io::Result<String> {
    let mut stream = TcpStream::connect(ADDRESS)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(
        stream,
        "GET / HTTP/1.1\r\nHost: {ADDRESS}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
