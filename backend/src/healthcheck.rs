//! `backend healthcheck`: asks a running backend whether it is ready, for containers that have no other program to ask
//! with.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, ensure};

const TIMEOUT: Duration = Duration::from_secs(3);

/// Succeeds if the backend that listens on `listen` is ready.
pub(crate) fn healthcheck(listen: SocketAddr) -> anyhow::Result<()> {
    let address = reachable(listen);
    let asking = || format!("cannot ask the backend at {address}");
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT).with_context(asking)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    write!(
        stream,
        "GET /readyz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
    )
    .with_context(asking)?;
    let mut status = [0; 12];
    stream.read_exact(&mut status).with_context(asking)?;
    ensure!(
        status == *b"HTTP/1.1 200",
        "the backend at {address} is not ready"
    );
    Ok(())
}

/// An address that means every interface is asked on the loopback one.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
